"""The day's erasing, in the controller: in the quiet hour, in small steps with rests; soon again where it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store.retention import Job
from ivr.store.store import Store

PAUSE = 0.1  # seconds between two steps of some 20 ms: the call log and the calls come first
LOOK = 60.0  # seconds between two looks at the clock, which may be set
AGAIN = timedelta(minutes=30)  # after a failure

log = structlog.get_logger(__name__)


def next_time(site: Site, now: datetime) -> datetime:
    """When `[retention] at` comes next by the site's clock, in UTC."""
    zone, hour = ZoneInfo(site.hotline.timezone), time.fromisoformat(site.retention.at)
    today = now.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=n), hour, zone).astimezone(UTC) for n in (0, 1))
    return next(moment for moment in days if moment > now)


async def erase_daily(
    store: Store,
    var: Path,
    site: Site,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """For ever."""
    due = next_time(site, clock())
    while True:
        await sleep(LOOK)
        if clock() < due:
            continue
        job = Job(store, var, site.hotline.node, site.retention, by="controller", clock=clock, pause=PAUSE)
        try:
            report = await job.run()
        except HotlineError as error:
            log.warning("retention.failed", reason=error.message, again_in=AGAIN.total_seconds())
            due = clock() + AGAIN
        else:
            log.info("retention.done", held=report.held, **{kind: one.count for kind, one in report.kinds.items()})
            due = clock() + AGAIN if report.problems else next_time(site, clock())

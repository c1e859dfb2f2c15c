"""The clocks of work orders: whoever answers for them hears of those that nobody signed for and of those that are late.

The database knows the next moment of any order, so this sleeps until it comes or a case changes; no order is polled.
Each moment is told once, by one line of the log for each department; the room shows what stands.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog

from ivr.store import DatabaseDownError
from ivr.store.attachments import AT_ONCE as FILES_AT_ONCE
from ivr.store.attachments import Attachments
from ivr.store.cases import Known
from ivr.store.work_orders import AT_ONCE, Count, Passed, WorkOrders

LONGEST = 600.0  # seconds that it sleeps at most: a clock that was set is noticed, files that have to go are deleted
SHORTEST = 1.0  # seconds between two looks, however much changes
JUST_AFTER = 0.02  # seconds
ALARMS = frozenset({"unsigned", "overdue"})
NAMED = 20  # orders in one line of the log

log = structlog.get_logger(__name__)


class Clocks:
    """`counts` is of this moment, by department, for whoever shows it."""

    def __init__(
        self,
        orders: WorkOrders,
        files: Attachments,
        counts: dict[str, Count],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._orders, self._files, self.counts, self._clock = orders, files, counts, clock
        self._changed = asyncio.Event()
        self._swept: datetime | None = None

    def changed(self, known: Known) -> None:
        """For `Cases.listeners`."""
        if known.case.orders:
            self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        lit = False
        while True:
            pause = SHORTEST
            self._changed.clear()
            with contextlib.suppress(DatabaseDownError):  # health tells it; the next look comes soon
                lit = lit or await self._orders.relit() >= 0
                pause = await self.look()
            await asyncio.sleep(SHORTEST)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(pause - SHORTEST, 0)):
                    await self._changed.wait()

    async def look(self) -> float:
        """Tell what has come; how many seconds it is to the next. Raises DatabaseDownError."""
        now = self._clock()
        passed = await self._orders.passed(now)
        _tell(passed)
        counts = await self._orders.counts(now)
        self.counts.clear()
        self.counts.update(counts)
        if self._swept is None or self._clock() - self._swept > timedelta(seconds=LONGEST):
            while await self._files.sweep() == FILES_AT_ONCE:
                pass
            self._swept = self._clock()
        if len(passed) >= AT_ONCE:
            return 0.0
        coming = await self._orders.next()
        if coming is None:
            return LONGEST
        return min(max((coming - self._clock()).total_seconds() + JUST_AFTER, 0.0), LONGEST)


def _tell(passed: Iterable[Passed]) -> None:
    by_department: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in passed:
        by_department[one.what, one.row["department"]].append(one.row["number"])
    for (what, department), cases in by_department.items():
        note = log.warning if what in ALARMS else log.info
        more = {"alarm": True} if what in ALARMS else {}
        note(f"order.{what}", department=department, orders=len(cases), cases=sorted(cases)[:NAMED], **more)

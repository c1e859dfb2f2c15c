"""The wallboard: the day's figures and the alarms, computed once however many screens ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web

from ivr.calls.statistics import IN_TIME
from ivr.errors import HotlineError
from ivr.store import Store
from ivr.store.figures import CONNECT_RATE, Figures, figures
from ivr.tasks import ended
from ivr.web import channel_alarms, exchange_alarms, order_alarms, room_alarms, telling_alarms
from ivr.web.context import SERVICES, Asked, Services
from ivr.web.room_alarms import Alarm, Board, Starting

GOOD = 3.0  # seconds that figures are good for
LOOK = 2.0  # seconds between two looks for alarms, so that each knows since when, whether anybody watches or not
FAILING_GOOD = 15.0  # seconds that what failed lately is good for while nobody watches

log = structlog.get_logger(__name__)


class Room:
    """What the wallboard shows beside the live state."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._board, self._starting = Board(), Starting(datetime.now(UTC))
        self._known: tuple[float, Figures] | None = None
        self._lock = asyncio.Lock()

    async def figures(self, good: float = GOOD) -> Figures:
        """Raises DatabaseDownError."""
        async with self._lock:  # many who ask at once cost one look
            if self._known is None or time.monotonic() - self._known[0] >= good:
                store: Store = self._services.store
                self._known = (time.monotonic(), await figures(store, datetime.now(UTC)))
            return self._known[1]

    async def alarms(self, good: float = FAILING_GOOD) -> tuple[Alarm, ...]:
        """Of this moment; the longest-standing first."""
        problems = await self._services.health.problems()
        try:
            failing = (await self.figures(good)).failing
        except HotlineError:  # health tells it
            failing = ()
        now = datetime.now(UTC)
        live = self._services.live.snapshot()
        found = self._starting.due(room_alarms.found(live, self._services.site, problems, failing), live, problems, now)
        began, ended = self._board.show((*found, *self._others(now)), now)
        for alarm in began:
            log.warning("room.alarm_begins", alarm=True, id=alarm.id, what=alarm.message["en"])
        for alarm in ended:
            log.info("room.alarm_ends", id=alarm.id)
        return self._board.shown

    def _others(self, now: datetime) -> Iterator[Alarm]:
        yield from self._of_exchange(now)
        yield from self._of_telling(now)
        yield from order_alarms.found(self._services.order_counts, self._services.site)
        yield from channel_alarms.found(self._services.inbound, now)

    def _of_exchange(self, now: datetime) -> Iterator[Alarm]:
        yield from exchange_alarms.at_the_door(self._services.door.refusals.values(), now)
        sender = self._services.exchange
        if sender is not None:
            silent = {desk: waited for desk in sender.backlog if (waited := sender.silent(desk, now)) is not None}
            yield from exchange_alarms.found(sender.backlog, silent, sender.trouble)

    def _of_telling(self, now: datetime) -> Iterator[Alarm]:
        for teller in self._services.teller:
            yield from telling_alarms.found(teller.waiting, teller.silent(now), teller.trouble)

    async def run(self) -> None:
        while True:
            try:
                await self.alarms()
            except Exception:  # a look that fails must not end the looking
                log.exception("room.look_failed")
            await asyncio.sleep(LOOK)


ROOM: web.AppKey[Room] = web.AppKey("room", Room)


async def kept(app: web.Application) -> AsyncIterator[None]:
    """aiohttp's `cleanup_ctx`: the room is looked at as long as the server runs."""
    room = app[ROOM] = Room(app[SERVICES])
    looking = asyncio.create_task(room.run(), name="room")
    yield
    await ended(looking)


async def shown(asked: Asked) -> dict[str, Any]:
    room = asked.request.app[ROOM]
    found = await room.figures()
    return {
        "figures": {
            "at": found.at,
            "day": asdict(found.day),
            "hours": [
                {"from": hour.start, **{k: v for k, v in asdict(hour).items() if k != "start"}} for hour in found.hours
            ],
            "transfers": [asdict(one) for one in found.transfers],
            "targets": {"connect_rate": CONNECT_RATE, "in_time_seconds": IN_TIME},
        },
        "alarms": [asdict(alarm) for alarm in await room.alarms(GOOD)],
    }


async def alarms(asked: Asked) -> dict[str, Any]:
    """Without the database: they are there when it is not."""
    return {"alarms": [asdict(alarm) for alarm in await asked.request.app[ROOM].alarms(GOOD)]}

"""Every open desk's picture: made anew for those whose parts changed, at most five a second.

What all desks show alike (queues, targets, colleagues) is made and encoded once, and alone makes a desk's frame not
more often than once a second: with 500 desks somebody always waits or gets ready.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import structlog

from ivr.calls import desk_view
from ivr.calls.desk_view import Desk, Key, Parts
from ivr.calls.live_ears import Ears
from ivr.calls.live_views import LiveCall, LiveState
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store.cases import Known
from ivr.web.context import Services
from ivr.web.directory import modes
from ivr.web.region import Regions
from ivr.web.replies import dumps

INTERVAL = 0.2  # seconds between two looks
REMEMBERED = 10_000  # calls whose case is known here
ROOM_SECONDS = 1.0  # between two frames for the room's sake

log = structlog.get_logger(__name__)


def desk_of(site: Site) -> Desk:
    keys = {
        target.key: Key(
            target.key,
            target.name,
            target.emergency,
            target.role,
            modes(target),
            target.critical_contact,
            target.ring,
            len(target.routes),
            target.keys,
        )
        for target in site.targets.values()
    }
    reasons = tuple(asdict(reason) for reason in site.desk.pause_reasons)
    browser = frozenset(number for number, operator in site.operators.items() if operator.transport == "wss")
    return Desk(keys, reasons, browser)


class Reader:
    """One open stream. `wake` is set when there is something new."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.wake = asyncio.Event()


class Desks:
    """`await run()` keeps the frames of the open desks new. `made` counts the views that were made."""

    def __init__(self, services: Services, interval: float = INTERVAL) -> None:
        self._services, self._interval = services, interval
        self._desk = desk_of(services.site)
        self._regions = Regions(services.site.screening.country)
        self._readers: set[Reader] = set()
        self._own: dict[str, tuple[Parts, bytes]] = {}
        self._room: tuple[LiveState | None, bytes] = (None, b"")
        self._told, self._told_at = b"", 0.0  # the room as every desk was woken for it last
        self._watched: set[str] = set()  # legs whose speech is followed
        self._tasks: set[asyncio.Task[None]] = set()
        self._cases: OrderedDict[str, Mapping[str, Any]] = OrderedDict()  # by call, what changed last
        services.cases.listeners.append(self._note_case)
        self.made = 0

    @property
    def readers(self) -> int:
        return len(self._readers)

    async def run(self) -> None:
        try:
            while True:
                self.look()
                await asyncio.sleep(self._interval)
        finally:
            await self.stop()

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._regions.close()

    def open(self, number: str) -> Reader:
        reader = Reader(number)
        self._readers.add(reader)
        return reader

    def close(self, reader: Reader) -> None:
        self._readers.discard(reader)
        if all(other.number != reader.number for other in self._readers):
            self._own.pop(reader.number, None)

    def view(self, number: str) -> bytes:
        """`VIEW` as JSON, the newest."""
        state = self._services.live.snapshot()
        head = dumps({"at": state.at})[:-1]
        return b"%b,%b,%b}" % (head, self._room_of(state)[1:-1], self._own_of(state, number)[0][1:-1])

    def _note_case(self, known: Known) -> None:
        """A page that sees another revision than it has asks for the case."""
        told = {"id": known.case.id, "number": known.case.number, "revision": known.revision}
        for link in known.case.calls:
            self._cases[link.call] = told
            self._cases.move_to_end(link.call)
        while len(self._cases) > REMEMBERED:
            self._cases.popitem(last=False)

    def look(self) -> None:
        """Wake the readers whose desk changed."""
        if not self._readers:
            return
        state = self._services.live.snapshot()
        changed = {number for number in {reader.number for reader in self._readers} if self._own_of(state, number)[1]}
        now = asyncio.get_running_loop().time()
        everybody = now - self._told_at >= ROOM_SECONDS and self._room_of(state) != self._told
        if everybody:
            self._told, self._told_at = self._room_of(state), now
        for reader in self._readers:
            if everybody or reader.number in changed:
                reader.wake.set()

    def _room_of(self, state: LiveState) -> bytes:
        if self._room[0] is not state:
            self._room = (state, dumps(desk_view.room(state, self._desk)))
        return self._room[1]

    def _own_of(self, state: LiveState, number: str) -> tuple[bytes, bool]:
        """Its bytes, and whether they are new."""
        parts = self._parts(state, number)
        known = self._own.get(number)
        if known is not None and known[0] == parts:
            return known[1], False
        self.made += 1
        made = dumps(desk_view.own(parts, self._desk))
        if any(reader.number == number for reader in self._readers):
            self._own[number] = (parts, made)
            self._follow_speech(parts.call)
        return made, True

    def _parts(self, state: LiveState, number: str) -> Parts:
        call = desk_view.call_of(state, number)
        ears: Ears = self._services.live.ears.of(leg.id for leg in call.legs) if call else Ears()
        region: Mapping[str, str] | None = self._regions.of(call.caller) if call else None
        own_skills = self._services.site.operators[number].skills
        operator = state.operators[number]
        case = self._cases.get(call.id) if call else None
        last = self._cases.get(operator.last_call) if operator.last_call else None  # he may be writing it up
        return Parts(operator, call, region, own_skills, ears, case, last)

    def _follow_speech(self, call: LiveCall | None) -> None:
        """Of calls that somebody looks at, once a leg: Asterisk listens to nobody else's."""
        if call is None or call.state == "waiting" or not call.operator_channels:
            return
        for leg in call.legs:
            if leg.state == "up" and leg.id not in self._watched:
                self._watched.add(leg.id)
                task = asyncio.create_task(self._watch(leg.channel, leg.id), name="speech")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if len(self._watched) > 10_000:
            running = {leg.id for one in self._services.live.snapshot().calls.values() for leg in one.legs}
            self._watched &= running

    async def _watch(self, channel: str, leg: str) -> None:
        with suppress(HotlineError):
            await self._services.orders.watch(channel, leg)

"""Compute the call log anew from all of the journal and make the database say the same."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ivr.calls import check
from ivr.calls.model import Call
from ivr.store import erasure
from ivr.store.calllog import BATCH, Reading
from ivr.store.differences import differences
from ivr.store.store import Store
from ivr.store.writer import AnotherWriterError, only_eraser, only_writer

SETTLED = timedelta(minutes=1)  # after its end nothing is written about a call any more


@dataclass(frozen=True, slots=True)
class Change:
    """A call that the database told differently."""

    call: Call
    differences: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What a rebuild found. Only `unreadable`, `faults` and `unknown` need a person."""

    calls: int = 0  # in the journal
    changes: list[Change] = field(default_factory=list)
    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)  # call id → what is odd in the journal's own story
    unknown: list[str] = field(
        default_factory=list
    )  # ids in the database since the journal's first row, not in the journal
    unreadable: int = 0  # records
    left: int = 0  # calls that were left to the controller, which is writing them
    erased: int = 0  # calls that stay as they are: they, or the beginning of their journal, have been erased


async def rebuild(store: Store, directory: Path, node: str, mend: bool = True) -> Report:
    """Compare, and with `mend` save what differs. Beside a running controller only calls that are over are touched.

    What has been erased stays erased (`ivr.store.retention`).
    """
    with ExitStack() as stack:
        if mend:
            stack.enter_context(only_eraser(directory))
        alone = True
        try:
            stack.enter_context(only_writer(directory))
        except AnotherWriterError:
            alone = False
        reading = Reading(directory, node)
        stack.callback(reading.tail.close)
        work = _Rebuild(store, mend, alone, await erasure.horizon(store, node))
        rows = 0
        while records := reading.tail.read():
            for record in records:
                reading.add(record)
            rows += len(records)
            if rows >= BATCH:
                rows = 0
                await work.take(reading, settled=reading.newest - SETTLED)
                reading.projector.forget_finished(reading.newest)
        await work.take(reading, settled=None if alone else reading.newest - SETTLED)
        await work.compare_rest(node)
        reading.projector.forget_finished(reading.newest)
        if alone and mend:
            await store.save([], reading.position())
        work.report.unreadable = reading.unreadable
        return work.report


class _Rebuild:
    """Collects each call's latest state and compares it once it is settled: memory holds the unsettled ones only."""

    def __init__(self, store: Store, mend: bool, alone: bool, horizon: datetime | None) -> None:
        self._store, self._mend, self._alone, self._horizon = store, mend, alone, horizon
        self._waiting: dict[str, Call] = {}
        self._seen: set[str] = set()
        self._first: datetime | None = None
        self.report = Report()

    async def take(self, reading: Reading, settled: datetime | None) -> None:
        """Compare the calls that ended before `settled`; all of them where it is None."""
        self._waiting.update((call.id, call) for call in reading.projector.take_changed())
        ready = [
            call
            for call in self._waiting.values()
            if settled is None or (call.ended_at is not None and call.ended_at < settled)
        ]
        for call in ready:
            del self._waiting[call.id]
        await self._compare(ready)
        self.report.left = len(self._waiting)

    async def _compare(self, calls: Sequence[Call]) -> None:
        whole = [call for call in calls if self._horizon is None or call.entered_at >= self._horizon]
        now = await erasure.respected(self._store, whole)
        before = await self._store.these(list(now))
        changed = [
            Change(call, differences(before.get(id), call)) for id, call in now.items() if before.get(id) != call
        ]
        if changed and self._mend:
            await self._store.save([change.call for change in changed])
        self.report.changes += changed
        self.report.calls += len(now.keys() - self._seen)
        self.report.erased += len(calls) - len(now)
        self._seen |= {call.id for call in calls}
        for id, call in now.items():
            self._first = min(self._first or call.entered_at, call.entered_at)
            if found := tuple(map(str, check.faults(call))):
                self.report.faults[id] = found

    async def compare_rest(self, node: str) -> None:
        """Name what the database has and the journal, from its first call on, has not. Such calls are kept."""
        if self._first is None:
            return
        known = self._seen | self._waiting.keys()
        before: str | None = None
        while page := await self._store.calls(500, before, since=self._first, node=node):
            self.report.unknown += [call.id for call in page if call.id not in known]
            before = page[-1].id

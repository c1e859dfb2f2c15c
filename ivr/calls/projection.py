"""Journal rows → calls. The same pure function serves the live tail, the catch-up after a crash and a rebuild.

A call is all that belongs together: every linkedid that a channel ever had, channels that shared a bridge, and what
our own events say (`call=`; nothing else ties a desk that never answered to its caller). Order and doubles change
nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from ivr.calls.clock import UNMOVED
from ivr.calls.ids import split
from ivr.calls.model import Call, Row
from ivr.calls.projection_call import calls_of
from ivr.calls.projection_channels import is_holding

PATIENCE = timedelta(minutes=10)  # for a new run's STARTED row: the controller writes it as soon as it is there
GRACE = timedelta(seconds=5)  # after a call's last row; what comes within it still counts
_RANK = {"CHAN_START": 0, "HANGUP": 2, "CHAN_END": 3, "LINKEDID_END": 4}  # among rows of one microsecond; others 1
_TIES_ONLY = frozenset({"APP_START", "APP_END", "LINKEDID_END"})  # a quarter of all rows; no story is in them

Position = TypeVar("Position")
Key = tuple[Any, ...]


def project(rows: Iterable[Row], foreign: bool = False) -> tuple[Call, ...]:
    """Every call in `rows`, by the time of entry. `foreign`: another Asterisk's rows, no CALL event opens a call."""
    projector: Projector[None] = Projector(foreign)
    for row in rows:
        projector.add(row)
    return tuple(sorted(projector.take_changed(), key=lambda call: (call.entered_at, call.id)))


class _Group(Generic[Position]):
    """Rows that belong together."""

    __slots__ = ("base", "ended", "keys", "open", "order", "position", "rows", "runs", "sorted", "told")

    def __init__(self, order: int, position: Position | None, base: timedelta) -> None:
        self.order, self.position = order, position  # of the first row that was added
        self.base = base  # how far the clock had been set back before it
        self.rows: list[Row] = []  # in the order of time, without doubles
        self.sorted: list[Key] = []  # their keys
        self.keys: set[str] = set()
        self.open: dict[str, str] = {}  # channel that has begun and not ended → run
        self.ended: set[str] = set()
        self.runs: set[str] = set()
        self.told: dict[str, Call] = {}  # as given out last

    def add(self, row: Row, moved: timedelta | None = None) -> bool:
        """False for a double. `moved`: by what the clock had been set back before this row."""
        if moved is not None and moved != self.base:
            row = replace(row, at=row.at + (moved - self.base))
        key = _key(row)
        if not self.sorted or self.sorted[-1] < key:
            self.sorted.append(key)
            self.rows.append(row)
        elif not self._insert(key, row):
            return False
        self.runs.add(row.run)
        if row.event == "CHAN_START" and row.uniqueid not in self.ended:
            self.open[row.uniqueid] = row.run
        elif row.event in {"HANGUP", "CHAN_END"}:
            self.ended.add(row.uniqueid)
            self.open.pop(row.uniqueid, None)
        return True

    def _insert(self, key: Key, row: Row) -> bool:
        at = bisect_left(self.sorted, key)
        while at < len(self.sorted) and self.sorted[at] == key:
            if self.rows[at] == row:
                return False
            if repr(self.rows[at]) > repr(row):  # any order will do that does not depend on who came first
                break
            at += 1
        self.sorted.insert(at, key)
        self.rows.insert(at, row)
        return True

    def swallow(self, other: _Group[Position]) -> None:
        base = other.base
        if other.order < self.order:
            self.order, self.position = other.order, other.position
            if other.base != self.base:
                self.rows = [replace(row, at=row.at + (self.base - other.base)) for row in self.rows]
                self.sorted = [_key(row) for row in self.rows]
                self.base = other.base
        self.keys |= other.keys
        self.told |= other.told
        for row in other.rows:
            self.add(row, base)


@dataclass(slots=True)
class _Run:
    """One life of Asterisk on a node."""

    node: str
    first: datetime
    last: datetime
    told: bool = False  # its STARTED row is here, which tells …
    before: datetime | None = None  # … when the run before this one still lived, if anything tells that


class Projector(Generic[Position]):
    """Calls as rows come in. Only the calls that a row touches are computed again.

    A position is whatever tells the reader where a row stood; it is given back by `oldest_position`.
    """

    def __init__(self, foreign: bool = False) -> None:
        self._foreign = foreign
        self._groups: dict[str, _Group[Position]] = {}  # by each of its keys
        self._held: dict[_Group[Position], None] = {}
        self._touched: dict[_Group[Position], None] = {}
        self._runs: dict[str, _Run] = {}
        self._over: dict[str, datetime] = {}
        self._added = 0

    def add(self, row: Row, position: Position | None = None, moved: timedelta = UNMOVED) -> None:
        """Take one row in. `moved`: how far the clock has been set back, as `SteadyClock` tells it of each row."""
        self._see_run(row if moved == UNMOVED else replace(row, at=row.at + moved))
        group = self._group(list(_ties(row)), position, moved)
        if row.event not in _TIES_ONLY and group.add(row, moved):
            self._touched[group] = None

    def take_changed(self) -> list[Call]:
        """The calls that are new or tell something new since the last time, as they stand now."""
        changed = []
        for group in self._touched:
            for call in calls_of(group.rows, self._over_for(group), self._foreign):
                if group.told.get(call.id) != call:
                    group.told[call.id] = call
                    changed.append(call)
        self._touched.clear()
        return changed

    def _over_for(self, group: _Group[Position]) -> dict[str, datetime]:
        """When the runs ended, by the group's own clock."""
        if group.base == UNMOVED or not self._over:
            return self._over
        return {run: end - group.base for run, end in self._over.items()}

    def oldest_position(self) -> Position | None:
        """Where the first row of the oldest call stood that may still change; None if there is none.

        Reading from there on finds every such call whole.
        """
        oldest = min(self._held, key=lambda group: group.order, default=None)
        return oldest.position if oldest else None

    def forget_finished(self, now: datetime) -> None:
        """Let go of what ended more than `GRACE` before `now` (the journal's clock) and has been taken."""
        for group in [group for group in self._held if self._is_finished(group, now)]:
            del self._held[group]
            for key in group.keys:
                del self._groups[key]

    def _is_finished(self, group: _Group[Position], now: datetime) -> bool:
        settled = not group.rows or group.rows[-1].at + group.base + GRACE <= now
        return settled and group not in self._touched and all(self._is_known(run, now) for run in group.open.values())

    def _is_known(self, run: str, now: datetime) -> bool:
        """It is over, and since when: callers may be there before the run that followed tells it by its STARTED row."""
        if run not in self._over:
            return False
        return any(later.told or later.first + PATIENCE <= now for later in self._later(self._runs[run]))

    def _group(self, keys: list[str], position: Position | None, moved: timedelta) -> _Group[Position]:
        """The one group that these keys belong to; groups that they tie together become one."""
        self._added += 1
        found = {id(group): group for key in keys if (group := self._groups.get(key))}
        if not found:
            group = _Group(self._added, position, moved)
            self._held[group] = None
        else:
            group, *others = sorted(found.values(), key=lambda group: -len(group.rows))
            for other in others:
                group.swallow(other)
                del self._held[other]
                self._touched.pop(other, None)
                self._groups.update(dict.fromkeys(other.keys, group))
        for key in keys:
            if key not in group.keys:
                group.keys.add(key)
                self._groups[key] = group
        return group

    def _see_run(self, row: Row) -> None:
        """A run that began later on the same node means that the earlier ones are over."""
        if not row.run or self._foreign:
            return
        run = self._runs.get(row.run)
        if row.user_event == "STARTED":
            run = self._runs.setdefault(row.run, _Run(split(row.uniqueid)[0], row.at, row.at))
            run.told, run.before = True, _instant(row.extra.get("last", ""))
            run.first, run.last = min(run.first, row.at), max(run.last, row.at)
        elif run is None:
            self._runs[row.run] = _Run(split(row.uniqueid)[0], row.at, row.at)
        elif run.first <= row.at and row.run not in self._over:
            run.last = max(run.last, row.at)
            return
        else:
            run.first, run.last = min(run.first, row.at), max(run.last, row.at)
        if len(self._runs) > 1:
            self._judge_runs()

    def _judge_runs(self) -> None:
        """A dead run's end is its last row's time, or later: two who talk write no row, but their recordings grow."""
        newest: dict[str, tuple[datetime, str]] = {}
        for name, run in self._runs.items():
            newest[run.node] = max(newest.get(run.node, (run.first, name)), (run.first, name))
        alive = {name for _, name in newest.values()}
        over = {name: self._end(run) for name, run in self._runs.items() if name not in alive}
        changed = {name for name in over.keys() | self._over.keys() if over.get(name) != self._over.get(name)}
        self._over = over
        for group in self._held if changed else ():
            if group.runs & changed:
                self._touched[group] = None

    def _end(self, run: _Run) -> datetime:
        heir = min(self._later(run), key=lambda other: other.first, default=None)
        return max(run.last, min(heir.before, heir.first)) if heir and heir.before else run.last

    def _later(self, run: _Run) -> Iterator[_Run]:
        return (other for other in self._runs.values() if other.node == run.node and other.first > run.first)


def _instant(text: str) -> datetime | None:
    """ISO 8601 with its zone, else nothing."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _ties(row: Row) -> Iterator[str]:
    """What ties a row to others."""
    yield row.uniqueid
    if row.linkedid != row.uniqueid:
        yield row.linkedid
    extra = row.extra
    if "bridge_id" in extra and not is_holding(row):
        yield "bridge " + extra["bridge_id"]
    if row.event == "USER_DEFINED":
        call = extra.get("id" if row.user_event == "CALL" else "call")
        if call:
            yield "call " + call


def _key(row: Row) -> Key:
    """The order of rows: by time, and where that is the same by what else tells them apart most often."""
    return (row.at, _RANK.get(row.event, 1), row.uniqueid, row.event, row.user_event, row.data)

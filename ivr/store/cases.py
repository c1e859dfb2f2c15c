"""Cases: what this desk does to them, and how they are found. Each method raises DatabaseDownError."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlalchemy import Connection, select

from ivr.desks.case import Case, Event, Refused, apply
from ivr.desks.case_kinds import TALK
from ivr.desks.case_moves import went_there_and_back
from ivr.desks.exchange_limits import MOST_OF_CASE, MOST_SAID, is_full
from ivr.desks.work_order import USUAL, Lights
from ivr.errors import HotlineError
from ivr.store import case_rows, case_search, notes, tables
from ivr.store.case_rows import Hook
from ivr.store.case_search import Wanted
from ivr.store.store import Store

T = TypeVar("T")

REMEMBERED = 10_000  # calls
_CASE = tables.case.c


class UnknownCaseError(HotlineError):
    def __init__(self, case: str) -> None:
        super().__init__("unknown_case", f"there is no case {case}", {"case": case}, 404)


class CaseFullError(HotlineError):
    def __init__(self, case: str) -> None:
        most = f"{MOST_OF_CASE} events of this desk, or {MOST_SAID} characters"
        message = f"this case holds {most}: close it, or split what is new off"
        super().__init__("case_full", message, {"case": case, "most": MOST_OF_CASE}, 409)


class CaseChangedError(HotlineError):
    """`details["fields"]`: what somebody else wrote meanwhile."""

    def __init__(self, case: str, by: str, fields: Mapping[str, Any], revision: int) -> None:
        message = f"{by} has written {', '.join(fields)} meanwhile; merge and save again"
        details = {"case": case, "by": by, "fields": dict(fields), "revision": revision}
        super().__init__("case_changed", message, details, 409)


@dataclass(frozen=True, slots=True)
class Known:
    case: Case
    revision: int  # how many of its events are here
    talks_since: datetime | None = None  # the desks negotiate since, by our own clock
    stored: Sequence[case_rows.Stored] = field(default=(), repr=False, compare=False)


def id_of_call(call_id: str) -> str:
    """The case that a call opens: whoever opens it, at once or again, opens the same one."""
    return str(uuid5(NAMESPACE_URL, f"call:{call_id}"))


class Cases:
    """`desk`: whose events these are. `zone`: what a day is, in a case's number."""

    def __init__(
        self,
        store: Store,
        desk: str,
        zone: tzinfo = UTC,
        hooks: Sequence[Hook] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        lights: Lights = USUAL,
    ) -> None:
        self._store, self.desk, self._zone, self._hooks, self._clock = store, desk, zone, hooks, clock
        self._lights = lights
        self._back: dict[str, frozenset[str]] = {}
        self.listeners: list[Callable[[Known], None]] = []  # are told of each change, once it is kept

    def there_and_back(self, call_id: str) -> frozenset[str]:
        """Desks that the call's case went to and came back from, as far as it changed in this process (R21)."""
        return self._back.get(call_id, frozenset())

    def changed(self, known: Known) -> None:
        """Whoever took another desk's events in says so too."""
        case = known.case
        back = frozenset(desk for desk in case.desks if went_there_and_back(case, self.desk, desk))
        for link in case.calls:
            if back or link.call in self._back:
                self._back[link.call] = back
        while len(self._back) > REMEMBERED:
            self._back.pop(next(iter(self._back)))
        for listener in self.listeners:
            listener(known)

    # --- doing -------------------------------------------------------------------------------------------------------

    async def open(
        self,
        by: str,
        channel: str,
        matter: Mapping[str, Any] | None = None,
        *,
        call: str | None = None,
    ) -> Known:
        """A new case; of a call the one that it has opened already, where it has."""
        id = id_of_call(call) if call is not None else str(uuid4())

        def write(connection: Connection) -> Known:
            case_rows.alone(connection)
            known = _known(connection, id)
            if known is not None:  # somebody was quicker: nothing of his is overwritten
                blank = {name: value for name, value in (matter or {}).items() if not getattr(known.case.matter, name)}
                return self.add(connection, known, by, "written", blank)
            known = self.opened(connection, Known(Case(id), 0), by, channel)
            if call is not None:
                known = self.add(connection, known, by, "called", {"call": call})
            before = notes.written(connection, call) if call is not None else {}
            return self.add(connection, known, by, "written", {**before, **(matter or {})})

        return await self._written(write)

    async def act(
        self, id: str, by: str, kind: str, data: Mapping[str, Any] | None = None, revision: int | None = None
    ) -> Known:
        """One event of ours. `revision`: what the person saw; words that another wrote after it are not overwritten.

        An emergency is one of the case too that this one was merged into: there somebody works on it.
        Raises UnknownCaseError, CaseChangedError, CaseFullError, Refused, InvalidRequestError.
        """

        def write(connection: Connection) -> tuple[Known, ...]:
            case_rows.alone(connection)
            known = _known(connection, id)
            if known is None:
                raise UnknownCaseError(id)
            if kind == "written" and revision is not None:
                self._not_written_since(known.case, known.stored[int(revision) :], by, data or {})
            done = self.add(connection, known, by, kind, data or {})
            goal = _goes_on_in(connection, done) if kind == "emergency" else None
            if goal is None or goal.case.emergency is not None:
                return (done,)
            return done, self.add(connection, goal, by, kind, data or {})

        return await self._written(write)

    async def merge(self, id: str, by: str, into: str) -> Known:
        """The case becomes part of another one, named by id or number; both say so. Raises as `act`.

        Not of one that was merged itself: where two are parts of each other nobody goes on with the matter.
        """

        def write(connection: Connection) -> tuple[Known, ...]:
            case_rows.alone(connection)
            other = _known(connection, into) or _known(connection, case_rows.by_number(connection, into))
            known = _known(connection, id)
            if other is None or known is None:
                raise UnknownCaseError(id if known is None else into)
            if other.case.state == "merged":
                raise Refused("case_merged", other.case.history[-1].event)
            merged = self.add(connection, known, by, "merged", {"into": other.case.id})
            return merged, self.add(connection, other, by, "merged", {"from": id})

        return await self._written(write)

    async def split(self, id: str, by: str, matter: Mapping[str, Any]) -> Known:
        """A new case for a part of this one; both say so. Raises as `act`."""

        def write(connection: Connection) -> tuple[Known, ...]:
            case_rows.alone(connection)
            known = _known(connection, id)
            if known is None:
                raise UnknownCaseError(id)
            new = str(uuid4())
            whole = self.add(connection, known, by, "split", {"into": new})
            part = self.opened(connection, Known(Case(new), 0), by, known.case.channel)
            for call_id in case_rows.calls_of(connection, id):
                part = self.add(connection, part, by, "called", {"call": call_id})
            part = self.add(connection, part, by, "written", matter)
            return self.add(connection, part, by, "split", {"from": id}), whole

        return await self._written(write)

    async def read_again(self) -> int:
        """For each start: what other desks said and an older program did not understand; how many cases."""
        count = 0
        while read := await self._store.write(
            lambda connection: case_rows.read_again(connection, self.desk, self._clock(), self._hooks, self._lights)
        ):
            count += read
        return count

    async def _written(self, write: Callable[[Connection], Known | tuple[Known, ...]]) -> Known:
        """The first of the cases that it changed; that one is told last, as a call's own case."""
        found = await self._store.write(write)
        changed = found if isinstance(found, tuple) else (found,)
        for known in reversed(changed):
            self.changed(known)
        return changed[0]

    def _not_written_since(
        self, case: Case, later: Sequence[case_rows.Stored], by: str, data: Mapping[str, Any]
    ) -> None:
        for event in (one.event for one in later):
            if event.kind != "written" or (event.origin, event.by) == (self.desk, by):
                continue
            theirs = {name: event.data[name] for name in _changed(case, data) if name in event.data}
            if theirs:
                raise CaseChangedError(case.id, f"{event.origin}/{event.by}", theirs, len(case.history))

    # --- parts of a transaction: whoever uses them holds `case_rows.alone`, and tells `changed` once it is kept

    def opened(
        self, connection: Connection, known: Known, by: str, channel: str, more: Mapping[str, Any] | None = None
    ) -> Known:
        """With the next number of today."""
        number = case_rows.next_number(connection, self.desk, self._clock().astimezone(self._zone))
        return self.add(connection, known, by, "opened", {"number": number, "channel": channel, **(more or {})})

    def known(self, connection: Connection, id: str) -> Known | None:
        return _known(connection, id)

    def add(self, connection: Connection, known: Known, by: str, kind: str, data: Mapping[str, Any]) -> Known:
        """One event of ours. Raises Refused, InvalidRequestError, CaseFullError."""
        case = known.case
        if kind == "written":
            data = _changed(case, data)
            if not data and known.revision:
                return known
        seq = 1 + sum(entry.event.origin == self.desk for entry in case.history)
        if kind in TALK and is_full(case, self.desk):
            raise CaseFullError(case.id)
        now = self._clock()
        event = Event(case.id, self.desk, seq, case.clock + 1, now, by, kind, data)
        apply(case, event)  # or it is refused
        held = case_rows.Held(case, known.stored)
        return _of(case_rows.append(connection, self.desk, [event], now, self._hooks, held=held, lights=self._lights))

    # --- finding -----------------------------------------------------------------------------------------------------

    async def get(self, id: str) -> Known:
        """By its id or its number. Raises UnknownCaseError."""

        def read(connection: Connection) -> Known | None:
            return _known(connection, id) or _known(connection, case_rows.by_number(connection, id))

        found = await self._read(read)
        if found is None:
            raise UnknownCaseError(id)
        return found

    async def of_call(self, call_id: str) -> Known | None:
        """The call's newest case."""
        return await self._read(lambda connection: _known(connection, case_rows.of_call(connection, call_id)))

    async def search(self, wanted: Wanted, limit: int = 50, before: int | None = None) -> Sequence[Mapping[str, Any]]:
        """Rows of `case`, the newest first. `before`: the serial of one already seen."""
        return await self._read(lambda connection: case_search.page(connection, wanted, limit, before))

    async def undecided(self, since: datetime) -> list[str]:
        """Ids of cases that the desks negotiate about since then or longer, and that we would accept (R26)."""
        query = select(_CASE.id).where(_CASE.undecided_since.is_not(None), _CASE.undecided_since <= since)
        return await self._read(lambda connection: list(connection.execute(query).scalars()))

    async def _read(self, question: Callable[[Connection], T]) -> T:
        async with self._store.reading() as connection:
            return await connection.run_sync(question)


def _known(connection: Connection, id: str | None) -> Known | None:
    held = case_rows.hold(connection, id) if id is not None else None
    return _of(held) if held is not None and held.stored else None


def _goes_on_in(connection: Connection, known: Known) -> Known | None:
    """The case that this one, or that one, was merged into; None where it was merged into none that is here."""
    found, seen = known, set[str]()  # two desks may have merged two into one another
    while found.case.merged_into and found.case.id not in seen:
        seen.add(found.case.id)
        following = _known(connection, found.case.merged_into)
        if following is None:
            return None
        found = following
    return found if found.case.state not in {"", "merged"} and found is not known else None


def _of(held: case_rows.Held) -> Known:
    return Known(held.case, len(held.stored), case_rows.talks_since(held.case, held.stored), held.stored)


def _changed(case: Case, data: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is not so already."""
    matter = asdict(case.matter)
    return {name: value for name, value in data.items() if name not in matter or _plain(matter[name]) != value}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value

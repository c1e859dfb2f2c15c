"""A case's events in the database, and the row that is made of them; one transaction, whoever asks.

`append` is the one way in: for what this desk does, and for what another desk told. The hooks run in the same
transaction: what goes out to other desks is written with the event or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, update

from ivr.desks.case import LANGUAGE, Case, Event, fold, strange
from ivr.desks.work_order import USUAL, Lights
from ivr.store import case_search, case_words, linkage, norms, notes, satisfaction, tables, work_order_rows

Hook = Callable[[Connection, Case, Sequence[Event]], None]
"""Gets the case as it is now, and the events that were new."""

NEWS = timedelta(days=30)  # what came before that is told to nobody any more
FIRST_LINE = 80  # characters of a case where it is only mentioned
_ALONE = 1214  # PostgreSQL's advisory lock of whoever writes a case; SQLite has one writer anyway

_CASE, _EVENT, _CALL = tables.case.c, tables.case_event.c, tables.case_call.c
_STRANGE = tables.case_strange.c


@dataclass(frozen=True, slots=True)
class Stored:
    event: Event
    place: int  # 1, 2, … as they came here
    stored_at: datetime


def alone(connection: Connection) -> None:
    """Nobody else writes to a case until the transaction ends: numbers are given without a gap."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ALONE})


def load(connection: Connection, case_id: str) -> list[Stored]:
    """In the order in which they came here."""
    rows = connection.execute(select(tables.case_event).where(_EVENT.case_id == case_id).order_by(_EVENT.place))
    return [
        Stored(
            Event(row.case_id, row.origin, row.seq, row.clock, row.at, row.by, row.kind, json.loads(row.data)),
            row.place,
            row.stored_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Held:
    """A case with its rows, as one transaction sees them: what is added to it is not folded from its beginning."""

    case: Case
    stored: Sequence[Stored]


def hold(connection: Connection, case_id: str) -> Held:
    stored = load(connection, case_id)
    return Held(fold(one.event for one in stored), stored)


def append(
    connection: Connection,
    own: str,
    events: Sequence[Event],
    now: datetime,
    hooks: Sequence[Hook] = (),
    *,
    held: Held | None = None,
    lights: Lights = USUAL,
) -> Held:
    """Take these events of one case in, those that are here already left out; the case as it is then.

    `own` is this desk; `held`: the case before, where it was read in this transaction; `lights`: of our work orders.
    What a desk may say is judged before: here nothing is refused.
    """
    alone(connection)
    case_id = events[0].case
    held = held or hold(connection, case_id)
    stored = held.stored
    known = {(one.event.origin, one.event.seq) for one in stored}
    new = [event for event in events if (event.origin, event.seq) not in known]
    if not new:
        return held
    places = [Stored(event, len(stored) + place, now) for place, event in enumerate(new, 1)]
    connection.execute(tables.case_event.insert(), [_row(one) for one in places])
    calls = {event.data["call"] for event in new if event.kind == "called" and event.origin == own}
    for call_id in calls - set(calls_of(connection, case_id)):
        connection.execute(tables.case_call.insert(), {"case_id": case_id, "call_id": call_id})
    after = Held(fold(new, held.case), [*stored, *places])
    project(connection, own, after, now, lights)
    for hook in hooks:
        hook(connection, after.case, new)
    return after


def read_again(  # noqa: PLR0917
    connection: Connection, own: str, now: datetime, hooks: Sequence[Hook], lights: Lights = USUAL, most: int = 100
) -> int:
    """After an upgrade: what other desks said and nobody understood here has its effect now; how many cases.

    Whoever hears of events (`hooks`) hears of those that are still news; some he may have heard of when they came.
    """
    alone(connection)
    query = select(tables.case_strange).where(_STRANGE.language != LANGUAGE).limit(most)
    rows = connection.execute(query).all()
    for row in rows:
        held = hold(connection, row.case_id)
        kinds = set(row.kinds.split()) - strange(project(connection, own, held, now, lights))
        news = [one.event for one in held.stored if one.event.kind in kinds and one.stored_at >= now - NEWS]
        new = sorted(news, key=lambda event: event.order)
        for hook in hooks if new else ():
            hook(connection, held.case, new)
    return len(rows)


def project(connection: Connection, own: str, held: Held, now: datetime, lights: Lights | None = None) -> Case:
    """Write what the events make of the case: its row, and the words that it is found by. `lights`: None where
    nothing happened to it."""
    case, stored = held.case, held.stored
    _mark(connection, stored[0].event.case, strange(case))
    if case.opened_at is None:
        return case  # its opening has not come yet
    row = _summary(case, own, stored, now)
    serial = connection.execute(select(_CASE.serial).where(_CASE.id == case.id)).scalar()
    if serial is None:
        serial = (connection.execute(select(func.max(_CASE.serial))).scalar() or 0) + 1
        connection.execute(tables.case.insert(), {"serial": serial, **row})
    else:
        connection.execute(update(tables.case).where(_CASE.serial == serial), row)
    case_search.index(connection, serial, case)
    linkage.project(connection, case)
    work_order_rows.project(connection, serial, row["line"], case, now, lights)
    satisfaction.project(connection, serial, case)
    norms.project(connection, case)
    author = next((entry.event.by for entry in reversed(case.history) if entry.event.kind == "written"), "")
    for call_id in calls_of(connection, case.id) if author else ():
        notes.put(connection, call_id, case, author, now)
    return case


def _mark(connection: Connection, case_id: str, kinds: frozenset[str]) -> None:
    connection.execute(delete(tables.case_strange).where(_STRANGE.case_id == case_id))
    if kinds:
        row = {"case_id": case_id, "language": LANGUAGE, "kinds": " ".join(sorted(kinds))}
        connection.execute(tables.case_strange.insert(), row)


def calls_of(connection: Connection, case_id: str) -> list[str]:
    return list(connection.execute(select(_CALL.call_id).where(_CALL.case_id == case_id)).scalars())


def of_call(connection: Connection, call_id: str) -> str | None:
    """The id of the call's newest case."""
    both = tables.case_call.join(tables.case, _CASE.id == _CALL.case_id)
    query = select(_CASE.id).select_from(both).where(_CALL.call_id == call_id).order_by(_CASE.serial.desc()).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def by_number(connection: Connection, number: str) -> str | None:
    """Of two cases with one number that of the desk whose name it bears: another desk calls its cases as it likes."""
    bears = _CASE.number.startswith(_CASE.first + "-")
    query = select(_CASE.id).where(_CASE.number == number).order_by(bears.desc(), _CASE.serial).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def next_number(connection: Connection, desk: str, day: datetime) -> str:
    """`<desk>-<yyyymmdd>-<6 digits>`; `day` in the site's zone."""
    alone(connection)
    prefix = f"{desk}-{day:%Y%m%d}-"
    # From digits to digits: whether a sign stands before or behind them each collation of PostgreSQL says anew.
    ours = (_CASE.first == desk, _CASE.number.between(f"{prefix}000000", f"{prefix}999999"))
    newest = select(func.max(_CASE.number)).where(*ours)
    last: str | None = connection.execute(newest).scalar()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06}"


def _row(one: Stored) -> dict[str, Any]:
    event = one.event
    return {
        "case_id": event.case,
        "origin": event.origin,
        "seq": event.seq,
        "clock": event.clock,
        "at": event.at,
        "by": event.by,
        "kind": event.kind,
        "data": json.dumps(dict(event.data), ensure_ascii=False),
        "place": one.place,
        "stored_at": one.stored_at,
    }


def _summary(case: Case, own: str, stored: Sequence[Stored], now: datetime) -> dict[str, Any]:
    matter = case.matter
    return {
        "id": case.id,
        "number": case.number,
        "state": case.state,
        "owners": " ".join(case.owners),
        "first": case.first,
        "channel": case.channel,
        "kind": matter.kind,
        "class_code": matter.class_code,
        "urgency": matter.urgency,
        "region": matter.region,
        "place": matter.place,
        "caller": matter.caller,
        "line": first_line(case),
        "confidential": matter.confidential,
        "opened_at": case.opened_at,
        "changed_at": now,
        "closed_at": case.closed_at,
        "respond_by": case.respond_by,
        "responded_at": case.responded_at,
        "undecided_since": _undecided(case, own, stored),
        "revision": len(stored),
    }


def _undecided(case: Case, own: str, stored: Sequence[Stored]) -> datetime | None:
    """Since when the desks negotiate, where we are the one that would accept (R26)."""
    return talks_since(case, stored) if case.first == own else None


def talks_since(case: Case, stored: Sequence[Stored]) -> datetime | None:
    """Since when, by our own clock, the desks negotiate; None where they do not."""
    talks = case.negotiation
    if talks is None or talks.decided or case.state in {"closed", "merged", "consulting"}:
        return None
    began = talks.began
    return next(one.stored_at for one in stored if (one.event.origin, one.event.seq) == (began.origin, began.seq))


def first_line(case: Case) -> str:
    """The first words that say something: what it is about, before who and where; who, only where it is no secret."""
    matter = case.matter
    said = (matter.cause, matter.course, matter.text, matter.place, case_words.name(case))
    return next((words.strip().splitlines()[0][:FIRST_LINE] for words in said if words.strip()), "")

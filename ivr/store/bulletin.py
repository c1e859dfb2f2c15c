"""What a month's bulletin (联动通报) counts, by the database. Its words and its looks are made elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select

from ivr.store import tables
from ivr.store.figures import Day, Transfers, of_calls
from ivr.store.linkage import CLASS_DIGITS, Figures, counted
from ivr.store.store import Store

FACTS = ("channel", "kind", "urgency", "state", "first")

_CASE, _ORDER, _NORM, _CONSULTATION = tables.case.c, tables.work_order.c, tables.norm.c, tables.consultation.c


@dataclass(frozen=True, slots=True)
class Cases:
    """That were opened in the month, as they are now."""

    opened: int
    by: Mapping[str, Mapping[str, int]]  # of FACTS → word → how many
    classes: Mapping[str, int]  # by the first digits of the code; "": none was given


@dataclass(frozen=True, slots=True)
class Department:
    """Work orders that it leads and that were made in the month."""

    department: str
    made: int
    done: int
    in_time: int  # done by its due moment
    late: int  # done after it, or open and over it
    open: int
    returned: int
    reopened: int  # at least once


@dataclass(frozen=True, slots=True)
class Norm:
    id: str
    version: str
    class_code: str
    owners: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Month:
    since: datetime
    until: datetime
    linkage: Figures
    cases: Cases
    calls: Day
    transfers: Sequence[Transfers]
    departments: Sequence[Department]
    consultations: int
    norms: Sequence[Norm]


async def month(  # noqa: PLR0917
    store: Store, desk: str, since: datetime, until: datetime, now: datetime, limit: timedelta, zone: tzinfo
) -> Month:
    """`desk`: whose departments. Raises DatabaseDownError."""

    def read(connection: Connection) -> tuple[Any, ...]:
        return (
            counted(connection, since, until, limit, zone),
            _cases(connection, since, until),
            _departments(connection, desk, since, until, now),
            _consultations(connection, since, until),
            _norms(connection, since, until),
        )

    day, transfers = await of_calls(store, since - timedelta(microseconds=1), until - timedelta(microseconds=1))
    async with store.reading() as opened:
        linkage, cases, departments, consultations, norms = await opened.run_sync(read)
    return Month(since, until, linkage, cases, day, transfers, departments, consultations, norms)


def _cases(connection: Connection, since: datetime, until: datetime) -> Cases:
    top = func.substr(_CASE.class_code, literal_column("1"), literal_column(f"{CLASS_DIGITS}"))
    facts = [_CASE[name] for name in FACTS]
    span = (_CASE.opened_at >= since, _CASE.opened_at < until)
    query = select(*facts, top, func.count()).where(*span).group_by(*facts, top)
    by: dict[str, Counter[str]] = {name: Counter() for name in FACTS}
    classes: Counter[str] = Counter()
    for *words, code, count in connection.execute(query):
        classes[code] += count
        for name, word in zip(FACTS, words, strict=True):
            by[name][word] += count
    return Cases(classes.total(), by, classes)


def _departments(
    connection: Connection, desk: str, since: datetime, until: datetime, now: datetime
) -> list[Department]:
    """Another desk may call its own alike."""

    def so_many(*conditions: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.sum(case((and_(*conditions), 1), else_=0))

    done, open_ = _ORDER.state == "done", _ORDER.state.in_(("sent", "signed"))
    late = case((done, _ORDER.done_at > _ORDER.due), (open_, _ORDER.due <= now), else_=literal_column("1 = 0"))
    query = (
        select(
            _ORDER.department,
            func.count(),
            so_many(done),
            so_many(done, _ORDER.done_at <= _ORDER.due),
            so_many(late),
            so_many(open_),
            so_many(_ORDER.state == "returned"),
            so_many(_ORDER.reopened > 0),
        )
        .where(_ORDER.desk == desk, _ORDER.at >= since, _ORDER.at < until)
        .group_by(_ORDER.department)
        .order_by(func.count().desc(), _ORDER.department)
    )
    return [Department(row[0], *(int(count) for count in row[1:])) for row in connection.execute(query)]


def _consultations(connection: Connection, since: datetime, until: datetime) -> int:
    span = (_CONSULTATION.at >= since, _CONSULTATION.at < until)
    return connection.execute(select(func.count()).select_from(tables.consultation).where(*span)).scalar_one()


def _norms(connection: Connection, since: datetime, until: datetime) -> list[Norm]:
    """That were agreed in the month."""
    query = select(_NORM.id, _NORM.version, _NORM.class_code, _NORM.owners, _NORM.since)
    query = query.where(_NORM.at >= since, _NORM.at < until).order_by(_NORM.at)
    return [Norm(*row) for row in connection.execute(query)]

"""What callers say of what was done (回访), counted by the database.

The rows of `call_back` are made of a case's events, in the transaction that adds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, delete, func, select

from ivr.desks.case import Case
from ivr.desks.work_order import SATISFIED
from ivr.store import tables

_BACK, _ORDER = tables.call_back.c, tables.work_order.c


@dataclass(frozen=True, slots=True)
class Grades:
    """Call-backs, each by itself."""

    asked: int = 0
    reached: int = 0
    yes: int = 0
    partly: int = 0
    no: int = 0

    @property
    def rated(self) -> int:
        return self.yes + self.partly + self.no

    @property
    def share(self) -> float | None:
        """Of the satisfied among those who said something, 0 to 1; None: nobody did."""
        return self.yes / self.rated if self.rated else None


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Of call-backs that were made in some time. What a caller says counts for each department of his case."""

    total: Grades
    departments: Mapping[tuple[str, str], Grades]  # desk, department → the most asked about first

    def of(self, desk: str) -> Mapping[str, Grades]:
        """Of the departments of one desk: another may call its own alike."""
        return {department: grades for (whose, department), grades in self.departments.items() if whose == desk}


def rows_of(serial: int, known: Case) -> list[dict[str, Any]]:
    """Of `call_back`; `serial`: the case's."""
    return [
        {
            "case_serial": serial,
            "place": place,
            "desk": one.desk,
            "reached": one.reached,
            "satisfied": one.satisfied,
            "at": one.at,
        }
        for place, one in enumerate(known.call_backs, 1)
    ]


def project(connection: Connection, serial: int, known: Case) -> None:
    """Write what the case's events say of it now: a call-back may have lost its effect to what came late."""
    if not any(entry.event.kind == "called_back" for entry in known.history):
        return
    connection.execute(delete(tables.call_back).where(_BACK.case_serial == serial))
    if rows := rows_of(serial, known):
        connection.execute(tables.call_back.insert(), rows)


def counted(connection: Connection, since: datetime, until: datetime) -> Satisfaction:
    said = select(_BACK.reached, _BACK.satisfied).where(_BACK.at >= since, _BACK.at < until).subquery()
    total = connection.execute(select(*_sums(said))).one()
    of = _by_department(since, until)
    query = select(of.c.desk, of.c.department, *_sums(of)).group_by(of.c.desk, of.c.department)
    found = connection.execute(query.order_by(func.count().desc(), of.c.desk, of.c.department)).all()
    departments = {(row[0], row[1]): Grades(*map(int, row[2:])) for row in found}
    return Satisfaction(Grades(*map(int, total)), departments)


def _by_department(since: datetime, until: datetime) -> Subquery:
    """Each call-back with each department that had led an order of its case by then; one withdrawn is none."""
    same = and_(
        _ORDER.case_serial == _BACK.case_serial,
        _ORDER.desk == _BACK.desk,
        _ORDER.at <= _BACK.at,
        _ORDER.state != "returned",
    )
    columns = (_BACK.case_serial, _BACK.place, _BACK.desk, _ORDER.department, _BACK.reached, _BACK.satisfied)
    query = select(*columns).distinct()
    both = tables.call_back.join(tables.work_order, same)
    return query.select_from(both).where(_BACK.at >= since, _BACK.at < until).subquery()


def _sums(said: Subquery) -> Sequence[ColumnElement[Any]]:
    def so_many(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    return func.count(), so_many(said.c.reached), *(so_many(said.c.satisfied == grade) for grade in SATISFIED)

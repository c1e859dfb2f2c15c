"""Work orders, found by department, state, light and words; and the moments of theirs that have come.

Open orders come by their end, the nearest first; all others the newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Subquery, and_, func, literal, or_, select, tuple_, update

from ivr.desks.work_order import OPEN, USUAL, Lights, moments
from ivr.errors import HotlineError
from ivr.store import case_search, case_words, tables
from ivr.store.store import Store

_ORDER, _PART = tables.work_order.c, tables.work_order_part.c
_IS_OPEN = _ORDER.state.in_(sorted(OPEN))
Row = RowMapping  # of `work_order`
AT_ONCE = 500  # orders whose moment has come, in one transaction


class UnknownOrderError(HotlineError):
    def __init__(self, order: str) -> None:
        super().__init__("unknown_order", f"there is no work order {order}", {"order": order}, 404)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order must have; None: whatever. `state` may be `open`; a light is one of an open order."""

    q: str | None = None
    department: str | None = None
    state: str | None = None
    light: str | None = None
    case: str | None = None
    extension: str | None = None
    limit: int = 50
    before: int | None = None  # the serial of the last one already seen


@dataclass(frozen=True, slots=True)
class Count:
    """Of one department's open orders."""

    open: int = 0
    unsigned: int = 0  # nobody has signed, and the time for it is over
    overdue: int = 0
    asked: int = 0  # more time was asked for
    oldest: datetime | None = None  # end of the one that is overdue longest


@dataclass(frozen=True, slots=True)
class Passed:
    """A moment of an order that has come: a word of MOMENTS."""

    what: str
    row: Row


class WorkOrders:
    """Of one desk. Each method raises DatabaseDownError."""

    def __init__(self, store: Store, desk: str, lights: Lights = USUAL) -> None:
        self._store, self._desk, self.lights = store, desk, lights

    async def search(self, wanted: Wanted, now: datetime) -> Sequence[Row]:
        async with self._store.reading() as connection:
            return await connection.run_sync(_page, self._desk, wanted, now)

    async def get(self, id: str) -> Row:
        """Raises UnknownOrderError."""
        query = select(tables.work_order).where(_ORDER.desk == self._desk, _ORDER.id == id)
        async with self._store.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise UnknownOrderError(id)
        return row

    async def counts(self, now: datetime) -> dict[str, Count]:
        """By the department that leads."""
        late = _ORDER.due <= now
        query = (
            select(
                _ORDER.department,
                func.count(),
                func.count().filter(and_(_ORDER.state == "sent", _ORDER.sign_by <= now)),
                func.count().filter(late),
                func.count().filter(_ORDER.extension == "asked"),
                func.min(_ORDER.due).filter(late),
            )
            .where(_IS_OPEN, _ORDER.desk == self._desk)
            .group_by(_ORDER.department)
        )
        async with self._store.reading() as connection:
            return {row[0]: Count(*row[1:]) for row in await connection.execute(query)}

    async def next(self) -> datetime | None:
        """When the next moment of any order comes."""
        query = select(func.min(_ORDER.next_at)).where(_ORDER.next_at.is_not(None), _ORDER.desk == self._desk)
        async with self._store.reading() as connection:
            moment: datetime | None = (await connection.execute(query)).scalar()
            return moment

    async def passed(self, now: datetime) -> list[Passed]:
        """The moments that have come and that nobody was told of; each is told once, whoever dies."""

        def write(connection: Connection) -> list[Passed]:
            due = select(tables.work_order).where(_ORDER.next_at < now, _ORDER.desk == self._desk)
            rows = connection.execute(due.order_by(_ORDER.next_at).limit(AT_ONCE)).mappings().all()
            found = []
            for row in rows:
                at = self._moments(row)
                found += [Passed(what, row) for what, moment in at.items() if row["told_until"] <= moment < now]
                coming = min((moment for moment in at.values() if moment >= now), default=None)
                this = update(tables.work_order).where(_ORDER.serial == row["serial"])
                connection.execute(this.values(told_until=now, next_at=coming))
            return found

        return await self._store.write(write)

    async def relit(self) -> int:
        """For each start: open orders whose lights the settings change now; how many. What is over is not told."""
        serial = count = 0
        while True:
            found, serial = await self._store.write(partial(self._relight, serial))
            count += found
            if not serial:
                return count

    def _relight(self, after: int, connection: Connection) -> tuple[int, int]:
        """How many, and the last that was looked at; 0: no more."""
        query = select(tables.work_order).where(_IS_OPEN, _ORDER.desk == self._desk, _ORDER.serial > after)
        rows = connection.execute(query.order_by(_ORDER.serial).limit(AT_ONCE)).mappings().all()
        count = 0
        for row in rows:
            at = self._moments(row)
            if (row["yellow_at"], row["red_at"]) != (at["yellow"], at["red"]):
                coming = min((moment for moment in at.values() if moment >= row["told_until"]), default=None)
                values = {"yellow_at": at["yellow"], "red_at": at["red"], "next_at": coming}
                connection.execute(update(tables.work_order).where(_ORDER.serial == row["serial"]).values(values))
                count += 1
        return count, rows[-1]["serial"] if len(rows) == AT_ONCE else 0

    def _moments(self, row: Row) -> dict[str, datetime]:
        signed = row["state"] != "sent"
        return moments(row["since"], row["sign_by"], row["due"], signed=signed, lights=self.lights)


def _page(connection: Connection, desk: str, wanted: Wanted, now: datetime) -> Sequence[Row]:
    query = select(tables.work_order).where(_ORDER.desk == desk, *_conditions(wanted, now))
    if wanted.department is not None:
        part = tables.work_order_part
        query = query.join(part, _PART.serial == _ORDER.serial).where(_PART.department == wanted.department)
    found = _found(connection, wanted)
    if found is not None:
        query = query.join(found, found.c.serial == _ORDER.case_serial)
    order, later = _way(connection, wanted, found)
    if wanted.before is not None:
        seen = connection.execute(select(tables.work_order).where(_ORDER.serial == wanted.before)).mappings().first()
        query = query.where(later(seen) if seen is not None else literal(False))
    return connection.execute(query.order_by(*order).limit(wanted.limit)).mappings().all()


Way = tuple[Sequence[ColumnElement[Any]], Callable[[Row], ColumnElement[bool]]]
"""How the orders stand, and which come after one of them."""


def _way(connection: Connection, wanted: Wanted, found: Subquery | None) -> Way:
    """Open ones by their end; the newest first; or, found by words, those of the newest cases.

    FTS5 stops where the page is full, but only where the index of words alone gives the order.
    """
    serial = _ORDER.serial
    if wanted.light is not None or wanted.extension is not None or wanted.state in {"open", *OPEN}:
        return (_ORDER.due, serial), lambda row: tuple_(_ORDER.due, serial) > tuple_(row["due"], row["serial"])
    if found is None:
        return (serial.desc(),), lambda row: serial < row["serial"]
    case = found.c.serial
    order = (case.desc(),) if connection.dialect.name == "sqlite" else (case.desc(), serial)
    return order, lambda row: or_(case < row["case_serial"], and_(case == row["case_serial"], serial > row["serial"]))


def _conditions(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    lights = {
        "green": _ORDER.yellow_at > now,
        "yellow": and_(_ORDER.yellow_at <= now, _ORDER.red_at > now),
        "red": and_(_ORDER.red_at <= now, _ORDER.due > now),
        "overdue": _ORDER.due <= now,
    }
    found: list[ColumnElement[bool]] = []
    if wanted.light is not None:
        found += [_IS_OPEN, lights[wanted.light]]
    if wanted.state is not None:
        found.append(_IS_OPEN if wanted.state == "open" else _ORDER.state == wanted.state)
    if wanted.case is not None:
        found.append(_ORDER.case_id == wanted.case)
    if wanted.extension is not None:
        found += [_IS_OPEN, _ORDER.extension == wanted.extension]
    return found


def _found(connection: Connection, wanted: Wanted) -> Subquery | None:
    """The serials of cases that say the words."""
    rows = case_words.wanted(wanted.q or "")
    if not rows:
        return None
    rows.append((case_words.mark("o", wanted.department or case_words.ORDERED),))
    return case_search.serials(connection.dialect.name, rows).subquery("found")

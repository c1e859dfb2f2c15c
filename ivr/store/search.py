"""Finding calls among millions: the newest first, page by page, each page by a way that an index knows.

Conditions on the call itself walk an index of `call` in the order of time. Conditions on a leg, a transfer or a note
have a witness: that table's own index is walked from the newest on, and since a call never enters after its legs and
transfers begin and its note is opened, its calls are complete down to the moment that the walk has come to.

Words of a note are looked for by reading notes, newest first, not by an index of their letters: two letters are a word
in Chinese, and an index of three (FTS5's trigram, pg_trgm) knows nothing of two. docs/performance.md has what it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, exists, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.store import tables

Head = Any  # a row of `call`
FEW = 2000  # so many calls are sorted rather than looked for along the time
STRIDE = 500  # witnesses at first; twice as many with each step
WIDEST = 8000  # witnesses that one query names
LONGEST = timedelta(days=1)  # no leg begins and no note is opened later in a call: where a page's walk begins
COMPLETED, NOT_COMPLETED = "completed", "not_completed"

_CALL, _LEG, _TRANSFER, _NOTE = tables.call.c, tables.leg.c, tables.transfer.c, tables.note.c
WRITTEN = (_NOTE.happened, _NOTE.name, _NOTE.place, _NOTE.cause, _NOTE.course, _NOTE.text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call must have; None: whatever. `since` ≤ entered_at < `until`.

    `caller` and `number` may hold `*` for any characters. `operator` is the number of one who was called to it,
    `target` and `transfer_result` are of one and the same transfer; the result `not_completed` is any other than that.
    `text` is words that all stand somewhere in the call's note; great and small letters are the same there.
    """

    caller: str | None = None
    number: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    node: str | None = None
    operator: str | None = None
    target: str | None = None
    transfer_result: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Witness:
    """Rows of another table that only the wanted calls have, in an index by their moment."""

    table: Table
    call_id: Column[str]
    moment: Column[datetime]
    is_one: ColumnElement[bool]


async def page(connection: AsyncConnection, wanted: Wanted, limit: int, before: str | None = None) -> Sequence[Head]:
    """The newest calls first. `before` is the id of a call already seen: the page after it."""
    witness = _witness(wanted) if wanted.caller is None or "*" in wanted.caller else None
    conditions = _conditions(wanted, witness)
    edge: tuple[datetime, str] | None = None
    if before is not None:
        found = (await connection.execute(select(_CALL.entered_at, _CALL.id).where(_CALL.id == before))).first()
        if found is None:
            return []
        edge = (found[0], found[1])
        conditions += [_CALL.entered_at <= edge[0], or_(_CALL.entered_at < edge[0], _CALL.id < edge[1])]
    if witness is not None:
        return await _walk(connection, witness, _span(wanted, edge), conditions, limit)
    query = select(tables.call).where(*conditions)
    if wanted.caller is not None and "*" in wanted.caller:
        few = (await connection.execute(query.where(_range(wanted.caller)).limit(FEW))).mappings().all()
        if len(few) < FEW:
            return _newest(few)[:limit]
    along = query.order_by(_CALL.entered_at.desc(), _CALL.id.desc()).limit(limit)
    return list((await connection.execute(along)).mappings())


async def count(connection: AsyncConnection, wanted: Wanted, most: int) -> int:
    """How many there are; counting ends at `most`."""
    some = select(_CALL.id).where(*_conditions(wanted)).limit(most).subquery()
    return int((await connection.execute(select(func.count()).select_from(some))).scalar_one())


def _newest(heads: Sequence[Head]) -> list[Head]:
    return sorted(heads, key=lambda head: (head["entered_at"], head["id"]), reverse=True)


def _span(wanted: Wanted, edge: tuple[datetime, str] | None) -> tuple[datetime | None, datetime | None]:
    """From when to when a witness can be."""
    ends = [moment for moment in (wanted.until, edge[0] if edge else None) if moment is not None]
    return wanted.since, min(ends) + LONGEST if ends else None


async def _walk(
    connection: AsyncConnection,
    witness: _Witness,
    span: tuple[datetime | None, datetime | None],
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
) -> list[Head]:
    since, last = span
    found: list[Head] = []
    seen: set[str] = set()
    stride = STRIDE
    while True:
        query = select(witness.call_id, witness.moment).where(witness.is_one)
        if since is not None:
            query = query.where(witness.moment >= since)
        if last is not None:
            query = query.where(witness.moment <= last)
        rows = (await connection.execute(query.order_by(witness.moment.desc()).limit(stride))).all()
        new = list(dict.fromkeys(id for id, _ in rows if id not in seen))
        seen.update(new)
        for start in range(0, len(new), WIDEST):
            of_these = select(tables.call).where(_CALL.id.in_(new[start : start + WIDEST]), *conditions)
            found += (await connection.execute(of_these)).mappings().all()
        if len(rows) < stride:
            return _newest(found)[:limit]
        last = rows[-1][1]
        if sum(head["entered_at"] > last for head in found) >= limit:
            return _newest(found)[:limit]
        stride = min(2 * stride, WIDEST) if new else 2 * stride  # so many at one moment: the step must be longer


def _witness(wanted: Wanted) -> _Witness | None:
    """What is rarest goes first: words, then failures, then an operator, then a target."""
    if wanted.text is not None and wanted.text.split():
        return _Witness(tables.note, _NOTE.call_id, _NOTE.opened_at, _text(wanted.text))
    if wanted.transfer_result in (None, COMPLETED) and wanted.operator is not None:
        return _Witness(tables.leg, _LEG.call_id, _LEG.started_at, _operator(wanted.operator))
    if wanted.target is not None or wanted.transfer_result not in (None, COMPLETED):
        return _Witness(tables.transfer, _TRANSFER.call_id, _TRANSFER.asked_at, _transfer(wanted))
    return None


def _operator(number: str, party: ColumnElement[str] = _LEG.party) -> ColumnElement[bool]:
    return and_(party == number, _LEG.role == "operator")


def _transfer(wanted: Wanted, target: ColumnElement[str] = _TRANSFER.target) -> ColumnElement[bool]:
    """Of one transfer."""
    parts: list[ColumnElement[bool]] = []
    if wanted.target is not None:
        parts.append(target == wanted.target)
    if wanted.transfer_result not in (None, COMPLETED):
        parts.append(_TRANSFER.result != literal_column(f"'{COMPLETED}'"))  # as the partial index says it
    if wanted.transfer_result not in (None, NOT_COMPLETED):
        parts.append(_TRANSFER.result == wanted.transfer_result)
    return and_(*parts)


def _text(words: str) -> ColumnElement[bool]:
    """Every word stands in a note. `lower` on both sides: what each database takes for a small letter differs."""
    note = func.lower(reduce(lambda all, one: all.concat("\n").concat(one), WRITTEN[1:], WRITTEN[0].concat("")))
    return and_(*(note.contains(func.lower(_literal(word)), escape="\\") for word in words.split()))


def _conditions(wanted: Wanted, witness: _Witness | None = None) -> list[ColumnElement[bool]]:
    """All but what the witness stands for. Looked for call by call: an expression, since SQLite, which knows nothing of
    how many rows there are, would go through all legs of an operator for each call rather than through the call's few.
    """
    known = witness.table if witness is not None else None
    found: list[ColumnElement[bool]] = []
    for column, text in ((_CALL.caller, wanted.caller), (_CALL.number, wanted.number)):
        if text is not None:
            found.append(column.like(_pattern(text), escape="\\") if "*" in text else column == text)
    for column, word in ((_CALL.outcome, wanted.outcome), (_CALL.node, wanted.node)):
        if word is not None:
            found.append(column == word)
    if wanted.since is not None:
        found.append(_CALL.entered_at >= wanted.since)
    if wanted.until is not None:
        found.append(_CALL.entered_at < wanted.until)
    if wanted.operator is not None and known is not tables.leg:
        found.append(_has(tables.leg, _operator(wanted.operator, _LEG.party.concat(""))))
    if wanted.text is not None and wanted.text.split() and known is not tables.note:
        found.append(_has(tables.note, _text(wanted.text)))
    if (wanted.target is not None or wanted.transfer_result is not None) and known is not tables.transfer:
        found.append(_has(tables.transfer, _transfer(wanted, _TRANSFER.target.concat(""))))
    return found


def _has(table: Table, is_one: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.call_id == _CALL.id, is_one)


def _range(pattern: str) -> ColumnElement[bool]:
    """Where in the index the numbers with this beginning lie, whatever the database's collation: digits only."""
    head = pattern.partition("*")[0]
    after = head.rstrip("9")
    if not (head.isascii() and head.isdigit() and after):
        return and_(True)
    return and_(_CALL.caller >= head, _CALL.caller < after[:-1] + str(int(after[-1]) + 1))


def _pattern(wanted: str) -> str:
    return _literal(wanted).replace("*", "%")


def _literal(wanted: str) -> str:
    return wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

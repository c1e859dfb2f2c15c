"""Erasing in rows: which calls are old, their numbers, and what stays of them in the statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.calls.model import Call
from ivr.calls.redaction import ERASED
from ivr.calls.statistics import Measure, counted
from ivr.store import case_erasure, tables
from ivr.store.erasure import PERSONAL


def facts() -> Select[Any]:
    """The columns of `Old`."""
    call, leg, hold, erased = tables.call, tables.leg, tables.legal_hold, tables.erased
    partner = exists().where(
        leg.c.call_id == call.c.id, leg.c.role.in_(("desk", "department")), leg.c.answered_at.is_not(None)
    )
    return select(
        call.c.id,
        call.c.entered_at,
        call.c.caller,
        exists().where(leg.c.call_id == call.c.id, leg.c.recording.is_not(None)).label("recorded"),
        or_(call.c.handed_over_by.is_not(None), partner).label("handed_over"),
        exists().where(hold.c.call_id == call.c.id, hold.c.released_at.is_(None)).label("held"),
        exists().where(erased.c.subject == call.c.id, erased.c.kind == PERSONAL).label("redacted"),
    )


def after(entered_at: datetime, id: str) -> ColumnElement[bool]:
    call = tables.call
    return or_(call.c.entered_at > entered_at, and_(call.c.entered_at == entered_at, call.c.id > id))


async def redact(connection: AsyncConnection, pairs: Iterable[tuple[Call, Call]]) -> None:
    """Write the second of each pair where it differs from the first, and take away what was written about them."""
    call, leg, step = tables.call, tables.leg, tables.ivr_step
    calls: list[dict[str, Any]] = []
    legs: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    for before, after in pairs:
        calls.append({"of": before.id, "to": after.caller})
        for old, new in zip(before.legs, after.legs, strict=True):
            if old != new:
                legs.append({"of": old.id, "to": new.party, "to_number": new.number})
        for at, (was, now) in enumerate(zip(before.steps, after.steps, strict=True)):
            if was != now:
                steps.append({"of": before.id, "at_place": at, "to": now.value})
    of: BindParameter[str] = bindparam("of")
    to: BindParameter[str] = bindparam("to")
    changes: tuple[tuple[Update | Delete, list[dict[str, Any]]], ...] = (
        (update(call).where(call.c.id == of).values(caller=to), calls),
        (update(leg).where(leg.c.id == of).values(party=to, number=bindparam("to_number")), legs),
        (update(step).where(step.c.call_id == of, step.c.ordinal == bindparam("at_place")).values(value=to), steps),
    )
    for statement, rows in changes:
        if rows:
            await connection.execute(statement, rows)
    of_these = [one["of"] for one in calls]
    await forget_cases(connection, of_these)


async def forget_cases(connection: AsyncConnection, call_ids: Sequence[str]) -> None:
    """What was written about these calls."""
    await connection.run_sync(lambda sync: case_erasure.forget(sync, call_ids, datetime.now(UTC)))
    await connection.execute(delete(tables.note).where(tables.note.c.call_id.in_(call_ids)))


@dataclass(frozen=True, slots=True)
class Screened:
    """A number that was blocked or stood for review, and when that was over."""

    subject: str
    number: str
    over_at: datetime
    where: ColumnElement[bool]


async def screened(connection: AsyncConnection, before: datetime) -> list[tuple[Table, Screened]]:
    """Those that were over before that, and still show the number."""
    block, review = tables.block, tables.review
    shown = [table.c.number.not_like(f"{ERASED}%") for table in (block, review)]
    found: list[tuple[Table, Screened]] = []
    blocks = select(block.c.id, block.c.number, block.c.until).where(block.c.until < before, shown[0])
    for id, number, until in await connection.execute(blocks):
        found.append((block, Screened(f"block/{id}", number, until, block.c.id == id)))
    reviews = select(review.c.number, review.c.flagged_at, review.c.last_at).where(review.c.last_at < before, shown[1])
    for number, flagged_at, last_at in await connection.execute(reviews):
        row = and_(review.c.number == number, review.c.flagged_at == flagged_at)
        found.append((review, Screened(f"review/{flagged_at.isoformat()}", number, last_at, row)))
    return found


async def keep_counts(connection: AsyncConnection, calls: Iterable[Call]) -> None:
    """What these calls add to the statistics stands in them from now on, though the calls do not."""
    amounts: Counter[tuple[str, Measure]] = Counter()
    for call in calls:
        amounts.update({(call.node, measure): amount for measure, amount in counted(call).items()})
    table = tables.statistic
    rows = [{"node": node, "amount": amount} | measure._asdict() for (node, measure), amount in amounts.items()]
    statement = insert(connection, table)
    added = statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={"amount": table.c.amount + statement.excluded.amount}
    )
    if rows:
        await connection.execute(added, rows)


async def erase_for_good(connection: AsyncConnection) -> None:
    """SQLite leaves what was deleted in its pages unless it is asked not to."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("PRAGMA secure_delete=ON")


def insert(connection: AsyncConnection, table: Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)

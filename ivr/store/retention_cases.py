"""Erasing what was written without a call: cases from a page, a mailbox, a gateway, another desk (R52, R65).

What belongs to a call is erased with that call (`ivr.store.case_erasure.forget`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.store import case_erasure, tables
from ivr.store.due import HANDED_OVER
from ivr.store.erasure import CASE, PERSONAL

AT_ONCE = 10  # cases erased in one transaction: each is folded anew
MESSAGE = "message/"  # and channel/id of one of which no case became: what a proof says of it
_GONE_OVER = ("offered", "emergency")  # events after which another desk has the case too


async def due(
    connection: AsyncConnection, before: Mapping[str, datetime], after: int = 0, most: int | None = AT_ONCE
) -> Sequence[Any]:
    """Rows (serial, id, opened_at) of cases beyond `after` that no call belongs to and that are not erased yet."""
    case, event, call, erased = tables.case, tables.case_event, tables.case_call, tables.erased
    over = exists().where(event.c.case_id == case.c.id, event.c.kind.in_(_GONE_OVER))
    query = (
        select(case.c.serial, case.c.id, case.c.opened_at)
        .where(case.c.serial > after)
        .where(or_(case.c.opened_at < before[HANDED_OVER], and_(case.c.opened_at < before[PERSONAL], ~over)))
        .where(~exists().where(call.c.case_id == case.c.id))
        .where(~exists().where(erased.c.subject == CASE + case.c.id, erased.c.kind == PERSONAL))
        .order_by(case.c.serial)
        .limit(most)
    )
    return (await connection.execute(query)).all()


async def forget(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """What these cases say; that they were, what became of them and when stays."""
    now = datetime.now(UTC)
    for id in ids:
        await connection.run_sync(case_erasure.forget_case, id, now)


async def messages(connection: AsyncConnection, before: datetime, *, erase: bool) -> dict[str, datetime]:
    """Automatic ones that no case became of: subject of the proof → when it came."""
    one = tables.channel_message
    old = (one.c.case_id.is_(None), one.c.received_at < before, or_(one.c.sender != "", one.c.subject != ""))
    rows = (await connection.execute(select(one.c.channel, one.c.id, one.c.received_at).where(*old))).all()
    if rows and erase:
        await connection.execute(update(one).where(*old).values(sender="", thread="", subject=""))
    return {f"{MESSAGE}{row.channel}/{row.id}": row.received_at for row in rows}

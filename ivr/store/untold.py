"""Which desks have not been told yet what is new in a case: then its words go by voice (R43)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from ivr.store import tables
from ivr.store.exchange import OUT
from ivr.store.store import Store

_MESSAGE = tables.exchange_message.c


async def since(store: Store, case: str) -> dict[str, datetime]:
    """By desk, since when (UTC) the oldest message waits or was refused. Raises DatabaseDownError."""
    open_ones = (_MESSAGE.case_id == case, _MESSAGE.direction == OUT, _MESSAGE.state.in_(("pending", "refused")))
    query = select(_MESSAGE.desk, func.min(_MESSAGE.made_at)).where(*open_ones).group_by(_MESSAGE.desk)
    async with store.reading() as connection:
        rows = (await connection.execute(query)).all()
    return {row[0]: row[1] for row in rows}

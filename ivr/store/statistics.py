"""The counts of R50 over any time: of the calls in the log, and of those that have been erased from it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import func, select

from ivr.calls.statistics import Measure, counted, quarter_of
from ivr.store import tables
from ivr.store.store import Store

PAGE = 500


async def statistics(store: Store, since: datetime, until: datetime) -> Counter[Measure]:
    """Counts by quarter of an hour, of calls that entered in since … until (both at a quarter's beginning)."""
    found: Counter[Measure] = Counter()
    table = tables.statistic
    summed = select(table.c.quarter, table.c.name, table.c.detail, func.sum(table.c.amount)).where(
        table.c.quarter >= quarter_of(since), table.c.quarter < until
    )
    async with store.reading() as connection:
        for quarter, name, detail, amount in await connection.execute(
            summed.group_by(table.c.quarter, table.c.name, table.c.detail)
        ):
            found[Measure(quarter, name, detail)] += int(amount)
    before: str | None = None
    while page := await store.calls(PAGE, before, since=quarter_of(since), until=until):
        for call in page:
            found.update(counted(call))
        before = page[-1].id
    return found

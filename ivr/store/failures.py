"""How many calls failed in a time: what the watch over a new version of the dialplans looks at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, distinct, func, or_, select

from ivr.store import tables
from ivr.store.store import Store

_CALL, _STEP = tables.call.c, tables.ivr_step.c
NOT_OURS = ("rejected", "diverted")  # never let in, or taken by the neighbour: no dialplan of the site's was asked


async def failures(store: Store, since: datetime, until: datetime) -> tuple[int, int, int]:
    """Calls that entered in `since` ≤ t < `until` and have been answered or have ended; of these the ones without a
    human, and the ones with a failed hook. Raises DatabaseDownError.
    """
    entered = and_(_CALL.entered_at >= since, _CALL.entered_at < until)
    judged = and_(
        or_(_CALL.ended_at.is_not(None), _CALL.answered_at.is_not(None)),
        or_(_CALL.outcome.is_(None), _CALL.outcome.not_in(NOT_OURS)),
    )
    hooked = and_(
        _STEP.step == "hook", or_(_STEP.value.endswith(":failed"), _STEP.value.endswith(":time_limit")), entered
    )
    calls = select(func.count()).select_from(tables.call).where(entered, judged)
    lost = calls.where(_CALL.outcome == "abandoned")
    hooks = (
        select(func.count(distinct(_STEP.call_id)))
        .select_from(tables.ivr_step.join(tables.call, _STEP.call_id == _CALL.id))
        .where(hooked)
    )
    async with store.reading() as connection:
        numbers = [int((await connection.execute(query)).scalar_one()) for query in (calls, lost, hooks)]
    return max(numbers[0], numbers[2]), numbers[1], numbers[2]

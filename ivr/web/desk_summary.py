"""An operator's shift in figures, from the call log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.calls.model import Call
from ivr.web import shapes
from ivr.web.context import Asked
from ivr.web.desk import number_of
from ivr.web.schema import NUMBER, mapping, nullable, obj

SHIFT = timedelta(hours=12)
MOST = 1000  # calls of one shift

SUMMARY = obj(
    {
        "calls": shapes.COUNT,
        "talk_seconds": NUMBER,
        "average_wait": nullable(NUMBER),  # seconds from arrival to the first human
        "transfers": mapping(shapes.COUNT),  # target → how many I asked for
    }
)


async def shown(asked: Asked) -> dict[str, Any]:
    number, now = number_of(asked), datetime.now(UTC)
    calls = await asked.services.store.calls(MOST, operator=number, since=now - SHIFT)
    return {"summary": summary(calls, number, now)}


def summary(calls: Iterable[Call], number: str, now: datetime) -> dict[str, Any]:
    """Of the calls that this operator answered; one that runs counts up to now."""
    talked, waits, transfers, answered = 0.0, list[float](), Counter[str](), 0
    for call in calls:
        mine = [leg for leg in call.legs if leg.role == "operator" and leg.party == number and leg.answered_at]
        if not mine:
            continue
        answered += 1
        talked += sum(((leg.ended_at or now) - leg.answered_at).total_seconds() for leg in mine if leg.answered_at)
        if call.answered_at is not None:
            waits.append((call.answered_at - call.entered_at).total_seconds())
        own = {leg.id for leg in mine}
        transfers.update(transfer.target for transfer in call.transfers if transfer.asked_by in own)
    return {
        "calls": answered,
        "talk_seconds": round(talked, 1),
        "average_wait": round(sum(waits) / len(waits), 1) if waits else None,
        "transfers": dict(transfers),
    }

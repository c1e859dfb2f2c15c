"""What a call adds to the statistics (R50): counts by quarter of an hour, which can be summed over any time. Pure.

Nothing here needs the caller's number, so the same counts come out of a call whose number has been erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from ivr.calls.model import Call

IN_TIME = 15  # seconds (R2, R50)
LONGEST_WAIT = 3600  # seconds; longer waits are counted as this long


class Measure(NamedTuple):
    """One kind of count: `offered`, `answered`, `outcome abandoned`, `transfer 110 transfer completed` …"""

    quarter: datetime  # its beginning, UTC
    name: str
    detail: str


def quarter_of(moment: datetime) -> datetime:
    """Every time zone is whole quarters of an hour away from UTC, so hours, days and months of any zone are sums."""
    return moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)


def counted(call: Call) -> Counter[Measure]:
    """All that this call adds."""
    quarter = quarter_of(call.entered_at)
    return Counter(Measure(quarter, name, detail) for name, detail in _names(call))


def _names(call: Call) -> Iterator[tuple[str, str]]:
    yield "offered", ""
    if call.handed_over_by:
        yield "handed_over_by", call.handed_over_by
    if call.language:
        yield "language", call.language
    yield "outcome", call.outcome or "running"
    if call.answered_at is not None:
        waited = (call.answered_at - call.entered_at).total_seconds()
        yield "answered", ""
        yield "waited", str(min(int(waited), LONGEST_WAIT))
        if waited <= IN_TIME:
            yield "answered_in_time", ""
    elif call.outcome == "abandoned" and call.ended_at is not None:
        yield "left_after", str(min(int((call.ended_at - call.entered_at).total_seconds()), LONGEST_WAIT))
    if _at_once(call) >= 3:
        yield "three_party", ""
    for transfer in call.transfers:
        yield "transfer", f"{transfer.target} {transfer.mode} {transfer.result or 'running'}"
    for step in call.steps:
        if step.step == "requeued":
            yield "requeued", step.value


def _at_once(call: Call) -> int:
    """The most talks that went on at the same time: three parties make three, four make six."""
    moments = [(talk.started_at, 1) for talk in call.talks]
    moments += [(talk.ended_at, -1) for talk in call.talks if talk.ended_at is not None]
    most = now = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most

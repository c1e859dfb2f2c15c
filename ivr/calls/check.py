"""What must hold of every call in the log, whatever the journal said. A fault names the part and what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from ivr.calls.model import Attempt, Call, Leg, Talk, Transfer
from ivr.calls.projection_legs import ROLES

OUTCOMES = frozenset({"answered", "transferred", "emergency", "abandoned", "interrupted", "rejected", "diverted"})
ENDED_BY = ROLES | {"system", "timeout", "interrupted"}
TRANSFER_RESULTS = frozenset({"completed", "failed", "dropped", "cancelled", "refused", "abandoned", "interrupted"})
ATTEMPT_RESULTS = frozenset(
    {
        *("answered", "busy", "no_answer", "unreachable", "rejected", "not_acknowledged"),
        *("cancelled", "abandoned", "interrupted"),
    }
)


def faults(call: Call) -> list[str]:
    """Every fault of the call, in words; empty if it is sound."""
    legs = {leg.id: leg for leg in call.legs}
    found = [*_of_call(call, legs)]
    for leg in call.legs:
        found += (f"leg {leg.id}: {fault}" for fault in _of_leg(leg, call))
    for talk in call.talks:
        found += (f"talk {talk.leg_a} with {talk.leg_b}: {fault}" for fault in _of_talk(talk, call, legs))
    found += _of_pairs(call)
    for transfer in call.transfers:
        found += (f"transfer {transfer.id}: {fault}" for fault in _of_transfer(transfer, call, legs))
    found += (f"step {step.step}: belongs to call {step.call_id}" for step in call.steps if step.call_id != call.id)
    return found


def _out_of_order(**moments: datetime | None) -> Iterator[str]:
    """Pairs of neighbours in the wrong order; what is not known is passed over."""
    known = [(name, moment) for name, moment in moments.items() if moment is not None]
    for (earlier, first), (later, second) in pairwise(known):
        if second < first:
            yield f"{later} {second} is before {earlier} {first}"


def _of_call(call: Call, legs: dict[str, Leg]) -> Iterator[str]:
    yield from _out_of_order(entered_at=call.entered_at, answered_at=call.answered_at, ended_at=call.ended_at)
    if not call.legs:
        yield "has no leg"
        return
    if len(legs) != len(call.legs):
        yield "has a leg twice"
    caller = call.legs[0]
    if caller.role != "caller" or caller.started_at != call.entered_at:
        yield f"its first leg is {caller.role}'s from {caller.started_at}, not the caller's from {call.entered_at}"
    heard = [talk.started_at for talk in call.talks if caller.id in (talk.leg_a, talk.leg_b)]
    if call.answered_at != min(heard, default=None):
        yield f"answered_at {call.answered_at} is not the caller's first talk"
    ends = [leg.ended_at for leg in call.legs if leg.ended_at]
    over = len(ends) == len(call.legs)
    if call.ended_at != (max(ends) if over else None):
        yield f"ended_at {call.ended_at} is not its last leg's end"
    if (call.outcome in OUTCOMES) != over or (call.outcome is None) == over:
        yield f"outcome {call.outcome} of a call that {'is over' if over else 'runs'}"


def _of_leg(leg: Leg, call: Call) -> Iterator[str]:
    if leg.call_id != call.id:
        yield f"belongs to call {leg.call_id}"
    if leg.role not in ROLES:
        yield f"role {leg.role!r}"
    if leg.direction not in ("in", "out"):
        yield f"direction {leg.direction!r}"
    yield from _out_of_order(
        started_at=leg.started_at, ringing_at=leg.ringing_at, answered_at=leg.answered_at, ended_at=leg.ended_at
    )
    if (leg.hung_up_by in ENDED_BY) != (leg.ended_at is not None) or (leg.hung_up_by is None) != (leg.ended_at is None):
        yield f"hung up by {leg.hung_up_by!r}, ended at {leg.ended_at}"
    if leg.ended_at is None and leg.cause is not None:
        yield f"has cause {leg.cause} and no end"


def _of_talk(talk: Talk, call: Call, legs: dict[str, Leg]) -> Iterator[str]:
    if talk.call_id != call.id:
        yield f"belongs to call {talk.call_id}"
    if talk.leg_a == talk.leg_b:
        yield "a leg with itself"
    yield from _out_of_order(started_at=talk.started_at, ended_at=talk.ended_at)
    for id in (talk.leg_a, talk.leg_b):
        leg = legs.get(id)
        if leg is None:
            yield f"no leg {id} in this call"
            continue
        if talk.started_at < leg.started_at:
            yield f"began before its leg {id}"
        if leg.ended_at and (talk.ended_at is None or talk.ended_at > leg.ended_at):
            yield f"goes on after its leg {id}"


def _of_pairs(call: Call) -> Iterator[str]:
    """Two talks of one pair never overlap: their lengths add up to the time that the pair talked."""
    pairs: dict[frozenset[str], list[Talk]] = defaultdict(list)
    for talk in call.talks:
        pairs[frozenset((talk.leg_a, talk.leg_b))].append(talk)
    for talks in pairs.values():
        talks.sort(key=lambda talk: talk.started_at)
        for earlier, later in pairwise(talks):
            if earlier.ended_at is None or later.started_at < earlier.ended_at:
                yield f"talk {later.leg_a} with {later.leg_b}: counted twice from {later.started_at}"


def _of_transfer(transfer: Transfer, call: Call, legs: dict[str, Leg]) -> Iterator[str]:
    if transfer.call_id != call.id:
        yield f"belongs to call {transfer.call_id}"
    if transfer.asked_by is not None and transfer.asked_by not in legs:
        yield f"asked by {transfer.asked_by}, no leg of this call"
    yield from _out_of_order(asked_at=transfer.asked_at, ended_at=transfer.ended_at)
    over = transfer.ended_at is not None
    if (transfer.result in TRANSFER_RESULTS) != over or (transfer.result is None) == over:
        yield f"result {transfer.result!r}, ended at {transfer.ended_at}"
    if call.ended_at and not over:
        yield "goes on after its call"
    for attempt in transfer.attempts:
        yield from (f"attempt {attempt.route}: {fault}" for fault in _of_attempt(attempt, transfer, legs))


def _of_attempt(attempt: Attempt, transfer: Transfer, legs: dict[str, Leg]) -> Iterator[str]:
    yield from _out_of_order(asked_at=transfer.asked_at, dialled_at=attempt.dialled_at, ended_at=transfer.ended_at)
    yield from _out_of_order(
        dialled_at=attempt.dialled_at, ringing_at=attempt.ringing_at, answered_at=attempt.answered_at
    )
    if attempt.leg_id is not None and attempt.leg_id not in legs:
        yield f"no leg {attempt.leg_id} in this call"
    if attempt.result not in ATTEMPT_RESULTS and (attempt.result is not None or transfer.ended_at):
        yield f"result {attempt.result!r}"

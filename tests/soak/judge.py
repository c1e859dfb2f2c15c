"""The log against the phones: does a call's log tell what its phones did and heard? Pure; answers in words.

Tolerances, and why they are no smaller, stand in `case.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivr.calls.check import faults
from ivr.calls.model import Attempt, Call
from tests.pbx.hotline import open_ends
from tests.soak import hearing
from tests.soak.case import ASKED, CLOCK, EDGE, REASON, SWALLOWED, TOLD, TORN, Case, at
from tests.soak.evidence import Ask, Ear, Evidence, World
from tests.soak.spans import around, length

USER_BUSY = 17  # Q.850
RESULT_OF = {"busy": "busy", "reject": "rejected", "unavailable": "unreachable"}
STOPPED = {"no_answer", "cancelled", "abandoned", "interrupted", "unreachable"}  # a phone that only rang


def differences(calls: Sequence[Call], heard: Evidence, world: World) -> list[str]:
    """Everything in which the log of one caller's number differs from what the phones did and heard."""
    cut = _cut(heard, world)
    call, extra = _the_call(calls, heard, cut)
    if call is None:
        may_miss = heard.caller.answered is None or (cut is not None and heard.caller.answered > cut - TORN)
        return [] if may_miss else ["the log has no call"]
    found = [*extra, *faults(call), *open_ends(call)]
    case = Case(call, heard, world, cut)
    for look in (
        *(_legs, _ends, hearing.talks, hearing.dropped, hearing.alone, hearing.left_over),
        *(_transfers, _attempts, _outcome),
    ):
        found += look(case)
    return found


def _cut(heard: Evidence, world: World) -> float | None:
    """When Asterisk died in the midst of this call. It goes on where the caller's phone is dead: nobody knows."""
    ends = [ear.over for ear in heard.ears] if heard.caller.died is not None else [heard.caller.over]
    over = None if None in ends else max(end for end in ends if end is not None)
    died = [start for start, _ in world.asterisk_down if heard.caller.began <= start and (over is None or start < over)]
    return min(died, default=None)


def _the_call(calls: Sequence[Call], heard: Evidence, cut: float | None) -> tuple[Call | None, list[str]]:
    """One call a number; two only where Asterisk died before it answered: the INVITE was repeated to the next one."""
    ordered = sorted(calls, key=lambda call: call.entered_at)
    if len(ordered) <= 1:
        return (ordered[0] if ordered else None), []
    unanswered = cut is not None and (heard.caller.answered is None or heard.caller.answered > cut)
    if unanswered and all(call.outcome == "interrupted" for call in ordered[:-1]):
        return ordered[-1], []
    return ordered[-1], [f"the log has {len(ordered)} calls instead of one"]


def _outcome(case: Case) -> Iterator[str]:
    """Only where hearing tells: who came to talk with anybody, and whether Asterisk died."""
    outcome = case.call.outcome
    if case.cut is not None and outcome != "interrupted":
        yield f"Asterisk died in this call, and its outcome is {outcome}"
    talked = any(length(span) >= TOLD for spans in case.heard.caller.heard.values() for span in spans)
    if talked and outcome in ("abandoned", "rejected"):
        yield f"the caller talked with somebody, and the outcome is {outcome}"


def _legs(case: Case) -> Iterator[str]:
    for index, ear in enumerate(case.heard.ears):
        leg = case.of_ear.get(index)
        if leg is None:
            if not case.torn(ear.began):
                yield f"{ear.name} was called at {ear.began:.3f} and has no leg"
            continue
        unheard = ear.answered is not None and (case.torn(ear.answered) or case.crossed(ear))
        if ear.answered is not None and leg.answered_at is None and not unheard:
            yield f"{ear.name} answered at {ear.answered:.3f} and its leg never did"
        if ear.answered is None and leg.answered_at is not None and ear.died is None and ear.left is None:
            yield f"the leg of {ear.name} was answered at {at(leg.answered_at):.3f} and the phone never did"
        if ear.answered is not None and leg.answered_at is not None:
            apart = abs(at(leg.answered_at) - ear.answered)
            if apart > CLOCK + case.slack(ear.answered):
                yield f"{ear.name} answered at {ear.answered:.3f}, its leg {apart:.1f} s off"
    for leg in case.unseen:
        name, began = f"{leg.role} {leg.party}", at(leg.started_at)
        full = leg.cause == USER_BUSY and around(case.world.full.get(name, ()), began, EDGE, EDGE)
        if not case.absent(leg) and not full and not case.torn(began):
            yield f"the log has a leg of {name} from {began:.3f} that no phone saw"


def _ends(case: Case) -> Iterator[str]:
    for index, ear in enumerate(case.heard.ears):
        leg = case.of_ear.get(index)
        if leg is None or leg.ended_at is None:
            continue
        ended = at(leg.ended_at)
        if case.cut is not None and (ear.over is None or ear.over > case.cut):
            if leg.hung_up_by != "interrupted" and ended < case.cut - TORN:
                yield f"the leg of {ear.name} ended {case.cut - ended:.1f} s before Asterisk died"
            continue
        if ear.ended is None or ear.died is not None:
            continue
        repeated = ear.began - at(leg.started_at) > CLOCK + case.slack(ear.began)
        late = abs(ended - ear.ended) > CLOCK + case.slack(ear.ended)
        if late and not repeated and not case.refers(ear, ended):
            yield f"{ear.name} was over at {ear.ended:.3f}, its leg {ended - ear.ended:+.1f} s off"
        left_first = (
            ear.left is not None
            and ear.answered is not None
            and ended >= ear.left  # else Asterisk had released it a moment before; one clock for both
            and _first_to_leave(case, ear)
        )
        if left_first and leg.hung_up_by != ear.role:
            yield f"{ear.name} hung up, and its leg was ended by {leg.hung_up_by}"


def _first_to_leave(case: Case, ear: Ear) -> bool:
    """Nobody else, and no prompt, ended anything near the moment when its owner hung up."""
    assert ear.left is not None
    since = ear.left - REASON - case.slack(ear.left)
    others = [one.over for one in case.heard.ears if one is not ear and one.over is not None]
    orders = [done.at for done in case.heard.done] + [at(t.ended_at) for t in case.call.transfers if t.ended_at]
    left_before = any(since <= moment < ear.left for moment in others)
    return not left_before and not any(since <= moment <= ear.left + EDGE for moment in orders)


def _transfers(case: Case) -> Iterator[str]:
    left = list(case.call.transfers)
    for ask in case.heard.asks:
        same = [
            one
            for one in left
            if (one.target, one.mode, one.trigger) == (ask.target, ask.mode, ask.trigger)
            and -EDGE <= at(one.asked_at) - ask.at <= ASKED + case.slack(ask.at)
        ]
        if same:
            left.remove(same[0])
        elif not _swallowed(case, ask):
            yield f"{ask.mode} to {ask.target} was asked by {ask.trigger} at {ask.at:.3f}; the log has no transfer"
    for one in left:
        when = at(one.asked_at)
        late = any(
            (one.target, one.mode) == (ask.target, ask.mode)
            and (not ask.certain or around(case.world.controller_down, ask.at, 1, 1))
            for ask in case.heard.asks
        )
        if not late and one.trigger != "caller_key":
            yield f"nobody asked for the {one.mode} to {one.target} by {one.trigger} at {when:.3f}"


def _swallowed(case: Case, ask: Ask) -> bool:
    """It may have come to nothing: something ended just then, or it needs the controller, which was not there."""
    ends = [ear.over for ear in case.heard.ears if ear.over is not None and ear.answered is not None]
    if not ask.certain:
        return True
    if any(ask.at - EDGE <= end <= ask.at + SWALLOWED for end in ends) or case.torn(ask.at):
        return True
    return ask.trigger != "key" and around(case.world.controller_down, ask.at, ASKED, ASKED)


def _attempts(case: Case) -> Iterator[str]:
    tried = {one.leg_id: one for transfer in case.call.transfers for one in transfer.attempts if one.leg_id}
    second_lines = any(done.what == "second_line" for done in case.heard.done)
    for index, ear in enumerate(case.heard.ears):
        leg = case.of_ear.get(index)
        if leg is None or not ear.incoming or ear.role not in ("desk", "department"):
            continue
        attempt = tried.get(leg.id)
        if attempt is None:
            if not second_lines and not case.torn(ear.began):
                yield f"{ear.name} was called at {ear.began:.3f}, and no attempt of a transfer tells it"
        elif wrong := _wrong_result(attempt, ear):
            yield wrong


def _wrong_result(attempt: Attempt, ear: Ear) -> str | None:
    result = attempt.result or "open"
    if ear.died is not None or result == "interrupted":
        return None
    if ear.refused is not None:
        expected = {RESULT_OF[ear.refused]} | ({"cancelled", "abandoned"} if ear.left is None else set())
    elif ear.answered is not None:
        expected = {"answered", "not_acknowledged", "cancelled", "abandoned"}
    else:
        expected = STOPPED
    if result in expected:
        return None
    did = ear.refused or ("answered" if ear.answered else "rang")
    return f"{ear.name} {did} at {ear.began:.3f}, and the attempt's result is {result}"

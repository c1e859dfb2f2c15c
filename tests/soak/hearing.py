"""Who heard whom, who was dropped, left alone or forgotten: one call's log against its phones. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.calls.model import Leg
from tests.soak.case import (
    CLOCK,
    DEAD_SILENCE,
    DYING,
    EDGE,
    LINGER,
    REASON,
    SILENCE,
    TOLD,
    TORN,
    Case,
    at,
)
from tests.soak.evidence import Ear
from tests.soak.spans import Span, common, length, merged, padded, without


def talks(case: Case) -> Iterator[str]:
    tones = {ear.tone: ear.name for ear in case.heard.ears}
    for index, ear in enumerate(case.heard.ears):
        leg = case.of_ear.get(index)
        if leg is None or ear.answered is None:
            continue
        for tone, name in tones.items():
            if tone != ear.tone:
                yield from _heard_as_told(case, ear, leg, tone, name)
        for tone, spans in ear.heard.items():
            if tone not in tones and any(length(span) >= TOLD for span in spans):
                yield f"{ear.name} heard a stranger ({tone} Hz) from {spans[0][0]:.3f} to {spans[-1][1]:.3f}"


def _heard_as_told(case: Case, listener: Ear, leg: Leg, tone: int, name: str) -> Iterator[str]:
    """What the listener heard of the speakers who have this tone, against the talks of the legs."""
    speakers = [(ear, case.of_ear.get(n)) for n, ear in enumerate(case.heard.ears) if ear.tone == tone]
    told = [
        span for ear, its in speakers if its is not None for span in common(_told(case, leg, its), [_alive(case, ear)])
    ]
    told = common(told, [_alive(case, listener)])
    heard = merged(listener.heard.get(tone, ()), EDGE)
    mute = padded((span for ear, _ in speakers for span in ear.mute), 0.3)
    silent = without(without(padded(told, -EDGE), mute), padded(listener.deaf, EDGE))
    standstills = (case.world.stalled, listener.held_up, *(ear.held_up for ear, _ in speakers))
    unheard_of = padded((span for spans in standstills for span in spans), EDGE)
    for start, end in without(silent, [*heard, *unheard_of]):
        if end - start >= TOLD:
            yield f"the log has {listener.name} talk with {name}, who was not heard from {start:.3f} to {end:.3f}"
    known = padded(told, EDGE) + ([(case.cut - TORN, case.cut + TORN)] if case.cut is not None else [])
    for start, end in without(heard, [*known, *unheard_of]):
        if end - start >= TOLD:
            yield f"{listener.name} heard {name} from {start:.3f} to {end:.3f}, and the log has no such talk"


def _told(case: Case, one: Leg, other: Leg) -> list[Span]:
    return merged(
        (at(talk.started_at), at(talk.ended_at) if talk.ended_at else float("inf"))
        for talk in case.call.talks
        if {talk.leg_a, talk.leg_b} == {one.id, other.id}
    )


def _alive(case: Case, ear: Ear) -> Span:
    ends = [moment for moment in (ear.over, case.cut) if moment is not None]
    return ear.began, min(ends, default=float("inf"))


def dropped(case: Case) -> Iterator[str]:
    for ear in case.heard.ears:
        ended = ear.ended
        if ear.answered is None or ended is None or ear.left is not None or ear.died is not None:
            continue
        if case.cut is not None and ended > case.cut - EDGE:
            continue
        if not (_why_caller(case, ended) if ear is case.heard.caller else _why_far(case, ear, ended)):
            yield f"{ear.name} was dropped at {ended:.3f}"


def _why_caller(case: Case, ended: float) -> bool:
    """The caller's call may only be ended by the last far party that hung up."""
    return any(_near(case, ear.left, ended) for ear in case.heard.ears[1:])


def _why_far(case: Case, ear: Ear, ended: float) -> bool:
    """The caller has left; the operator was released by a transfer; the desk was cancelled or has handed back."""
    if _near(case, case.heard.caller.over, ended) or any(_near(case, done.at, ended) for done in case.heard.done):
        return True
    if any(one is not ear and _near(case, one.died, ended, DYING) for one in case.heard.ears):
        return True
    # A private talk, or a second line: its other party has hung up, or its phone has died.
    if any(
        other is not ear and other is not case.heard.caller and _near(case, other.left, ended)
        for other in case.heard.ears
    ):
        return True
    return ear.role == "operator" and any(
        one.mode in ("transfer", "blind", "consult")
        and one.ended_at is not None
        and abs(at(one.ended_at) - ended) <= 2 * REASON
        and one.result in ("completed", "failed", "dropped", "abandoned")
        for one in case.call.transfers
    )


def _near(case: Case, moment: float | None, ended: float, before: float = REASON) -> bool:
    """So shortly before the end that it explains it."""
    return moment is not None and ended - before - case.slack(ended) <= moment <= ended + EDGE


def alone(case: Case) -> Iterator[str]:
    died = any(ear.died is not None for ear in case.heard.ears)
    most = DEAD_SILENCE if died else SILENCE
    until = min((m for m in (case.cut, case.heard.caller.over) if m is not None), default=float("inf"))
    for start, end in common(case.heard.caller.silent, [(0.0, until)]):
        if end - start > most + case.slack(start) + case.slack(end):
            yield f"the caller was alone in silence from {start:.3f} to {end:.3f} ({end - start:.1f} s)"


def left_over(case: Case) -> Iterator[str]:
    over, leg = case.heard.caller.over, case.of_ear.get(0)
    if case.heard.caller.died is not None and leg is not None and leg.ended_at is not None:
        over = at(leg.ended_at)  # nobody knows that a caller's phone is dead before somebody hangs up
    if over is None:
        yield "the caller's phone never was free again"
        return
    for ear in case.heard.ears[1:]:
        slack = case.slack(over)
        if ear.began > over + CLOCK + slack:
            yield f"{ear.name} was called {ear.began - over:.1f} s after the caller had left"
        late = (ear.over or float("inf")) - over
        died = any(one.died is not None for one in case.heard.ears)
        refers = case.refers(ear, over)
        if late > LINGER + slack and not _private(case, ear, over) and case.cut is None and not died and not refers:
            yield f"{ear.name} was still there {late:.1f} s after the caller had left"


def _private(case: Case, ear: Ear, since: float) -> bool:
    """It talked on with another far party (consult, second line)."""
    others = {other.tone for other in case.heard.ears[1:] if other.tone != ear.tone}
    return any(end > since for tone in others for _, end in ear.heard.get(tone, ()))

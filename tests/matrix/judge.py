"""Was the call whole? Pure: what each ear had, what the desk was asked, what the log tells → faults in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ivr.calls.check import faults
from ivr.calls.model import Call
from tests.matrix.states import Way
from tests.phones.tones import FRAME_SECONDS, TONES, Heard

HOW_ASKED = frozenset({"agi", "offline"})  # steps that tell who answered the dialplan, not what became of the caller


@dataclass(frozen=True, slots=True)
class Ear:
    """What one party heard from the strike, or from its coming in, until it left."""

    name: str
    heard: Heard
    since: float
    until: float
    may_be_silent: float  # seconds at a stretch
    dropped_at: float | None = None  # its leg ended though the story had not let it go


def silence(heard: Heard) -> float:
    """Seconds of the longest stretch with no party, prompt, music or ringing."""
    sound: npt.NDArray[np.bool_] = heard.other()
    for tone in TONES:
        sound = sound | heard.present(tone)
    padded = np.concatenate(([True], sound, [True]))
    edges = np.flatnonzero(np.diff(padded.astype(np.int8)))
    return float(max((edges[1::2] - edges[::2]), default=0)) * FRAME_SECONDS


def left_alone(ears: Iterable[Ear]) -> list[str]:
    """Who was dropped, or stood in silence for longer than may be."""
    found = []
    for ear in ears:
        if ear.dropped_at is not None:
            found.append(f"{ear.name} was dropped")
        quiet = silence(ear.heard.window(ear.since, ear.until)) if ear.until - ear.since > 0.5 else 0.0
        if quiet > ear.may_be_silent:
            found.append(f"{ear.name} heard nothing for {quiet:.1f} s ({ear.may_be_silent:g} s may be)")
    return found


def twice(invites: int, wanted: int) -> list[str]:
    """No transfer is made twice."""
    return [] if invites <= wanted else [f"the desk was called {invites} times, not {wanted}"]


def way_of(call: Call) -> Way:
    """A call's way through the house, in words that two runs of one story have in common."""
    legs = sorted(call.legs, key=lambda leg: (leg.role != "caller", leg.started_at))
    parties = tuple(leg.role if leg.role == "caller" else f"{leg.role} {leg.party}" for leg in legs)
    transfers = tuple(
        (one.target, one.mode, one.trigger, one.result or "open", *(tried.result or "open" for tried in one.attempts))
        for one in call.transfers
    )
    steps = tuple(f"{step.step} {step.value}" for step in call.steps if step.step not in HOW_ASKED)
    return parties, transfers, steps, call.outcome or "open"


def log_faults(calls: Sequence[Call], way: Way) -> list[str]:
    """The log is complete, without contradiction, and tells this way; who is said to have come in did talk."""
    if len(calls) != 1:
        return [f"the log has {len(calls)} calls of this caller, not one"]
    (call,) = calls
    found = [f"log: {fault}" for fault in faults(call)]
    found += [f"log: leg {leg.role} {leg.party} has no end" for leg in call.legs if leg.ended_at is None]
    found += ["log: a talk has no end" for talk in call.talks if talk.ended_at is None]
    told = way_of(call)
    for what, is_, must in zip(("parties", "transfers", "steps", "outcome"), told, way, strict=True):
        if is_ != must:
            found.append(f"log: {what} are {_words(is_)}, not {_words(must)}")
    talkers = {id for talk in call.talks for id in (talk.leg_a, talk.leg_b)}
    found += [
        f"log: {leg.role} {leg.party} has no recording" for leg in call.legs if leg.id in talkers and not leg.recording
    ]
    joined = {attempt.leg_id for one in call.transfers for attempt in one.attempts if attempt.result == "answered"}
    found += [
        f"log: {leg.role} {leg.party} came in and talked with nobody" for leg in call.legs if leg.id in joined - talkers
    ]
    if call.outcome != "interrupted" and call.legs[0].id not in talkers:
        found.append("log: the caller talked with nobody")
    return found


def _words(value: object) -> str:
    return str(value).replace("'", "") if value else "none"

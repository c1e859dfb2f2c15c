"""What a call was, in the fewest words: for comparing what the log tells with what the phones did and heard."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.calls.check import faults
from ivr.calls.model import Call
from tests.pbx.running import eventually
from tests.phones import Phone
from tests.phones.tones import FRAME_SECONDS
from tests.soak.spans import length, padded, without

SETTLE = 0.5  # seconds after a change until everybody hears it: jitter buffers, softmix's frame, the phone's clock
LOOK = 0.8  # seconds that are listened to
WAIT = 30.0  # seconds until it must be so
ALL, NOTHING = 0.75, 0.1  # share of frames
WRITTEN = 30.0  # seconds at most until a phone that the machine lets stand has written what it heard
SHORT = 0.4  # seconds of silence that a busy machine makes by itself; on a quiet one `make bench` measures it


@dataclass(frozen=True, slots=True)
class Told:
    """Parties by role, who talked with whom, what was tried."""

    parties: tuple[str, ...]  # "operator 1001", in the order of arrival
    talks: frozenset[frozenset[str]]
    transfers: tuple[tuple[str, ...], ...]  # target, mode, trigger, result, each attempt's result
    outcome: str | None


def told(call: Call) -> Told:
    """The call as the log has it, after the invariants of every log."""
    assert faults(call) == [], faults(call)
    names = {leg.id: f"{leg.role} {leg.party}" for leg in call.legs}
    return Told(
        parties=tuple(names[leg.id] for leg in sorted(call.legs, key=lambda leg: leg.started_at)),
        talks=frozenset(frozenset((names[talk.leg_a], names[talk.leg_b])) for talk in call.talks),
        transfers=tuple(
            (
                one.target,
                one.mode,
                one.trigger,
                one.result or "open",
                *(tried.result or "open" for tried in one.attempts),
            )
            for one in call.transfers
        ),
        outcome=call.outcome,
    )


def pairs(*groups: Sequence[str]) -> frozenset[frozenset[str]]:
    """Every pair of each group: `pairs(("a", "b", "c"))` → ab, ac, bc."""
    return frozenset(frozenset((a, b)) for group in groups for a in group for b in group if a != b)


def all_hear_each_other(*phones: Phone) -> None:
    """From now on each hears every other one; a busy machine may take a while until it is so."""
    time.sleep(SETTLE + LOOK)
    pairs = [(listener, speaker) for listener in phones for speaker in phones if speaker is not listener]

    def deaf() -> list[str]:
        until = time.time()
        shares = {pair: pair[0].heard(pair[1].tone, until - LOOK, until) for pair in pairs}
        return [
            f"{listener.name} heard {speaker.name} in {share:.0%} of the frames"
            for (listener, speaker), share in shares.items()
            if share <= ALL
        ]

    eventually(lambda: not deaf(), WAIT, lambda: "; ".join(deaf()) or "they hear each other only now")


def nobody_hears(listener: Phone, speakers: Iterable[Phone], seconds: float = LOOK) -> None:
    since = time.time()
    time.sleep(seconds)
    for speaker in speakers:
        share = listener.heard(speaker.tone, since, time.time())
        assert share < NOTHING, f"{listener.name} heard {speaker.name} in {share:.0%} of the frames"


def longest_gap(listener: Phone, speakers: Sequence[Phone], since: float, until: float) -> float:
    """Seconds in which the listener heard none of them at a stretch; while a phone was held up, it is no wonder.

    Until its call's end; what is not there of the time is a gap, once the phone had time to write it.
    """
    patient = time.monotonic() + WRITTEN
    while (heard := listener.audio(since, until)).end < until - 2 * FRAME_SECONDS and time.monotonic() < patient:
        time.sleep(0.05)
    gaps = [(start, start + length) for start, length in heard.gaps([one.tone for one in speakers])]
    gaps.append((max(since, heard.end), until))
    held = [(start, start + length) for phone in (listener, *speakers) for start, length in phone.audio().held_up]
    return max(map(length, without(gaps, padded(held, SETTLE))), default=0.0)

"""What the phones of one call did and heard: what the call's log is compared with. Pure.

Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.phones.tones import FRAME_SECONDS, Heard
from tests.soak.spans import Span, common, length, merged

HOLES = 0.25  # seconds that a tone may be missing without being gone: keys, a bridge that changes, a busy machine
LONG = 0.5  # seconds; a shorter sound is not told, unless it is a piece of a voice
PIECE = 0.1  # seconds of a voice in pieces that are told; a shorter one may be anything
NEAR = 1.0  # seconds between two pieces of the same voice


@dataclass(frozen=True, slots=True)
class Ear:
    """One SIP call of one phone."""

    role: str  # caller | operator | desk | department
    party: str
    tone: int  # Hz
    incoming: bool
    began: float  # the INVITE
    answered: float | None = None  # confirmed
    ended: float | None = None  # None: its phone died, or it never ended
    refused: str | None = None  # busy | reject | unavailable: how the phone declined it
    left: float | None = None  # hung up by its owner
    died: float | None = None  # its phone was switched off by force
    heard: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)  # tone → when
    silent: tuple[Span, ...] = ()  # between answer and end: not a tone, not a prompt, no music, no ringing
    uri: str = ""  # of a desk's phone: the route that leads to it
    mute: tuple[Span, ...] = ()  # it sent no voice: keys, hold
    deaf: tuple[Span, ...] = ()  # it heard nobody: hold
    held_up: tuple[Span, ...] = ()  # the machine did not let its phone run

    @property
    def name(self) -> str:
        return f"{self.role} {self.party}"

    @property
    def over(self) -> float | None:
        """When it was over for its owner, whatever ended it."""
        known = [moment for moment in (self.ended, self.died) if moment is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Ask:
    """A transfer that was asked for."""

    at: float
    target: str
    mode: str
    trigger: str
    certain: bool = True  # False: the controller never answered; it may have been done, or be done later


@dataclass(frozen=True, slots=True)
class Done:
    """What else somebody did that explains why somebody left: cancel, take_back, hand_back, join, second_line."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Evidence:
    number: str  # the caller's, by which the call is found
    ears: tuple[Ear, ...]  # the caller's first
    asks: tuple[Ask, ...] = ()
    done: tuple[Done, ...] = ()

    @property
    def caller(self) -> Ear:
        return self.ears[0]


@dataclass(frozen=True, slots=True)
class World:
    """What went on around all calls."""

    asterisk_down: tuple[Span, ...] = ()
    controller_down: tuple[Span, ...] = ()  # dead, frozen, or not yet back
    absent: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)  # "operator 1001" → its phone was dead
    full: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)  # "desk 110" → its phone had no line left
    stalled: tuple[Span, ...] = ()  # the machine let nobody run


def tones_of(heard: Heard, tones: Iterable[int]) -> dict[int, tuple[Span, ...]]:
    """When each tone was heard, for at least LONG, and the pieces around that; only those that were."""
    found = {tone: tuple(_voice(_runs(heard.present(tone), heard.start, HOLES, PIECE))) for tone in tones}
    return {tone: spans for tone, spans in found.items() if spans}


def _voice(pieces: list[Span]) -> list[Span]:
    """Those that belong to something long; on a busy machine a voice comes in pieces."""
    wholes = [whole for whole in merged(pieces, NEAR) if any(length(one) >= LONG for one in common([whole], pieces))]
    return common(pieces, wholes)


def silences(heard: Heard, tones: Iterable[int], since: float, until: float, least: float) -> tuple[Span, ...]:
    """Stretches between two moments in which nothing at all was heard, of at least so many seconds."""
    tones = tuple(tones)
    sounds = heard.other(tones)
    for tone in tones:
        sounds |= heard.present(tone)
    runs = _runs(sounds, heard.start, HOLES, 0.0)
    ends = [(since, since), *((max(start, since), min(end, until)) for start, end in runs), (until, until)]
    gaps = zip([end for _, end in ends], [start for start, _ in ends[1:]], strict=False)
    return tuple(gap for gap in gaps if length(gap) >= least)


def _runs(flags: np.ndarray, start: float, gap: float, least: float) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    spans = [
        (start + int(first) * FRAME_SECONDS, start + int(last) * FRAME_SECONDS)
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    return [span for span in merged(spans, gap) if length(span) >= least]

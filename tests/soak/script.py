"""What a story is made of: who does what at which moment, and what dies when. Data only.

A story is what the people of one call do: the caller's way in, how operators and desks take the call, then acts in
order, each tied to a moment of the story ("talking", "target_rings" …). A death is tied to a moment of a story as well,
so the same seed kills the same thing in the same situation, however fast the machine is.
"""

from __future__ import annotations

from dataclasses import dataclass

STORY_SECONDS = 15.0  # what a story takes on average, its pause included
WHISPER_TO_DROP = 2.2  # seconds after its answer that a desk leaves: the whisper, and a moment in the talk
LINGER = 4.0  # seconds that the phones have to see that a call is over
APART = 2.6  # seconds between two parties that come in: PJSIP's RTP stamps begin at zero (docs/limits.md)

MOMENTS = (
    "answered",  # the hotline has answered: the greeting
    "operator_rings",
    "talking",  # an operator has the caller
    "asked",  # a target has just been asked for
    "target_rings",
    "joined",  # the target has answered, its whisper is over
    "released",  # the operator has left, the caller has not
    "back",  # another operator has the caller after the target had him
    "over",  # the caller's phone is free again
)


@dataclass(frozen=True, slots=True)
class Reply:
    """How a phone takes a call that comes in: `answer`, `ring` (until it is stopped), or a status."""

    how: str = "answer"  # answer | ring | busy | reject | unavailable | drop
    after: float = 0.3  # seconds of ringing


@dataclass(frozen=True, slots=True)
class Act:
    """`when` a moment has come (since the act before), `after` seconds more, `who` does what.

    do: `keys` (what: digits), `ask` (what: target, mode, trigger), `hang_up`, `second_line` (what: target), `attended`.
    """

    when: str
    after: float
    who: str  # caller | operator | desk
    do: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    index: int
    kind: str
    number: str  # the caller's, of this call alone
    caller: int  # which phone
    pause: float  # seconds before it, since the phone's story before
    key: str = "5"  # pressed in the greeting: 5 goes on, 2 English, 0 emergency, "" listens
    key_after: float = 0.8
    operators: tuple[Reply, ...] = (Reply(),)  # the n-th operator who is rung; the last counts for all that follow
    desks: tuple[Reply, ...] = (Reply(),)  # the n-th desk that is rung, the same way
    acts: tuple[Act, ...] = ()
    handed_over_by: str | None = None  # the desk whose phone calls in the caller's name
    patience: float = 60.0  # seconds that the caller waits for an operator


@dataclass(frozen=True, slots=True)
class Death:
    story: int
    moment: str
    after: float  # seconds
    what: str  # one of DEATHS
    seconds: float = 0.0  # how long it lasts


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    minutes: float
    callers: int
    operators: int
    stories: tuple[Story, ...]
    deaths: tuple[Death, ...]

    def of_caller(self, caller: int) -> list[Story]:
        return [story for story in self.stories if story.caller == caller]

    def of_story(self, index: int) -> list[Death]:
        return [death for death in self.deaths if death.story == index]


KEYS = {
    ("110", "transfer"): "*1",
    ("110", "conference"): "*3",
    ("110", "consult"): "*5",
    ("119", "transfer"): "*71",
    ("119", "conference"): "*73",
    ("120", "conference"): "*83",
    ("gas", "transfer"): "*91",
    ("gas", "blind"): "*94",
    ("survey", "suspend"): "*98",
}
CANCEL, TAKE_BACK, JOIN, HAND_BACK, PULL_IN = "*0", "*2", "*6", "*9", "*8"

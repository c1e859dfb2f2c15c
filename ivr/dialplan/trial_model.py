"""What a trial is asked for, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ivr.calls.model import Call, Row
from ivr.dialplan.model import At
from ivr.dialplan.trial_phones import Manner

Controller = Literal["up", "down", "hung"]
Operators = Literal["free", "busy", "silent", "none"]
CALLER = "caller"
NUMBER = "13800138000"  # calls where nobody else is named
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Wish:
    """One trial call. `press` is keys in groups, `w5` a wait of 5 s: "1 w5 0"."""

    caller: str = NUMBER
    number: str = ""  # empty: the hotline's
    origin: str = ""  # a trunk's or a target's key; empty: the first trunk
    press: str = ""
    at: datetime | None = None  # None: now
    controller: Controller = "up"
    operator: Operators = "free"
    operator_press: str = ""  # once an operator talks with the caller
    desks: Mapping[str, Manner] = field(default_factory=dict)  # target → how it answers; otherwise it does
    seconds: float = SECONDS  # then the caller hangs up
    until: str = ""  # a place (`reached`): the trial goes on until it is reached, or the seconds are over


Kind = Literal["step", "set", "noted", "hears", "music", "press", "leg", "talk", "alone", "end", "says"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the story.

    `what` by kind: step → its place; set → the variable; noted → a step of the call log; hears → the prompt; press →
    the key; leg → called, rings, answers …; talk → with whom; end → cause (Q.850); says → Asterisk's warning.
    """

    at: float  # seconds since the call came
    leg: str  # caller, operator 1001, desk 110, or a helper's place
    kind: Kind
    what: str
    more: Mapping[str, str] = field(default_factory=dict)
    where: At | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    wish: Wish
    story: tuple[Happening, ...]
    reached: tuple[tuple[float, str], ...]  # (seconds, `queue q-general`, `operator 1001`, `desk 110`, `hangup 21` …)
    stands: str  # where the caller is at the end, in the same words
    rows: tuple[Row, ...] = ()  # what the journal has of it
    call: Call | None = None  # as the call log would have it

    def first(self, place: str) -> float | None:
        """When a place was reached first. None: never."""
        return next((at for at, name in self.reached if is_place(name, place)), None)

    def is_at(self, place: str) -> bool:
        """Does the caller stand there at the end, and with nobody else (`desk 110 + operator` names two)?"""
        wanted, found = place.split(" + "), self.stands.split(" + ")
        return len(wanted) == len(found) and all(any(is_place(one, want) for one in found) for want in wanted)


def is_place(name: str, wanted: str) -> bool:
    """`operator` means every operator, `operator 1001` that one."""
    return name == wanted or name.startswith(f"{wanted} ")

"""Which prompts a step plays. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.dialplan.applications import Run, runs
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Plain, options, parse, split
from ivr.dialplan.values import Values

# application → which of its arguments names files (`a&b`), counted from 0
PLAYERS: Mapping[str, int] = MappingProxyType(
    {"playback": 0, "background": 0, "read": 1, "controlplayback": 0, "queue": 3}
)


@dataclass(frozen=True, slots=True)
class Played:
    """`name` is a regular expression where a variable that only a call knows is part of it. `text`: as written."""

    name: str
    literal: bool
    text: str


def played(step: Step, values: Values) -> Iterator[Played]:
    for run in runs(step):
        for word in _words(run):
            yield from _names(word, step, values)


def seconds(step: Step, values: Values, lengths: Mapping[str, Mapping[str, float]]) -> float:
    """How long the step speaks at most, in the slowest language (s). A prompt that is not known takes no time."""
    together = 0.0
    for run in runs(step):
        for word in _words(run):
            one = [played.name for played in _names(word, step, values) if played.literal]
            together += max((known.get(name, 0.0) for known in lengths.values() for name in one), default=0.0)
    return together


def _words(run: Run) -> Iterator[str]:
    if run.application in PLAYERS:
        yield from (word.strip() for word in split(run.argument(PLAYERS[run.application]), "&"))
    elif run.application == "dial":
        announced = options(run.argument(2)).get("A", "")
        yield from (word.strip() for word in re.split("[:&]", announced) if word)


def _names(word: str, step: Step, values: Values) -> Iterator[Played]:
    """A file argument → what it may stand for. A path that is not one of the prompts' is nobody's business."""
    if not word or word.startswith("/") or "://" in word:
        return
    known = values.of(word, step)
    if known:
        yield from (Played(name, True, word) for name in sorted(known) if name and not name.startswith("/"))
        return
    shape = [re.escape(part.text) if isinstance(part, Plain) else ".+" for part in parse(word)]
    if any(isinstance(part, Plain) and re.search("[a-z0-9]", part.text) for part in parse(word)):
        yield Played("".join(shape), False, word)

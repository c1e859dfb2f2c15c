"""The places that steps name, and whether they are there. Pure; `edges` is the table of what applications do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.dialplan import edges, given, match, words
from ivr.dialplan.model import Context, Dialplan, Step
from ivr.dialplan.parts import split

MANY = 500  # patterns of a context; what has more was not written by a person
_MAYBE = frozenset(("key", "timeout"))  # extensions that a context need not have


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is written, `${…}` and all. `where` is a priority or a label."""

    context: str
    extension: str
    where: str


def named(step: Step) -> Iterator[Place]:
    """Every place that the step names, by whatever application or option."""
    for way in edges.ways(step.application, step.arguments):
        if way.to and way.kind not in _MAYBE:
            yield place(way.to, step)


def place(text: str, step: Step) -> Place:
    """`[[context,]extension,]priority` seen from a step; `+2` is two priorities on."""
    parts = [part.strip() for part in split(text)][:3]
    context, extension, where = ["", "", "", *parts][-3:]
    if re.fullmatch(r"[+-]\d{1,9}", where):
        where = str(step.priority + int(where))
    return Place(context or step.context, extension or step.extension, where)


@dataclass(frozen=True, slots=True)
class _Inside:
    """What a context holds together with those that it includes."""

    extensions: frozenset[str]
    patterns: tuple[str, ...]
    places: frozenset[tuple[str, int | str | None]]  # extension and its priorities and labels
    open_ended: bool  # a switch, or an include of what is not there (told elsewhere): it may hold anything


class Map:
    """Which places are there."""

    def __init__(self, dialplan: Dialplan, contexts: Mapping[str, Context]) -> None:
        self._dialplan, self._contexts = dialplan, contexts
        self._insides: dict[str, _Inside] = {}
        self._fitting: dict[str, tuple[str, ...]] = {}

    def lacks(self, wanted: Place) -> bool:
        """Is the place surely not there? What `${…}` decides is any text that fits."""
        if wanted.context.startswith(given.HOOK):
            return False
        if words.is_literal(wanted.context):
            return wanted.context not in self._contexts or self._within(wanted.context, wanted)
        if wanted.context not in self._fitting:
            shape = words.shape(wanted.context)
            self._fitting[wanted.context] = tuple(name for name in self._contexts if shape.fits(name))
        return all(self._within(name, wanted) for name in self._fitting[wanted.context])

    def _within(self, name: str, wanted: Place) -> bool:
        """Is it not in this context?"""
        inside = self._inside(name)
        # i takes what nothing else takes
        if not wanted.extension or inside.open_ended or "i" in inside.extensions:
            return False
        if not words.is_literal(wanted.extension):
            shape = words.shape(wanted.extension)
            return not inside.patterns and not any(map(shape.fits, inside.extensions))
        # A step that names no extension stays in its own, which may be a pattern.
        taking = [one for one in inside.patterns if match.matches(one, wanted.extension)]
        taking += [wanted.extension] if wanted.extension in inside.extensions else []
        if not words.is_literal(wanted.where):
            return not taking
        where = int(wanted.where[:9]) if wanted.where.isdecimal() else wanted.where
        return not any((one, where) in inside.places for one in taking)

    def _inside(self, name: str) -> _Inside:
        if name not in self._insides:
            within = [
                self._contexts[one.name] for one in match.reached(self._dialplan, name) if one.name in self._contexts
            ]
            steps = [step for context in within for step in context.steps]
            extensions = dict.fromkeys(step.extension for step in steps)
            self._insides[name] = _Inside(
                frozenset(extensions),
                tuple(one for one in extensions if match.is_pattern(one))[:MANY],
                frozenset((step.extension, where) for step in steps for where in (step.priority, step.label)),
                any(map(self._is_open_ended, within)),
            )
        return self._insides[name]

    def _is_open_ended(self, context: Context) -> bool:
        return any(
            one.kind.endswith("switch") or (one.kind == "include" and one.name.split(",")[0] not in self._contexts)
            for one in context.includes
        )

"""Where a step may send a call, as its text says: the places that it names, and whether they are there. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ivr.dialplan import given, match, words
from ivr.dialplan.model import Context, Dialplan, Step
from ivr.dialplan.words import Call

MANY = 500  # patterns of a context; what has more was not written by a person


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is written, `${…}` and all. `where` is a priority or a label."""

    context: str
    extension: str
    where: str
    text: str  # as it stands in the step
    arguments: str = ""  # of a Gosub

    @property
    def is_literal(self) -> bool:
        return all(map(words.is_literal, (self.context, self.extension, self.where)))


def named(step: Step) -> Iterator[Place]:
    """Every place that the step names, by whatever application or option."""
    for call in words.calls(step.application, step.arguments):
        yield from named_by(call, step)


def named_by(call: Call, step: Step) -> Iterator[Place]:
    """The places that one application of the step names."""
    finder = _FINDERS.get(call.application.lower())
    if finder is not None:
        yield from finder(call.arguments, step)


def place(text: str, step: Step, separator: str = ",") -> Place | None:
    """`[[context,]extension,]priority` seen from a step; None where nothing is named (`Goto(+2)` names the priority).

    A Gosub's arguments in brackets are set apart.
    """
    parts = [part.strip() for part in words.split(text.strip(), separator, 3)]
    if not parts[-1]:
        return None
    where, arguments = _bracket(parts[-1])
    context, extension = ([*([""] * (3 - len(parts))), *parts])[:2]
    if re.fullmatch(r"[+-]\d{1,9}", where):
        where = str(step.priority + int(where))
    return Place(context or step.context, extension or step.extension, where, text.strip(), arguments)


def _bracket(text: str) -> tuple[str, str]:
    name, bracket, rest = text.partition("(")
    if not bracket or "${" in name or "$[" in name:
        return text, ""
    inside, closing, _ = rest.rpartition(")")
    return name.strip(), inside if closing else rest


def start_of(context: str, text: str, extension: str = "s") -> Place:
    return Place(context, extension, "1", text)


_Finder = Callable[[str, Step], Iterator[Place]]


def _goto(arguments: str, step: Step) -> Iterator[Place]:
    if (one := place(arguments, step)) is not None:
        yield one


def _branches(arguments: str, step: Step) -> Iterator[Place]:
    """`condition?[place][:place]`"""
    _, *rest = words.split(arguments, "?", 2)
    for branch in words.split(rest[0], ":", 2) if rest else []:
        yield from _goto(branch, step)


def _redirect(arguments: str, step: Step) -> Iterator[Place]:
    _, *rest = words.split(arguments, ",", 2)
    if rest and (one := place(rest[0], step)) is not None:
        yield one


def _set(arguments: str, step: Step) -> Iterator[Place]:
    assigned = words.assignment(arguments)
    if assigned is None:
        return
    name, value = assigned[0].lstrip("_"), assigned[1].strip().strip('"')
    if re.match(r"CHANNEL\(\s*hangup_handler_(push|wipe)", name) and (one := place(value, step)):
        yield one
    elif name in {"TRANSFER_CONTEXT", "FORWARD_CONTEXT"} and value:
        yield Place(value, "", "", value)


def _mset(arguments: str, step: Step) -> Iterator[Place]:
    for one in words.split(arguments, ","):
        yield from _set(one, step)


def _originate(arguments: str, step: Step) -> Iterator[Place]:
    parts = words.split(arguments, ",")
    yield from _local(parts[0], step)
    if len(parts) > 2 and parts[1].strip().lower() == "exten":
        context, extension, where = ([*(part.strip() for part in parts[2:5]), "", ""])[:3]
        if context:
            yield Place(context, extension or "s", where or "1", ",".join(parts[2:5]))
    if len(parts) > 6:
        yield from _options(parts[6], step, "bB")


def _local(text: str, step: Step) -> Iterator[Place]:
    """`Local/extension@context/n`, several joined by `&`."""
    for one in words.split(text, "&"):
        if found := re.match(r"\s*Local/(.*)", one, re.IGNORECASE | re.DOTALL):
            extension, _, context = words.split(found[1], "/")[0].partition("@")
            yield start_of(context.strip() or "default", one.strip(), extension.strip())


def _options(text: str, step: Step, letters: str) -> Iterator[Place]:
    """Places among an application's options, `^` between their parts. U names a context, the others any place."""
    for option in words.options(text):
        if option.letter not in letters or not option.argument:
            continue
        if option.letter == "U":
            yield start_of(words.split(option.argument, "^")[0].strip(), option.argument)
        elif (one := place(option.argument, step, "^")) is not None:
            yield one
            if option.letter == "G":  # the called leg goes to the priority behind it
                yield replace(one, where=str(int(one.where) + 1) if one.where.isdigit() else "${PRIORITY}")


def _dialled(devices: int, at: int, letters: str) -> _Finder:
    def finder(arguments: str, step: Step) -> Iterator[Place]:
        parts = words.split(arguments, ",")
        if devices < len(parts):
            yield from _local(parts[devices], step)
        if at < len(parts):
            yield from _options(parts[at], step, letters)

    return finder


def _queue(arguments: str, step: Step) -> Iterator[Place]:
    parts = words.split(arguments, ",")
    if len(parts) > 1:
        yield from _options(parts[1], step, "bBF")
    if len(parts) > 6 and parts[6].strip():
        gosub = parts[6].strip()
        yield start_of(gosub, gosub)


def _context_at(at: int) -> _Finder:
    """An argument that names a context alone."""

    def finder(arguments: str, step: Step) -> Iterator[Place]:
        parts = words.split(arguments, ",")
        if at < len(parts) and (name := parts[at].strip()):
            yield Place(name, "", "", name)

    return finder


_FINDERS: Mapping[str, _Finder] = {
    "goto": _goto,
    "gosub": _goto,
    "gotoif": _branches,
    "gosubif": _branches,
    "gotoiftime": _branches,
    "channelredirect": _redirect,
    "set": _set,
    "mset": _mset,
    "originate": _originate,
    "dial": _dialled(0, 2, "GUbBF"),
    "retrydial": _dialled(3, 5, "GUbBF"),
    "page": _dialled(0, 1, "bB"),
    "followme": _dialled(9, 1, "bB"),
    "bridge": _dialled(9, 1, "F"),
    "queue": _queue,
    "background": _context_at(3),
    "readexten": _context_at(2),
    "disa": _context_at(1),
}


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

"""A dialplan as a graph: steps, and the ways that lead from each to the next. Pure.

Gosub and Return are kept apart: a step that calls has an edge to what it calls (`gosub`), and one to the next step
(`next`) only where what it calls can return. So a context that is called from two places makes no circle that no call
could run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

from ivr.dialplan import edges as table
from ivr.dialplan.edges import Kind, Outcome, Way
from ivr.dialplan.given import DOORS, ENTERED, HOUSE
from ivr.dialplan.model import Dialplan, Step
from ivr.dialplan.parts import split
from ivr.dialplan.places import Places
from ivr.dialplan.values import Values
from ivr.settings import Text

__all__ = ["Edge", "Flow", "Outcome"]

_KEYS = 200  # of one menu, and extensions that a place made in the call may mean: no person writes more
_POPS = 2  # so many StackPop in a row are followed
OWN = frozenset[Kind]({"next", "goto", "gosub", "branch", "key", "timeout"})  # ways of the channel that runs the step


@dataclass(frozen=True, slots=True)
class Edge:
    """`condition`: the branch's own text, taken where it `holds`. `leg`: the other channel, that takes a fork."""

    source: Step
    target: Step | Outcome
    kind: Kind
    words: Text | None = None
    condition: str = ""
    holds: bool = True
    key: str = ""
    leg: str = ""
    number: str = ""  # the extension that the way names, where the dialplan says it
    dialled: str = ""  # the same as it is written: `${EXTEN}`

    @property
    def step(self) -> Step | None:
        return None if isinstance(self.target, Outcome) else self.target


class Flow:
    """`out(step)`: the ways on from it. `doors`: where calls come in; `roots`: all that something outside enters."""

    def __init__(self, dialplan: Dialplan) -> None:
        self.dialplan = dialplan
        self.places = Places(dialplan)
        self._called: dict[str, list[list[str]]] = {}
        self.values = Values(dialplan, HOUSE, lambda context: self._called.get(context, ()))
        self._ways: dict[Step, tuple[Way, ...]] = {}
        for step in dialplan.steps():
            self._ways[step] = tuple(table.ways(step.application, self.values.spelled(step.arguments)))
            for way in self._ways[step]:
                if way.kind in {"gosub", "hook", "fork"} and way.to and "${" not in way.to.split(",")[0]:
                    context = way.to.split(",")[0] if "," in way.to else step.context
                    self._called.setdefault(context.strip(), []).append(split(way.arguments))
        raw = {step: tuple(self._edges(step, ways)) for step, ways in self._ways.items()}
        self.levels = _returning(raw)
        self._out = {step: tuple(self._kept(found)) for step, found in raw.items()}
        self._into: dict[Step, list[Edge]] | None = None
        self._callers: dict[Step, tuple[Step, ...]] = {}

    def out(self, step: Step) -> tuple[Edge, ...]:
        return self._out.get(step, ())

    def into(self, step: Step) -> tuple[Edge, ...]:
        if self._into is None:
            self._into = {}
            for edge in self.edges():
                if edge.step is not None:
                    self._into.setdefault(edge.step, []).append(edge)
        return tuple(self._into.get(step, ()))

    def edges(self) -> Iterator[Edge]:
        for found in self._out.values():
            yield from found

    def at(self, context: str, extension: str = "s", where: int | str = 1) -> Step | None:
        return self.places.find(context, extension, where)

    def entries(self, *contexts: str) -> Iterator[Step]:
        """The first step of every extension that somebody may dial or that is entered by itself (`s`)."""
        for context in contexts:
            yield from (one for one in self.places.first(context) if one.extension not in {"t", "i", "T", "h", "e"})

    def doors(self) -> Iterator[Step]:
        yield from self.entries(*DOORS)

    def roots(self) -> Iterator[Step]:
        """Flows are entered by name (suspend), a site's contexts by core's hooks."""
        named = (name for name in self.dialplan.contexts if name.startswith(("site-", "flow-")))
        yield from self.entries(*ENTERED, *named)

    def reach(self, starts: Iterable[Step], *, follow: Callable[[Edge], bool] | None = None) -> frozenset[Step]:
        """Every step that a way leads to; without `follow` of every kind, other legs too."""
        seen = set(starts)
        waiting = list(seen)
        while waiting:
            for edge in self.out(waiting.pop()):
                step = edge.step
                if step is not None and step not in seen and (follow is None or follow(edge)):
                    seen.add(step)
                    waiting.append(step)
        return frozenset(seen)

    def returns(self, entry: Step | Outcome) -> bool:
        """Can what is called there come back?"""
        return entry is Outcome.UNKNOWN or (not isinstance(entry, Outcome) and 0 in self.levels.get(entry, ()))

    def callers(self, back: Step) -> tuple[Step, ...]:
        """The steps whose Gosub may be ended by the Return that stands here."""
        if back not in self._callers:
            seen, waiting, found = {back}, [back], list[Step]()
            while waiting:
                for edge in self.into(waiting.pop()):
                    if edge.kind == "gosub":
                        found.append(edge.source)
                    elif edge.kind in OWN and edge.source not in seen:
                        seen.add(edge.source)
                        waiting.append(edge.source)
            self._callers[back] = tuple(dict.fromkeys(found))
        return self._callers[back]

    def _kept(self, found: tuple[Edge, ...]) -> Iterator[Edge]:
        """Without the way on behind a Gosub that never comes back."""
        called = [edge.target for edge in found if edge.kind == "gosub"]
        back = not called or any(self.returns(one) for one in called)
        branches = any(edge.kind == "gosub" and edge.condition for edge in found)
        for edge in found:
            if edge.kind != "next" or back or branches or isinstance(edge.target, Outcome):
                yield edge

    def _edges(self, step: Step, ways: Iterable[Way]) -> Iterator[Edge]:
        following = self.places.after(step)
        for way in ways:
            if way.outcome is not None:
                yield self._edge(step, way, way.outcome)
            elif way.to is None:
                yield self._edge(step, way, following or Outcome.END)
            elif way.kind == "key":
                yield from self._keys(step, way)
            else:
                for target, number in self._targets(step, way):
                    yield self._edge(step, way, target, number=number)
                if way.kind == "gosub" and not way.condition:
                    yield Edge(step, following or Outcome.END, "next")
                elif way.kind == "gosub":
                    yield Edge(step, following or Outcome.END, "next", None, way.condition, way.holds)

    def _edge(self, step: Step, way: Way, target: Step | Outcome, key: str = "", number: str = "") -> Edge:
        return Edge(
            step, target, way.kind, _words(way, key), way.condition, way.holds, key, way.leg, number, _dialled(way)
        )

    def _targets(self, step: Step, way: Way) -> Iterator[tuple[Step | Outcome, str]]:
        """The steps at a place; a place known only in the call is `UNKNOWN`, one that is not there `LOST`."""
        place = self._location(way.to or "", step)
        if place is None:
            yield from ((target, "") for target in self._anywhere(way.to or "", step) or (Outcome.UNKNOWN,))
            return
        found = {
            target: extension
            for context, extension, where in product(*place)
            if (target := self._find(context, extension, where, step)) is not None
        }
        yield from found.items()
        if not found and way.kind == "timeout":
            yield Outcome.HANGUP, ""
        elif not found:
            yield (Outcome.UNKNOWN if "${" in (way.to or "") else Outcome.LOST), ""

    def _anywhere(self, text: str, step: Step) -> tuple[Step, ...]:
        """Where only the extension is unknown: every one of the context that has the priority or label."""
        parts = [part.strip() for part in split(text)]
        contexts = self.values.of(parts[-3], step) if len(parts) == 3 else frozenset({step.context})
        where = self.values.of(parts[-1], step)
        if len(parts) < 2 or not contexts or not where:
            return ()
        firsts = [one for context in contexts for one in islice(self.places.first(context), _KEYS)]
        found = [self._find(one.context, one.extension, word, step) for one in firsts for word in where]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def _find(self, context: str, extension: str, where: str, step: Step) -> Step | None:
        if where.lstrip("+-").isdigit():
            number = int(where[:9]) + (step.priority if where[0] in "+-" else 0)
            return self.places.find(context, extension, number)
        return self.places.find(context, extension, where)

    def _location(self, text: str, step: Step) -> tuple[frozenset[str], frozenset[str], frozenset[str]] | None:
        """What each part of a place may be; None where one is known only in the call."""
        parts = [part.strip() for part in split(text)]
        if len(parts) > 3:
            parts = parts[:3]
        where = self.values.of(parts[-1], step)
        extension = self.values.of(parts[-2], step) if len(parts) > 1 else frozenset({step.extension})
        context = self.values.of(parts[-3], step) if len(parts) > 2 else frozenset({step.context})
        if len(parts) > 1 and parts[-2] == "${EXTEN}" and extension is None:
            extension = frozenset({step.extension})  # a pattern's own text finds the same pattern
        if not where or not extension or not context:
            return None
        return context, extension, where

    def _keys(self, step: Step, way: Way) -> Iterator[Edge]:
        """Every extension of the context that keys may dial, and `i` for any other."""
        context = (way.to or "").split(",")[0] or step.context
        for target in islice(self.places.first(context), _KEYS):
            extension = target.extension
            if extension[:1].isdigit() or extension[:1] in "_*#" or extension == "i":
                yield self._edge(step, way, target, extension)


def _dialled(way: Way) -> str:
    parts = split(way.to or "")
    return parts[-2].strip() if len(parts) > 1 else ""


def _words(way: Way, key: str) -> Text | None:
    if way.kind == "key":
        other = {"zh": "按其他键", "en": "any other key"}
        return other if key == "i" else {"zh": f"按 {key}", "en": f"key {key}"}
    if way.kind == "timeout":
        return {"zh": "超时", "en": "time is up"}
    if way.outcome is Outcome.HUMAN:
        return {"zh": "接通", "en": "somebody answers"}
    return None


def _returning(out: Mapping[Step, tuple[Edge, ...]]) -> Mapping[Step, frozenset[int]]:
    """Which steps lead to a Return: 0 = it ends the Gosub that runs there, 1 = after a StackPop the one above it, …"""
    before: dict[Step, list[Edge]] = {}
    levels: dict[Step, set[int]] = {}
    waiting: deque[tuple[Step, int]] = deque()

    def add(step: Step, level: int) -> None:
        level += step.application.lower() == "stackpop"
        if level <= _POPS and level not in levels.setdefault(step, set()):
            levels[step].add(level)
            waiting.append((step, level))

    for step, found in out.items():
        for edge in found:
            if edge.step is not None:
                before.setdefault(edge.step, []).append(edge)
            elif edge.target is Outcome.RETURN:
                add(step, 0)
    while waiting:
        step, level = waiting.popleft()
        for edge in before.get(step, ()):
            source = edge.source
            if edge.kind == "gosub" and level > 0:
                add(source, level - 1)
            elif edge.kind == "gosub":  # what is called comes back: from now on the next step counts
                for then in (one.step for one in out[source] if one.kind == "next" and one.step is not None):
                    for known in tuple(levels.get(then, ())):
                        add(source, known)
            elif edge.kind in OWN and (edge.kind != "next" or _comes_back(out[source], levels)):
                add(source, level)
    return {step: frozenset(found) for step, found in levels.items()}


def _comes_back(found: tuple[Edge, ...], levels: Mapping[Step, set[int]]) -> bool:
    """Is the next step reached behind what is called there?"""
    called = [edge for edge in found if edge.kind == "gosub"]
    known = (edge.step for edge in called if edge.step is not None)
    conditional = any(edge.condition or edge.target is Outcome.UNKNOWN for edge in called)
    return not called or conditional or any(0 in levels.get(step, ()) for step in known)

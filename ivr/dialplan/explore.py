"""Every way that one leg may take from a step, with some of its variables known: where does each arrive? Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ivr.dialplan import expressions
from ivr.dialplan.applications import assigned, bare, runs
from ivr.dialplan.edges import TIME
from ivr.dialplan.flow import OWN, Edge, Flow, Outcome
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Reference, parse

_MANY = 5_000  # situations; what needs more arrives at UNKNOWN
_DEEP = 20  # Gosubs within one another


@dataclass(frozen=True, slots=True)
class _Here:
    step: Step
    number: str  # what EXTEN holds; empty: not known
    words: frozenset[tuple[str, str]]
    above: tuple[tuple[Step, str], ...] = ()  # the Gosubs that run, and what EXTEN held there


class Explorer:
    """`tracked`: variables whose words are followed; of others only the settings' globals are known."""

    def __init__(self, flow: Flow, tracked: frozenset[str]) -> None:
        self._flow, self._tracked = flow, tracked

    def arrivals(
        self,
        start: Step,
        words: Mapping[str, str],
        stop: Callable[[Step], bool],
        number: str = "",
        caller: Step | None = None,
    ) -> Iterator[Step | Outcome]:
        """Where the ways from `start` lead: each step that `stop` names, each outcome, once.

        `caller`: whose Gosub runs there.
        """
        above = () if caller is None else ((caller, ""),)
        waiting = [_Here(start, number, frozenset(words.items()), above)]
        seen = set(waiting)
        told: set[Step | Outcome] = set()
        while waiting:
            here = waiting.pop()
            found = [here.step] if stop(here.step) else self._ahead(here)
            for one in found:
                if isinstance(one, _Here):
                    if one not in seen and len(seen) < _MANY:
                        seen.add(one)
                        waiting.append(one)
                elif one not in told:
                    told.add(one)
                    yield one
        if len(seen) >= _MANY:
            yield Outcome.UNKNOWN

    def _ahead(self, here: _Here) -> Iterator[_Here | Outcome]:
        edges = self._flow.out(here.step)
        called = {(edge.condition, edge.holds) for edge in edges if edge.kind == "gosub"}
        after = self._after(here)
        for edge in edges:
            if edge.target is Outcome.RETURN:
                yield self._back(after)
            elif edge.kind not in OWN - {"key", "timeout"} or not self._open(edge, here):
                continue
            elif edge.kind == "next" and (edge.condition, edge.holds) in called:
                continue  # behind a Gosub: its Return comes there
            elif edge.step is None:
                yield edge.target if isinstance(edge.target, Outcome) else Outcome.UNKNOWN
            else:
                number = here.number if edge.kind == "next" else self._number(edge, here)
                above = ((here.step, here.number), *after.above)[:_DEEP] if edge.kind == "gosub" else after.above
                yield replace(after, step=edge.step, number=number, above=above)

    def _number(self, edge: Edge, here: _Here) -> str:
        if not edge.dialled:
            return here.number
        return edge.number or self._value(edge.dialled, here) or ""

    def _after(self, here: _Here) -> _Here:
        words = dict(here.words)
        for name, value in assigned(here.step):
            variable = bare(name)
            if variable in self._tracked:
                known = None if value is None else self._value(value, here)
                if known is None:
                    words.pop(variable, None)
                else:
                    words[variable] = known
        popped = here.above[1:] if any(run.application == "stackpop" for run in runs(here.step)) else here.above
        return replace(here, words=frozenset(words.items()), above=popped)

    def _back(self, here: _Here) -> _Here | Outcome:
        if not here.above:
            return Outcome.RETURN
        (caller, number), *above = here.above
        following = self._flow.places.after(caller)
        return Outcome.END if following is None else replace(here, step=following, number=number, above=tuple(above))

    def _open(self, edge: Edge, here: _Here) -> bool:
        if not edge.condition or edge.condition.startswith(TIME):
            return True
        holds = expressions.truth(parse(edge.condition), lambda one: self._known(one, here))
        return holds is None or holds == edge.holds

    def _value(self, text: str, here: _Here) -> str | None:
        return expressions.value_of(parse(text), lambda one: self._known(one, here))

    def _known(self, reference: Reference, here: _Here) -> str | None:
        if reference.arguments is not None or reference.slice:
            return None
        name = expressions.value_of(reference.name, lambda one: self._known(one, here))
        if name is None:
            return None
        if name == "EXTEN":
            return here.number or (None if here.step.extension.startswith("_") else here.step.extension)
        return dict(here.words).get(name, self._flow.values.setting(name))

"""A way that turns in a circle for ever: the caller hears nothing, or the same thing, and nobody comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ivr.dialplan.applications import assigned, bare, runs
from ivr.dialplan.checked import Checked
from ivr.dialplan.circles import circles
from ivr.dialplan.codes import found
from ivr.dialplan.destinations import named
from ivr.dialplan.edges import SLOW
from ivr.dialplan.findings import Finding
from ivr.dialplan.flow import OWN, Edge, Flow, Outcome
from ivr.dialplan.given import ASTERISK, HOUSE
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Reference, references
from ivr.dialplan.silent import Silent
from ivr.dialplan.words import is_literal

# Functions that tell the same as long as their arguments do; any other's answer may change while a loop waits for it.
_STEADY = """
LEN FILTER CUT IF MD5 SHA1 EXISTS ISNULL REGEX FIELDQTY FIELDNUM MATH TOUPPER TOLOWER STRREPLACE REPLACE QUOTE URIENCODE
URIDECODE CALLERID DIALPLAN_EXISTS SET EVAL
"""
STEADY = frozenset(_STEADY.split())
CHANGES = frozenset({"SHIFT", "POP", "INC", "DEC", "PUSH", "UNSHIFT"})  # change the variable that they name
ENDS = frozenset({Outcome.HANGUP, Outcome.QUEUE, Outcome.HUMAN, Outcome.END, Outcome.AWAY})


def endless(checked: Checked) -> Iterator[Finding]:
    """Circles of a caller who presses nothing: with no way out, or that wait for what nothing in them changes."""
    flow, silent = checked.flow, Silent(checked.flow)
    ways = {
        step: tuple(
            edge for edge in flow.out(step) if edge.kind in OWN and silent.takes(edge) and _is_sure(checked, edge)
        )
        for step in checked.dialplan.steps()
    }
    for circle in circles(ways):
        loop = _Loop(flow, ways, circle)
        if not loop.ends():
            yield found(loop.at.at, "endless-loop", first=loop.first.place)
            continue
        quick = {step: _inside(ways[step], circle) for step in circle if not _takes_time(flow, step)}
        for tight in circles(quick):
            inner = _Loop(flow, ways, tight)
            if not inner.ends(counting=True):
                yield found(inner.at.at, "busy-loop", first=inner.first.place)


def _is_sure(checked: Checked, edge: Edge) -> bool:
    """In dialplans of others an extension that is made in the call (`Goto(${EXTEN:1},1)`) is not known to come back."""
    if checked.site is not None or edge.kind not in {"goto", "branch"}:
        return True
    return all(is_literal(place.extension) for place in named(edge.source))


def _inside(edges: Iterable[Edge], circle: frozenset[Step]) -> tuple[Edge, ...]:
    return tuple(edge for edge in edges if edge.step in circle)


def _takes_time(flow: Flow, step: Step) -> bool:
    if any(run.application in SLOW for run in runs(step)):
        return True
    called = [edge.step for edge in flow.out(step) if edge.kind == "gosub" and edge.step is not None]
    reached = flow.reach(called, follow=lambda edge: edge.kind in OWN)
    return any(run.application in SLOW for one in reached for run in runs(one))


class _Loop:
    def __init__(self, flow: Flow, ways: Mapping[Step, tuple[Edge, ...]], steps: frozenset[Step]) -> None:
        self._flow, self._ways, self._steps = flow, ways, steps
        order = sorted(steps, key=lambda step: (str(step.at.file), step.at.line))
        self.first = order[0]
        jumps = [edge for step in order for edge in ways[step] if edge.step in steps and edge.kind != "next"]
        back = [edge.source for edge in jumps if edge.step is not None and edge.step.at.line <= edge.source.at.line]
        self.at = back[-1] if back else jumps[-1].source if jumps else order[-1]

    def ends(self, *, counting: bool = False) -> bool:
        """Is there a way out that opens by itself? `counting`: only what the loop itself changes opens it."""
        live = self._changed()
        return any(self._opens(edge, live, counting=counting) for edge in self._exits())

    def _exits(self) -> Iterator[Edge]:
        for step in self._steps:
            for edge in self._ways[step]:
                if edge.kind == "gosub":
                    if edge.step not in self._steps and self._leaves(edge):
                        yield edge
                elif edge.step not in self._steps:
                    yield edge

    def _leaves(self, edge: Edge) -> bool:
        """May what is called go elsewhere than back?"""
        if edge.step is None:
            return edge.target is Outcome.LOST
        reached = self._flow.reach([edge.step], follow=lambda one: one.kind in OWN)
        return any(one.target in ENDS for step in reached for one in self._flow.out(step))

    def _opens(self, edge: Edge, live: frozenset[str], *, counting: bool) -> bool:
        if not edge.condition:
            slow = any(run.application in SLOW for run in runs(edge.source))
            return not counting or slow or len(self._ways[edge.source]) == 1
        if edge.condition.startswith("time "):
            return not counting
        asked = tuple(references(edge.condition))
        return any(_changes_here(one, live) for one in asked) or (not counting and any(map(_changes_elsewhere, asked)))

    def _changed(self) -> frozenset[str]:
        """Variables that are not the same after a turn. One that each turn sets anew to the same word is."""
        called = [edge.step for step in self._steps for edge in self._ways[step] if edge.kind == "gosub" and edge.step]
        body = self._steps | self._flow.reach(called, follow=lambda edge: edge.kind in OWN)
        found: set[str] = set()
        resets: dict[str, list[Step]] = {}
        for step in body:
            for name, value in assigned(step):
                if value is None or "${" in value or "$[" in value:
                    found.add(bare(name))
                elif step in self._steps:
                    resets.setdefault(bare(name), []).append(step)
                else:
                    found.add(bare(name))
            for reference in references(step.arguments):
                if reference.literal in CHANGES and reference.arguments:
                    found.add(reference.raw.partition("(")[2].partition(",")[0].rstrip(")}"))
            if any(run.application in {"agi", "eagi", "deadagi", "stasis"} for run in runs(step)):
                found |= set(self._flow.values.sets)
        for name, steps in resets.items():
            conditional = all(step.application.lower() == "set" for step in steps)
            if conditional and not self._turns_without(frozenset(steps)):
                found.discard(name)
            elif name not in found and len({s.arguments for s in steps}) > 1:
                found.add(name)
        return frozenset(found)

    def _turns_without(self, steps: frozenset[Step]) -> bool:
        left = {step: _inside(self._ways[step], self._steps - steps) for step in self._steps - steps}
        return any(True for _ in circles(left))


def _changes_here(reference: Reference, live: frozenset[str]) -> bool:
    """A name that is made of another (`${X_${Y}}`) may be another one each time."""
    name = reference.literal
    return name is None or name in CHANGES or (reference.arguments is None and name in live)


def _changes_elsewhere(reference: Reference) -> bool:
    name = reference.literal or ""
    if reference.arguments is not None:
        return name.upper() not in STEADY
    return name in HOUSE or name in ASTERISK - {"EXTEN", "CONTEXT", "CHANNEL"}

"""What a caller has to listen to before anybody takes the call: 5 s, one menu (R4, GB/T 33358), never "closed" (R6)."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan.applications import runs
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.flow import OWN, Edge, Flow, Outcome
from ivr.dialplan.given import BEFORE_QUEUE, DOORS
from ivr.dialplan.menus import choices, menu
from ivr.dialplan.model import Step
from ivr.dialplan.parts import references
from ivr.dialplan.played import seconds
from ivr.dialplan.silent import Silent

LONGEST = 5.0  # seconds


def too_long(checked: Checked) -> Iterator[Finding]:
    """The longest way of a caller who presses nothing, from the door to the queue; that of each hook before it."""
    if checked.site is None or not checked.prompts:
        return
    ways = _Ways(checked)
    for entry in checked.flow.entries(DOORS[0], *BEFORE_QUEUE):  # whom a desk hands over is not greeted
        spoken = 0.0
        for step in ways.longest(entry):
            spoken += ways.own(step)
            if spoken > LONGEST:
                yield found(step.at, "long-greeting", seconds=f"{spoken:.1f}", entry=entry.context)
                break


class _Ways:
    def __init__(self, checked: Checked) -> None:
        self._checked, self._silent = checked, Silent(checked.flow)
        self._best: dict[Step, tuple[float, tuple[Step, ...]]] = {}
        self._work = 0

    def own(self, step: Step) -> float:
        return seconds(step, self._checked.flow.values, self._checked.prompts)

    def longest(self, entry: Step) -> tuple[Step, ...]:
        return self._from(entry, frozenset())[1]

    def _from(self, step: Step, above: frozenset[Step]) -> tuple[float, tuple[Step, ...]]:
        """Seconds from here to the queue or the end, and the steps of that way. A way to a hang-up is no greeting."""
        if step in self._best:
            return self._best[step]
        if step in above or step.context in _LATER:
            return _NOWHERE  # a turn of a circle: its way out is another branch
        self._work += 1
        if len(above) > _LONG or self._work > _WORK:
            return _HERE
        if any(run.application == "queue" for run in runs(step)):
            return 0.0, (step,)
        here = above | {step}
        ways = OWN | {"return"}
        edges = [one for one in self._checked.flow.out(step) if one.kind in ways and self._silent.takes(one)]
        inner = [self._from(one.step, here) for one in edges if one.kind == "gosub" and one.step is not None]
        onward = [self._onward(one, here) for one in edges if one.kind != "gosub"]
        called = max([*inner, *([_HERE] if onward or not inner else [])], key=lambda one: one[0])
        after = max(onward, default=_HERE if inner else _NOWHERE, key=lambda one: one[0])
        total = self.own(step) + called[0] + after[0]
        best = total, (step, *called[1], *after[1])
        if total >= 0:  # what leads nowhere may do so only because of the circle in which it was met
            self._best[step] = best
        return best

    def _onward(self, edge: Edge, here: frozenset[Step]) -> tuple[float, tuple[Step, ...]]:
        if edge.step is not None:
            return self._from(edge.step, here)
        return _NOWHERE if edge.target in ENDS else _HERE


_HERE: tuple[float, tuple[Step, ...]] = (0.0, ())
_NOWHERE: tuple[float, tuple[Step, ...]] = (-1e9, ())
_LONG = 200  # steps of one way
_LATER = frozenset({"emergency", "after-talk"})  # core's contexts for whoever has pressed the key, or has talked
_WORK = 50_000  # steps that are looked at for all ways together; core takes some hundred
ENDS = frozenset({Outcome.HANGUP, Outcome.END, Outcome.LOST})


def deep_menus(checked: Checked) -> Iterator[Finding]:
    """A choice that is asked behind a key of another choice: at most one level (R4)."""
    flow = checked.flow
    asking = {step for step in checked.dialplan.steps() if choices(step, flow) > 1}
    seconds = {
        second: step for step in checked.dialplan.steps() if step in asking for second in _behind(flow, step, asking)
    }
    for second, first in seconds.items():
        yield found(second.at, "deep-menu", first=first.place)


def _behind(flow: Flow, step: Step, asking: set[Step]) -> Iterator[Step]:
    """The menus that a key of this one leads to. A menu that is asked again is the same one."""
    silent = Silent(flow)
    waiting = [edge.step for edge in flow.out(step) if edge.step is not None and edge.kind in OWN]
    keyed = any(edge.kind == "key" for edge in flow.out(step))
    if keyed:
        waiting = [edge.step for edge in flow.out(step) if edge.kind == "key" and edge.step is not None]
    seen = set(waiting) | {step}
    behind_key = dict.fromkeys(waiting, keyed)
    while waiting:
        here = waiting.pop()
        if here in asking and menu(here, flow) != menu(step, flow):
            if behind_key[here]:
                yield here
            continue
        for edge in flow.out(here):
            target = edge.step
            if target is None or target == step or edge.kind not in OWN or edge.kind == "key":
                continue
            pressed = behind_key[here] or not silent.takes(edge)
            if target not in seen or (pressed and not behind_key[target]):
                seen.add(target)
                behind_key[target] = pressed
                waiting.append(target)


def closed_by_time(checked: Checked) -> Iterator[Finding]:
    """12345 answers day and night (R6): no clock and no HOURS may lead its call to an end without a human."""
    if checked.site is None:
        return
    flow = checked.flow
    own = flow.reach(flow.entries(*DOORS, *BEFORE_QUEUE), follow=lambda edge: edge.kind in OWN)
    for step in checked.dialplan.steps():
        if step not in own:
            continue
        for edge in flow.out(step):
            if edge.condition and asks_the_clock(edge.condition) and closes(flow, edge):
                yield found(step.at, "closed-by-time", what=edge.condition.removeprefix("time "))
                break


def asks_the_clock(condition: str) -> bool:
    names = {reference.literal for reference in references(condition)}
    return condition.startswith("time ") or bool(names & {"IFTIME", "STRFTIME", "HOURS"})


def closes(flow: Flow, edge: Edge) -> bool:
    """Does every way behind this branch end the call?"""
    if edge.step is None:
        return edge.target in ENDS - {Outcome.LOST}  # a place that is not there is told as that
    ends = [
        one.target
        for step in flow.reach([edge.step], follow=lambda one: one.kind in OWN)
        for one in flow.out(step)
        if one.step is None and one.kind in OWN | {"return"}
    ]
    return bool(ends) and all(one in ENDS for one in ends)

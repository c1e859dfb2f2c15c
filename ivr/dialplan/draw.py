"""A dialplan's flow → a picture of a call's way: a box for each context, an arrow for each way between two. Pure.

What a person need not see is folded: contexts that are called, say nothing and always come back become a line of the
box that calls them; what only sends a call on is left out; other legs (a transfer's helpers) are left out too. With
`everything` all of it is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ivr.dialplan.checked import SITE
from ivr.dialplan.draw_hooks import GATE, Hooks
from ivr.dialplan.draw_model import Arrow, Box, Drawing, Item, Kind, Way
from ivr.dialplan.draw_reasons import Reasons
from ivr.dialplan.draw_told import Teller
from ivr.dialplan.draw_words import Words
from ivr.dialplan.edges import Outcome
from ivr.dialplan.flow import OWN, Edge, Flow
from ivr.dialplan.given import DOORS
from ivr.dialplan.model import At, Step

START = "/start"
_CUT = frozenset({Outcome.END, Outcome.LOST})
_ENDS = frozenset({Outcome.HANGUP, *_CUT})
_WAYS = {"key": Way.KEY, "gosub": Way.VISIT, "fork": Way.FORK, "hook": Way.HOOK}
_TALKS = frozenset({Outcome.HUMAN, Outcome.QUEUE})
# By these applications say that a talk took place (Queue with option c, Dial, Bridge), and core's helper legs.
_TALKED = re.compile(
    r'"\$\{(QUEUESTATUS\}"="CONTINUE|DIALSTATUS\}"="ANSWER|BRIDGERESULT\}"="SUCCESS|SHARED\(TALKED\)\}"="1)"'
)
_LOUD = frozenset({"says", "asks", "calls", "waits"})  # what a caller notices
_SHOWN_LINES = 4


@dataclass(frozen=True)
class Drawer:
    """`starts`: the contexts in which the calls of the picture come in; `doors`: others that something enters."""

    flow: Flow
    teller: Teller
    starts: Sequence[str] = DOORS[:1]
    doors: Sequence[str] = ()
    whole: bool = True  # see Reasons
    everything: bool = False  # other legs too, and nothing folded

    @property
    def words(self) -> Words:
        return self.teller.words

    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self.flow, self.words, list(self.flow.entries(*self.starts)), self.whole)

    @cached_property
    def _hooks(self) -> Hooks:
        return Hooks(self.flow)

    def draw(self, title: str = "", note: str = "") -> Drawing:
        """The way of a call; the site's own that no way leads to stand beside it."""
        entries = dict.fromkeys(self.flow.entries(*self.starts), START)
        order = self._order(entries)
        # What core asks the site for elsewhere than on this call's way has a beginning of its own.
        entries |= {entry: f"/{entry.context}" for entry in self._hooks.entered if entry.context not in order}
        order = self._order(entries)
        folded = set() if self.everything else self._folded(order)
        shown = [name for name in order if name not in folded]
        boxes = {START: self._start()} | {name: self._box(name, order[name], folded) for name in shown}
        arrows = []
        for entry, start in entries.items():
            boxes.setdefault(start, Box(start, Kind.START, self._hook_title(entry.context)))
            arrows.append(Arrow(start, entry.context))
        helped = self._helped(order, folded)
        for name in shown:
            for box, arrow in self._ways(name, order[name], folded, helped.get(name)):
                if box is not None:
                    boxes.setdefault(box.id, box)
                arrows.append(arrow)
        boxes |= {box.id: box for box in self._idle(order)}
        return _without_passages(Drawing(title, self.words.language, tuple(boxes.values()), _merged(arrows), note))

    def _order(self, entries: Iterable[Step]) -> dict[str, list[Step]]:
        """Contexts in the order in which a call comes to them, each with the steps that it can come to."""
        found: dict[str, list[Step]] = {}
        waiting, seen = list(entries), set[Step]()
        while waiting:
            step = waiting.pop(0)
            if step in seen:
                continue
            seen.add(step)
            found.setdefault(step.context, []).append(step)
            waiting += [edge.step for edge in self._followed(step) if edge.step is not None]
        for steps in found.values():
            steps.sort(key=lambda step: (str(step.at.file), step.at.line))
        return found

    def _followed(self, step: Step) -> Iterator[Edge]:
        for edge in self._reasons.live(step):
            gate = _other(edge) == GATE and not self.everything
            if not gate and (self.everything or edge.kind in OWN):
                yield edge
        for entry in self._hooks.asked(step):
            yield Edge(step, entry, "hook")

    def _folded(self, order: Mapping[str, list[Step]]) -> set[str]:
        """Contexts that are only called, silent, and never lead to anything but back where they were called from."""
        quiet = {name for name in order if name not in self.starts and not name.startswith(SITE)}
        calls: dict[str, set[str]] = {}
        for name, steps in order.items():
            for step in steps:
                if any(item.sign in _LOUD for item in self.teller.items(step)):
                    quiet.discard(name)
                for edge in self._followed(step):
                    other = _other(edge)
                    if other and edge.kind == "gosub":
                        calls.setdefault(name, set()).add(other)
                    elif other:
                        quiet -= {name, other}
                    elif edge.step is None and edge.target is not Outcome.RETURN:
                        quiet.discard(name)
        while loud := {name for name in quiet if calls.get(name, set()) - quiet}:
            quiet -= loud
        return quiet

    def _start(self) -> Box:
        dialled = [step.extension for step in self.flow.entries(*self.starts) if step.extension.isdigit()]
        number = self.words.say(" 或 ", " or ").join(dialled if self.teller.number else ())
        words = self.words.say(
            f"有人拨打 {number}".strip(), f"Somebody dials {number}" if number else "A call comes in"
        )
        return Box(START, Kind.START, words, at=self._at(self.starts[0]))

    def _hook_title(self, name: str) -> str:
        told = self.words.hooks.get(name.removeprefix(SITE))
        return self.words.pick(told) if told else self.words.say("系统在别处询问", "Asked for elsewhere")

    def _title(self, name: str) -> str:
        context = self.flow.dialplan.contexts[name]
        return self.teller.spelled(self.words.context(context, self.flow.dialplan))

    def _box(self, name: str, steps: Sequence[Step], folded: set[str]) -> Box:
        items: dict[tuple[str, str], Item] = {}
        for step in steps:
            for item in self._items(step, folded):
                items.setdefault((item.sign, item.text), item)
        kind = Kind.SITE if name.startswith(SITE) else Kind.CORE
        marks = tuple(self._marks(name, steps))
        return Box(name, kind, self._title(name), name, self._at(name), tuple(items.values()), marks)

    def _items(self, step: Step, folded: set[str]) -> Iterator[Item]:
        yield from self.teller.items(step)
        for edge in self._reasons.live(step):
            if edge.kind == "gosub" and edge.target is Outcome.UNKNOWN:
                yield Item(
                    "visits",
                    self.words.say("办完通话中指定的流程再回来", "goes through a flow that the call names"),
                    step.at,
                )
            if edge.kind == "gosub" and edge.step is not None and edge.step.context in folded:
                yield Item("visits", self._title(edge.step.context), step.at)

    def _at(self, name: str) -> At:
        return self.flow.dialplan.contexts[name].at

    def _marks(self, name: str, steps: Iterable[Step]) -> Iterator[str]:
        """Dead ends, places that are not there, steps that no call comes to."""
        for step in steps:
            for edge in self._reasons.live(step):
                if edge.target in _CUT:
                    yield self._cut(step, edge)
        written = self.flow.dialplan.contexts[name].steps
        by_caller = {step.extension for step in written if step.caller is not None}  # the flow follows one of each
        lines = [one.at.line for one in written if one not in self._reached and one.extension not in by_caller]
        if lines:
            some = ", ".join(map(str, lines[:_SHOWN_LINES])) + (" …" if len(lines) > _SHOWN_LINES else "")
            yield self.words.say(f"第 {some} 行永远走不到", f"no call comes to line {some}")

    def _cut(self, step: Step, edge: Edge) -> str:
        if edge.target is Outcome.END:
            return self.words.say(
                f"第 {step.at.line} 行之后没有下一步，来电被挂断",
                f"dead end: nothing follows line {step.at.line}; the caller is cut off",
            )
        return self.words.say(
            f"第 {step.at.line} 行要去的地方不存在，来电被挂断",
            f"line {step.at.line} leads to a place that is not there; the caller is cut off",
        )

    @cached_property
    def _reached(self) -> frozenset[Step]:
        """From everywhere that anything enters, by every kind of way."""
        return self.flow.reach([*self.flow.roots(), *self.flow.entries(*self.starts, *self.doors)])

    def _ways(
        self, name: str, steps: Iterable[Step], folded: set[str], helper: Box | None
    ) -> Iterator[tuple[Box | None, Arrow]]:
        if helper is not None:
            yield helper, Arrow(name, helper.id, Way.FORK, (self.words.say("单位应答", "the target answers"),))
        people = helper.id if helper is not None else ""  # who has talked in this box when it goes on
        for step in steps:
            for edge in self._followed(step):
                other = _other(edge)
                if edge.target in _TALKS:
                    box = self._outcome(name, step, edge)
                    people = box.id if box is not None else ""
                if other and other not in folded:
                    why = self._reasons.why(edge)
                    talked = why and all(one.holds and _TALKED.search(one.condition) for one in why)
                    source = people if people and talked else name
                    yield None, Arrow(source, other, _WAYS.get(edge.kind, Way.GO), self._reasons.of(edge))
                elif edge.step is None and (box := self._outcome(name, step, edge)) is not None:
                    yield box, Arrow(name, box.id, Way.GO, self._reasons.of(edge))

    def _helped(self, order: Mapping[str, list[Step]], folded: set[str]) -> dict[str, Box]:
        """Where a caller stands when a leg that is not drawn brings somebody to him: context → whom."""
        found: dict[str, Box] = {}
        for name in [] if self.everything else order.keys() - folded:
            within = [name, *_called(name, order, folded, self._followed)]
            steps = [step for one in within for step in order[one]]
            forks = (edge.step for step in steps for edge in self._reasons.live(step) if edge.kind == "fork")
            if any(map(self._brings, self.flow.reach(one for one in forks if one is not None))):
                on = {_other(edge) for step in order[name] for edge in self._followed(step)} - {"", *folded}
                stands = on.pop() if len(on) == 1 else name  # who orders it and goes on waits there
                words = self.words.say("被呼叫的单位与来电人通话", "The target talks with the caller")
                found[stands] = Box(f"{stands}/target", Kind.HUMAN, words)
        return found

    def _brings(self, step: Step) -> bool:
        met = step.application.lower() in {"bridge", "bridgeadd"} and step.arguments.startswith("${CALLER}")
        return met and any(edge.target is Outcome.HUMAN for edge in self.flow.out(step))

    def _outcome(self, name: str, step: Step, edge: Edge) -> Box | None:
        say = self.words.say
        if edge.target is Outcome.QUEUE:
            return Box(f"{name}/operator", Kind.HUMAN, say("坐席与来电人通话", "An operator talks with the caller"))
        if edge.target is Outcome.HUMAN:
            called = self.teller.called(step)
            return Box(f"{name}/talk {called}", Kind.HUMAN, say(f"与{called}通话", f"Talks with {called}"))
        if edge.target is Outcome.AWAY:
            return Box("/away", Kind.AWAY, say("转到别的系统", "Another system takes the call"))
        if edge.target is Outcome.UNKNOWN and edge.kind != "gosub":
            return Box(f"{name}/unknown", Kind.AWAY, say("去向只在通话时才知道", "Only the call knows where to"))
        if edge.target in _ENDS:
            how = self.teller.cause(step) if edge.target is Outcome.HANGUP else say("被挂断", "is cut off")
            return Box(f"{name}/{how or 'end'}", Kind.END, say(f"通话{how or '结束'}", f"The call {how or 'ends'}"))
        return None

    def _idle(self, order: Mapping[str, object]) -> Iterator[Box]:
        """The site's own contexts that nothing leads to."""
        for name in self._hooks.idle:
            if name not in order:
                mark = self.words.say("没有来电会走到这里", "no way leads here")
                yield Box(name, Kind.SITE, self._title(name), name, self._at(name), marks=(mark,))


def _other(edge: Edge) -> str:
    """The context that the edge leads to, if it is another one."""
    return edge.step.context if edge.step is not None and edge.step.context != edge.source.context else ""


def _called(
    name: str, order: Mapping[str, list[Step]], folded: set[str], ways: Callable[[Step], Iterable[Edge]]
) -> Iterator[str]:
    """The folded contexts that one calls, and those that they call."""
    seen, waiting = set[str](), [name]
    while waiting:
        for step in order[waiting.pop()]:
            fresh = {other for edge in ways(step) if (other := _other(edge)) in folded} - seen
            seen |= fresh
            waiting += fresh
    yield from seen


def _merged(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """One arrow from a box to another, of each kind, with all the reasons."""
    found: dict[tuple[str, str, Way], Arrow] = {}
    for arrow in arrows:
        key = (arrow.source, arrow.target, arrow.way)
        known = found.get(key)
        words = (*known.words, *arrow.words) if known else arrow.words
        found[key] = replace(arrow, words=tuple(dict.fromkeys(words)))
    return tuple(found.values())


def _without_passages(drawing: Drawing) -> Drawing:
    """Without boxes in which nothing happens and that have one way on: what led to them leads on."""
    boxes, arrows = list(drawing.boxes), list(drawing.arrows)
    for box in drawing.boxes:
        out = [arrow for arrow in arrows if arrow.source == box.id]
        into = [arrow for arrow in arrows if arrow.target == box.id]
        empty = box.kind is Kind.CORE and not box.items and not box.marks
        if not empty or len(out) != 1 or not into or out[0].way is not Way.GO or out[0].target == box.id:
            continue
        if any(arrow.source == START or arrow.way in {Way.VISIT, Way.HOOK} for arrow in into):
            continue
        boxes.remove(box)
        arrows = [one for one in arrows if one not in into and one not in out]
        arrows += [replace(one, target=out[0].target, words=(*one.words, *out[0].words)) for one in into]
    return replace(drawing, boxes=tuple(boxes), arrows=_merged(arrows))

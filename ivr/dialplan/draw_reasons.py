"""Which ways of a flow a call of this site can take, and when it takes each, in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from ivr.dialplan import expressions
from ivr.dialplan.applications import assigned, bare
from ivr.dialplan.draw_words import Words
from ivr.dialplan.edges import TIME
from ivr.dialplan.flow import OWN, Edge, Flow
from ivr.dialplan.given import HOOKS, KNOWN
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Reference, parse, split, text_of

_FAR = 40  # steps that are looked back for a reason
_MANY = 5  # reasons that are told one by one; more are no reason that a person would read
_ARGUMENT = re.compile(r"ARG\d+")


class Reasons:
    """`entries`: where the calls come in. `whole`: is everything that sets variables known?

    Then one that nothing sets on the way is what the settings or the entrance have set it to, else empty.
    """

    def __init__(self, flow: Flow, words: Words, entries: Sequence[Step], whole: bool) -> None:
        self._flow, self._words, self._entries, self._whole = flow, words, entries, whole
        lines = [tuple(self._entrance(entry)) for entry in entries]
        inside = {step for line in lines for step in line}
        # What a step sets that could be come to may be anything; so may what another leg sets for all.
        reached = flow.reach(entries, follow=lambda edge: edge.kind in OWN)
        self._set = {bare(name) for step in reached - inside for name, _ in assigned(step)}
        everywhere = (name for step in flow.dialplan.steps() for name, _ in assigned(step))
        self._set |= {bare(name) for name in everywhere if name.upper().startswith("GLOBAL(")}
        self._constants = {name: one.value for name, one in flow.dialplan.globals.items()}
        agreed = self._agreed([self._given(line) for line in lines])
        self._constants |= agreed
        self._told_hooks = HOOKS & agreed.keys()  # on the caller's own leg these are as the entrance set them

    def _entrance(self, step: Step | None) -> Iterator[Step]:
        """The steps that every call of an entry runs first: as far as one follows the other whatever happens."""
        seen: set[Step] = set()
        while step is not None and step not in seen:
            seen.add(step)
            yield step
            on = {edge.step for edge in self._flow.out(step) if edge.kind in OWN - {"gosub"} and edge.step is not None}
            step = on.pop() if len(on) == 1 else None

    def _given(self, line: Iterable[Step]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for step in line:
            for name, value in assigned(step):
                text = None if value is None else self._flow.values.spelled(value)
                found[bare(name)] = None if text is None or "$" in text else text
        return found

    def _agreed(self, given: list[dict[str, str | None]]) -> dict[str, str]:
        """What all entries set alike; what they do not agree on is known of none."""
        agreed: dict[str, str] = {}
        for name in {name for one in given for name in one}:
            values = {one.get(name) for one in given}
            value = values.pop()
            if values or value is None:
                self._set.add(name)
            else:
                agreed[name] = value
        return agreed

    @cached_property
    def _dead(self) -> frozenset[Step]:
        """Steps that a way leads to, but none that the settings leave open."""
        starts = [*self._entries, *self._flow.roots()]
        alive = self._flow.reach(starts, follow=lambda edge: edge in self.live(edge.source))
        return self._flow.reach(starts) - alive

    def live(self, step: Step) -> Iterator[Edge]:
        """The ways on that the site's settings leave open."""
        for edge in self._flow.out(step):
            if not edge.condition or self.holds(edge) in {None, edge.holds}:
                yield edge

    def holds(self, edge: Edge) -> bool | None:
        """What the settings alone make of an edge's condition."""
        return None if edge.condition.startswith(TIME) else expressions.truth(parse(edge.condition), self._known)

    def _known(self, reference: Reference) -> str | None:
        """A variable that nothing sets but the settings and the entrance."""
        name = reference.literal
        if name == "DIALPLAN_EXISTS" and reference.arguments is not None and not reference.slice:
            return self._is_there(text_of(reference.arguments))
        if name is None or reference.arguments is not None or reference.slice:
            return None
        if name in self._set or _ARGUMENT.fullmatch(name) or (name in KNOWN and name not in self._told_hooks):
            return None
        return self._constants.get(name, "" if self._whole else None)

    def _is_there(self, place: str) -> str | None:
        if "$" in place:
            return None
        context, extension, where = ([*(part.strip() for part in split(place)), "", ""])[:3]
        step = self._flow.at(context, extension or "s", int(where) if where.isdigit() else where or 1)
        return "1" if step is not None else "0"

    def of(self, edge: Edge) -> tuple[str, ...]:
        """When a call takes this way, in words; nothing where it always does."""
        return tuple(dict.fromkeys(map(self._told, self.why(edge))))

    def why(self, edge: Edge) -> tuple[Edge, ...]:
        """The nearest branches on the way to an edge within its context; none where a way without one leads there."""
        found: list[Edge] = []
        waiting, seen = [edge], set[Step]()
        while waiting:
            here = waiting.pop(0)
            if here.kind in {"key", "timeout"} or (here.condition and self.holds(here) is None):
                found.append(here)
            elif here.source not in seen:
                seen.add(here.source)
                into = self._before(here.source)
                if not into or len(seen) > _FAR or len(found) + len(into) > _MANY:
                    return ()
                waiting += into
        return tuple(found)

    def _before(self, step: Step) -> list[Edge]:
        into = self._flow.into(step)
        if step.priority == 1 and any(edge.source.context != step.context for edge in into):
            return []
        own = OWN - {"gosub"}
        inside = [edge for edge in into if edge.source.context == step.context and edge.kind in own]
        live = [edge for edge in inside if edge.source not in self._dead and edge in self.live(edge.source)]
        if len(live) > 1 and len({edge.source for edge in live}) == 1:  # whatever the condition, the way is the same
            return [replace(live[0], condition="")]
        return live

    def _told(self, edge: Edge) -> str:
        if edge.kind == "key" and edge.step is not None and edge.step.context in self._words.keys:
            return self._words.pick(self._words.keys[edge.step.context]).replace("{key}", edge.key)
        if edge.kind in {"key", "timeout"} and edge.words is not None:
            return self._words.pick(edge.words)
        text = split(edge.source.arguments, "?", 2)[0]  # as it is written: an edge's own has the settings in it
        if edge.condition.startswith(TIME):
            return self._time(text, edge.holds)
        return self._words.condition(text, edge.holds)

    def _time(self, text: str, holds: bool) -> str:
        """GotoIfTime: `9:00-17:00,mon-fri,*,*`, `*` where it does not matter."""
        parts = " ".join(part.strip() for part in text.split(",")[:4] if part.strip() != "*")
        when = parts or self._words.say("任何时候", "any time")
        return when if holds else self._words.say(f"{when} 以外", f"outside {when}")

"""Which ways of a flow a call of this site can take, and when it takes each, in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan import expressions
from ivr.dialplan.draw_words import Words
from ivr.dialplan.edges import TIME
from ivr.dialplan.flow import OWN, Edge, Flow
from ivr.dialplan.given import KNOWN
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Reference, parse, split

_FAR = 40  # steps that are looked back for a reason
_MANY = 3  # ways that come together and are still told one by one
_ARGUMENT = re.compile(r"ARG\d+")


class Reasons:
    """`whole`: is everything that sets variables known? Then one that nothing sets is empty."""

    def __init__(self, flow: Flow, words: Words, whole: bool) -> None:
        self._flow, self._words, self._whole = flow, words, whole
        self._globals = {name: one.value for name, one in flow.dialplan.globals.items()}

    def live(self, step: Step) -> Iterator[Edge]:
        """The ways on that the site's settings leave open."""
        for edge in self._flow.out(step):
            if not edge.condition or self.holds(edge) in {None, edge.holds}:
                yield edge

    def holds(self, edge: Edge) -> bool | None:
        """What the settings alone make of an edge's condition."""
        return None if edge.condition.startswith(TIME) else expressions.truth(parse(edge.condition), self._known)

    def _known(self, reference: Reference) -> str | None:
        """A variable that nothing but the settings sets."""
        name = reference.literal
        if name is None or reference.arguments is not None or reference.slice:
            return None
        if name in KNOWN or name in self._flow.values.sets or _ARGUMENT.fullmatch(name):
            return None
        return self._globals.get(name, "" if self._whole else None)

    def of(self, edge: Edge) -> tuple[str, ...]:
        """When a call takes this way; nothing where it always does."""
        return tuple(dict.fromkeys(self._of(edge, frozenset(), _FAR)))

    def _of(self, edge: Edge, seen: frozenset[Step], far: int) -> tuple[str, ...]:
        if edge.kind == "key" and edge.step is not None and edge.step.context in self._words.keys:
            return (self._words.pick(self._words.keys[edge.step.context]).replace("{key}", edge.key),)
        if edge.kind in {"key", "timeout"} and edge.words is not None:
            return (self._words.pick(edge.words),)
        if edge.condition and self.holds(edge) is None:
            return (self._told(edge),)
        return self._before(edge.source, seen, far)

    def _before(self, step: Step, seen: frozenset[Step], far: int) -> tuple[str, ...]:
        """The nearest condition on the way to a step within its context; nothing where a way without one leads here."""
        into = [
            edge
            for edge in self._flow.into(step)
            if edge.source.context == step.context and edge.kind in OWN - {"gosub"} and edge in self.live(edge.source)
        ]
        entered = any(edge.source.context != step.context for edge in self._flow.into(step))
        if not into or len(into) > _MANY or step in seen or far == 0 or (step.priority == 1 and entered):
            return ()
        if len({edge.source for edge in into}) == 1 and len(into) > 1:  # whatever the condition, the way is the same
            return self._before(into[0].source, seen | {step}, far - 1)
        told = [self._of(edge, seen | {step}, far - 1) for edge in into]
        return tuple(word for words in told for word in words) if all(told) else ()

    def _told(self, edge: Edge) -> str:
        text = split(edge.source.arguments, "?", 2)[0]  # as it is written: an edge's own has the settings in it
        if edge.condition.startswith(TIME):
            return self._time(text, edge.holds)
        return self._words.condition(text, edge.holds)

    def _time(self, text: str, holds: bool) -> str:
        """GotoIfTime: `9:00-17:00,mon-fri,*,*`, `*` where it does not matter."""
        parts = " ".join(part.strip() for part in text.split(",")[:4] if part.strip() != "*")
        when = parts or self._words.say("任何时候", "any time")
        return when if holds else self._words.say(f"{when} 以外", f"outside {when}")

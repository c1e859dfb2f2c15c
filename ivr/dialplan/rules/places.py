"""Places that are not there, and steps that no call can come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ivr.dialplan import match, words
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.destinations import Place
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import Context, Step
from ivr.dialplan.parts import references, split, text_of

_ENDS = frozenset(("goto", "hangup", "return", "busy", "congestion"))  # nothing goes on to the next step
_BRANCHES = frozenset(("gotoif", "gotoiftime"))
_LANDINGS = frozenset(("endwhile", "endif", "else", "elseif"))  # While and If look for them by themselves


def places_that_are_not_there(checked: Checked) -> Iterator[Finding]:
    """Goto, Gosub, options of Dial and Queue, hangup handlers …, as far as their literal parts prove it."""
    asked = {name: _asked_for(context) for name, context in checked.contexts.items()}
    for step, wanted in checked.named:
        if wanted.context not in asked[step.context] and checked.map.lacks(wanted):
            told = ",".join(part for part in (wanted.context, wanted.extension, wanted.where) if part)
            yield found(step.at, "no-such-place", place=told, like=_like(checked, wanted))


def _asked_for(context: Context) -> set[str]:
    """The contexts that its steps ask for by DIALPLAN_EXISTS before they go there: they may be missing."""
    return {
        split(text_of(one.arguments))[0].strip()
        for step in context.steps
        if "DIALPLAN_EXISTS(" in step.arguments
        for one in references(step.arguments)
        if one.literal == "DIALPLAN_EXISTS" and one.arguments
    }


def _like(checked: Checked, wanted: Place) -> str:
    """` (name?)`: what may be meant."""
    context = checked.contexts.get(wanted.context)
    if context is None:
        return checked.like(wanted.context, checked.contexts)
    labels = (step.label for step in context.steps if step.label)
    return checked.like(wanted.where, labels) or checked.like(wanted.extension, context.extensions())


def steps_that_are_never_reached(checked: Checked) -> Iterator[Finding]:
    """A gap in the priorities, or a step behind Goto, Hangup, Return …; the first of those that follow each other.

    A label is a way in (AMI and programs use it), so is any step that names the place.
    """
    ways = _Ways(checked)
    for context in checked.contexts.values():
        for steps in _extensions(context):
            by_priority = {step.priority: step for step in reversed(steps)}  # of two Asterisk keeps the first
            dead: set[int] = set()
            for priority, step in sorted(by_priority.items()):
                before = by_priority.get(priority - 1)
                if priority == 1 or step.label or step.application.lower() in _LANDINGS:
                    continue
                if before is None and (ways.continues(context, step) or checked.is_broken_before(step)):
                    continue
                if before is not None and priority - 1 not in dead and not _ends(before):
                    continue
                if ways.lead_to(step):
                    continue
                dead.add(priority)
                if before is None:
                    yield found(step.at, "never-reached-gap", place=step.place, before=priority - 1)
                elif priority - 1 not in dead:
                    yield found(step.at, "never-reached", place=step.place, before=before.application)


def _ends(step: Step) -> bool:
    application = step.application.lower()
    if application in _BRANCHES:
        branches = split(split(step.arguments, "?", 2)[-1], ":", 2)
        return len(branches) == 2 and all(branch.strip() for branch in branches)
    return application in _ENDS


def _extensions(context: Context) -> Iterator[list[Step]]:
    groups: dict[tuple[str, str | None], list[Step]] = defaultdict(list)
    for step in context.steps:
        groups[step.extension, step.caller].append(step)
    yield from groups.values()


class _Ways:
    """Every jump of the dialplan to a numbered priority, and which contexts are one for Asterisk through includes."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._jumps: dict[str, list[Place]] | None = None
        self._family: dict[str, set[str]] | None = None

    def lead_to(self, step: Step) -> bool:
        if self._jumps is None:
            self._jumps = defaultdict(list)
            for place in dict.fromkeys(place for _, place in self._checked.named):
                if place.where.isdecimal() or not words.is_literal(place.where):
                    self._jumps[place.context if words.is_literal(place.context) else ""].append(place)
        return any(_names(jump, step) for name in (step.context, "") for jump in self._jumps.get(name, ()))

    def continues(self, context: Context, step: Step) -> bool:
        """Is the priority before it written in a context that includes this one, or that this one includes?"""
        return any(
            other.extension == step.extension and other.priority == step.priority - 1
            for name in self._relatives(context.name)
            for other in self._checked.contexts[name].steps
        )

    def _relatives(self, name: str) -> set[str]:
        if self._family is None:
            self._family = defaultdict(set)
            for context in self._checked.contexts.values():
                for one in match.reached(self._checked.dialplan, context.name):
                    if one.name != context.name and one.name in self._checked.contexts:
                        self._family[context.name].add(one.name)
                        self._family[one.name].add(context.name)
        return self._family.get(name, set())


def _names(jump: Place, step: Step) -> bool:
    if jump.where.isdecimal() and int(jump.where[:9]) != step.priority:
        return False
    if not words.shape(jump.context).fits(step.context):
        return False
    if not words.is_literal(jump.extension):
        return True
    return jump.extension == step.extension or match.matches(step.extension, jump.extension)

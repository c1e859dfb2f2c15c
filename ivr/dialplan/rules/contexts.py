"""Contexts and extensions that are written twice, and contexts that include what is not there, or themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import At, Context

_MODULES_OWN = frozenset(("parkedcalls",))  # contexts that a module of Asterisk makes


def contexts_written_twice(checked: Checked) -> Iterator[Finding]:
    """A second heading of the same name without `(+)`: somebody's steps end up among another's."""
    for context in checked.dialplan.contexts.values():
        for section in context.sections[1:]:
            if not section.adds and not _core_and_site(checked, context):
                yield found(section.at, "context-twice", name=context.name, first=_short(context.at))


def _core_and_site(checked: Checked, context: Context) -> bool:
    """Told by its own rule."""
    return checked.site is not None and len({checked.of_core(section.at) for section in context.sections}) == 2


def steps_written_twice(checked: Checked) -> Iterator[Finding]:
    """The same priority or label of the same extension twice: Asterisk keeps the first and drops the other."""
    for context in checked.contexts.values():
        seen: dict[tuple[object, ...], At] = {}
        for step in context.steps:
            place = (step.extension, step.caller, step.priority)
            label = (step.extension, step.caller, step.label)
            if place in seen:
                yield found(step.at, "step-twice", place=step.place, first=_short(seen[place]))
            elif step.label is not None and label in seen:
                yield found(step.at, "label-twice", name=step.label, first=_short(seen[label]))
            seen.setdefault(place, step.at)
            if step.label is not None:
                seen.setdefault(label, step.at)


def includes_of_nothing(checked: Checked) -> Iterator[Finding]:
    for context in checked.contexts.values():
        for one in context.includes:
            name = one.name.split(",")[0].strip()
            if one.kind == "include" and name not in checked.contexts and name not in _MODULES_OWN:
                yield found(one.at, "no-such-context", name=name)


def includes_in_a_circle(checked: Checked) -> Iterator[Finding]:
    """Each circle once, at the include that closes it. Without recursion: dialplans may be deep."""
    done: set[str] = set()
    for start in checked.contexts:
        path: dict[str, None] = {}  # in its order
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            name, leave = waiting.pop()
            if leave:
                path.popitem()
                done.add(name)
                continue
            if name in done or name in path:
                continue
            path[name] = None
            waiting.append((name, True))
            for one in checked.contexts[name].includes if name in checked.contexts else ():
                target = one.name.split(",")[0].strip()
                if one.kind == "include" and target in path:
                    yield found(one.at, "include-loop", way=_way(list(path), target))
                elif one.kind == "include":
                    waiting.append((target, False))


def _short(at: At) -> str:
    return f"{at.file.name}:{at.line}"


def _way(path: list[str], target: str) -> str:
    circle = [*path[path.index(target) :], target]
    return " → ".join(circle if len(circle) <= 10 else [*circle[:5], "…", *circle[-4:]])

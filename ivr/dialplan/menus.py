"""Where a caller chooses by a key: the steps that ask, and how many keys mean something different. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan.applications import runs
from ivr.dialplan.flow import OWN, Flow
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Reference, references

_COMPARED = r'"?\$\{%s\}"?\s*!?=\s*"?([^"\]&|]*)"?'


def menu(step: Step, flow: Flow) -> frozenset[Step]:
    """What makes it the same menu that is asked again: the places that its keys lead to, or the Read itself."""
    keyed = frozenset(edge.step for edge in flow.out(step) if edge.kind == "key" and edge.step is not None)
    return keyed or frozenset({step})


def choices(step: Step, flow: Flow) -> int:
    """How many keys lead to something of their own; 0 for a step that asks nothing."""
    keys = {edge.key for edge in flow.out(step) if edge.kind == "key"} - {"i"}
    if keys and not any(run.application == "queue" for run in runs(step)):
        return len(keys)
    return max((_compared(run.argument(0), step, flow) for run in runs(step) if run.application == "read"), default=0)


def _compared(name: str, step: Step, flow: Flow) -> int:
    """Keys that the steps behind a Read tell apart; a name or a place that is made of the key counts as many."""
    if not name:
        return 0
    told: set[str] = set()
    for behind in _until_next_read(step, name, flow):
        text = behind.arguments
        told |= {word for word in re.findall(_COMPARED % re.escape(name), text) if word}
        for reference in references(text):
            if any(isinstance(part, Reference) and part.literal == name for part in reference.name):
                return MANY
        if behind.application.lower() in {"goto", "gosub"} and f"${{{name}}}" in text.partition("(")[0]:
            return MANY
    return len(told)


MANY = 10


def _until_next_read(step: Step, name: str, flow: Flow) -> Iterator[Step]:
    seen, waiting = {step}, [step]
    while waiting:
        for edge in flow.out(waiting.pop()):
            target = edge.step
            if target is None or target in seen or edge.kind not in OWN:
                continue
            seen.add(target)
            asks = any(run.application == "read" and run.argument(0) == name for run in runs(target))
            if not asks:
                yield target
                waiting.append(target)

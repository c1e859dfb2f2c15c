"""Places that are not there, that cannot be reached, or that are written twice."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ivr.dialplan import destinations
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.destinations import Place
from ivr.dialplan.findings import Finding


def places_that_are_not_there(checked: Checked) -> Iterator[Finding]:
    """Goto, Gosub, options of Dial and Queue, hangup handlers …, as far as their literal parts prove it."""
    for context in checked.contexts.values():
        for step in context.steps:
            for wanted in destinations.named(step):
                if destinations.is_missing(checked.dialplan, checked.contexts, wanted):
                    told = ",".join(part for part in (wanted.context, wanted.extension, wanted.where) if part)
                    yield found(step.at, "no-such-place", place=told, like=_like(checked, wanted))


def _like(checked: Checked, wanted: Place) -> str:
    """` (name?)`: what may be meant."""
    context = checked.contexts.get(wanted.context)
    if context is None:
        near = difflib.get_close_matches(wanted.context, checked.contexts, 1)
    else:
        known = [one for step in context.steps for one in (step.extension, step.label) if one]
        near = difflib.get_close_matches(wanted.where, known, 1) or difflib.get_close_matches(
            wanted.extension, known, 1
        )
    return f" ({near[0]}?)" if near else ""

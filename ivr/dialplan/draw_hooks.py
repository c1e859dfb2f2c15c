"""Where core asks the site (dialplans/core/hooks.conf), told by core's steps: there stand the site's boxes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from ivr.dialplan import destinations
from ivr.dialplan.checked import SITE
from ivr.dialplan.flow import Flow
from ivr.dialplan.model import Step
from ivr.dialplan.words import shape as shape_of

GATE = "hook"  # core's context that runs a hook, by the name that is its argument

_ASKS = re.compile(rf"(?:^|[?:,\s]){GATE},s,1\(([^()]*)\)")
_CALLS = re.compile(rf"\$\{{SITE\}}{SITE}([a-z0-9-]+)(?=,)")


class Hooks:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._there = [name for name in flow.dialplan.contexts if name.startswith(SITE)]

    def asked(self, step: Step) -> Iterator[Step]:
        """The first steps of the site's contexts that this step of core's asks for, as far as the site has them."""
        if step.context.startswith(SITE):
            return
        for found in (*_ASKS.finditer(step.arguments), *_CALLS.finditer(step.arguments)):
            shape = shape_of(SITE + found[1])
            for name in self._there:
                entry = self._flow.at(name) if shape.fits(name) else None
                if entry is not None:
                    yield entry

    @cached_property
    def entered(self) -> tuple[Step, ...]:
        """By any step of core's."""
        asking = (entry for step in self._flow.dialplan.steps() for entry in self.asked(step))
        return tuple(dict.fromkeys(asking))

    @cached_property
    def idle(self) -> tuple[str, ...]:
        """Contexts of the site's that neither core nor what core asks for comes to. Templates are none."""
        outside = [step for step in self._flow.roots() if not step.context.startswith(SITE)]
        known = {step.context for step in self._flow.reach([*outside, *self.entered])}
        waiting = self.entered
        while waiting:
            steps = self._flow.reach(waiting)
            known |= {step.context for step in steps}
            named = {shape_of(one.context) for step in steps for one in destinations.named(step)}
            fitting = {name for name in self._there for one in named if one.fits(name)} - known
            waiting = tuple(entry for name in fitting for entry in self._flow.entries(name))
            known |= fitting
        contexts = self._flow.dialplan.contexts
        return tuple(
            name
            for name in self._there
            if name not in known and contexts[name].steps and not all(one.template for one in contexts[name].sections)
        )

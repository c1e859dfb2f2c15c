"""What the rules look at: a dialplan together with everything it may name."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from ivr.dialplan import destinations, names
from ivr.dialplan.destinations import Map, Place
from ivr.dialplan.flow import Flow
from ivr.dialplan.model import At, Context, Dialplan, Step
from ivr.dialplan.names import Names
from ivr.dialplan.taint import Taint
from ivr.settings import Site

SITE = "site-"  # every context of a site begins so, none of core's does
SUGGESTIONS = 200  # of names that may be meant


@dataclass(frozen=True)
class Checked:
    """A dialplan under check. Pure: what is on the disk has been read before.

    `site` is None where files are judged by themselves, as any Asterisk's dialplan (`core` is empty then).
    """

    dialplan: Dialplan
    site: Site | None = None
    core: frozenset[Path] = frozenset()  # the product's own files
    altered: Mapping[Path, int] = field(
        default_factory=dict
    )  # core's files that are not the product's: first such line
    prompts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # language → prompt → its seconds
    scripts: frozenset[str] = frozenset()  # AGI programs of this machine, as the dialplan names them
    questions: frozenset[str] = frozenset()  # what FastAGI answers, as in agi://host/NAME
    names: Names = field(default_factory=names.known)

    def of_core(self, at: At) -> bool:
        return at.file in self.core

    def of_site(self, at: At) -> bool:
        """Written by the site: neither core's nor rendered from the settings."""
        return at.file not in self.core and at.file.name != RENDERED

    @cached_property
    def contexts(self) -> Mapping[str, Context]:
        """Those that Asterisk makes: templates are none."""
        return {
            name: context
            for name, context in self.dialplan.contexts.items()
            if not all(section.template for section in context.sections)
        }

    @cached_property
    def flow(self) -> Flow:
        """Where each step leads. Made when the first rule asks."""
        return Flow(self.dialplan)

    @cached_property
    def map(self) -> Map:
        return Map(self.dialplan, self.contexts)

    @cached_property
    def named(self) -> Sequence[tuple[Step, Place]]:
        """Every place that a step names."""
        return [
            (step, place)
            for context in self.contexts.values()
            for step in context.steps
            for place in destinations.named(step)
        ]

    def like(self, name: str, known: Iterable[str]) -> str:
        """` (name?)`: the known name that is most like it. Only some are looked for, and not among thousands."""
        self._asked.append(name)
        if len(self._asked) > SUGGESTIONS:
            return ""
        near = difflib.get_close_matches(name, list(islice(known, SUGGESTIONS * 10)), 1)
        return f" ({near[0]}?)" if near else ""

    @cached_property
    def _asked(self) -> list[str]:
        return []

    def is_broken_before(self, step: Step) -> bool:
        """Is the line with a fault that stands right above it the reason why a step is missing?"""
        steps, faults = self._lines
        above, broken = steps.get(step.at.file, []), faults.get(step.at.file, [])
        before = bisect_left(broken, step.at.line)
        if not before:
            return False
        last = bisect_left(above, step.at.line)
        return not last or above[last - 1] < broken[before - 1]

    @cached_property
    def _lines(self) -> tuple[Mapping[Path, list[int]], Mapping[Path, list[int]]]:
        """The lines of steps and of faults, by file."""
        steps, faults = defaultdict[Path, list[int]](list), defaultdict[Path, list[int]](list)
        for step in self.dialplan.steps():
            steps[step.at.file].append(step.at.line)
        for fault in self.dialplan.faults:
            faults[fault.at.file].append(fault.at.line)
        for lines in (*steps.values(), *faults.values()):
            lines.sort()
        return steps, faults

    @cached_property
    def taint(self) -> Taint:
        """What callers may have put where."""
        roots = self.flow.roots() if self.site is not None else self.dialplan.steps()
        return Taint(self.flow, roots)


RENDERED = "extensions.conf"  # the globals, made from hotline.toml

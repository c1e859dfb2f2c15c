"""What the rules look at: a dialplan together with everything it may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ivr.dialplan import names
from ivr.dialplan.flow import Flow
from ivr.dialplan.model import At, Context, Dialplan, Step
from ivr.dialplan.names import Names
from ivr.settings import Site

SITE = "site-"  # every context of a site begins so, none of core's does


@dataclass(frozen=True)
class Checked:
    """A dialplan under check. Pure: what is on the disk has been read before.

    `site` is None where files are judged by themselves, as any Asterisk's dialplan (`core` is empty then).
    """

    dialplan: Dialplan
    site: Site | None = None
    core: frozenset[Path] = frozenset()  # the product's own files
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

    def is_broken_before(self, step: Step) -> bool:
        """Is the line with a fault that stands right above it the reason why a step is missing?"""
        lines = self._lines_of_steps.get(step.at.file, ())
        above = max((line for line in lines if line < step.at.line), default=0)
        return any(
            fault.at.file == step.at.file and above < fault.at.line < step.at.line for fault in self.dialplan.faults
        )

    @cached_property
    def _lines_of_steps(self) -> Mapping[Path, tuple[int, ...]]:
        lines: dict[Path, list[int]] = {}
        for step in self.dialplan.steps():
            lines.setdefault(step.at.file, []).append(step.at.line)
        return {file: tuple(some) for file, some in lines.items()}


RENDERED = "extensions.conf"  # the globals, made from hotline.toml

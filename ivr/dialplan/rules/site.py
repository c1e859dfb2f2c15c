"""What a site's files may not be: core's contexts, other names than `site-…`, Asterisk's own sections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ivr.dialplan import words
from ivr.dialplan.checked import SITE, Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import At, Context

HOOKS = ("before-greeting", "before-queue", "while-waiting", "after-call", "before-transfer", "hours")
NUMBER = re.compile(r"site-(number-[0-9]{2,15}|key-[0-9])")  # ivr/pbx/own.py


def names_of_core_in_the_site(checked: Checked) -> Iterator[Finding]:
    """Core and site share no context: what the site adds there would change every call (guard)."""
    for context in checked.dialplan.contexts.values():
        if any(checked.of_core(section.at) for section in context.sections):
            for section in context.sections:
                if checked.of_site(section.at):
                    yield found(section.at, "core-context", name=context.name)


def names_that_are_not_the_sites(checked: Checked) -> Iterator[Finding]:
    """A site's context is named `site-…`."""
    for context in checked.dialplan.contexts.values():
        if context.name.startswith(SITE) or any(checked.of_core(section.at) for section in context.sections):
            continue
        for section in context.sections:
            if checked.of_site(section.at):
                yield found(section.at, "site-name", name=context.name)


def sections_of_asterisk(checked: Checked) -> Iterator[Finding]:
    """[general] and [globals] are made from the settings."""
    for section in checked.dialplan.reserved:
        if checked.of_site(section.at):
            yield found(section.at, "reserved-section", name=section.name)


def lines_in_another_files_context(checked: Checked) -> Iterator[Finding]:
    """What stands above a file's first heading goes on in the last context of the file before it: in core's."""
    first: dict[Path, int] = {}
    for context in checked.dialplan.contexts.values():
        for section in (*context.sections, *checked.dialplan.reserved):
            first[section.at.file] = min(section.at.line, first.get(section.at.file, section.at.line))
    told: set[Path] = set()
    for context in checked.dialplan.contexts.values():
        for at, text in _lines(context):
            above = at.line < first.get(at.file, at.line + 1)
            if above and checked.of_site(at) and at.file.suffix == ".conf" and at.file not in told:
                told.add(at.file)
                yield found(at, "no-heading", name=context.name, text=text)


def _lines(context: Context) -> Iterator[tuple[At, str]]:
    for step in (*context.steps, *context.hints):
        yield step.at, f"{step.extension},{step.priority},{step.application}({step.arguments})"
    for one in context.includes:
        yield one.at, f"{one.kind} => {one.name}"


def contexts_that_nobody_enters(checked: Checked) -> Iterator[Finding]:
    """Neither a hook nor named by any step or include: most often a hook's name that is written wrong."""
    entered = entrances(checked)
    included = {one.name.split(",")[0] for each in checked.contexts.values() for one in each.includes}
    for name, context in checked.contexts.items():
        if name.startswith(SITE) and checked.of_site(context.at) and name not in included and not entered(name):
            yield found(context.at, "never-entered", name=name, like=checked.like(name, (SITE + one for one in HOOKS)))


def entrances(checked: Checked) -> Callable[[str], bool]:
    """Can a call come to this context by a hook, as a number of the site's own, or from a step? (Includes apart.)"""
    named = {place.context for _, place in checked.named}
    # Of contexts that `${…}` decides only those count that are a site's by their literal part.
    shapes = [words.shape(name) for name in named if not words.is_literal(name) and name.startswith(SITE)]

    def entered(name: str) -> bool:
        return (
            name.removeprefix(SITE) in HOOKS
            or NUMBER.fullmatch(name) is not None
            or name in named
            or any(shape.fits(name) for shape in shapes)
        )

    return entered

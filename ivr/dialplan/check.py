"""Judges a dialplan by every rule. Pure; `ivr.dialplan.gather` reads what it needs from the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ivr.dialplan import suppress
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding, Report
from ivr.dialplan.model import At
from ivr.dialplan.rules import (
    arguments,
    contexts,
    greeting,
    guards,
    hangups,
    injection,
    loops,
    names,
    patterns,
    places,
    prompts,
    site,
    syntax,
    tollfraud,
    variables,
)

Rule = Callable[[Checked], Iterator[Finding]]

LONGEST = 20_000  # steps; a city's whole dialplan has some hundred


def is_too_large(checked: Checked) -> bool:
    return sum(len(context.steps) for context in checked.dialplan.contexts.values()) > LONGEST


def too_large_to_follow(checked: Checked) -> Iterator[Finding]:
    """Told, never passed over: what was not followed is not known to be sound."""
    if is_too_large(checked):
        yield found(At(checked.dialplan.files[0], 1), "not-followed", limit=LONGEST)


# Rules for every dialplan, also one that is no site's of this hotline.
RULES: tuple[Rule, ...] = (
    syntax.faults,
    syntax.headings_that_add_to_nothing,
    syntax.bytes_that_are_no_utf8,
    places.places_that_are_not_there,
    places.steps_that_are_never_reached,
    contexts.contexts_written_twice,
    contexts.steps_written_twice,
    contexts.includes_of_nothing,
    contexts.includes_in_a_circle,
    names.applications_that_are_not_there,
    names.functions_that_are_not_there,
    arguments.arguments,
    arguments.expressions_that_are_open,
    patterns.patterns_that_are_wrong,
    patterns.extensions_that_are_shadowed,
    too_large_to_follow,
)
# Rules that follow a call's way, for every dialplan.
WAYS: tuple[Rule, ...] = (
    injection.in_expressions,
    injection.in_shells,
    injection.in_dials,
    injection.in_scripts,
    injection.in_code,
    loops.endless,
)
# Rules for a site's dialplans over core: they need `Checked.site`.
SITE_RULES: tuple[Rule, ...] = (
    names.scripts_that_are_not_there,
    patterns.patterns_that_swallow,
    patterns.numbers_that_are_taken,
    patterns.extensions_that_an_include_hides,
    site.names_of_core_in_the_site,
    site.names_that_are_not_the_sites,
    site.sections_of_asterisk,
    site.lines_in_another_files_context,
    site.contexts_that_nobody_enters,
    guards.core_as_it_came,
)
# Those of a site's dialplans. What the endpoints and programs of others set or do is not known.
SITE_WAYS: tuple[Rule, ...] = (
    variables.unset,
    greeting.deep_menus,
    prompts.missing,
    tollfraud.outside,
    greeting.too_long,
    greeting.closed_by_time,
    hangups.on_the_hotline,
    hangups.in_hooks,
    guards.core_calls_its_hooks,
    guards.emergency_key,
    guards.nothing_blind,
    guards.scripts_have_a_way_out,
)


def check(checked: Checked, said: Iterable[Finding] = ()) -> Report:
    """Every finding, each place and code once, without what the files allow.

    `said`: what Asterisk itself says, which counts where no rule has found anything.
    """
    rules = RULES if checked.site is None else RULES + SITE_RULES
    if not is_too_large(checked):
        rules += WAYS if checked.site is None else WAYS + SITE_WAYS
    ours = [finding for rule in rules for finding in rule(checked)]
    known = {(finding.file, finding.line) for finding in ours}
    broken = any(finding.severity == "error" for finding in ours)
    others = [
        finding
        for finding in said
        if (finding.file, finding.line) not in known and not (broken and finding.code == "asterisk-refuses")
    ]
    return suppress.sift(checked.dialplan, _once([*ours, *others]))


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: set[tuple[object, ...]] = set()
    for finding in findings:
        key = (finding.file, finding.line, finding.code, finding.message["en"])
        if key not in seen:
            seen.add(key)
            yield finding

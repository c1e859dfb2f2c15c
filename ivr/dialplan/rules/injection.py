"""What a caller types, dials or calls himself must not become words of the dialplan, a shell or a dial string."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan import alphabet
from ivr.dialplan.applications import Run, runs
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import Step
from ivr.dialplan.parts import Plain, Reference, expressions, parse, references, text_of

# Letters that mean nothing at each place; any other that a caller may choose is a finding.
SAFE_IN_EXPRESSION = alphabet.WORD
SAFE_IN_SHELL = alphabet.WORD | alphabet.of("+.,:=@/-")
SAFE_IN_DIAL = alphabet.WORD | alphabet.of("+*#.-")
SAFE_IN_AGI = alphabet.ANY & ~alphabet.of(',"\n\r\0')
SAFE_IN_CODE = alphabet.WORD | alphabet.of("-")

SHELLS = {"system": 0, "trysystem": 0, "mixmonitor": 2}  # application → which argument is a command; 0: all of it
DIALS = frozenset({"dial", "retrydial", "originate", "page", "addqueuemember"})
SCRIPTS = frozenset({"agi", "eagi", "deadagi"})


def in_expressions(checked: Checked) -> Iterator[Finding]:
    """Unquoted in `$[…]`: an empty value is a syntax error, and an operator changes what is asked."""
    for step in checked.dialplan.steps():
        for expression in expressions(step.arguments):
            for reference in _unquoted(expression.inside):
                if checked.taint.part(reference, step) & ~SAFE_IN_EXPRESSION:
                    yield found(step.at, "unquoted-in-expression", what=reference.raw)


def in_shells(checked: Checked) -> Iterator[Finding]:
    for step in checked.dialplan.steps():
        commands = [
            run.argument(2) if SHELLS[run.application] else run.text for run in runs(step) if run.application in SHELLS
        ]
        for text in (*commands, *_within(step, "SHELL")):
            yield from _judged(checked, step, text, SAFE_IN_SHELL, "caller-data-in-shell")


def in_dials(checked: Checked) -> Iterator[Finding]:
    """A `&`, `/`, `@` or `,` of the caller's would dial what he wants, with options of his choice."""
    for step in checked.dialplan.steps():
        for run in runs(step):
            if run.application in DIALS:
                text = run.argument(1 if run.application == "addqueuemember" else 0)
                yield from _judged(checked, step, text, SAFE_IN_DIAL, "caller-data-in-dial")


def in_scripts(checked: Checked) -> Iterator[Finding]:
    """A comma of the caller's adds arguments to a script; a line break adds lines to what it reads."""
    for step in checked.dialplan.steps():
        for run in runs(step):
            if run.application in SCRIPTS:
                yield from _judged(checked, step, run.text, SAFE_IN_AGI, "caller-data-in-agi")


def in_code(checked: Checked) -> Iterator[Finding]:
    """A place to go to, an application's or a variable's name, or EVAL: the caller would write dialplan."""
    for step in checked.dialplan.steps():
        for run in runs(step):
            for text in _code(run):
                yield from _judged(checked, step, text, SAFE_IN_CODE, "caller-data-as-code")
        for text in _within(step, "EVAL"):
            yield from _judged(checked, step, text, SAFE_IN_CODE, "caller-data-as-code")


def _within(step: Step, function: str) -> Iterator[str]:
    for reference in references(step.arguments):
        if reference.literal == function and reference.arguments:
            yield text_of(reference.arguments)


def _code(run: Run) -> Iterator[str]:
    if run.application in {"exec", "tryexec"}:
        yield run.text.partition("(")[0]
    elif run.application in {"goto", "gosub"} and len(run.arguments) > 2:
        yield run.argument(0)
    elif run.application == "set":
        head = parse(run.text.partition("=")[0])
        if head and isinstance(head[0], Reference):
            yield head[0].raw


def _judged(checked: Checked, step: Step, text: str, safe: int, code: str) -> Iterator[Finding]:
    taint = checked.taint
    if taint.of(text, step) & ~safe:
        what = next((one.raw for one in references(text) if taint.part(one, step) & ~safe), text)
        yield found(step.at, code, what=what, where=step.application)


def _unquoted(parts: tuple[Plain | Reference | object, ...]) -> Iterator[Reference]:
    quoted = False
    for part in parts:
        if isinstance(part, Plain):
            quoted ^= part.text.count('"') % 2 == 1
        elif isinstance(part, Reference) and not quoted:
            yield part

"""What the reader could not take as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import At


def faults(checked: Checked) -> Iterator[Finding]:
    """The reader's own faults: their kinds are codes."""
    for fault in checked.dialplan.faults:
        yield found(fault.at, fault.kind, text=fault.text)


def headings_that_add_to_nothing(checked: Checked) -> Iterator[Finding]:
    """`[name](+)` where no `[name]` stands before it: Asterisk's config reader gives the whole file up."""
    for context in checked.dialplan.contexts.values():
        if context.sections[0].adds:
            yield found(context.at, "adds-to-nothing", name=context.name)


def bytes_that_are_no_utf8(checked: Checked) -> Iterator[Finding]:
    """Each file once, at its first line with such bytes (GBK, most often)."""
    first: dict[Path, At] = {}
    for at, text in (
        *((step.at, step.arguments) for step in checked.dialplan.steps()),
        *((comment.at, comment.text) for comment in checked.dialplan.comments),
    ):
        if "\ufffd" in text and (at.file not in first or at.line < first[at.file].line):
            first[at.file] = at
    yield from (found(at, "not-utf8") for at in first.values())

"""What the reader could not take as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding


def faults(checked: Checked) -> Iterator[Finding]:
    """The reader's own faults: their kinds are codes."""
    for fault in checked.dialplan.faults:
        yield found(fault.at, fault.kind, text=fault.text)


def headings_that_add_to_nothing(checked: Checked) -> Iterator[Finding]:
    """`[name](+)` where no `[name]` stands before it: Asterisk's config reader gives the whole file up."""
    for context in checked.dialplan.contexts.values():
        if context.sections[0].adds:
            yield found(context.at, "adds-to-nothing", name=context.name)

"""What is found in a dialplan: where, how bad, what is wrong, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ivr.settings import Text

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that a person should look at. `code` is stable: suppressions, scripts and pages name it.

    `error`: calls suffer, or Asterisk does not load it. `warning`: probably not meant. `note`: worth knowing.
    """

    file: Path
    line: int  # from 1
    code: str
    severity: Severity
    message: Text
    mend: Text


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that the dialplan's author has allowed, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a check found, in the order of files and lines."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "error")

"""One kind of finding."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialplan.findings import Severity
from ivr.settings import Text


@dataclass(frozen=True, slots=True)
class Code:
    """`guard`: no file can allow it. `message` and `mend` have places like `{name}` for the facts of the finding."""

    severity: Severity
    message: Text
    mend: Text
    guard: bool = False


def code(severity: Severity, message: tuple[str, str], mend: tuple[str, str], *, guard: bool = False) -> Code:
    """Words as (Chinese, English)."""
    return Code(
        severity,
        dict(zip(("zh", "en"), message, strict=True)),
        dict(zip(("zh", "en"), mend, strict=True)),
        guard,
    )

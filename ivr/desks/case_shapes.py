"""The shapes that what is said of a case is made of, whatever kind of event says it."""

from __future__ import annotations

from ivr.schema import Schema, string

LINE = r"[^\x00-\x1f\x7f\u2028\u2029]*"  # no control characters
WORDS = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*"  # several lines

RESULTS = ("solved", "explained", "dispatched", "passed_on", "not_possible", "withdrawn")


def line(longest: int = 200) -> Schema:
    return string(LINE, longest, description="one line without control characters")


def written(longest: int) -> Schema:
    return string(WORDS, longest, description="no control characters")


def said(longest: int = 2000) -> Schema:
    """Words that may not be left out: a reason, a basis."""
    return string(r"(?=[\s\S]*\S)" + WORDS, longest, description="words, not only blanks")


ID = string(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", 64)
CASE_ID = string(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 36)
DESK = string(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}", 32)

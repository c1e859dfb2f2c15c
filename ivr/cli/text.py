"""Text for a terminal: nothing in it can steer the terminal, and columns stand straight with Chinese in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ivr.store.export import UNSHOWABLE


def clean(text: str) -> str:
    r"""The text with control characters written out: a line feed becomes `\n`, an escape `\x1b`."""
    return UNSHOWABLE.sub(lambda found: repr(found[0])[1:-1], text)


def width(text: str) -> int:
    """Columns that a terminal gives it: two for Chinese and emoji, none for combining marks."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def fit(text: str, columns: int) -> str:
    """Cut or padded to exactly so many columns; a cut ends in `…`."""
    if width(text) > columns:
        kept, used = "", 0
        for letter in text:
            if used + _columns(letter) > columns - 1:
                break
            kept, used = kept + letter, used + _columns(letter)
        text = kept + "…"
    return text + " " * (columns - width(text))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], longest: int = 32) -> str:
    """Lines with a heading; a cell wider than `longest` columns is cut."""
    cells = [headers, *([clean(cell) for cell in row] for row in rows)]
    widths = [min(longest, max(width(row[at]) for row in cells)) for at in range(len(headers))]
    return "\n".join("  ".join(map(fit, row, widths)).rstrip() for row in cells)

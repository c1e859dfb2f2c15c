"""Text in terminal cells: Chinese characters and emoji take two, and nothing that was typed is shown raw."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import category, east_asian_width


def shown(text: str) -> str:
    """Control, format (bidi too), unassigned and separator characters escaped: what a caller typed moves no cursor."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode() if category(char)[0] == "C" or category(char) in ("Zl", "Zp") else char
        for char in text
    )


def cells(text: str) -> int:
    """How many cells `text` takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    if category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def fit(text: str, width: int) -> str:
    """`text`, cut with … where it takes more than `width` cells."""
    if cells(text) <= width:
        return text
    return _head(text, width - 1) + "…" if width > 0 else ""


def _head(text: str, width: int) -> str:
    taken = 0
    for at, char in enumerate(text):
        taken += _cells_of(char)
        if taken > width:
            return text[:at]
    return text


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at a space where one is near, else anywhere."""
    lines = []
    while cells(text) > width:
        head = _head(text, max(width, 2)) or text[0]
        space = head.rfind(" ")
        cut = space if space > len(head) // 2 and text[len(head)] != " " else len(head)
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]


def wrap_list(parts: Sequence[str], width: int, between: str = " · ") -> list[str]:
    """`parts` in lines of at most `width` cells; a part is cut only if it is longer than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1]) + cells(between) + cells(part) <= width:
            lines[-1] += between + part
        else:
            lines += wrap(part, width)
    return lines

"""Tables for a terminal: columns stand straight with Chinese in them, and no cell can steer the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.calls.ladder_text import cells, fit, shown


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], longest: int = 32) -> str:
    """Lines under a heading; what is wider than `longest` cells is cut."""
    lines = [headers, *([shown(cell) for cell in row] for row in rows)]
    widths = [min(longest, max(cells(line[at]) for line in lines)) for at in range(len(headers))]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def _padded(text: str, width: int) -> str:
    cut = fit(text, width)
    return cut + " " * (width - cells(cut))

"""A picture of a call's way for the terminal: numbered boxes, one below the other, each with where it leads. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ivr.calls.ladder_text import cells, fit, shown, wrap
from ivr.dialplan.draw_model import Arrow, Box, Drawing, Kind, Way
from ivr.dialplan.draw_told import LEGEND, SIGNS, WAYS

NARROWEST = 40  # cells
_INDENT = "     "


def draw(drawing: Drawing, width: int, base: Path | None = None) -> str:
    """At most `width` cells wide, but never narrower than `NARROWEST`. Files are told as seen from `base`."""
    width = max(width, NARROWEST)
    numbered = {box.id: at for at, box in enumerate(_numbered(drawing), 1)}
    boxes = drawing.by_id()
    lines = [*wrap(shown(drawing.title), width), *(wrap(shown(drawing.note), width) if drawing.note else ())]
    for start in drawing.boxes:
        if start.kind is Kind.START:
            target = next((arrow.target for arrow in drawing.arrows if arrow.source == start.id), "")
            lines += ["", f"{shown(start.title)} → {numbered.get(target, '?')}"]
    for box in _numbered(drawing):
        out = [arrow for arrow in drawing.arrows if arrow.source == box.id]
        lines += ["", *_box(box, numbered[box.id], width, base), *_ways(out, boxes, numbered, drawing.language, width)]
    return "\n".join([*lines, "", *wrap(LEGEND[drawing.language], width)])


def _numbered(drawing: Drawing) -> list[Box]:
    """The boxes that have a place in the dialplan, and people whose talk leads on."""
    leads = {arrow.source for arrow in drawing.arrows}
    return [box for box in drawing.boxes if box.kind is not Kind.START and (box.name or box.id in leads)]


def _box(box: Box, number: int, width: int, base: Path | None) -> Iterator[str]:
    calls = f"  × {box.calls}" if box.calls is not None else ""
    head = f"{number:>3}  {shown(box.title)}{calls}"
    where = "  ".join(filter(None, (f"[{shown(box.name)}]" if box.name else "", shown(_place(box, base)))))
    if cells(head) > width:
        yield from wrap(head, width)
        head = ""
    if where and head and cells(head) + cells(where) + 2 <= width:
        yield f"{head}{' ' * (width - cells(head) - cells(where))}{where}"
    else:
        yield from (*([head] if head else []), *([_INDENT + fit(where, width - len(_INDENT))] if where else []))
    for item in box.items:
        yield from _hanging(SIGNS[item.sign], item.text, width)
    for mark in box.marks:
        yield from _hanging(SIGNS["mark"], mark, width)


def _place(box: Box, base: Path | None) -> str:
    if box.at is None:
        return ""
    file = box.at.file
    return f"{file.relative_to(base) if base is not None and file.is_relative_to(base) else file}:{box.at.line}"


def _hanging(sign: str, text: str, width: int) -> Iterator[str]:
    head = f"{_INDENT}{sign}{' ' * (2 - cells(sign) + 1)}"
    for at, line in enumerate(wrap(shown(text), width - cells(head))):
        yield (head if at == 0 else " " * cells(head)) + line


def _ways(
    arrows: list[Arrow], boxes: Mapping[str, Box], numbered: Mapping[str, int], language: str, width: int
) -> Iterator[str]:
    for at, arrow in enumerate(arrows):
        corner = "└" if at == len(arrows) - 1 else "├"
        target = boxes[arrow.target]
        number = f"{numbered[target.id]} " if target.id in numbered else ""
        how = f" ({WAYS[arrow.way][language]})" if arrow.way is not Way.GO and arrow.way is not Way.KEY else ""
        when = f"{' / '.join(arrow.words)} " if arrow.words else ""
        calls = f"  × {arrow.calls}" if arrow.calls else ""
        head = f"{_INDENT}{corner}─ "
        text = f"{when}→ {number}{target.title}{how}{calls}"
        for line_at, line in enumerate(wrap(shown(text), width - cells(head))):
            follow = _INDENT + ("   " if corner == "└" else "│  ")
            yield (head if line_at == 0 else follow) + line

"""Where everything of a picture stands: graphviz (dot) finds it, from sizes that are ours. All lengths are pixels.

dot is told how large each box and each label is, and draws nothing: what a letter takes is measured here (a Chinese one
twice a Latin one), so the picture is the same whichever fonts and plugins dot has.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ivr.calls.ladder_text import cells, shown, wrap
from ivr.dialplan.draw_model import Arrow, Box, Drawing, Kind, Way
from ivr.errors import HotlineError
from ivr.pbx import programs

SECONDS = 60  # dot takes less than one for hundreds of boxes
PER_INCH = 72

CELL, LINE = 7.2, 19.0  # of text of 13 px
TITLE_CELL, TITLE_LINE = 9.8, 22.0  # of 15 px, bold
SMALL_CELL, SMALL_LINE = 6.4, 16.0  # of 11.5 px
PADDING = 12.0
SIGN = 22.0  # room of an item's sign, left of its text
WIDEST = 42  # cells of a line in a box
WIDEST_LABEL = 22
ITEM_LINES = 4  # a prompt of any length stays a line or four
END = 30.0  # height of a round end

Point = tuple[float, float]


class LayoutError(HotlineError):
    """dot could not be run, or did not understand."""


@dataclass(frozen=True, slots=True)
class PlacedBox:
    box: Box
    x: float
    y: float
    width: float
    height: float
    title: tuple[str, ...]
    items: tuple[tuple[str, ...], ...]  # the lines of each item
    marks: tuple[tuple[str, ...], ...]
    name: str


@dataclass(frozen=True, slots=True)
class PlacedArrow:
    arrow: Arrow
    line: tuple[Point, ...]  # of cubic Bézier curves: a start, then three points a curve
    tip: Point  # where the arrow's head points
    words: tuple[str, ...]  # lines of its label
    at: Point  # the label's middle


@dataclass(frozen=True, slots=True)
class Layout:
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]


def lay_out(drawing: Drawing) -> Layout:
    """Raises LayoutError or PackageError."""
    boxes = [_measured(box) for box in drawing.boxes]
    labels = [_label(arrow) for arrow in drawing.arrows]
    program = programs.dot()
    try:
        done = subprocess.run(  # noqa: S603
            [str(program.path), "-Tjson0"],
            input=_graph(boxes, drawing.arrows, labels),
            env={**os.environ, **program.environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return _placed(json.loads(done.stdout), boxes, drawing.arrows, labels)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as failure:
        said = str(getattr(failure, "stderr", "") or failure).strip()
        raise LayoutError("layout", f"{program.path} could not lay the picture out: {said}") from failure


def _measured(box: Box) -> PlacedBox:
    title = tuple(wrap(shown(box.title), WIDEST - 6))
    if box.kind in {Kind.END, Kind.HUMAN, Kind.START, Kind.AWAY} and not box.items:
        width = max(cells(line) for line in title) * CELL + 2 * PADDING + 8
        return PlacedBox(box, 0, 0, width, max(END, len(title) * LINE + 12), title, (), (), "")
    items = tuple(tuple(_cut(wrap(shown(item.text), WIDEST))) for item in box.items)
    marks = tuple(tuple(wrap(shown(mark), WIDEST)) for mark in box.marks)
    name = shown(box.name)
    width = max(
        *(cells(line) * TITLE_CELL for line in title),
        cells(name) * SMALL_CELL,
        *(SIGN + cells(line) * CELL for lines in (*items, *marks) for line in lines),
        110.0,
    )
    height = len(title) * TITLE_LINE + (SMALL_LINE if name else 0)
    lines = sum(map(len, (*items, *marks)))
    height += (8 + lines * LINE) if lines else 0
    return PlacedBox(box, 0, 0, width + 2 * PADDING, height + 2 * PADDING - 4, title, items, marks, name)


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= ITEM_LINES else [*lines[: ITEM_LINES - 1], lines[ITEM_LINES - 1] + " …"]


def _label(arrow: Arrow) -> tuple[str, ...]:
    lines = [line for words in arrow.words for line in wrap(shown(words), WIDEST_LABEL)]
    return (*lines, f"× {arrow.calls}") if arrow.calls else tuple(lines)


def _graph(boxes: Sequence[PlacedBox], arrows: Sequence[Arrow], labels: Iterable[tuple[str, ...]]) -> str:
    """In dot's language. No name of the dialplan stands in it: boxes are b0, b1, …"""
    names = {placed.box.id: f"b{at}" for at, placed in enumerate(boxes)}
    spine = _spine([placed.box for placed in boxes], arrows)
    lines = [
        "digraph { rankdir=TB; nodesep=0.35; ranksep=0.42; splines=spline; outputorder=edgesfirst;",
        'node [shape=box, fixedsize=true, label=""]; edge [arrowsize=0.8];',
    ]
    for placed in boxes:
        size = f"width={placed.width / PER_INCH:.4f}, height={placed.height / PER_INCH:.4f}"
        straight = ", group=spine" if placed.box.id in spine else ""
        lines.append(f"{names[placed.box.id]} [{size}{straight}];")
    for at, (arrow, label) in enumerate(zip(arrows, labels, strict=True)):
        room = f", label=<{_room(label)}>" if label else ""
        # What comes back to the straight way from beside it does not pull it down.
        back = ", constraint=false" if arrow.target in spine and arrow.source not in spine else ""
        weight = 20 if (arrow.source, arrow.target) in pairwise(spine) else 1 if arrow.words else 3
        lines.append(f"{names[arrow.source]} -> {names[arrow.target]} [id=e{at}, weight={weight}{room}{back}];")
    return "\n".join([*lines, "}"])


def _spine(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[str, ...]:
    """The shortest way from the start to a person, and from there to the end: it stands straight."""
    kinds = {box.id: box.kind for box in boxes}
    start = [box.id for box in boxes if box.kind is Kind.START]
    first = _shortest(start, Kind.HUMAN, kinds, arrows)
    return (*first, *_shortest(first[-1:], Kind.END, kinds, arrows)[1:])


def _shortest(starts: Iterable[str], goal: Kind, kinds: Mapping[str, Kind], arrows: Sequence[Arrow]) -> tuple[str, ...]:
    ways: list[tuple[str, ...]] = [(start,) for start in starts]
    seen = {way[-1] for way in ways}
    while ways:
        way = ways.pop(0)
        if kinds[way[-1]] is goal:
            return way
        onward = [one.target for one in arrows if one.source == way[-1] and one.way is Way.GO]
        fresh = [one for one in dict.fromkeys(onward) if one not in seen]
        seen |= set(fresh)
        ways += [(*way, one) for one in fresh]
    return ()


def _room(label: tuple[str, ...]) -> str:
    width = max(map(cells, label)) * SMALL_CELL + 10
    height = len(label) * SMALL_LINE + 4
    size = f'FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="{height:.0f}"'
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" {size}><TR><TD></TD></TR></TABLE>'


def _placed(
    found: Mapping[str, Any], boxes: list[PlacedBox], arrows: tuple[Arrow, ...], labels: list[tuple[str, ...]]
) -> Layout:
    """dot counts upwards from the lower left corner."""
    _, _, width, height = _numbers(found["bb"])

    def turned(point: str) -> Point:
        x, y = _numbers(point)
        return round(x, 1), round(height - y, 1)

    places = {one["name"]: turned(one["pos"]) for one in found.get("objects", ())}
    placed = []
    for at, box in enumerate(boxes):
        x, y = places[f"b{at}"]
        left, top = round(x - box.width / 2, 1), round(y - box.height / 2, 1)
        placed.append(PlacedBox(box.box, left, top, box.width, box.height, box.title, box.items, box.marks, box.name))
    lines = []
    edges = {one["id"]: one for one in found.get("edges", ())}  # dot has an order of its own
    for at, (arrow, label) in enumerate(zip(arrows, labels, strict=True)):
        one = edges[f"e{at}"]
        points = one["pos"].split()
        tip = next((turned(point[2:]) for point in points if point.startswith("e,")), None)
        line = tuple(turned(point) for point in points if point[0] not in "es")
        at_label = turned(one["lp"]) if "lp" in one else line[len(line) // 2]
        lines.append(PlacedArrow(arrow, line, tip or line[-1], label, at_label))
    return Layout(width, height, tuple(placed), tuple(lines))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split(","))

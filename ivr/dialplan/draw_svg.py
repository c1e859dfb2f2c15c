"""A laid-out picture as SVG: self-contained, light or dark as its reader's screen is, and told to a screen reader.

No script, no reference to anything outside, and no name of a dialplan but as escaped text.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import atan2, degrees

from ivr.calls.ladder_text import cells, shown, wrap_list
from ivr.dialplan.draw_layout import (
    LINE,
    PADDING,
    SIGN,
    SMALL_CELL,
    SMALL_LINE,
    TITLE_LINE,
    PlacedArrow,
    PlacedBox,
    Point,
    lay_out,
)
from ivr.dialplan.draw_model import Drawing, Way
from ivr.dialplan.draw_told import LEGEND, SIGNS, WAYS

MARGIN = 24.0
HEAD, FOOT = 64.0, 56.0  # room for the picture's own title, for its legend
THIN, THICK = 1.6, 14.0  # px of a way, and of the calls that most took
FEW = 3.0  # px of the calls of a way that hardly any took

_STYLE = """
.picture { --paper: #ffffff; --ink: #1c2330; --soft: #5b6675; --line: #7b8794; --box: #f4f6f9; --edge: #b9c2cd;
  --site: #0b6bcb; --site-box: #e8f2fd; --human: #1a7f4b; --human-box: #e3f5ea; --bad: #b3261e; --bad-box: #fdeceb;
  --key: #8a4b00; --traffic: #4c8ed9; }
@media (prefers-color-scheme: dark) {
.picture { --paper: #14181f; --ink: #e8ecf2; --soft: #a0acba; --line: #8793a1; --box: #1f2630; --edge: #465262;
  --site: #6cb2ff; --site-box: #15293f; --human: #5fd091; --human-box: #143123; --bad: #ff8a80; --bad-box: #3d1b1a;
  --key: #f2b266; --traffic: #4379b8; } }
.picture text { font-family: system-ui, sans-serif; font-size: 13px; fill: var(--ink); }
.picture .paper { fill: var(--paper); }
.picture .heading { font-size: 20px; font-weight: 600; }
.picture .note, .picture .name, .picture .words { font-size: 11.5px; fill: var(--soft); }
.picture .name { font-family: ui-monospace, monospace; font-size: 10.5px; }
.picture .title { font-size: 15px; font-weight: 600; }
.picture .words { fill: var(--ink); }
.picture .under { fill: var(--paper); opacity: .85; }
.picture .box rect { fill: var(--box); stroke: var(--edge); stroke-width: 1.2; }
.picture .site rect { fill: var(--site-box); stroke: var(--site); stroke-width: 1.8; }
.picture .human rect { fill: var(--human-box); stroke: var(--human); stroke-width: 1.8; }
.picture .end rect, .picture .away rect, .picture .start rect { fill: var(--paper); stroke: var(--line); }
.picture .end rect { stroke-dasharray: 2 3; }
.picture .bad rect { fill: var(--bad-box); stroke: var(--bad); stroke-width: 1.8; }
.picture .mark { fill: var(--bad); font-weight: 600; }
.picture .sign { fill: var(--soft); }
.picture .arrow path { fill: none; stroke: var(--line); stroke-linecap: round; }
.picture .arrow polygon { fill: var(--line); }
.picture .arrow .flow { stroke: var(--traffic); stroke-dasharray: none; opacity: .55; }
.picture .key path { stroke: var(--key); }
.picture .key polygon { fill: var(--key); }
.picture .key .words { fill: var(--key); font-weight: 600; }
.picture .visit path, .picture .hook path { stroke-dasharray: 6 4; }
.picture .fork path { stroke-dasharray: 1 4; }
.picture .hook path { stroke: var(--site); }
.picture .hook polygon { fill: var(--site); }
"""


def draw(drawing: Drawing, *, linked: bool = False) -> str:
    """`linked`: boxes and lines say which context, file and line they are of. Raises what `lay_out` raises."""
    layout = lay_out(drawing)
    width = max(layout.width + 2 * MARGIN, 420.0)
    height = layout.height + HEAD + FOOT + 2 * MARGIN
    legend = wrap_list(LEGEND[drawing.language].split(" · "), int((width - 2 * MARGIN) / SMALL_CELL))
    most = max((arrow.calls or 0 for arrow in drawing.arrows), default=0)
    names = {box.id: box.title for box in drawing.boxes}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="group" lang="{escape(drawing.language)}" '
        'aria-labelledby="picture-heading picture-note">',
        f'<title id="picture-heading">{_text(drawing.title)}</title>',
        f'<desc id="picture-note">{_text(drawing.note)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
        f'<text class="heading" x="{MARGIN}" y="{MARGIN + 20}">{_text(drawing.title)}</text>',
        f'<text class="note" x="{MARGIN}" y="{MARGIN + 42}">{_text(drawing.note)}</text>',
        f'<g transform="translate({(width - layout.width) / 2:.1f} {HEAD + MARGIN})">',
    ]
    for arrow in layout.arrows:
        lines += _arrow(arrow, most, names, drawing.language)
    for placed in layout.boxes:
        lines += _box(placed, linked=linked)
    lines.append("</g>")
    foot = height - MARGIN - (len(legend) - 1) * SMALL_LINE
    lines += [
        f'<text class="note" x="{MARGIN}" y="{foot + at * SMALL_LINE}">{_text(one)}</text>'
        for at, one in enumerate(legend)
    ]
    return "\n".join([*lines, "</svg>", ""])


def _text(words: str) -> str:
    return escape(shown(words), quote=False)


def _box(placed: PlacedBox, *, linked: bool) -> Iterator[str]:
    box = placed.box
    bad = " bad" if box.marks else ""
    round_ = placed.height / 2 if not placed.name and not placed.items else 7
    data = f' data-context="{escape(box.id)}"' if linked else ""
    if linked and box.at is not None:
        data += f' data-file="{escape(box.at.file.name)}" data-line="{box.at.line}"'
    yield f'<g class="box {box.kind}{bad}" role="img"{data}>'
    where = f"{box.at.file.name}:{box.at.line}" if box.at is not None else ""
    yield f"<title>{_text(' · '.join(filter(None, (box.title, box.name, where))))}</title>"
    told = [*(item.text for item in box.items), *box.marks]
    if told:
        yield f"<desc>{_text('; '.join(told))}</desc>"
    size = f'width="{placed.width:.1f}" height="{placed.height:.1f}"'
    yield f'<rect x="{placed.x}" y="{placed.y}" {size} rx="{round_:.1f}"/>'
    if not placed.name and not placed.items:
        yield from _rounded(placed)
    else:
        yield from _lines(placed)
    yield "</g>"


def _rounded(placed: PlacedBox) -> Iterator[str]:
    middle = placed.x + placed.width / 2
    y = placed.y + placed.height / 2 - (len(placed.title) - 1) * LINE / 2 + 4.5
    for line in placed.title:
        yield f'<text x="{middle:.1f}" y="{y:.1f}" text-anchor="middle">{_text(line)}</text>'
        y += LINE


def _lines(placed: PlacedBox) -> Iterator[str]:
    x, y = placed.x + PADDING, placed.y + PADDING - 4
    for line in placed.title:
        y += TITLE_LINE
        yield f'<text class="title" x="{x:.1f}" y="{y - 5:.1f}">{_text(line)}</text>'
    if placed.name:
        y += SMALL_LINE
        yield f'<text class="name" x="{x:.1f}" y="{y - 5:.1f}">{_text(placed.name)}</text>'
    y += 8
    for item, lines in zip(placed.box.items, placed.items, strict=True):
        yield f'<text class="sign" x="{x:.1f}" y="{y + LINE - 5:.1f}">{_text(SIGNS[item.sign])}</text>'
        for line in lines:
            y += LINE
            yield f'<text x="{x + SIGN:.1f}" y="{y - 5:.1f}">{_text(line)}</text>'
    for lines in placed.marks:
        yield f'<text class="mark" x="{x:.1f}" y="{y + LINE - 5:.1f}">{_text(SIGNS["mark"])}</text>'
        for line in lines:
            y += LINE
            yield f'<text class="mark" x="{x + SIGN:.1f}" y="{y - 5:.1f}">{_text(line)}</text>'


def _arrow(placed: PlacedArrow, most: int, names: dict[str, str], language: str) -> Iterator[str]:
    arrow = placed.arrow
    way = WAYS[arrow.way][language]
    words = f"{names[arrow.source]} → {names[arrow.target]} ({way})"
    yield f'<g class="arrow {arrow.way}" role="img">'
    yield f"<title>{_text(words)}</title>"
    if arrow.words:
        yield f"<desc>{_text(' / '.join(arrow.words))}</desc>"
    first, *rest = placed.line
    path = f"M{first[0]} {first[1]}C" + " ".join(f"{x} {y}" for x, y in rest)
    if arrow.calls and most:
        yield f'<path class="flow" d="{path}" stroke-width="{FEW + (THICK - FEW) * arrow.calls / most:.1f}"/>'
    yield f'<path d="{path}" stroke-width="{THIN}"/>'
    yield _tip(placed.line[-1], placed.tip)
    if arrow.way in {Way.VISIT, Way.HOOK}:
        yield _tip(placed.line[1], placed.line[0])
    if placed.words:
        yield from _label(placed)
    yield "</g>"


def _tip(before: Point, tip: Point) -> str:
    (x0, y0), (x, y) = before, tip
    turn = degrees(atan2(y - y0, x - x0)) if tip != before else 90.0
    return f'<polygon points="0,0 -9,-4 -9,4" transform="translate({x} {y}) rotate({turn:.1f})"/>'


def _label(placed: PlacedArrow) -> Iterator[str]:
    x, y = placed.at
    width = max(map(cells, placed.words)) * SMALL_CELL + 4
    height = len(placed.words) * SMALL_LINE
    top = y - height / 2
    yield f'<rect class="under" x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    for at, line in enumerate(placed.words, 1):
        place = f'x="{x}" y="{top + at * SMALL_LINE - 4:.1f}"'
        yield f'<text class="words" {place} text-anchor="middle">{_text(line)}</text>'

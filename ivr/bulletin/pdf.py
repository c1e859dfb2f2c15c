"""A bulletin on paper: A4, its charts drawn, its letters embedded so that they can be copied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableCellFillMode, XPos, YPos
from fpdf.fonts import FontFace

from ivr.bulletin.document import Chart, Document, Section, Table
from ivr.bulletin.words import WORDS
from ivr.pbx.fonts import Font

FAMILY = "bulletin"
WIDTH, MARGIN = 210, 18  # mm
INSIDE = WIDTH - 2 * MARGIN
LINE = 6  # mm
HIGH = 46  # mm of a standing chart
BAR = 6  # mm of a lying one
NUMBER, WIDER, FEW, WIDEST = 14, 26, 4, 70  # mm: columns of numbers, of few numbers, of words
NAMES = 46  # mm for the names of lying bars
COLOURS = ((11, 92, 173), (190, 110, 0), (17, 107, 58), (90, 100, 115))
INK, PALE, GROUND, WHITE = (22, 32, 45), (200, 208, 218), (238, 241, 245), (255, 255, 255)


class Paper(FPDF):
    def __init__(self, document: Document, font: Font) -> None:
        super().__init__(format="A4")
        self._page_words = WORDS["page"][document.language == "en"]
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, MARGIN)
        self.add_font(FAMILY, "", font.path, collection_font_number=font.number)
        self.set_title(document.title)
        self.set_lang("zh-CN" if document.language == "zh" else "en")
        self.set_creation_date(datetime.now(UTC))
        self.set_text_color(*INK)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(FAMILY, size=8)
        self.cell(0, 5, self._page_words.format(page=self.page_no()), align="C")


def write(document: Document, path: Path, font: Font) -> None:
    paper = Paper(document, font)
    paper.add_page()
    paper.set_font(FAMILY, size=18)
    paper.multi_cell(0, 9, document.title, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_font(FAMILY, size=9)
    paper.multi_cell(0, LINE, document.about, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for section in document.sections:
        _section(paper, section)
    paper.output(str(path))


def _section(paper: Paper, section: Section) -> None:
    paper.ln(4)
    high = 3 * LINE if section.tables else _high(section.charts[0]) if section.charts else 2 * LINE
    _room(paper, 12 + high)
    paper.set_font(FAMILY, size=13)
    paper.set_text_color(*COLOURS[0])
    paper.start_section(section.title)
    paper.multi_cell(0, 8, section.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_text_color(*INK)
    paper.set_font(FAMILY, size=10)
    for line in section.lines:
        paper.multi_cell(0, LINE, line, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for table in section.tables:
        paper.ln(1)
        _table(paper, table)
    for chart in section.charts:
        paper.ln(2)
        (_lying if chart.lying else _standing)(paper, chart)


def _high(chart: Chart) -> float:
    """With its title, in mm."""
    return 3 * LINE + (BAR * len(chart.names) if chart.lying else HIGH + 5)


def _room(paper: Paper, high: float) -> None:
    """What belongs together stands on one page."""
    if paper.will_page_break(high):
        paper.add_page()


def _table(paper: Paper, table: Table) -> None:
    numbers = len(table.head) - table.words
    paper.set_font(FAMILY, size=7 if numbers > FEW else 8)
    rest = NUMBER if numbers > FEW else WIDER
    first = min(INSIDE - rest * numbers, WIDEST) if table.words == 1 else INSIDE / len(table.head)
    widths = [first] * table.words + [rest] * numbers
    align = ["LEFT"] * table.words + ["RIGHT"] * numbers
    _room(paper, 3 * LINE)
    paper.set_draw_color(*PALE)
    paper.set_fill_color(*WHITE)
    with paper.table(
        width=sum(widths), align="LEFT", col_widths=tuple(widths), text_align=tuple(align),
        line_height=5, padding=(0.6, 0.8),
        headings_style=FontFace(emphasis="", fill_color=GROUND), cell_fill_mode=TableCellFillMode.NONE,
    ) as drawn:  # fmt: skip
        for row in (table.head, *table.rows):
            cells = drawn.row()
            for cell in row:
                cells.cell(str(cell))


def _title(paper: Paper, chart: Chart) -> None:
    paper.set_font(FAMILY, size=9)
    paper.cell(0, LINE, chart.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    named = [name for name, _ in chart.series if name]
    if named:
        for place, name in enumerate(named):
            paper.set_fill_color(*COLOURS[place % len(COLOURS)])
            paper.rect(paper.get_x() + 1, paper.get_y() + 1, 3, 3, style="F")
            paper.set_x(paper.get_x() + 5)
            paper.cell(paper.get_string_width(name) + 6, 5, name)
        paper.ln(5)


def _standing(paper: Paper, chart: Chart) -> None:
    _room(paper, _high(chart))
    _title(paper, chart)
    top, left = paper.get_y() + 3, MARGIN + 9
    wide = (INSIDE - 9) / max(len(chart.names), 1)
    most = max(max((sum(values) for values in _bars(chart)), default=0), 1)
    paper.set_draw_color(*PALE)
    paper.set_font(FAMILY, size=7)
    for share in (0, 0.5, 1):
        y = top + HIGH * (1 - share)
        paper.line(left, y, MARGIN + INSIDE, y)
        if float(most * share).is_integer():
            paper.set_xy(MARGIN, y - 2)
            paper.cell(8, 4, f"{most * share:g}", align="R")
    every = max(1, -(-len(chart.names) // 31))
    for place, (name, values) in enumerate(zip(chart.names, _bars(chart), strict=True)):
        y = top + HIGH
        for series, value in enumerate(values):
            high = HIGH * value / most
            y -= high
            paper.set_fill_color(*COLOURS[series % len(COLOURS)])
            if value:
                paper.rect(left + place * wide + wide * 0.12, y, wide * 0.76, high, style="F")
        if place % every == 0:
            paper.set_xy(left + place * wide, top + HIGH + 0.5)
            paper.cell(wide, 4, name, align="C")
    paper.set_xy(MARGIN, top + HIGH + 6)


def _lying(paper: Paper, chart: Chart) -> None:
    _room(paper, _high(chart))
    _title(paper, chart)
    paper.set_font(FAMILY, size=8)
    most = max(max((sum(values) for values in _bars(chart)), default=0), 1)
    for name, values in zip(chart.names, _bars(chart), strict=True):
        y, x = paper.get_y(), MARGIN + NAMES + 1.0
        paper.set_xy(MARGIN, y)
        paper.cell(NAMES, BAR, _cut(paper, name), align="R")
        for series, value in enumerate(values):
            wide = (INSIDE - NAMES - 16) * value / most
            paper.set_fill_color(*COLOURS[series % len(COLOURS)])
            if value:
                paper.rect(x, y + 1, wide, BAR - 2, style="F")
            x += wide
        paper.set_xy(x + 0.5, y)
        paper.cell(15, BAR, " + ".join(str(value) for value in values) if any(values) else "0")
        paper.set_xy(MARGIN, y + BAR)


def _bars(chart: Chart) -> Sequence[Sequence[int]]:
    """The values of each bar, from its foot on."""
    return [[values[place] for _, values in chart.series] for place in range(len(chart.names))]


def _cut(paper: Paper, name: str) -> str:
    if paper.get_string_width(name) <= NAMES - 2:
        return name
    while name and paper.get_string_width(f"{name}…") > NAMES - 2:
        name = name[:-1]
    return f"{name}…"

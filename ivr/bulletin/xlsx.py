"""A bulletin as a workbook: a sheet a section, its tables with the spreadsheet's own charts beside them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import xlsxwriter

from ivr.bulletin.document import Chart, Document, Section
from ivr.store.export import UNSHOWABLE

COLOURS = ("#0B5CAD", "#BE6E00", "#116B3A", "#5A6473")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")  # in a sheet's name
LONGEST_NAME = 31


def write(document: Document, path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": document.title})
        looks = {
            "title": book.add_format({"bold": True, "font_size": 16}),
            "head": book.add_format({"bold": True, "bg_color": "#EEF1F5", "border": 1, "text_wrap": True}),
            "cell": book.add_format({"border": 1}),
            "line": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        for place, section in enumerate(document.sections):
            sheet = book.add_worksheet(_FORBIDDEN.sub(" ", section.title)[:LONGEST_NAME])
            sheet.set_column(0, 0, 28)
            sheet.set_column(1, 12, 13)
            sheet.set_paper(9)  # A4
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            _Sheet(book, sheet, looks).write(section, document if place == 0 else None)


class _Sheet:
    def __init__(self, book: Any, sheet: Any, looks: dict[str, Any]) -> None:
        self.book, self.sheet, self.looks, self.row = book, sheet, looks, 0

    def write(self, section: Section, whole: Document | None) -> None:
        if whole is not None:
            self.say(whole.title, "title")
            self.say(whole.about)
        self.say(section.title, "title")
        for line in section.lines:
            self.sheet.merge_range(self.row, 0, self.row, 8, _plain(line), self.looks["line"])
            self.sheet.set_row(self.row, 32)
            self.row += 1
        for table in section.tables:
            self.row += 1
            for cells, look in ((table.head, "head"), *((row, "cell") for row in table.rows)):
                for column, cell in enumerate(cells):
                    self.put(column, cell, look, words=column < table.words)
                self.row += 1
        for chart in section.charts:
            self.row += 1
            self.draw(chart)

    def say(self, line: str, look: str = "") -> None:
        self.sheet.write_string(self.row, 0, _plain(line), self.looks.get(look))
        self.row += 1

    def put(self, column: int, cell: str | int, look: str, *, words: bool) -> None:
        """A number that was told with its digits is a number here too, but not among words: a norm's version 1.10."""
        if not words and isinstance(cell, str) and re.fullmatch(r"-?[0-9]+\.[0-9]+", cell):
            self.sheet.write_number(self.row, column, float(cell), self.looks[look])
        elif isinstance(cell, int):
            self.sheet.write_number(self.row, column, cell, self.looks[look])
        else:
            self.sheet.write_string(self.row, column, _plain(cell), self.looks[look])

    def draw(self, chart: Chart) -> None:
        """Its figures stand below it, for the spreadsheet to draw from."""
        high = max(15, len(chart.names) + 4) if chart.lying else 15
        first = self.row + high + 1
        stacked = {"subtype": "stacked"} if len(chart.series) > 1 else {}
        drawn = self.book.add_chart({"type": "bar" if chart.lying else "column", **stacked})
        name, last = self.sheet.get_name(), first + len(chart.names)
        for column, (title, values) in enumerate(chart.series, 1):
            self.sheet.write_string(first, column, _plain(title or chart.title), self.looks["head"])
            self.sheet.write_column(first + 1, column, list(values), self.looks["cell"])
            drawn.add_series(
                {
                    "name": [name, first, column],
                    "categories": [name, first + 1, 0, last, 0],
                    "values": [name, first + 1, column, last, column],
                    "fill": {"color": COLOURS[(column - 1) % len(COLOURS)]},
                }
            )
        self.sheet.write_string(first, 0, _plain(chart.title), self.looks["head"])
        self.sheet.write_column(first + 1, 0, [_plain(one) for one in chart.names], self.looks["cell"])
        drawn.set_title({"name": chart.title, "name_font": {"size": 11}})
        if chart.lying:
            drawn.set_y_axis({"reverse": True})
        drawn.set_legend({"none": True} if len(chart.series) == 1 else {"position": "bottom"})
        drawn.set_size({"width": 860, "height": 20 * high})
        self.sheet.insert_chart(self.row, 0, drawn)
        self.row = last + 2


def _plain(text: str) -> str:
    return UNSHOWABLE.sub(" ", text)

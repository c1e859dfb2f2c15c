"""A sheet, xlsx or CSV, that rows are put into one by one; nothing in a cell is ever a formula."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import xlsxwriter

from ivr.errors import HotlineError
from ivr.store.export import UNSHOWABLE

# What a spreadsheet would take for one at the beginning of a CSV's cell; a Chinese one takes the wide signs too.
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")

Cell = str | int | None
Row = Sequence[Cell]
Put = Callable[[Row], None]
W = TypeVar("W")


class TooManyRowsError(HotlineError):
    def __init__(self, limit: int) -> None:
        message = f"more than {limit} fit: choose a shorter time, or one more condition"
        super().__init__("export_too_large", message, {"limit": limit}, 422)


def conditions(kind: type[W], given: Mapping[str, str]) -> W:
    """The conditions of a search, of which JSON has the times as text."""
    times = {name: datetime.fromisoformat(given[name]) for name in ("since", "until") if name in given}
    return kind(**{**given, **times})


@contextmanager
def opened(path: str, format: str, columns: int) -> Iterator[Put]:
    """A sheet that rows are put into, whoever's they are; nobody else may read it."""
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    with _csv(Path(path)) if format == "csv" else _xlsx(Path(path), columns) as put:
        yield put


@contextmanager
def _csv(path: Path) -> Iterator[Put]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # Excel knows UTF-8 by the mark at its beginning
        writer = csv.writer(file)
        yield lambda cells: writer.writerow([_tame(cell) for cell in cells])


def _tame(cell: Cell) -> Cell:
    """No formula, and nothing that steers a terminal."""
    if not isinstance(cell, str):
        return cell
    cell = UNSHOWABLE.sub(" ", cell)
    return f"'{cell}" if _FORMULA.match(cell.lstrip()) else cell


@contextmanager
def _xlsx(path: Path, columns: int) -> Iterator[Put]:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, columns - 1, 18)
        at = 0

        def put(cells: Row) -> None:
            nonlocal at
            for column, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(at, column, cell)
                elif cell:
                    sheet.write_string(at, column, UNSHOWABLE.sub(" ", cell))
            at += 1

        yield put

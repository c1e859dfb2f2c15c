"""Calls as a sheet, xlsx or CSV, written by a process of its own: `python -m ivr.store.sheets`, its job on stdin.

The controller's event loop has nothing to do with it: rows are read in pages and each page is written at once. One line
of JSON on stdout tells how far it is.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from ivr.calls.ladder_words import MODES, OUTCOMES, RESULTS, Language, Words
from ivr.calls.masking import masked
from ivr.calls.model import Call, Transfer
from ivr.errors import HotlineError
from ivr.store.export import UNSHOWABLE
from ivr.store.search import Wanted, count
from ivr.store.store import Store

FORMATS = ("xlsx", "csv")
PAGE = 500  # calls
NICE = 10  # calls come first
_FORMULA = re.compile(r"[=+\-@\t\r]")  # what a spreadsheet would take for one at the beginning of a CSV's cell

Cell = str | int | None
Row = Sequence[Cell]
Put = Callable[[Row], None]


@dataclass(frozen=True, slots=True)
class Job:
    """`wanted`: fields of `search.Wanted` as JSON has them."""

    url: str
    path: str
    format: str
    language: Language
    zone: str
    full: bool  # whole numbers
    wanted: Mapping[str, str]
    most: int  # rows


class TooManyRowsError(HotlineError):
    def __init__(self, limit: int) -> None:
        message = f"more than {limit} fit: choose a shorter time, or one more condition"
        super().__init__("export_too_large", message, {"limit": limit}, 422)


HEADINGS: tuple[tuple[str, str], ...] = (
    ("进入时间", "entered"),
    ("来电号码", "caller"),
    ("拨打号码", "dialled"),
    ("结果", "outcome"),
    ("等待（秒）", "waited (s)"),
    ("全程（秒）", "in all (s)"),
    ("坐席", "operators"),
    ("转接", "transfers"),
    ("交来方", "handed over by"),
    ("语种", "language"),
    ("通话编号", "call"),
)


def row(call: Call, words: Words, zone: tzinfo) -> Row:
    """One call, a cell a heading; times in `zone`, spans in whole seconds."""
    operators = (leg.party for leg in call.legs if leg.role == "operator" and leg.answered_at)
    return (
        f"{call.entered_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        call.caller,
        call.number,
        words.of(OUTCOMES, call.outcome) if call.outcome else words.say("running"),
        _seconds(call.entered_at, call.answered_at),
        _seconds(call.entered_at, call.ended_at),
        " ".join(dict.fromkeys(operators)),
        words.mark("semicolon").join(_transfer(one, words) for one in call.transfers),
        call.handed_over_by or "",
        call.language or "",
        call.id,
    )


def _transfer(one: Transfer, words: Words) -> str:
    told = f"{one.target} {words.of(MODES, one.mode)}"
    return f"{told}{words.mark('colon')}{words.of(RESULTS, one.result)}" if one.result else told


def _seconds(began: datetime, ended: datetime | None) -> int | None:
    return round((ended - began).total_seconds()) if ended is not None else None


async def write(job: Job, tell: Callable[[dict[str, Any]], None]) -> None:
    """Write the sheet. Raises TooManyRowsError, DatabaseDownError."""
    words, zone = Words(job.language), ZoneInfo(job.zone)
    wanted = _wanted(job.wanted)
    store = Store(job.url)
    await store.open(may_migrate=False)
    try:
        async with store.reading() as connection:
            total = await count(connection, wanted, job.most + 1)
        if total > job.most:
            raise TooManyRowsError(job.most)
        tell({"rows": 0, "total": total})
        done, before = 0, None
        with opened(job.path, job.format, len(HEADINGS)) as put:
            put([heading[job.language == "en"] for heading in HEADINGS])
            asked = {field.name: getattr(wanted, field.name) for field in fields(Wanted)}
            while calls := await store.calls(min(PAGE, job.most - done), before, **asked):
                for call in calls:
                    put(row(call if job.full else masked(call), words, zone))
                done, before = done + len(calls), calls[-1].id
                tell({"rows": done, "total": max(total, done)})
                if done >= job.most:
                    break
    finally:
        await store.close()


def _wanted(given: Mapping[str, str]) -> Wanted:
    times = {name: datetime.fromisoformat(given[name]) for name in ("since", "until") if name in given}
    return Wanted(**{**given, **times})  # type: ignore[arg-type]  # the two times are datetimes now


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
    return f"'{cell}" if _FORMULA.match(cell) else cell


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


def main() -> None:
    os.nice(NICE)
    job = Job(**json.load(sys.stdin))

    def tell(what: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()

    try:
        asyncio.run(write(job, tell))
    except HotlineError as refusal:
        told = {"id": refusal.id, "message": refusal.message, "details": dict(refusal.details)}
        tell({"error": {**told, "status": refusal.status}})


if __name__ == "__main__":
    main()

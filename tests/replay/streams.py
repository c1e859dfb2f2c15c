"""Recorded journals: one file a story, its ladder beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ivr.calls.ladder import draw
from ivr.calls.model import Call, Row
from ivr.calls.projection import project
from ivr.calls.rows import parse, split_records

FOLDER = Path(__file__).parent
STREAMS = sorted(path.stem for path in FOLDER.glob("*.csv"))
NODE = "hotline"


def journal(name: str) -> bytes:
    return (FOLDER / f"{name}.csv").read_bytes()


def rows_of(data: bytes) -> list[Row]:
    records, rest = split_records(data)
    assert rest == b"", f"the journal ends within a record: {rest[:80]!r}"
    return [parse(record.fields, NODE) for record in records]


def rows(name: str) -> list[Row]:
    return rows_of(journal(name))


def told(calls: Iterable[Call]) -> str:
    """Every call's ladder, as it stands beside the stream."""
    return "\n\n\n".join(draw(call, 100, "en") for call in calls) + "\n"


def ladder_file(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def story(name: str) -> str:
    return told(project(rows(name)))

"""How old the journal's files are: by the times of their rows, not of the files, which a copy or a restore changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ivr.pbx.journal import ACTIVE, CHUNK, ROTATED

_TIME = re.compile(rb'"\w+","(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)')
_LAP = 64  # bytes that two looks share: no time is missed between them


class Span(NamedTuple):
    oldest: datetime
    newest: datetime


def files(directory: Path) -> list[tuple[int, Path]]:
    """The rotated files, compressed ones too, by number."""
    found = ((ROTATED.fullmatch(path.name), path) for path in directory.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def span(path: Path) -> Span:
    """The times of the oldest and the newest row in it; the file's own time where it has no row that can be read."""
    times = list(_extremes(path))
    try:
        return Span(_instant(min(times)), _instant(max(times)))
    except ValueError:  # no row, or one whose time is none
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Span(changed, changed)


def begins(path: Path) -> datetime:
    """When the file's first row was written; the file's own time where none can be read."""
    return _first(path) or datetime.fromtimestamp(path.stat().st_mtime, UTC)


def first(directory: Path) -> datetime | None:
    """When the active file's first row was written; None where it has none."""
    try:
        return _first(directory / ACTIVE)
    except FileNotFoundError:
        return None


def _first(path: Path) -> datetime | None:
    with path.open("rb") as file:
        found = _TIME.search(file.read(CHUNK))
    try:
        return _instant(found[1]) if found else None
    except ValueError:
        return None


def _extremes(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if found := _TIME.findall(rest + chunk):
                yield from (min(found), max(found))
            rest = chunk[-_LAP:]


def _instant(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)

"""Which of the journal's files are old enough to be erased: whole ones, every call in them over, saved and not held.

The newest rotated file stays whatever its age: the numbers of the files go on from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import exists, func, select

from ivr.pbx import journal, journal_age
from ivr.pbx.journal_age import Span
from ivr.store import tables
from ivr.store.store import Store

ROTATE_AFTER = timedelta(days=31)  # a quiet hotline's file never grows to the size at which it is rotated


def rotate_by_age(directory: Path, now: datetime) -> None:
    """Close the active file off once its first row is a month old, so that it can be erased in its time."""
    first = journal_age.first(directory)
    if first is not None and now - first > ROTATE_AFTER:
        journal.rotate(directory)


async def old_files(store: Store, directory: Path, node: str, before: datetime) -> list[tuple[Path, Span]]:
    """The files that may go, the oldest first."""
    position = await store.position(node)
    if position is None:
        return []
    replay = journal.Place.of(position.replay_file, position.replay_offset)
    aged = await asyncio.to_thread(lambda: list(_aged(directory, replay.file, before)))
    return [(path, span) for path, span in aged if not await _is_held(store, span)]


def _aged(directory: Path, replay: int, before: datetime) -> Iterator[tuple[Path, Span]]:
    rotated = journal_age.files(directory)[:-1]
    for number, path in rotated:
        if number >= replay or journal_age.begins(path) >= before:
            return
        span = journal_age.span(path)
        if span.newest < before:
            yield path, span


async def _is_held(store: Store, span: Span) -> bool:
    call, hold = tables.call, tables.legal_hold
    theirs = select(call.c.id).where(
        exists().where(hold.c.call_id == call.c.id, hold.c.released_at.is_(None)),
        call.c.entered_at <= span.newest + timedelta(seconds=1),
        func.coalesce(call.c.ended_at, call.c.entered_at) >= span.oldest,
    )
    async with store.reading() as connection:
        return (await connection.execute(theirs.limit(1))).first() is not None

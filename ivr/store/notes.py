"""What operators write about calls: the case's five elements (R41) and free words, one note a call.

A note is personal data: it goes with the call's number (`ivr.store.retention_rows`). It may come before the call's own
rows do, so no foreign key ties them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, update

from ivr.errors import HotlineError
from ivr.store import tables
from ivr.store.export import instant
from ivr.store.store import Store

FIELDS = ("happened", "name", "place", "cause", "course", "text")  # time, person, place, cause, course; free words
FIRST_LINE = 80  # characters of a note where it is only mentioned

_NOTE = tables.note.c


@dataclass(frozen=True, slots=True)
class Note:
    call_id: str
    revision: int  # 1, 2, …; 0 where nothing was written yet
    at: datetime | None
    by: str
    happened: str = ""
    name: str = ""
    place: str = ""
    cause: str = ""
    course: str = ""
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": instant(self.at) if self.at is not None else None}

    @property
    def first_line(self) -> str:
        """The first words that say something: what it is about, before who and where."""
        said = (self.cause, self.course, self.text, self.place, self.name)
        return next((words.strip().splitlines()[0][:FIRST_LINE] for words in said if words.strip()), "")


def _select(condition: ColumnElement[bool]) -> Select[Any]:
    return select(*(_NOTE[field.name] for field in fields(Note))).where(condition)


class NoteChangedError(HotlineError):
    """`details["note"]` is the newer one."""

    def __init__(self, newer: Note) -> None:
        message = f"{newer.by or 'somebody'} has written meanwhile; merge with the note in the details and save again"
        super().__init__("note_changed", message, {"by": newer.by, "note": newer.as_dict()}, 409)


class Notes:
    """Each method raises DatabaseDownError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, call_id: str) -> Note:
        async with self._store.transaction() as connection:
            row = (await connection.execute(_select(_NOTE.call_id == call_id))).mappings().first()
        return Note(**row) if row else Note(call_id, 0, None, "")

    async def first_lines(self, call_ids: Sequence[str]) -> dict[str, str]:
        async with self._store.transaction() as connection:
            rows = await connection.execute(_select(_NOTE.call_id.in_(call_ids)))
            return {note.call_id: note.first_line for note in (Note(**row) for row in rows.mappings())}

    async def put(
        self, call_id: str, revision: int, words: Mapping[str, str], by: str, entered_at: datetime | None = None
    ) -> Note:
        """The note after `revision`. `entered_at`: of its call; None while that runs and the log knows nothing of it.

        Raises NoteChangedError where `revision` is not the newest one.
        """
        fresh = Note(call_id, revision + 1, datetime.now(UTC), by, **{name: words.get(name, "") for name in FIELDS})
        same = (_NOTE.call_id == call_id) & (_NOTE.revision == revision)
        opened = {} if revision else {"opened_at": entered_at or fresh.at}
        write = update(tables.note).where(same) if revision else tables.note.insert()
        try:
            async with self._store.transaction() as connection:
                written = (await connection.execute(write.values({**asdict(fresh), **opened}))).rowcount
        except HotlineError:
            if (await self.of(call_id)).revision == revision:
                raise
            written = 0  # somebody else's first words came first
        if not written:
            raise NoteChangedError(await self.of(call_id))
        return fresh

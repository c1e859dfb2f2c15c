"""What is written about a call, for the call log: the words of its case (R41), made anew with each of its events.

A note is personal data: it goes with the call's number (`ivr.store.retention_rows`). It may come before the call's own
rows do, so no foreign key ties them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, update

from ivr.desks.case_model import Case
from ivr.store import case_words, tables
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


def put(connection: Connection, call_id: str, case: Case, by: str, now: datetime) -> None:
    """What the case says now is the call's note, but who does not wish to be named (R60)."""
    words = {name: getattr(case.matter, name) for name in FIELDS} | {"name": case_words.name(case)}
    row = {"at": now, "by": by, "revision": len(case.history), **words}
    if connection.execute(update(tables.note).where(_NOTE.call_id == call_id).values(row)).rowcount:
        return
    entered: datetime | None = connection.execute(
        select(tables.call.c.entered_at).where(tables.call.c.id == call_id)
    ).scalar()
    connection.execute(tables.note.insert().values({"call_id": call_id, "opened_at": entered or now, **row}))


def written(connection: Connection, call_id: str) -> dict[str, str]:
    """The words of a note that was written before there were cases."""
    row = connection.execute(_select(_NOTE.call_id == call_id)).mappings().first()
    return {name: row[name] for name in FIELDS if row[name]} if row else {}

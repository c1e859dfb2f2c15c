"""What came by the internet becomes a case, or goes to the one that it belongs to: once, and before it is acknowledged.

That it was taken, how far a mailbox is read, and the case itself are one transaction: whatever dies meanwhile, a
message sent or read again is the same one. Each method raises DatabaseDownError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, delete, func, select, text

from ivr.desks.case import Case
from ivr.desks.exchange_limits import is_full
from ivr.desks.work_order import File
from ivr.store import attachments, case_rows, tables
from ivr.store.cases import Cases, Known
from ivr.store.correspondence import answered_cases
from ivr.store.store import Store

NOBODY = frozenset({"bounce", "reply", "loop"})  # no person wrote it: nothing becomes of it
GOES_ON = frozenset({"open", "offered", "accepted", "consulting", "handled"})  # states of a case that still takes words

_MESSAGE, _MAILBOX = tables.channel_message.c, tables.channel_mailbox.c


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message in the words of a case; `ivr.channels.incoming` makes it."""

    channel: str  # of [channels]
    word: str  # what the case says of it
    id: str
    received_at: datetime
    respond_by: datetime
    matter: Mapping[str, Any]
    sender: str = ""
    thread: str = ""
    answers: tuple[str, ...] = ()
    subject: str = ""
    automatic: str = ""  # a word of NOBODY, or why only a person answers it
    more: tuple[str, ...] = ()  # what did not fit
    files: tuple[File, ...] = ()  # that hung on it, and lie in {var}/attachments


@dataclass(frozen=True, slots=True)
class Place:
    """How far a mailbox was read."""

    folder: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Taken:
    case: str | None  # its id; None: nothing becomes of an automatic one
    number: str
    again: bool  # it was here already
    opened: bool = False  # it made a case of its own


@dataclass(frozen=True, slots=True)
class Source:
    """Whence a case came, and whom an answer goes to."""

    channel: str
    id: str
    sender: str
    thread: str
    subject: str
    automatic: str


class Arrivals:
    """`take` is the one way in."""

    def __init__(self, store: Store, cases: Cases) -> None:
        self._store, self._cases = store, cases

    async def take(self, one: Arrival, place: Place | None = None, now: datetime | None = None) -> Taken:
        """`place`: how far the mailbox is read with it."""
        taken_at = now or datetime.now(UTC)

        def write(connection: Connection) -> tuple[Taken, Known | None]:
            case_rows.alone(connection)
            if place is not None:
                _read_to(connection, one.channel, place)
            query = select(_MESSAGE.case_id).where(_MESSAGE.channel == one.channel, _MESSAGE.id == one.id)
            row = connection.execute(query).first()
            if row is not None:
                return Taken(row.case_id, _number(connection, row.case_id), again=True), None
            nobody = one.automatic in NOBODY
            known = None if nobody else self._case_of(connection, one)
            opened = known is None and not nobody
            if opened:
                known = self._opened(connection, one)
            if known is not None and one.files:
                known = self._cases.add(
                    connection, known, one.channel, "attached", {"files": list(map(asdict, one.files))}
                )
                attachments.kept_with(connection, known.case.id, [file.id for file in one.files])
            self._note(connection, one, known.case.id if known is not None else None, taken_at)
            if known is None:
                return Taken(None, "", again=False), None
            return Taken(known.case.id, known.case.number, again=False, opened=opened), known

        taken, known = await self._store.write(write)
        if known is not None:
            self._cases.changed(known)
        return taken

    def _opened(self, connection: Connection, one: Arrival) -> Known:
        id = str(uuid5(NAMESPACE_URL, f"channel:{one.channel}:{one.id}"))
        more = {"respond_by": one.respond_by.astimezone(UTC).isoformat()}
        known = self._cases.opened(connection, Known(Case(id), 0), one.channel, one.word, more)
        known = self._cases.add(connection, known, one.channel, "written", one.matter)
        return self._letters(connection, known, one.channel, one.more)

    def _letters(self, connection: Connection, known: Known, by: str, words: Sequence[str]) -> Known:
        for part in words:
            if part.strip():
                known = self._cases.add(connection, known, by, "received", {"words": part})
        return known

    def _case_of(self, connection: Connection, one: Arrival) -> Known | None:
        """The open case of the conversation that this goes on with, with the new words; None: a matter of its own.

        So are words for which there is no room in the case any more.
        """
        threads = [thread for thread in (one.thread, *one.answers) if thread]
        if not threads:
            return None
        both = tables.channel_message.join(tables.case, tables.case.c.id == _MESSAGE.case_id)
        ours = _MESSAGE.case_id.in_(answered_cases(threads))  # a reply to a mail of ours that names nothing else
        query = (
            select(_MESSAGE.case_id)
            .select_from(both)
            .where(_MESSAGE.channel == one.channel, _MESSAGE.thread.in_(threads) | ours, _MESSAGE.sender == one.sender)
            .where(tables.case.c.state.in_(GOES_ON))
            .order_by(tables.case.c.serial.desc())
            .limit(1)
        )
        found: str | None = connection.execute(query).scalar()
        if found is None:
            return None
        known, words = self._cases.known(connection, found), (one.matter.get("text", ""), *one.more)
        if known is None or is_full(known.case, self._cases.desk, len(words) + bool(one.files)):
            return None
        return self._letters(connection, known, one.channel, words)

    def _note(self, connection: Connection, one: Arrival, case: str | None, now: datetime) -> None:
        row = {
            "channel": one.channel,
            "id": one.id,
            "case_id": case,
            "sender": one.sender,
            "thread": one.thread,
            "subject": one.subject,
            "automatic": one.automatic,
            "received_at": one.received_at,
            "taken_at": now,
        }
        connection.execute(tables.channel_message.insert(), row)

    # --- asking ------------------------------------------------------------------------------------------------------

    async def place(self, channel: str, folder: str) -> Place | None:
        """How far the mailbox is read; None: never."""
        where = (_MAILBOX.channel == channel, _MAILBOX.folder == folder)
        async with self._store.reading() as connection:
            row = (await connection.execute(select(_MAILBOX.validity, _MAILBOX.uid).where(*where))).first()
        return Place(folder, row.validity, row.uid) if row is not None else None

    async def read_to(self, channel: str, place: Place) -> None:
        """The mailbox is read so far."""
        await self._store.write(lambda connection: _read_to(connection, channel, place))

    async def last(self, channel: str) -> datetime | None:
        """When the newest that was taken had come."""
        query = select(_MESSAGE.received_at).where(_MESSAGE.channel == channel)
        async with self._store.reading() as connection:
            return (await connection.execute(query.order_by(_MESSAGE.received_at.desc()).limit(1))).scalar()

    async def taken(self, channel: str, id: str) -> str | None:
        """The number of the case that this message opened or belongs to."""
        query = select(_MESSAGE.case_id).where(_MESSAGE.channel == channel, _MESSAGE.id == id)
        async with self._store.reading() as connection:
            case_id = (await connection.execute(query)).scalar()
            return await connection.run_sync(_number, case_id) or None

    async def source(self, case_id: str) -> Source | None:
        """Whence the case came first; None: not by a channel."""
        columns = (_MESSAGE.channel, _MESSAGE.id, _MESSAGE.sender, _MESSAGE.thread, _MESSAGE.subject,
                   _MESSAGE.automatic)  # fmt: skip
        query = select(*columns).where(_MESSAGE.case_id == case_id).order_by(_MESSAGE.taken_at).limit(1)
        async with self._store.reading() as connection:
            row = (await connection.execute(query)).first()
        return Source(*row) if row is not None else None

    async def waiting(self, limit: int) -> Sequence[Any]:
        """Rows of cases that nobody answered yet, the one whose time is over first in front."""
        query = select(tables.case).where(text(tables.UNANSWERED)).order_by(tables.case.c.respond_by).limit(limit)
        async with self._store.reading() as connection:
            return (await connection.execute(query)).mappings().all()

    async def unanswered(self, now: datetime) -> tuple[int, datetime | None]:
        """How many cases have waited for a first answer beyond their time, and since when the first of them."""
        late = (tables.case.c.respond_by <= now, text(tables.UNANSWERED))
        query = select(func.count(), func.min(tables.case.c.respond_by)).where(*late)
        async with self._store.reading() as connection:
            count, first = (await connection.execute(query)).one()
        return int(count), first


def _number(connection: Connection, case_id: str | None) -> str:
    found: str | None = connection.execute(select(tables.case.c.number).where(tables.case.c.id == case_id)).scalar()
    return found or ""


def _read_to(connection: Connection, channel: str, place: Place) -> None:
    where = (_MAILBOX.channel == channel, _MAILBOX.folder == place.folder)
    connection.execute(delete(tables.channel_mailbox).where(*where))
    row = {"channel": channel, "folder": place.folder, "validity": place.validity, "uid": place.uid}
    connection.execute(tables.channel_mailbox.insert(), row)

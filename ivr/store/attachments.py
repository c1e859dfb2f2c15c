"""Photographs of work orders, and what hung on mails: files by ids of our own, a row for each (name, type, SHA-256).

A file lies where its id says, never where its name would lead. One that no event names goes after a day; those of a
case whose personal data were erased go with these (R65): first the row says so, then the file is deleted, then the row
says that it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, or_, select, update

from ivr.desks.work_order import FILES, LARGEST, File
from ivr.errors import HotlineError
from ivr.store import tables
from ivr.store.store import Store

UNUSED = timedelta(days=1)
MOST_OF_ORDER = 48  # files
DISK_LIMIT = 64 * 1024 * 1024  # bytes that must stay free for journal, recordings and SQLite
AT_ONCE = 200  # files that are swept in one go
PIECE = 256 * 1024  # bytes
ERASED = "(erased)"
_FILE = tables.attachment.c

_BEGINNINGS: Mapping[str, re.Pattern[bytes]] = {  # of a file of this type
    name: re.compile(beginning, re.DOTALL)
    for name, beginning in {
        "image/jpeg": rb"\xff\xd8\xff",
        "image/png": rb"\x89PNG\r\n\x1a\n",
        "image/webp": rb"RIFF....WEBP",
        "image/gif": rb"GIF8[79]a",
        "image/heic": rb"....ftyp(hei[cx]|hevc|mif1|msf1)",
        "application/pdf": rb"%PDF-",
        "application/rtf": rb"\{\\rtf1",
        "application/x-ole-storage": rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/zip": rb"PK\x03\x04",
        "audio/mpeg": rb"ID3|\xff[\xf2\xf3\xfb]",
        "audio/amr": rb"#!AMR",
        "audio/wav": rb"RIFF....WAVE",
        "audio/ogg": rb"OggS",
        "video/mp4": rb"....ftyp(?!hei[cx]|hevc|mif1|msf1)",
    }.items()
}

log = structlog.get_logger(__name__)


class UnknownFileError(HotlineError):
    def __init__(self, id: str) -> None:
        super().__init__("unknown_file", f"there is no file {id} here, or it was erased", {"file": id}, 404)


class BadFileError(HotlineError):
    def __init__(self) -> None:
        message = "this is no photograph (JPEG, PNG, WebP) and no PDF, whatever its name says"
        super().__init__("bad_file", message, status=415)


class NoRoomError(HotlineError):
    def __init__(self, why: str) -> None:
        message = f"the file could not be kept ({why}): `ivr doctor` tells how much room the disk has"
        super().__init__("no_room", message, {"why": why}, 507)


class TooManyFilesError(HotlineError):
    def __init__(self) -> None:
        message = f"there are {MOST_OF_ORDER} files here already"
        super().__init__("too_many_files", message, {"most": MOST_OF_ORDER}, 409)


def type_of(beginning: bytes, types: Collection[str] = FILES) -> str:
    """Of a file, by its first bytes: one of these types. Raises BadFileError."""
    for name in types:
        if _BEGINNINGS[name].match(beginning):
            return name
    raise BadFileError


def _facts(file: Path, types: Collection[str]) -> tuple[str, int, str]:
    """Type, size and SHA-256. Raises BadFileError."""
    with file.open("rb") as source:
        kind = type_of(source.read(16), types)
        source.seek(0)
        return kind, file.stat().st_size, hashlib.file_digest(source, "sha256").hexdigest()


def make_room(folder: Path) -> None:
    """The folder, there. Raises NoRoomError before files take what journal and recordings need."""
    folder.mkdir(0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < DISK_LIMIT + 2 * LARGEST:  # as it comes, and as it is kept
        raise NoRoomError(f"{free} bytes left")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose files they are: a work order's, or what came with a case's letters."""

    case: str  # "": it is not known yet (`kept_with`)
    order: str = ""
    department: str = ""  # that sends it; "": the desk

    @property
    def rows(self) -> ColumnElement[bool]:
        return (_FILE.case_id == self.case) & (_FILE.order_id == self.order)


def told(row: RowMapping) -> File:
    return File(row["id"], row["name"], row["type"], row["bytes"], row["sha256"])


class Attachments:
    """Each method raises DatabaseDownError."""

    def __init__(self, store: Store, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self.folder, self._clock = store, folder, clock

    async def add(self, place: Place, name: str, file: Path, by: str, types: Collection[str] = FILES) -> File:
        """Keep a file that was sent. Raises BadFileError, TooManyFilesError, OSError."""
        id = secrets.token_hex(16)
        kind, size, digest = await asyncio.to_thread(_facts, file, types)
        values = {"id": id, "name": name, "type": kind, "bytes": size, "sha256": digest, "by": by}

        def write(connection: Connection) -> None:
            live = select(func.count()).where(place.rows, _FILE.erased_at.is_(None))
            if place.case and (connection.execute(live).scalar() or 0) >= MOST_OF_ORDER:
                raise TooManyFilesError
            of = {"case_id": place.case, "order_id": place.order, "department": place.department}
            connection.execute(tables.attachment.insert(), {**values, **of, "at": self._clock(), "used": False})

        await self._store.write(write)  # the row first: whatever becomes of this process, no file lies there unknown
        try:
            await asyncio.to_thread(self._keep, id, file)
        except OSError:
            await self._store.write(
                lambda connection: connection.execute(delete(tables.attachment).where(_FILE.id == id))
            )
            raise
        return File(id, name, kind, size, digest)

    def _keep(self, id: str, file: Path) -> None:
        """Copied, on the disk for good."""
        path = self.path(id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with file.open("rb") as source, open(path, "xb", opener=_private) as target:
                shutil.copyfileobj(source, target, PIECE)
                target.flush()
                os.fsync(target.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def path(self, id: str) -> Path:
        return self.folder / id[:2] / id

    async def of(self, place: Place, ids: Sequence[str]) -> list[File]:
        """Those that lie there, in this order. Raises UnknownFileError."""
        query = select(tables.attachment).where(place.rows, _FILE.id.in_(ids), _FILE.erase_at.is_(None))
        async with self._store.reading() as connection:
            found = {row["id"]: row for row in (await connection.execute(query)).mappings()}
        for id in ids:
            if id not in found:
                raise UnknownFileError(id)
        return [told(found[id]) for id in dict.fromkeys(ids)]

    async def get(self, place: Place, id: str) -> File:
        """Raises UnknownFileError."""
        return (await self.of(place, [id]))[0]

    async def sweep(self) -> int:
        """Delete what has to go; how many files. A file that cannot be deleted is tried again at the next sweep."""
        now = self._clock()
        old = and_(_FILE.used.is_(False), _FILE.at < now - UNUSED)
        goes = select(tables.attachment).where(_FILE.erased_at.is_(None), or_(_FILE.erase_at.is_not(None), old))
        async with self._store.reading() as connection:
            rows = (await connection.execute(goes.limit(AT_ONCE))).mappings().all()
        gone = [row for row in rows if await asyncio.to_thread(self._delete, row)]
        if gone:
            await self._store.write(lambda connection: _swept(connection, gone, now))
        return len(gone)

    def _delete(self, row: RowMapping) -> bool:
        try:
            self.path(row["id"]).unlink(missing_ok=True)
        except OSError as failure:
            log.warning("attachment.not_deleted", alarm=True, file=row["id"], why=str(failure))
            return False
        return True


def kept_with(connection: Connection, case_id: str, ids: Sequence[str]) -> None:
    """These files came with a letter of this case, whose event names them."""
    connection.execute(update(tables.attachment).where(_FILE.id.in_(ids)).values(case_id=case_id, used=True))


def forget(connection: Connection, case_id: str, now: datetime) -> None:
    """The files of this case go (R65); their rows stay without their names."""
    of_case = update(tables.attachment).where(_FILE.case_id == case_id, _FILE.erase_at.is_(None))
    connection.execute(of_case.values(erase_at=now, name=ERASED))


def _swept(connection: Connection, gone: Sequence[RowMapping], now: datetime) -> None:
    used = [row["id"] for row in gone if row["used"] or row["erase_at"] is not None]
    connection.execute(update(tables.attachment).where(_FILE.id.in_(used)).values(erased_at=now))
    connection.execute(delete(tables.attachment).where(_FILE.id.in_({row["id"] for row in gone} - set(used))))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

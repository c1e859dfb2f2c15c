"""A copy of the whole database in one file, made while calls run, and back again.

The journal's position is in the copy, beside the rows that were made until there. So a database that was restored says
where the controller has to go on reading, and the journal brings it to the present: nothing is lost, nothing doubled.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from ivr.errors import HotlineError
from ivr.store import postgres_programs as programs
from ivr.store import shape
from ivr.store.store import Store
from ivr.store.voices import sync

SQLITE, POSTGRESQL = b"SQLite format 3\0", b"PGDMP"  # how such files begin


class BackupError(HotlineError):
    """The copy could not be made, or a file is none of ours."""

    def __init__(self, words: str, **details: object) -> None:
        super().__init__("backup", words, details, 500)


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup holds."""

    file: str
    bytes: int
    revision: str | None  # None: a PostgreSQL dump tells it once it is restored


async def backup(url: str, file: Path) -> Saved:
    """Write `file` (mode 0600, only ever whole). Raises BackupError, NoDatabaseError, DatabaseDownError."""
    parsed = make_url(url)
    revision = await shape.current(url)
    with _replacing(file) as partial:
        if parsed.get_backend_name() == "sqlite":
            await asyncio.to_thread(_copy_sqlite, Path(parsed.database or ""), partial)
        else:
            arguments = ("--format=custom", "--no-owner", "--no-privileges", f"--file={partial}")
            await asyncio.to_thread(programs.run, "pg_dump", parsed, *arguments)
    return Saved(str(file), await asyncio.to_thread(lambda: file.stat().st_size), revision)


def look(url: str, file: Path) -> Saved:
    """What is in a backup, and that it is one that can go into this database. Raises BackupError."""
    parsed = make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    try:
        with file.open("rb") as opened:
            begins = opened.read(16)
        size = file.stat().st_size
    except OSError as error:
        raise BackupError(
            f"{file} cannot be read: {error.strerror}. Name the file that `ivr db backup` wrote."
        ) from error
    if not begins.startswith(SQLITE if is_sqlite else POSTGRESQL):
        kind = "SQLite" if is_sqlite else "PostgreSQL"
        raise BackupError(f"{file} is no backup of a {kind} database, which [database] url in hotline.toml names.")
    if not is_sqlite:
        programs.run("pg_restore", parsed, "--file=/dev/null", str(file))
        return Saved(str(file), size, None)
    revision = _checked(file)
    if shape.state(revision) == "newer":
        raise BackupError(f"{file} has revision {revision}, which this release does not know: use the newer one.")
    return Saved(str(file), size, revision)


async def restore(url: str, file: Path) -> bool:
    """Make the database what it was, and bring it into this release's shape. Nobody may write to it meanwhile.

    What fails leaves the database as it was. True: a SQLite file that was none any more was put aside for a new one.
    Raises BackupError, DatabaseDownError, DatabaseTooNewError.
    """
    parsed = make_url(url)
    await asyncio.to_thread(look, url, file)
    if parsed.get_backend_name() == "sqlite":
        aside = await asyncio.to_thread(_restore_sqlite, file, Path(parsed.database or ""))
    else:
        aside = False
        await asyncio.to_thread(programs.restore, parsed, file)
    store = Store(url)
    await store.open()
    await store.close()
    return aside


def _copy_sqlite(live: Path, copy: Path) -> None:
    """One step, so one moment: SQLite's own way to copy a database that is written to (sqlite3_backup)."""
    with _in_words(f"{live} cannot be copied"):
        with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log of changes beside it
        _checked(copy)


def _checked(file: Path) -> str | None:
    """The revision of a SQLite file that is whole."""
    with (
        _in_words(f"{file} is damaged"),
        closing(_readonly(file)) as opened,
    ):
        found = [row[0] for row in opened.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            raise BackupError(f"{file} is damaged: {'; '.join(found[:3])}")
        try:
            row = opened.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            raise BackupError(f"{file} is no call log: it has no table alembic_version.") from error
    return row[0] if row else None


def _restore_sqlite(file: Path, live: Path) -> bool:
    """Into the database as one transaction; a file that is no database any more is put aside."""
    try:
        _over(file, live)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise BackupError(f"{live} is in use: {error}. End what uses it and try again.") from error
        aside = datetime.now(UTC).strftime("broken-%Y%m%dT%H%M%SZ")
        for left in (live, live.with_name(live.name + "-wal"), live.with_name(live.name + "-shm")):
            if left.exists():
                left.rename(left.with_name(f"{left.name}.{aside}"))
        with _in_words(f"{live} cannot be written"):
            _over(file, live)
        return True
    return False


def _over(file: Path, live: Path) -> None:
    live.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # one that is there is not opened by hand: see `engine.create`
        os.close(os.open(live, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_readonly(file)) as source, closing(sqlite3.connect(live, timeout=10)) as target:
        target.execute("PRAGMA journal_mode=WAL")
        source.backup(target)


def _readonly(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{what}: {error}") from error


@contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """A file beside it that takes its place once it is whole and on disk."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    with _in_words(f"{file} cannot be written"):
        try:
            os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            yield partial
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            partial.rename(file)
            sync(file.parent)
        finally:
            partial.unlink(missing_ok=True)

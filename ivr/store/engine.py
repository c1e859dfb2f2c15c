"""An async engine for the call log, tuned for one writer and a few readers."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

# synchronous=NORMAL: after a power cut the last commits may be gone, never half there. They are read again from the
# journal, because the journal's position goes with them; FULL would cost an fsync a commit for nothing.
# case_sensitive_like: as PostgreSQL compares, and a beginning of a number is found by the index.
PRAGMAS = (
    "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000", "case_sensitive_like=ON",
)  # fmt: skip

MIGRATION_PATIENCE = 120_000  # ms that a start waits while another one brings the tables into shape
PEN_PATIENCE = 1000  # ms that a save waits for another's; then it is told that the database is away, and tries again
ANSWER_SECONDS = 30.0  # for one statement or one connection; a server that is frozen says nothing for ever


def create(url: str, patient: bool = False) -> AsyncEngine:
    """`sqlite+aiosqlite:///…` (the file is made with mode 0600, its folder must exist) or `postgresql+asyncpg://…`.

    `patient`: a statement may take its time, as a migration of many rows does, and so may the wait for another's.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_async_engine(
            parsed,
            pool_pre_ping=True,
            pool_size=4,
            connect_args={
                "timeout": ANSWER_SECONDS,
                "command_timeout": None if patient else ANSWER_SECONDS,
                "server_settings": {"application_name": "hotline"},
            },
        )
    if parsed.database and not Path(parsed.database).exists():
        _make_file(Path(parsed.database))
    engine = create_async_engine(parsed)
    _prepare(engine.sync_engine, _begin_sqlite)
    if patient:
        _wait_for_others(engine.sync_engine, MIGRATION_PATIENCE)
    return engine


def _make_file(path: Path) -> None:
    """An empty database, there at once and whole: two who change a new file to WAL at a time lock each other out.

    WAL and shared-memory files take over its mode. A file that is there is never opened by hand: closing it would let
    go of the locks of all this process's connections (fcntl(2)), and the next process that looks and goes would delete
    the log from under them.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with closing(sqlite3.connect(draft)) as database:
            database.execute("PRAGMA journal_mode=WAL")
        with suppress(FileExistsError):  # another was quicker
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def create_pen(url: str) -> Engine | None:
    """For SQLite a second way to the file, without asyncio: a whole transaction is one visit of a thread.

    aiosqlite visits its thread for every statement, cursor and commit: twenty times a save, three quarters of its cost.
    None for other databases, whose drivers need no thread.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    pen = create_engine(parsed.set(drivername="sqlite+pysqlite"))
    _prepare(pen, _begin_writing)
    _wait_for_others(pen, PEN_PATIENCE)
    return pen


def _wait_for_others(engine: Engine, milliseconds: int) -> None:
    """How long a statement waits for another who writes."""
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA busy_timeout={milliseconds}"))


def _prepare(engine: Engine, begin: Callable[[Connection], None]) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", begin)


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """The driver begins at the first INSERT only: a SELECT or a CREATE TABLE before it would stand outside."""
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Wait for another that writes now: once a SELECT has been answered SQLite would not wait but refuse (WAL)."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def snapshot(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for reading: SQLite's transactions see one moment by themselves, PostgreSQL's when asked to."""
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")


def begin_alone(connection: Connection) -> None:
    """Hold every other process that asks for this off until the transaction ends: two starts may both migrate."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(12345)"))

"""The call log in a database: whole calls in, whole calls out, and how far the journal has been read."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, Table, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.calls.model import Call
from ivr.store import engine, mapping, migrate, search, tables
from ivr.store.errors import AmbiguousCallError, DatabaseDownError, DatabaseTooNewError, DatabaseTooOldError, mapped
from ivr.store.upsert import AT_ONCE, Upsert, changed, clear, delete_vanished, in_transaction

T = TypeVar("T")

ENDED_AT = list(tables.call.c.keys()).index("ended_at")
MERGE_PAGES = 4000  # of the index of words, at a time
VACUUM_UP_TO = 256 * 2**20  # bytes: about two seconds


@dataclass(frozen=True, slots=True)
class Position:
    """How far a node's journal is in the database. `file` is the logical name (`journal-000007.csv`).

    Everything before `file`, `offset` is saved; a restart reads from `replay_file`, `replay_offset`, where the oldest
    unfinished call begins.
    """

    node: str
    file: str
    offset: int  # bytes
    replay_file: str
    replay_offset: int  # bytes


class Store:
    """The database behind `url`. One process writes (`save`), any number reads."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url).render_as_string(hide_password=True)
        self._engine_url = url
        self._engine: AsyncEngine | None = None
        self._pen: Engine | None = None  # what SQLite is written with
        self._running: dict[str, mapping.Rows] = {}  # unfinished calls as saved: what is equal is not written again
        self._upserts: dict[Table, Upsert] = {}

    async def open(self, may_migrate: bool = True) -> None:
        """Connect and bring the tables into shape; once is enough.

        Raises DatabaseDownError, DatabaseTooNewError; DatabaseTooOldError where the shape may not be changed now.
        """
        if self._engine is not None:
            return
        with mapped(self.url):
            opened = engine.create(self._engine_url)
            try:
                await self._bring_into_shape(opened, may_migrate)
            except BaseException:
                await opened.dispose()
                raise
        written = (tables.call, *tables.CHILDREN, tables.journal_position)
        self._upserts = {table: Upsert(table, opened.dialect) for table in written}
        self._engine, self._pen = opened, engine.create_pen(self._engine_url)

    async def _bring_into_shape(self, opened: AsyncEngine, may_migrate: bool) -> None:
        async with opened.begin() as connection:
            revision = await connection.run_sync(migrate.current)
        if revision == migrate.HEAD:
            return
        if revision is not None and not may_migrate and revision in dict(migrate.revisions()):
            raise DatabaseTooOldError(self.url, revision, migrate.HEAD)
        patient = engine.create(self._engine_url, patient=True)
        try:
            async with patient.begin() as connection:
                await connection.run_sync(engine.begin_alone)
                await connection.run_sync(migrate.upgrade)
        except migrate.UnknownRevisionError as error:
            raise DatabaseTooNewError(self.url, revision or "?", migrate.HEAD) from error
        finally:
            await patient.dispose()

    async def forget_deleted(self) -> None:
        """Let nothing of what was deleted stay in SQLite's file: moved rows leave copies in unused parts of pages.

        A large file is not written anew, for the log would wait too long. PostgreSQL's vacuum sees to it by itself.
        """
        if self._ready.dialect.name != "sqlite":
            return
        with mapped(self.url):
            async with self._begin() as connection:
                await connection.exec_driver_sql("ROLLBACK")
                pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
                size = (await connection.exec_driver_sql("PRAGMA page_size")).scalar_one()
                # The index of words keeps what was deleted from it until its parts are merged.
                whole = pages * size <= VACUUM_UP_TO
                merge = "('optimize', 0)" if whole else f"('merge', {MERGE_PAGES})"
                await connection.exec_driver_sql(f"INSERT INTO case_search (case_search, rank) VALUES {merge}")  # noqa: S608
                await connection.exec_driver_sql("COMMIT")
                if whole:
                    await connection.exec_driver_sql("VACUUM")
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        if self._pen is not None:
            self._pen.dispose()
            self._pen = None

    # --- writing -----------------------------------------------------------------------------------------------------

    async def save(self, calls: Iterable[Call], position: Position | None = None) -> None:
        """Make the database say exactly this of each call, and move the position, in one transaction.

        Raises DatabaseDownError (nothing was written; try again) or CallRefusedError (nothing was written).
        """
        rows = {call.id: mapping.to_rows(call) for call in calls}
        running = [id for id, of_call in rows.items() if of_call[tables.call][id,][ENDED_AT] is None]
        known = {id: self._running.pop(id) for id in rows if id in self._running}

        def write(connection: Connection) -> None:
            clear(connection, [id for id in rows if id not in known])
            delete_vanished(connection, rows, known)
            for table in (tables.call, *tables.CHILDREN):
                self._upserts[table].run(connection, changed(table, rows, known))
            if position is not None:
                self._upserts[tables.journal_position].run(connection, [dataclasses.astuple(position)])

        with mapped(self.url, list(rows)):
            await self._write(write)
        self._running.update((id, rows[id]) for id in running)

    async def _write(self, act: Callable[[Connection], T]) -> T:
        """All of it in one transaction, or nothing."""
        if self._pen is not None:
            return await asyncio.to_thread(in_transaction, self._pen, act)
        async with self._begin() as connection:
            return await connection.run_sync(act)

    async def write(self, act: Callable[[Connection], T]) -> T:
        """What `act` answers, once all that it wrote is kept; nobody else writes to SQLite meanwhile.

        Raises DatabaseDownError (nothing was written).
        """
        with mapped(self.url):
            return await self._write(act)

    async def durable(self) -> None:
        """What was kept until now survives a power cut too: SQLite's commits do so from its next checkpoint on."""
        pen = self._pen
        if pen is None:
            return

        def checkpoint() -> None:
            connection = pen.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                connection.close()

        with mapped(self.url):
            await asyncio.to_thread(checkpoint)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def position(self, node: str) -> Position | None:
        """How far the node's journal has been read; None before the first row."""
        with mapped(self.url):
            async with self._begin() as connection:
                found = await connection.execute(
                    select(tables.journal_position).where(tables.journal_position.c.node == node)
                )
                row = found.mappings().first()
        return Position(**row) if row else None

    async def last_language(self, caller: str) -> str | None:
        """The language of this caller's newest call; None where he has not called before."""
        column = tables.call.c
        query = select(column.language).where(column.caller == caller).order_by(column.entered_at.desc()).limit(1)
        with mapped(self.url):
            async with self._begin() as connection:
                found: str | None = (await connection.execute(query)).scalar()
        return found

    async def calls(self, limit: int = 50, before: str | None = None, **wanted: Any) -> list[Call]:
        """The newest calls first. `before` is the id of a call already seen: the page after it.

        `wanted` are the fields of `ivr.store.search.Wanted`.
        """
        async with self.reading() as connection:
            heads = await search.page(connection, search.Wanted(**wanted), limit, before)
            return await _whole(connection, heads)

    async def call(self, id: str) -> Call | None:
        """One call by its id, or by the beginning of its id where only one fits. Raises AmbiguousCallError."""
        column = tables.call.c.id
        exact = await self._fetch(select(tables.call).where(column == id))
        if exact or not id:
            return exact[0] if exact else None
        fits = await self._fetch(select(tables.call).where(column.startswith(id, autoescape=True)).limit(3))
        if len(fits) > 1:
            raise AmbiguousCallError(id, [call.id for call in fits])
        return fits[0] if fits else None

    async def these(self, ids: Sequence[str]) -> dict[str, Call]:
        """The calls of these ids that are in the log."""
        found: list[Call] = []
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            found += await self._fetch(select(tables.call).where(tables.call.c.id.in_(part)))
        return {call.id: call for call in found}

    async def count(self) -> int:
        """How many calls are in the log."""
        async with self.reading() as connection:
            return (await connection.execute(select(func.count()).select_from(tables.call))).scalar_one()

    async def _fetch(self, query: Select[Any]) -> list[Call]:
        async with self.reading() as connection:
            return await _whole(connection, (await connection.execute(query)).mappings().all())

    # --- the engine --------------------------------------------------------------------------------------------------

    @property
    def _ready(self) -> AsyncEngine:
        if self._engine is None:
            raise DatabaseDownError(self.url, "it has not been opened")
        return self._engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, for tables that are not the call log's. Raises DatabaseDownError."""
        with mapped(self.url):
            async with self._begin() as connection:
                yield connection

    def _begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._ready.begin()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One picture of the database, however many questions: a call's head and legs are of the same moment."""
        with mapped(self.url):
            async with engine.snapshot(self._ready).begin() as connection:
                yield connection

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction beside which nobody else erases or migrates; keep it short, the call log waits meanwhile."""
        with mapped(self.url):
            async with self._begin() as connection:
                await connection.run_sync(engine.begin_alone)
                yield connection


async def _whole(connection: AsyncConnection, heads: Sequence[Any]) -> list[Call]:
    """The calls of these rows, with all that belongs to them."""
    found: list[Call] = []
    for start in range(0, len(heads), AT_ONCE):
        part = heads[start : start + AT_ONCE]
        rows: dict[Table, Sequence[Any]] = {tables.call: part}
        for table in tables.CHILDREN:
            of_these = select(table).where(table.c.call_id.in_([row["id"] for row in part]))
            rows[table] = (await connection.execute(of_these.order_by(table.c.ordinal))).mappings().all()
        found += mapping.to_calls(rows)
    return found

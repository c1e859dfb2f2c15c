"""The shape of a database's tables, asked for and changed by a person: which revision, which there are, up and down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import HotlineError
from ivr.store import engine, migrate
from ivr.store.errors import DatabaseTooNewError, mapped


class NoSuchRevisionError(HotlineError):
    def __init__(self, revision: str) -> None:
        words = f"There is no revision {revision}: `ivr db history` lists them, from the oldest to the newest."
        super().__init__("unknown_revision", words, {"revision": revision}, 404)


class NoDatabaseError(HotlineError):
    def __init__(self, url: str) -> None:
        super().__init__("no_database", f"There is no database {url} yet: `ivr up` makes it.", {"url": url}, 404)


@dataclass(frozen=True, slots=True)
class Revision:
    """One shape of the tables. `words` says what it is for."""

    id: str
    words: str


def history() -> list[Revision]:
    """Every revision that this program knows, the oldest first."""
    return [Revision(id, words) for id, words in migrate.revisions()]


def state(found: str | None) -> str:
    """`current`, `older` (the next start brings it into shape), `newer` (of a newer program) or `empty`."""
    if found is None:
        return "empty"
    known = [revision.id for revision in history()]
    return "current" if found == known[-1] else "older" if found in known else "newer"


async def current(url: str) -> str | None:
    """The revision that the database has; None for one without tables. Raises DatabaseDownError, NoDatabaseError."""
    async with _opened(url) as (opened, _), opened.connect() as connection:
        return await connection.run_sync(migrate.current)


async def upgrade(url: str, revision: str) -> tuple[str | None, str | None]:
    """Revision before and after. Raises NoSuchRevisionError, DatabaseTooNewError, DatabaseDownError."""
    return await _move(url, revision, migrate.upgrade)


async def downgrade(url: str, revision: str) -> tuple[str | None, str | None]:
    """Revision before and after; what does not fit the older shape is lost. Raises as `upgrade`."""
    return await _move(url, revision, migrate.downgrade)


async def _move(url: str, revision: str, move: Callable[[Connection, str], None]) -> tuple[str | None, str | None]:
    known = [one.id for one in history()]
    if revision not in {*known, "base"}:
        raise NoSuchRevisionError(revision)
    async with _opened(url) as (opened, shown), opened.begin() as connection:
        await connection.run_sync(engine.begin_alone)
        before = await connection.run_sync(migrate.current)
        if state(before) == "newer":
            raise DatabaseTooNewError(shown, str(before), known[-1])
        place = {None: -1} | {id: n for n, id in enumerate(known)}
        wanted = -1 if revision == "base" else place[revision]
        if (wanted > place[before]) == (move is migrate.upgrade) and wanted != place[before]:
            await connection.run_sync(move, revision)
        return before, await connection.run_sync(migrate.current)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[tuple[AsyncEngine, str]]:
    parsed = make_url(url)
    shown = parsed.render_as_string(hide_password=True)
    if _is_missing(parsed):
        raise NoDatabaseError(shown)
    with mapped(shown):
        opened = engine.create(url, patient=True)
        try:
            yield opened, shown
        finally:
            await opened.dispose()


def _is_missing(url: URL) -> bool:
    """A SQLite file would be made by the mere asking."""
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()

"""The tables up and down with every recorded call in them; a death on the way; programs older and newer than they."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from ivr.calls.model import Call
from ivr.calls.projection import project
from ivr.store import DatabaseTooNewError, DatabaseTooOldError, Store, erasure, migrate, shape, tables
from ivr.store.rebuild import rebuild
from ivr.store.retention import Job
from tests.replay import streams
from tests.unit.erasing import KEPT, NODE, Calendar
from tests.unit.stories import EIGHT

INDEX_OF_WORDS = "case_search"  # SQLite's has tables of its own
REVISIONS = [revision.id for revision in shape.history()]


def recorded() -> dict[str, Call]:
    """Every call of the recorded journals."""
    return {call.id: call for name in streams.STREAMS for call in project(streams.rows(name))}


@pytest.fixture
async def filled(ready_database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """A database with all of them, a hold, and a proof."""
    (tmp_path / "var/journal").mkdir(parents=True)
    store = Store(ready_database_url)
    await store.open()
    calls = recorded()
    await store.save(calls.values())
    await erasure.hold(store, next(iter(calls)), EIGHT, "Li Si", "complaint")
    clock = Calendar(EIGHT)
    clock.months_later(13)
    await Job(store, tmp_path / "var", NODE, KEPT, by="test", clock=clock).run()
    await store.close()
    yield ready_database_url


async def everything(url: str, names: set[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these tables, in an order that does not depend on the database."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with shape._opened(url) as (engine, _), engine.connect() as connection:
        for name in sorted(names):
            there = {
                one["name"]
                for one in await connection.run_sync(lambda sync, name=name: inspect(sync).get_columns(name))
            }
            rows = await connection.execute(select(*(c for c in tables.metadata.tables[name].c if c.name in there)))
            found[name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def columns_of(connection: Connection, name: str) -> set[str]:
    return {one["name"] for one in inspect(connection).get_columns(name)}


async def names_in(url: str) -> set[str]:
    async with shape._opened(url) as (engine, _), engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return {name for name in names if name != "alembic_version" and not name.startswith(INDEX_OF_WORDS)}


class TestUpAndDown:
    @pytest.mark.parametrize("older", REVISIONS[:-1])
    async def test_given_every_recorded_call_when_taken_down_and_up_then_what_both_shapes_hold_is_the_same(
        self, filled: str, older: str
    ) -> None:
        before = await everything(filled, await names_in(filled))
        assert all(before[table.name] for table in tables.CHILDREN)
        assert await shape.downgrade(filled, older) == (migrate.HEAD, older)
        left = await names_in(filled)
        assert left <= before.keys()  # a revision may bring an index alone
        assert await everything(filled, left) == {name: before[name] for name in left}
        assert await shape.upgrade(filled, migrate.HEAD) == (older, migrate.HEAD)
        assert await names_in(filled) == before.keys()
        assert await everything(filled, left) == {name: before[name] for name in left}

    async def test_given_no_table_left_when_taken_up_and_the_journal_read_again_then_the_log_is_whole(
        self, filled: str, tmp_path: Path
    ) -> None:
        await shape.downgrade(filled, "base")
        assert await names_in(filled) == set()
        journal = tmp_path / "var/journal"
        (journal / "journal.csv").write_bytes(streams.journal("transfer_to_110_by_key"))
        store = Store(filled)
        await store.open()
        await rebuild(store, journal, NODE)
        expected = project(streams.rows("transfer_to_110_by_key"))
        assert [await store.call(call.id) for call in expected] == list(expected)
        await store.close()

    def test_given_the_migrations_then_each_has_a_way_back_and_says_what_it_is_for(self) -> None:
        scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
        for script in scripts.walk_revisions():
            assert callable(script.module.downgrade)
            assert script.doc
        assert REVISIONS[-1] == migrate.HEAD
        assert sorted(REVISIONS) == REVISIONS

    async def test_given_a_revision_that_there_is_not_when_wanted_then_it_is_said_and_nothing_moves(
        self, filled: str
    ) -> None:
        for move in (shape.upgrade, shape.downgrade):
            with pytest.raises(shape.NoSuchRevisionError, match="ivr db history"):
                await move(filled, "0815")
        assert await shape.current(filled) == migrate.HEAD

    async def test_given_a_shape_that_is_there_already_when_wanted_then_nothing_happens(self, filled: str) -> None:
        assert await shape.upgrade(filled, REVISIONS[0]) == (migrate.HEAD, migrate.HEAD)
        assert await shape.downgrade(filled, migrate.HEAD) == (migrate.HEAD, migrate.HEAD)


DYING = """
import asyncio, os, signal, sys
from ivr.store import migrate, shape
way = getattr(migrate, sys.argv[2])
def die(connection, revision):
    way(connection, revision)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(migrate, sys.argv[2], die)
asyncio.run(getattr(shape, sys.argv[2])(sys.argv[1], sys.argv[3]))
"""


class TestDeath:
    @pytest.mark.parametrize(("way", "start", "end"), [("downgrade", None, "0001"), ("upgrade", "0001", migrate.HEAD)])
    async def test_given_a_process_that_is_killed_before_it_commits_then_the_database_is_as_before(
        self, filled: str, way: str, start: str | None, end: str
    ) -> None:
        if start is not None:
            await shape.downgrade(filled, start)
        before = await everything(filled, await names_in(filled))
        dying = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, filled, way, end)
        assert await dying.wait() == -signal.SIGKILL
        assert await shape.current(filled) == (start or migrate.HEAD)
        assert await everything(filled, await names_in(filled)) == before


class TestOtherReleases:
    async def test_given_an_older_shape_when_opened_then_it_is_brought_up_with_its_calls(self, filled: str) -> None:
        await shape.downgrade(filled, "0001")
        assert shape.state("0001") == "older"
        store = Store(filled)
        await store.open()
        assert {call.id for call in await store.calls(1000)} == recorded().keys()
        await store.close()

    async def test_given_an_older_controller_that_runs_when_a_command_looks_then_nothing_is_changed_under_it(
        self, filled: str
    ) -> None:
        await shape.downgrade(filled, "0001")
        with pytest.raises(DatabaseTooOldError, match="end `ivr up` and start it again"):
            await Store(filled).open(may_migrate=False)
        assert await shape.current(filled) == "0001"

    async def test_given_a_newer_shape_when_opened_or_moved_then_it_is_left_alone_and_the_way_back_is_named(
        self, filled: str
    ) -> None:
        async with shape._opened(filled) as (engine, _), engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert shape.state("9999") == "newer"
        for act in (Store(filled).open(), shape.upgrade(filled, migrate.HEAD), shape.downgrade(filled, "0001")):
            with pytest.raises(DatabaseTooNewError, match=f"ivr db downgrade {migrate.HEAD}"):
                await act
        assert await shape.current(filled) == "9999"

    async def test_given_statements_prepared_before_when_the_tables_were_made_anew_then_the_store_goes_on(
        self, filled: str
    ) -> None:
        """PostgreSQL keeps plans a connection, and they are wrong after a change of the tables."""
        store = Store(filled)
        await store.open()
        calls = recorded()
        await store.save(calls.values())
        await shape.downgrade(filled, "base")
        await shape.upgrade(filled, migrate.HEAD)
        for _ in range(2):
            await store.save(calls.values())
        assert {call.id: call for call in await store.calls(1000)} == calls
        await store.close()

"""The shape of the tables: what the models say, what migrations make, what other releases left."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from ivr.calls.model import Attempt, Call, Leg, Step, Talk, Transfer
from ivr.store import (
    DatabaseTooNewError,
    Position,
    Store,
    mapping,
    migrate,
    tables,
)
from tests.unit.stories import transferred


def is_no_index_of_words(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """What cases are found by is each database's own."""
    return kind != "table" or not str(name).startswith("case_search")


class TestTables:
    def test_given_the_models_dataclasses_then_each_field_is_a_column_in_the_same_order(self) -> None:
        kinds = {
            tables.call: ([], Call),
            tables.leg: (["ordinal"], Leg),
            tables.talk: (["ordinal"], Talk),
            tables.transfer: (["ordinal"], Transfer),
            tables.transfer_attempt: (["ordinal", "transfer_id", "call_id"], Attempt),
            tables.ivr_step: (["ordinal"], Step),
        }
        for table, (added, kind) in kinds.items():
            names = [field.name for field in fields(kind) if field.name not in mapping.NESTED]
            assert table.c.keys() == added + names
        assert tables.journal_position.c.keys() == [field.name for field in fields(Position)]

    def test_given_the_migrations_then_the_newest_is_the_one_that_open_expects(self) -> None:
        folder = Path(migrate.__file__).parent / "migrations"
        assert ScriptDirectory(str(folder)).get_current_head() == migrate.HEAD

    async def test_given_an_empty_database_when_opened_then_its_tables_are_the_models(self, database_url: str) -> None:
        store = Store(database_url)
        await store.open()
        async with store._begin() as connection:
            differences = await connection.run_sync(
                lambda sync: compare_metadata(
                    MigrationContext.configure(
                        sync, opts={"compare_type": False, "include_object": is_no_index_of_words}
                    ),
                    tables.metadata,
                )
            )
        assert differences == []
        await store.close()

    async def test_given_a_filled_database_when_migrated_down_and_up_then_it_is_empty_and_works(
        self, store: Store
    ) -> None:
        await store.save([transferred()])
        async with store._begin() as connection:
            await connection.run_sync(migrate.downgrade)
            left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
            assert left == ["alembic_version"]
            await connection.run_sync(migrate.upgrade)
        await Store.save(store, [transferred("c-2")])
        assert [call.id for call in await store.calls()] == ["c-2"]

    async def test_given_a_migration_that_dies_half_way_then_the_database_is_as_before(self, store: Store) -> None:
        await store.save([transferred()])

        def die(connection: Connection) -> None:
            migrate.downgrade(connection)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            async with store._begin() as connection:
                await connection.run_sync(die)
        assert await store.call("c-1") == transferred()

    async def test_given_two_processes_when_both_open_an_empty_database_then_both_get_it(
        self, database_url: str
    ) -> None:
        stores = [Store(database_url) for _ in range(4)]
        await asyncio.gather(*(store.open() for store in stores))
        await stores[0].save([transferred()])
        assert [len(await store.calls()) for store in stores] == [1, 1, 1, 1]
        for store in stores:
            await store.close()

    async def test_given_a_database_of_a_newer_release_when_opened_then_it_is_left_alone(
        self, ready_database_url: str, store: Store
    ) -> None:
        async with store._begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(DatabaseTooNewError, match="9999"):
            await Store(ready_database_url).open()

    async def test_given_a_search_by_caller_then_an_index_serves_it(self, store: Store) -> None:
        indexes = {index.name for index in tables.call.indexes}
        assert {"ix_call_caller_entered_at", "ix_call_entered_at"} <= indexes
        if store._ready.dialect.name == "sqlite":  # PostgreSQL scans tables this small whatever the index
            async with store._begin() as connection:
                query = "EXPLAIN QUERY PLAN SELECT * FROM call WHERE caller = '1' ORDER BY entered_at DESC, id DESC"
                plan = (await connection.execute(text(query))).all()
            assert "ix_call_caller_entered_at" in str(plan)

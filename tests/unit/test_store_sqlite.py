"""What is SQLite's own: its file, readers from outside, and others who write at the same time."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from ivr.store import (
    DatabaseDownError,
    Store,
    engine,
)
from tests.unit.stories import transferred


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


class TestSqlite:
    async def test_given_a_new_file_when_opened_then_only_its_owner_may_read_it(self, tmp_path: Path) -> None:
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
        await store.open()
        await store.save([transferred()])
        modes = modes_in(tmp_path)
        await store.close()
        assert modes == {"ivr.db": 0o600, "ivr.db-wal": 0o600, "ivr.db-shm": 0o600}

    async def test_given_a_reader_outside_when_it_looks_then_times_are_plain_utc_text(self, tmp_path: Path) -> None:
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
        await store.open()
        await store.save([transferred()])
        await store.close()
        with sqlite3.connect(tmp_path / "ivr.db") as outside:
            assert outside.execute("SELECT entered_at FROM call").fetchall() == [("2026-11-22 08:00:00.123456",)]
            assert outside.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    async def test_given_a_locked_database_when_saved_then_it_is_called_down_and_works_later(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "PEN_PATIENCE", 1)
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
        await store.open()
        other = sqlite3.connect(tmp_path / "ivr.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseDownError, match="locked"):
            await store.save([transferred()])
        other.execute("ROLLBACK")
        other.close()
        await store.save([transferred()])
        assert await store.call("c-1") == transferred()
        await store.close()

    async def test_given_another_who_brings_the_tables_into_shape_when_opened_then_it_waits_as_long_as_that_lasts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "PRAGMAS", (*engine.PRAGMAS, "busy_timeout=1"))
        url = f"sqlite+aiosqlite:///{tmp_path}/ivr.db"
        await engine.create(url).dispose()  # makes the file
        other = sqlite3.connect(tmp_path / "ivr.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store = Store(url)
        opening = asyncio.create_task(store.open())
        await asyncio.sleep(0.3)
        assert not opening.done()
        other.execute("COMMIT")
        other.close()
        await opening
        assert await store.calls() == []
        await store.close()

    async def test_given_another_who_writes_now_when_saved_then_it_waits_and_does_not_fail(
        self, tmp_path: Path
    ) -> None:
        """Its first statement is a SELECT; in WAL mode SQLite lets nobody wait who has read already."""
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
        await store.open()
        other = sqlite3.connect(tmp_path / "ivr.db", isolation_level=None)
        for n in range(3):
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE call SET language = 'en'")
            saving = asyncio.create_task(store.save([transferred(f"c-{n}")]))
            await asyncio.sleep(0.3)
            assert not saving.done()
            other.execute("COMMIT")
            await saving
        assert len(await store.calls()) == 3
        other.close()
        await store.close()

    async def test_given_no_folder_when_opened_then_the_error_names_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseDownError, match=r"nowhere/ivr\.db"):
            await Store(f"sqlite+aiosqlite:///{tmp_path}/nowhere/ivr.db").open()

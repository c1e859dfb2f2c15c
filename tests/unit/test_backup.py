"""A copy while calls are saved, and back again: the journal brings what was restored to the present."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr.calls.model import Call
from ivr.store import Store, backup, erasure, migrate, shape
from ivr.store.backup import BackupError
from ivr.store.calllog import CallLog
from ivr.store.postgres_programs import ProgramError, find
from ivr.store.rebuild import rebuild
from tests.tools import postgresql
from tests.unit import journals
from tests.unit.erasing import KEPT, NODE, House
from tests.unit.stories import at, transferred


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine has no PostgreSQL, the fetched programs stand on PATH as an installed one's would."""
    program = postgresql("pg_dump")
    monkeypatch.setenv("PATH", str(program.path.parent), prepend=os.pathsep)
    for name, value in program.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def house(ready_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    store = Store(ready_database_url)
    await store.open()
    yield House(tmp_path / "var", store)
    await store.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "nightly.backup"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "half a file was left"


class TestThereAndBack:
    async def test_given_calls_after_the_backup_when_restored_then_the_journal_brings_it_to_the_present(
        self, house: House, ready_database_url: str, file: Path
    ) -> None:
        unfinished = journals.call(1, at(70), transferred=True)
        house.write([*journals.call(0, at(0)), *unfinished[:20]])
        await house.catch_up()
        then = await house.whole_story()
        saved = await backup.backup(ready_database_url, file)
        assert (saved.bytes, saved.revision) == (len(content(file)), migrate.HEAD)
        house.write([*unfinished[20:], *journals.call(2, at(200))])
        house.rotate()
        house.write(journals.call(3, at(300)))
        await house.catch_up()
        now = await house.whole_story()
        assert len(now) == 4
        await backup.restore(ready_database_url, file)
        assert await house.whole_story() == then
        await house.catch_up()
        assert await house.whole_story() == now
        report = await rebuild(house.store, house.var / "journal", NODE, mend=False)
        assert (report.calls, report.changes, report.unknown) == (4, [], [])

    async def test_given_a_lost_database_when_restored_into_an_empty_one_then_it_is_whole(
        self, house: House, ready_database_url: str, file: Path
    ) -> None:
        await house.save(transferred())
        await erasure.hold(house.store, "c-1", at(0), "Li Si", "complaint")
        await backup.backup(ready_database_url, file)
        await shape.downgrade(ready_database_url, "base")
        await backup.restore(ready_database_url, file)
        assert await house.store.call("c-1") == transferred()
        assert len(await erasure.holds(house.store)) == 1

    async def test_given_proofs_when_restored_then_they_hold_and_still_nobody_can_change_them(
        self, house: House, ready_database_url: str, file: Path
    ) -> None:
        await house.save(transferred())
        house.clock.months_later(24)
        await house.run()
        await backup.backup(ready_database_url, file)
        await backup.restore(ready_database_url, file)
        assert len(await erasure.proofs(house.store)) == 2
        assert await erasure.broken(house.store) == []
        with pytest.raises(Exception, match="on record for good"):
            async with house.store.alone() as connection:
                await connection.exec_driver_sql("DELETE FROM erased")

    async def test_given_a_backup_from_before_an_erasure_when_restored_then_the_next_run_erases_again(
        self, house: House, ready_database_url: str, file: Path
    ) -> None:
        await house.save(transferred())
        await backup.backup(ready_database_url, file)
        house.clock.months_later(24)
        await house.run(KEPT)
        await backup.restore(ready_database_url, file)
        assert await house.store.call("c-1") == transferred()
        await house.run(KEPT)
        call = await house.store.call("c-1")
        assert call is not None
        assert call.caller.startswith("~")
        assert await erasure.broken(house.store) == []

    async def test_given_a_backup_of_an_older_shape_when_restored_over_a_newer_one_then_it_is_brought_up(
        self, house: House, ready_database_url: str, file: Path
    ) -> None:
        await house.save(transferred())
        await shape.downgrade(ready_database_url, "0001")
        await backup.backup(ready_database_url, file)
        await shape.upgrade(ready_database_url, migrate.HEAD)
        await house.save(transferred("c-2"))
        await backup.restore(ready_database_url, file)
        assert await shape.current(ready_database_url) == migrate.HEAD
        assert list(await house.whole_story()) == ["c-1"]
        await house.save(transferred("c-3"))


class TestWhileCallsRun:
    async def test_given_a_log_that_writes_all_the_time_when_backed_up_then_each_copy_is_of_one_moment(
        self, house: House, ready_database_url: str, tmp_path: Path
    ) -> None:
        """In every copy the position says exactly which calls are in it."""
        log = CallLog(house.store, house.var / "journal", NODE)
        running = asyncio.create_task(log.run())
        rows = [journals.call(n, at(100 * n)) for n in range(40)]
        copies: list[Path] = []

        async def write() -> None:
            for call in rows:
                house.write(call)
                await asyncio.sleep(0.05)

        writing = asyncio.create_task(write())
        while not writing.done() and len(copies) < 8:
            copies.append(tmp_path / f"{len(copies)}.backup")
            await backup.backup(ready_database_url, copies[-1])
        await writing
        running.cancel()
        await asyncio.wait([running])
        await house.catch_up()
        whole = await house.whole_story()
        assert len(whole) == 40
        for copy in copies:
            await backup.restore(ready_database_url, copy)
            position = await house.store.position(NODE)
            read = position.offset if position else 0
            begun = {journals.call_id(n) for n in range(40) if sum(len(b"".join(call)) for call in rows[:n]) < read}
            there = await house.whole_story()
            assert begun - there.keys() <= {max(begun, default="")}, "a call whose first rows alone were read"
            assert there.keys() <= begun
            await house.catch_up()
            assert await house.whole_story() == whole


class TestWhatGoesWrong:
    async def test_given_a_file_that_is_no_backup_or_cut_off_when_restored_then_nothing_is_changed(
        self, house: House, ready_database_url: str, file: Path, tmp_path: Path
    ) -> None:
        await house.save(*(transferred(f"c-{n:03}", start=n) for n in range(200)))
        await backup.backup(ready_database_url, file)
        before = await house.whole_story()
        whole = content(file)
        for spoilt in (b"", b"SQLite format 3\0", b"PGDMP", b"rubbish" * 99, whole[: len(whole) // 2], whole[:-20000]):
            bad = tmp_path / "bad.backup"
            bad.write_bytes(spoilt)
            with pytest.raises((BackupError, ProgramError)):
                await backup.restore(ready_database_url, bad)
            assert await house.whole_story() == before
        with pytest.raises(BackupError, match="cannot be read"):
            await backup.restore(ready_database_url, tmp_path / "nowhere")

    async def test_given_a_place_that_cannot_be_written_when_backed_up_then_it_is_said_and_the_old_file_stays(
        self, house: House, ready_database_url: str, tmp_path: Path
    ) -> None:
        await house.save(transferred())
        with pytest.raises(BackupError, match="cannot be written"):
            await backup.backup(ready_database_url, tmp_path / "nowhere/x.backup")

    async def test_given_a_backup_then_only_its_owner_may_read_it(
        self, house: House, ready_database_url: str, file: Path
    ) -> None:
        await backup.backup(ready_database_url, file)
        assert mode(file) == 0o600

    async def test_given_a_sqlite_file_that_is_destroyed_when_restored_then_it_is_put_aside(
        self, tmp_path: Path
    ) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path}/ivr.db"
        store = Store(url)
        await store.open()
        await store.save([transferred()])
        await store.close()
        await backup.backup(url, tmp_path / "good.backup")
        (tmp_path / "ivr.db").write_bytes(b"what a broken disk leaves" * 1000)
        assert await backup.restore(url, tmp_path / "good.backup") is True
        assert await story(url) == [transferred()]
        assert [name[:14] for name in names(tmp_path) if "broken" in name] == ["ivr.db.broken-"]
        assert mode(tmp_path / "ivr.db") == 0o600

    async def test_given_a_sqlite_backup_then_it_is_one_file_that_any_tool_opens(self, tmp_path: Path) -> None:
        url = f"sqlite+aiosqlite:///{tmp_path}/ivr.db"
        store = Store(url)
        await store.open()
        await store.save([transferred()])
        await backup.backup(url, tmp_path / "copy")
        await store.close()
        with sqlite3.connect(tmp_path / "copy") as opened:
            assert opened.execute("SELECT id FROM call").fetchall() == [("c-1",)]
            assert opened.execute("PRAGMA journal_mode").fetchone() == ("delete",)

    async def test_given_no_database_yet_when_backed_up_then_it_is_said_and_none_is_made(self, tmp_path: Path) -> None:
        with pytest.raises(shape.NoDatabaseError):
            await backup.backup(f"sqlite+aiosqlite:///{tmp_path}/ivr.db", tmp_path / "copy")
        assert names(tmp_path) == []

    def test_given_a_machine_without_a_program_when_wanted_then_the_package_is_named(self) -> None:
        with pytest.raises(ProgramError, match="apt-get install postgresql-client"):
            find("pg_no_such_program")


async def story(url: str) -> list[Call]:
    store = Store(url)
    await store.open()
    try:
        return await store.calls()
    finally:
        await store.close()


def content(file: Path) -> bytes:
    return file.read_bytes()


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())

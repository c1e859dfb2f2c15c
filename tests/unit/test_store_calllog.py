"""The call log at work: journal → calls → database, equal to the projection whatever dies and whenever."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ivr.calls.model import Call
from ivr.calls.projection import project
from ivr.calls.rows import parse, split_records
from ivr.pbx import journal
from ivr.store import DatabaseDownError, Position, Store, calllog
from ivr.store import rebuild as rebuilding
from ivr.store.calllog import CallLog
from ivr.store.rebuild import rebuild
from ivr.store.writer import AnotherWriterError, only_writer
from tests.unit import journals
from tests.unit.stories import EIGHT, at, transferred

NODE = "hotline"
# The second call begins before the first ends, and the third before the second ends.
THREE = journals.interleaved(
    journals.call(0, at(0)), journals.call(1, at(10), transferred=True), journals.call(2, at(70), caller="95-+日本")
)


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/ivr.db"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "journal").mkdir()
    return tmp_path / "journal"


@pytest.fixture
def store(store: Store, ready_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A test that asks for it runs on both databases; so does every other life of a controller in that test."""
    monkeypatch.setitem(globals(), "url", lambda _: ready_database_url)
    return store


def write(directory: Path, rows: Iterable[bytes]) -> None:
    directory.mkdir(exist_ok=True)
    with (directory / journal.ACTIVE).open("ab") as file:
        file.write(b"".join(rows))


def empty(directory: Path) -> None:
    for path in directory.iterdir():
        path.unlink()


def expected(rows: Iterable[bytes]) -> list[Call]:
    """What the pure projection says of these records, the newest call first."""
    records, _ = split_records(b"".join(rows))
    return list(reversed(project(parse(record.fields, NODE) for record in records)))


async def caught_up(tmp_path: Path) -> int:
    """One life of a controller: reads what is there, saves it, dies."""
    store = Store(url(tmp_path))
    await store.open()
    read = await CallLog(store, tmp_path / "journal", NODE).catch_up()
    await store.close()
    return read


async def live_through(folder: Path, steps: dict[int, str]) -> None:
    """Write the three calls; before the record of each number the step happens, after a controller caught up."""
    directory = folder / "journal"
    directory.mkdir()
    shutil.copy(await empty_database(), folder / "ivr.db")
    for n, row in enumerate(THREE):
        if n in steps:
            await caught_up(folder)
        if steps.get(n, "").startswith("rotate"):
            journal.rotate(directory)
        if steps.get(n, "") == "rotate long ago":
            for path in directory.iterdir():
                os.utime(path, (1, 1))
        write(directory, [row])
    await caught_up(folder)
    store = Store(url(folder))
    await store.open()
    assert await store.calls() == expected(THREE)
    await store.close()


EMPTY = TemporaryDirectory(prefix="ivr-empty-")


async def empty_database() -> Path:
    """A file with all tables, made once: migrating takes longer than a test."""
    folder = Path(EMPTY.name)
    if not any(os.scandir(folder)):
        store = Store(url(folder))
        await store.open()
        await store.close()
    return folder / "ivr.db"


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(2000):
        if await true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in 20 s")


@contextlib.asynccontextmanager
async def running(log: CallLog) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(log.run())
    yield task
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class TestCatchingUp:
    async def test_given_a_journal_when_read_then_the_database_says_what_the_projection_says(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        assert await CallLog(store, directory, NODE).catch_up() == len(THREE)
        assert await store.calls() == expected(THREE)
        assert [call.outcome for call in await store.calls()] == ["answered", "transferred", "answered"]

    async def test_given_a_caught_up_log_when_started_again_then_only_unfinished_calls_are_read_again(
        self, tmp_path: Path, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        await caught_up(tmp_path)
        write(directory, journals.call(9, at(900))[:-3])
        await caught_up(tmp_path)
        position = await store.position(NODE)
        assert position is not None
        assert (position.file, position.offset) == ("journal-000001.csv", journal.size(directory))
        assert position.replay_offset >= len(b"".join(THREE))
        assert await caught_up(tmp_path) == len(journals.call(9)) - 3

    async def test_given_a_death_after_any_record_when_started_again_then_the_log_is_the_same(
        self, tmp_path: Path, directory: Path, store: Store
    ) -> None:
        """Every other cut of the journal in two lives; the second life reads the end of the first one's rows again."""
        whole = expected(THREE)
        for cut in range(1, len(THREE), 2):
            empty(directory)
            async with store._begin() as connection:
                for table in ("call", "journal_position"):
                    await connection.execute(text(f"DELETE FROM {table}"))
            write(directory, THREE[:cut])
            await caught_up(tmp_path)
            assert await store.calls() == expected(THREE[:cut]), f"after {cut} records"
            write(directory, THREE[cut:])
            await caught_up(tmp_path)
            assert await store.calls() == whole, f"cut after {cut} records"

    @pytest.mark.parametrize("batch", [1, calllog.BATCH])
    async def test_given_a_finished_call_that_begins_before_the_place_of_replay_then_its_rest_does_not_replace_it(
        self, tmp_path: Path, directory: Path, store: Store, monkeypatch: pytest.MonkeyPatch, batch: int
    ) -> None:
        """The caller of the long call comes between the first two records of the short one."""
        monkeypatch.setattr(calllog, "BATCH", batch)
        monkeypatch.setattr(journal, "CHUNK", 400)
        short, long = journals.call(0), journals.call(1, EIGHT + timedelta(microseconds=500), transferred=True)
        late = journals.call(2, at(90))
        rows = journals.interleaved(short, long[:-7], late)
        write(directory, rows)
        await caught_up(tmp_path)
        position = await store.position(NODE)
        assert position is not None
        assert position.replay_offset == len(short[0])
        write(directory, journals.call(3, at(200)))
        await caught_up(tmp_path)
        assert (await store.calls())[-1] == expected(short)[0]

    async def test_given_a_life_for_each_record_and_a_rotation_between_then_the_log_is_the_same(
        self, tmp_path: Path, directory: Path, store: Store
    ) -> None:
        for n, row in enumerate(THREE):
            write(directory, [row])
            await caught_up(tmp_path)
            if n % 7 == 0:
                journal.rotate(directory)
        assert await store.calls() == expected(THREE)

    @settings(max_examples=6, deadline=None)
    @given(st.dictionaries(st.integers(0, 3 * 24), st.sampled_from(["rotate", "rotate long ago", "die"]), max_size=9))
    def test_given_rotations_and_deaths_anywhere_then_the_log_is_the_same(self, steps: dict[int, str]) -> None:
        with TemporaryDirectory() as folder:
            asyncio.run(live_through(Path(folder), steps))

    async def test_given_a_record_torn_by_a_crash_when_asterisk_starts_again_then_only_that_record_is_missing(
        self, tmp_path: Path, directory: Path, store: Store
    ) -> None:
        first, second = journals.call(0, at(0)), journals.call(1, at(200))
        write(directory, [*first, b'"CHAN_START","2026-11-22 08:02:00.000000","138'])
        journal.rotate(directory)
        write(directory, second)
        await caught_up(tmp_path)
        assert await store.calls() == expected([*first, *second])

    async def test_given_records_that_are_no_rows_when_read_then_the_others_count(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, [b"\0" * 500, THREE[0].replace(b'"m', b'"\xff'), b"rubbish\n", *THREE])
        await CallLog(store, directory, NODE).catch_up()
        assert [call.id for call in await store.calls()] == [call.id for call in expected(THREE)]


class TestRunning:
    async def test_given_a_call_that_goes_on_when_looked_at_then_the_log_tells_it_so_far_and_in_the_end_all(
        self, directory: Path, store: Store
    ) -> None:
        rows = journals.call(0, transferred=True)
        async with running(CallLog(store, directory, NODE)):
            for cut in (2, 9, 14, 18, len(rows)):
                write(directory, rows[journal_rows(directory) : cut])
                so_far = expected(rows[:cut])

                async def told(so_far: list[Call] = so_far) -> bool:
                    return await store.calls() == so_far

                await until(told)
        assert (await store.calls())[0].ended_at is not None

    async def test_given_a_database_that_is_away_when_rows_come_then_they_wait_in_the_journal(
        self, tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = Store(url(tmp_path))
        await store.open()
        saves, away = store.save, True

        async def save(calls: Iterable[Call], position: Position | None = None) -> None:
            if away:
                raise DatabaseDownError(store.url, "database is locked")
            await saves(calls, position)

        monkeypatch.setattr(store, "save", save)
        log = CallLog(store, directory, NODE)
        async with running(log):
            write(directory, THREE)

            async def alarmed() -> bool:
                return log.writer.last_error is not None and log.writer.lag_seconds > 0

            await until(alarmed)
            assert await store.calls() == []
            away = False

            async def there() -> bool:
                return len(await store.calls()) == 3 and log.writer.last_error is None and not log.writer.behind

            await until(there)
            assert log.writer.lag_seconds == 0
        assert await store.calls() == expected(THREE)
        await store.close()

    async def test_given_a_journal_that_grew_to_its_limit_when_running_then_it_is_rotated_and_read_on(
        self, directory: Path, store: Store
    ) -> None:
        async with running(CallLog(store, directory, NODE, rotate_at=1)):
            for n, row in enumerate(THREE):
                write(directory, [row])
                if n % 20 == 0:
                    await asyncio.sleep(2 * calllog.POLL)

            async def there() -> bool:
                return await store.calls() == expected(THREE)

            await until(there)
        assert len(journal.rotated(directory)) >= 3

    async def test_given_another_writer_when_started_then_it_waits_and_takes_over(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        log = CallLog(store, directory, NODE)
        with only_writer(directory):
            with pytest.raises(AnotherWriterError):
                await log.catch_up()
            async with running(log) as task:
                await asyncio.sleep(0)
                assert not task.done()
                assert log.writer.last_error is not None
        async with running(log):

            async def there() -> bool:
                return len(await store.calls()) == 3

            await until(there)
            assert log.writer.last_error is None

    async def test_given_no_journal_yet_when_started_then_it_waits_for_it(self, directory: Path, store: Store) -> None:
        later = directory / "later"
        async with running(CallLog(store, later, NODE)):
            await asyncio.sleep(0)
            write(later, THREE)

            async def there() -> bool:
                return len(await store.calls()) == 3

            await until(there)

    async def test_given_a_cancelled_log_when_it_ends_then_no_file_stays_open(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        before = open_files(directory)
        async with running(CallLog(store, directory, NODE)):

            async def there() -> bool:
                return len(await store.calls()) == 3

            await until(there)
        assert open_files(directory) == before == []


def journal_rows(directory: Path) -> int:
    active = directory / journal.ACTIVE
    return len(split_records(active.read_bytes())[0]) if active.exists() else 0


def open_files(directory: Path) -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return [path for path in found if path.startswith(str(directory))]


class TestRebuilding:
    async def test_given_a_lost_database_when_rebuilt_then_it_is_whole_and_a_second_time_nothing_changes(
        self, tmp_path: Path, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        first = await rebuild(store, directory, NODE)
        assert [change.differences for change in first.changes] == [("was not in the log",)] * 3
        assert open_files(directory) == []
        assert (first.calls, first.unreadable, first.unknown, first.left) == (3, 0, [], 0)
        assert await store.calls() == expected(THREE)
        second = await rebuild(store, directory, NODE)
        assert (second.calls, second.changes) == (3, [])
        last_call = THREE.index(journals.call(2, at(70), caller="95-+日本")[0])
        assert await caught_up(tmp_path) == len(THREE[last_call:])  # a controller goes on from here

    async def test_given_a_call_told_wrongly_when_rebuilt_then_it_is_named_and_mended(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        await rebuild(store, directory, NODE)
        right = (await store.calls())[1]
        wrong = replace(right, outcome="answered", legs=right.legs[:2], transfers=())
        await store.save([wrong])
        checked = await rebuild(store, directory, NODE, mend=False)
        assert await store.call(right.id) == wrong
        report = await rebuild(store, directory, NODE)
        assert report.changes == checked.changes
        (change,) = report.changes
        assert change.call == right
        assert "outcome was answered, is transferred" in change.differences
        assert any("(desk 110) was missing" in words for words in change.differences)
        assert await store.call(right.id) == right

    async def test_given_a_call_that_the_journal_does_not_know_when_rebuilt_then_it_is_named_and_kept(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, THREE)
        before, other = transferred("before", start=-3600), replace(transferred("imported"), node="import")
        stray = transferred("stray", start=5)
        await store.save([before, other, stray])
        report = await rebuild(store, directory, NODE)
        assert report.unknown == ["stray"]
        assert await store.call("stray") == stray

    async def test_given_a_running_controller_when_rebuilt_then_calls_that_go_on_are_left_to_it(
        self, directory: Path, store: Store
    ) -> None:
        rows = journals.interleaved(journals.call(0, at(0)), journals.call(1, at(200))[:-3])
        write(directory, rows)
        with only_writer(directory):
            report = await rebuild(store, directory, NODE)
        assert [change.call.id for change in report.changes] == [journals.call_id(0)]
        assert report.left == 1
        assert await store.position(NODE) is None

    async def test_given_many_batches_when_rebuilt_then_each_call_is_compared_once_it_is_whole(
        self, directory: Path, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuilding, "BATCH", 1)
        monkeypatch.setattr(journal, "CHUNK", 700)
        rows = journals.interleaved(*(journals.call(n, at(40 * n), transferred=n % 2 == 0) for n in range(12)))
        write(directory, rows)
        report = await rebuild(store, directory, NODE)
        assert (report.calls, len(report.changes), report.faults) == (12, 12, {})
        assert await store.calls() == expected(rows)

    async def test_given_records_that_cannot_be_read_when_rebuilt_then_they_are_counted(
        self, directory: Path, store: Store
    ) -> None:
        write(directory, [*THREE[:20], b"rubbish\n", *THREE[20:]])
        report = await rebuild(store, directory, NODE)
        assert (report.unreadable, report.calls) == (1, 3)

    async def test_given_no_journal_when_rebuilt_then_nothing_is_touched(self, directory: Path, store: Store) -> None:
        await store.save([transferred("c-1")])
        report = await rebuild(store, directory, NODE)
        assert (report.calls, report.changes, report.unknown) == (0, [], [])
        assert await store.call("c-1") == transferred("c-1")


def test_given_the_made_up_calls_then_they_are_what_their_names_say() -> None:
    third, second, first = expected(THREE)
    assert first.entered_at == EIGHT
    assert [leg.party for leg in second.legs] == ["13800138000", "1001", "110"]
    assert [transfer.result for transfer in second.transfers] == ["completed"]
    assert third.caller == "95-+日本"

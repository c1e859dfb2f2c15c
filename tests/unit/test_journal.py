"""The journal's tail and rotation: whatever happens between two steps, each record comes, and comes once a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.pbx import journal
from ivr.pbx.journal import CHUNK, Place, Tail, rotate

LONG_AGO = 1_000_000_000  # seconds since 1970: no late record will come


def record(n: int, text: str = "") -> bytes:
    """A CEL record as res_cdrel_custom writes it: every field quoted, quotes doubled."""
    fields = [
        "USER_DEFINED",
        "2026-11-22 08:00:00.123456",
        "138",
        "张",
        "s",
        "test",
        "PJSIP/x-1",
        "",
        "",
        "m-1.1",
        "m-1.1",
    ]
    fields += ["", f"N{n}", text]
    return (",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\n").encode()


def append(directory: Path, *numbers: int, text: str = "") -> None:
    with (directory / journal.ACTIVE).open("ab") as file:
        for n in numbers:
            file.write(record(n, text))


def age(directory: Path) -> None:
    """Let every file look as if nobody had written for a long time."""
    for path in directory.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))


def numbers(records: list[journal.Record]) -> list[int]:
    return [int(found.fields[12][1:]) for found in records]


def drain(tail: Tail) -> list[int]:
    found: list[int] = []
    while records := tail.read():
        found += numbers(records)
    return found


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Tail]:
    opened = Tail(tmp_path)
    yield opened
    opened.close()


class TestFollowing:
    def test_given_no_journal_yet_when_it_appears_then_it_is_read(self, tmp_path: Path, tail: Tail) -> None:
        assert tail.read() == []
        append(tmp_path, 1, 2)
        assert drain(tail) == [1, 2]
        append(tmp_path, 3)
        assert drain(tail) == [3]
        assert tail.read() == []

    def test_given_a_field_with_line_feeds_and_quotes_then_it_is_one_record(self, tmp_path: Path, tail: Tail) -> None:
        text = 'a\r\n"USER_DEFINED","forged"\n,""'
        append(tmp_path, 1, text=text)
        append(tmp_path, 2)
        records = tail.read()
        assert numbers(records) == [1, 2]
        assert records[0].fields[13] == text
        assert records[1].place == Place(1, len(record(1, text)))

    def test_given_a_record_that_arrives_in_pieces_then_it_comes_once_it_is_whole(
        self, tmp_path: Path, tail: Tail
    ) -> None:
        whole = record(1, "报警") + record(2)
        active = tmp_path / journal.ACTIVE
        found: list[int] = []
        for byte in range(len(whole)):
            with active.open("ab") as file:
                file.write(whole[byte : byte + 1])
            found += numbers(tail.read())
            assert found == [1] * (byte >= len(record(1, "报警")) - 1) + [2] * (byte == len(whole) - 1)

    def test_given_a_record_longer_than_a_chunk_then_it_is_read_whole(self, tmp_path: Path, tail: Tail) -> None:
        append(tmp_path, 1, text="长" * CHUNK)
        append(tmp_path, 2)
        found: list[int] = []
        for _ in range(10):
            found += numbers(tail.read())
        assert found == [1, 2]

    def test_given_no_new_record_when_polled_then_nothing_is_opened_or_listed(
        self, tmp_path: Path, tail: Tail, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        append(tmp_path, 1)
        drain(tail)

        def costly(*_: object) -> None:
            raise AssertionError("an idle poll must be cheap")

        monkeypatch.setattr(os, "open", costly)
        monkeypatch.setattr(os, "scandir", costly)
        assert [tail.read() for _ in range(3)] == [[], [], []]


class TestRotating:
    def test_given_nothing_written_when_rotated_then_no_file_is_made(self, tmp_path: Path) -> None:
        assert rotate(tmp_path) is None
        (tmp_path / journal.ACTIVE).touch()
        assert rotate(tmp_path) is None
        assert journal.rotated(tmp_path) == []

    def test_given_rotations_then_numbers_go_up_even_where_old_files_were_packed_or_deleted(
        self, tmp_path: Path
    ) -> None:
        made = []
        for n in range(3):
            append(tmp_path, n)
            made.append(rotate(tmp_path))
        assert [path.name for path in made if path] == [f"journal-00000{n}.csv" for n in (1, 2, 3)]
        (tmp_path / "journal-000001.csv").unlink()
        (tmp_path / "journal-000003.csv").rename(tmp_path / "journal-000003.csv.gz")
        append(tmp_path, 3)
        assert rotate(tmp_path) == tmp_path / "journal-000004.csv"
        assert journal.rotated(tmp_path) == [2, 4]

    def test_given_a_rename_when_asterisk_writes_on_then_the_tail_goes_on_without_waiting(
        self, tmp_path: Path, tail: Tail
    ) -> None:
        append(tmp_path, 1)
        assert drain(tail) == [1]
        rotate(tmp_path)
        assert tail.read() == []
        append(tmp_path, 2)
        assert drain(tail) == [2]

    def test_given_a_rename_before_the_end_was_read_then_the_rest_comes_first(self, tmp_path: Path, tail: Tail) -> None:
        append(tmp_path, 1)
        assert drain(tail) == [1]
        append(tmp_path, 2)
        rotate(tmp_path)
        append(tmp_path, 3)
        rotate(tmp_path)
        append(tmp_path, 4)
        assert drain(tail) == [2, 3, 4]

    def test_given_a_rename_in_the_moment_of_opening_then_the_file_keeps_its_number(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        append(tmp_path, 1)
        opening = os.open

        def rename_first(path: Path, *how: int) -> int:
            if path == tmp_path / journal.ACTIVE:
                monkeypatch.undo()
                rotate(tmp_path)
                append(tmp_path, 2)
            return opening(path, *how)

        monkeypatch.setattr(os, "open", rename_first)
        tail = Tail(tmp_path)
        records = tail.read()
        tail.close()
        assert [(found.place.file, found.fields[12]) for found in records] == [(1, "N1"), (2, "N2")][: len(records)]
        again = Tail(tmp_path)
        assert drain(again) == [1, 2]
        again.close()

    def test_given_a_record_that_lands_late_in_the_renamed_file_then_it_comes(self, tmp_path: Path, tail: Tail) -> None:
        append(tmp_path, 1)
        drain(tail)
        with (tmp_path / journal.ACTIVE).open("ab") as late:
            rotate(tmp_path)
            append(tmp_path, 3)
            assert drain(tail) == [3]
            late.write(record(2))
        assert drain(tail) == [2]

    def test_given_a_renamed_file_that_may_get_a_late_record_then_the_position_stays_in_it(
        self, tmp_path: Path, tail: Tail
    ) -> None:
        append(tmp_path, 1)
        rotate(tmp_path)
        append(tmp_path, 2)
        assert drain(tail) == [1, 2]
        assert tail.position == Place(1, len(record(1)))
        age(tmp_path)
        tail.read()
        assert tail.position == Place(2, len(record(2)))
        assert tail.unread == 0

    def test_given_a_renamed_file_that_ends_in_mid_record_when_it_is_done_then_the_next_is_not_swallowed(
        self, tmp_path: Path, tail: Tail
    ) -> None:
        append(tmp_path, 1)
        with (tmp_path / journal.ACTIVE).open("ab") as file:
            file.write(record(2, "torn")[:-9])
        rotate(tmp_path)
        append(tmp_path, 3)
        assert drain(tail) == [1, 3]
        age(tmp_path)
        (torn,) = tail.read()
        assert torn.place == Place(1, len(record(1)))
        assert len(torn.fields) == 1  # no row, and told so by whoever parses it
        assert tail.position == Place(2, len(record(3)))

    def test_given_a_last_record_that_lacks_only_its_line_feed_when_the_file_is_done_then_it_counts(
        self, tmp_path: Path, tail: Tail
    ) -> None:
        (tmp_path / journal.ACTIVE).write_bytes(record(1) + record(2)[:-1])
        rotate(tmp_path)
        append(tmp_path, 3)
        assert drain(tail) == [1, 3]
        age(tmp_path)
        assert numbers(tail.read()) == [2]

    def test_given_many_processes_that_rotate_at_once_then_no_file_is_overwritten(self, tmp_path: Path) -> None:
        fork = get_context("fork")
        workers = [fork.Process(target=_write_and_rotate, args=(tmp_path, 1000 * w)) for w in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        tail = Tail(tmp_path)
        assert sorted(drain(tail)) == sorted(1000 * w + n for w in range(4) for n in range(50))
        tail.close()


def _write_and_rotate(directory: Path, first: int) -> None:
    for n in range(50):
        append(directory, first + n)
        rotate(directory)


class TestRestarting:
    def test_given_any_place_when_a_tail_starts_there_then_it_gives_that_record_first(self, tmp_path: Path) -> None:
        for n in range(9):
            append(tmp_path, n)
            if n % 3 == 2:
                rotate(tmp_path)
        append(tmp_path, 9)
        first = Tail(tmp_path)
        records: list[journal.Record] = []
        while found := first.read():
            records += found
        first.close()
        assert all(one.place < other.place for one, other in pairwise(records))
        for n, found_record in enumerate(records):
            again = Tail(tmp_path, found_record.place)
            assert drain(again) == list(range(n, 10))
            again.close()

    def test_given_a_crash_at_any_moment_of_a_rotation_then_a_restart_reads_each_record_once(
        self, tmp_path: Path
    ) -> None:
        for moment in range(4):
            directory = tmp_path / str(moment)
            directory.mkdir()
            append(directory, 1)
            first = Tail(directory)
            assert drain(first) == [1]
            position = first.position
            if moment >= 1:
                rotate(directory)  # died right after the rename
            if moment >= 2:
                append(directory, 2)
            if moment >= 3:
                position = (drain(first), first.position)[1]
            first.close()
            append(directory, 3)
            again = Tail(directory, position)
            assert drain(again) == ([2] if moment >= 2 else []) + [3]
            again.close()

    def test_given_a_position_in_a_file_that_was_rotated_meanwhile_then_it_still_counts(self, tmp_path: Path) -> None:
        append(tmp_path, 1, 2)
        place = Place(1, len(record(1)))
        rotate(tmp_path)
        append(tmp_path, 3)
        again = Tail(tmp_path, place)
        assert drain(again) == [2, 3]
        again.close()

    def test_given_files_that_were_deleted_before_they_were_read_then_the_rest_is_read(self, tmp_path: Path) -> None:
        for n in range(4):
            append(tmp_path, n)
            rotate(tmp_path)
        append(tmp_path, 4)
        for gone in (1, 2):
            (tmp_path / Place(gone, 0).name).unlink()
        again = Tail(tmp_path, Place(1, 0))
        assert drain(again) == [2, 3, 4]
        again.close()

    @pytest.mark.parametrize("position", [Place(9, 5), Place(1, 10**9)])
    def test_given_a_position_that_the_journal_does_not_have_then_all_is_read_again(
        self, tmp_path: Path, position: Place
    ) -> None:
        append(tmp_path, 1)
        rotate(tmp_path)
        append(tmp_path, 2)
        again = Tail(tmp_path, position)
        assert drain(again) == [1, 2]
        again.close()

    def test_given_a_place_then_the_bytes_after_it_are_counted(self, tmp_path: Path) -> None:
        size = len(record(1))
        append(tmp_path, 1, 2)
        rotate(tmp_path)
        append(tmp_path, 3)
        places = [None, Place(1, 0), Place(1, size), Place(1, 2 * size), Place(2, 0), Place(2, size)]
        assert [journal.ahead(tmp_path, place) for place in places] == [3 * size, 3 * size, 2 * size, size, size, 0]

    def test_given_a_name_that_is_no_journal_files_then_it_is_no_place(self) -> None:
        assert Place.of("journal-000012.csv", 3) == Place(12, 3)
        assert Place(12, 3).name == "journal-000012.csv"
        with pytest.raises(ValueError, match="passwd"):
            Place.of("passwd", 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["write", "torn", "rotate", "read", "restart", "age"]), max_size=40))
def test_given_any_order_of_writing_rotating_reading_and_restarting_then_each_record_comes_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    tail, found, written, rest = Tail(directory), [], 0, b""
    for step in [*steps, "rest", "read"]:
        if step == "write" or (step == "torn" and not rest):
            written += 1
            data = rest + record(written)
            cut = len(data) if step == "write" else len(data) - 20
            with (directory / journal.ACTIVE).open("ab") as file:
                file.write(data[:cut])
            rest = data[cut:]
        elif step == "rest" or (step in {"rotate", "age"} and rest):
            with (directory / journal.ACTIVE).open("ab") as file:
                file.write(rest)
            rest = b""
        if step == "rotate":
            rotate(directory)
        elif step == "age":
            age(directory)
        elif step == "read":
            found += drain(tail)
        elif step == "restart":
            found += drain(tail)
            position = tail.position
            tail.close()
            tail = Tail(directory, position)
            seen = drain(tail)  # what a restart reads twice is the newest files' records
            found += [n for n in seen if n > (found[-1] if found else 0)]
    tail.close()
    assert found == list(range(1, written + 1))

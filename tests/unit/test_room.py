"""The journal has room on a disk that others have filled."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from ivr.pbx import journal, room
from ivr.pbx.journal import ACTIVE, ROOM, keep_room, rotate


def append(directory: Path, data: bytes) -> None:
    """As Asterisk does it."""
    with (directory / ACTIVE).open("ab") as file:
        file.write(data)


def test_given_no_journal_when_room_is_kept_then_an_empty_file_has_it(tmp_path: Path) -> None:
    assert keep_room(tmp_path) is None
    active = tmp_path / ACTIVE
    assert (active.stat().st_size, active.stat().st_mode & 0o777) == (0, 0o600)
    assert room.reserved(active) >= ROOM


def test_given_rows_have_used_more_than_half_of_it_when_room_is_kept_then_it_is_whole_again(tmp_path: Path) -> None:
    keep_room(tmp_path)
    append(tmp_path, bytes(ROOM // 4))
    keep_room(tmp_path)
    assert room.reserved(tmp_path / ACTIVE) < ROOM, "not yet: every look would cost"
    append(tmp_path, bytes(ROOM // 2))
    keep_room(tmp_path)
    assert room.reserved(tmp_path / ACTIVE) >= ROOM


def test_given_a_renamed_file_when_nobody_writes_to_it_any_more_then_it_gives_its_room_back(tmp_path: Path) -> None:
    keep_room(tmp_path)
    append(tmp_path, b"row\n")
    first = rotate(tmp_path)
    assert first is not None
    assert room.reserved(first) > ROOM // 2, "a late row may still come"
    os.utime(first, (time.time() - journal.GRACE - 1,) * 2)
    append(tmp_path, b"row\n")
    rotate(tmp_path)
    assert (first.read_bytes(), room.reserved(first) < ROOM // 16) == (b"row\n", True)


def test_given_asterisk_is_gone_when_its_journal_is_renamed_then_the_next_one_can_have_the_room(tmp_path: Path) -> None:
    keep_room(tmp_path)
    append(tmp_path, b"torn")
    renamed = rotate(tmp_path, writer_is_gone=True)
    assert renamed is not None
    assert (renamed.read_bytes(), room.reserved(renamed) < ROOM // 16) == (b"torn", True)


def test_given_a_full_disk_when_room_is_kept_then_it_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(room, "reserve", full)
    assert keep_room(tmp_path) == os.strerror(errno.ENOSPC)


def test_given_a_file_system_that_reserves_nothing_when_room_is_kept_then_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "reserve", lambda *_: False)
    assert keep_room(tmp_path) == "this file system reserves nothing"

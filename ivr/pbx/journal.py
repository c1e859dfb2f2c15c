"""The journal's files: a tail that loses and doubles nothing, and rotation.

Asterisk opens, appends to and closes `journal.csv` for every record (res_cdrel_custom, write_record_to_file), so a
rename is all that rotation needs: it is one step, and a crash before or after it leaves a journal that reads the same.
A record that Asterisk had begun lands in the renamed file, therefore a renamed file is watched for a while longer.
The active file always has room beyond its end, so that rows still land when the disk is full (room.py).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import structlog

from ivr.calls.rows import split_records
from ivr.pbx import room

ACTIVE = "journal.csv"
ROTATED = re.compile(r"journal-(\d{6,})\.csv(.*)")  # a compressed one (….csv.gz) keeps its number
ROTATE_AT = 64 * 1024 * 1024  # bytes
ROOM = 16 * 1024 * 1024  # bytes that the active file has beyond its end: about 3,000 calls
GRACE = 5.0  # seconds without a late record after which a renamed file is done with
CHUNK = 64 * 1024  # bytes read in one go: about 250 records, 5 ms

log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Where a record begins: the logical file's number and the bytes before it. Places sort as the journal does."""

    file: int
    offset: int

    @property
    def name(self) -> str:
        """The logical file name, which the active file will get when it is rotated."""
        return f"journal-{self.file:06d}.csv"

    @classmethod
    def of(cls, name: str, offset: int) -> Self:
        """Raises ValueError for a name that is no journal file's."""
        found = ROTATED.fullmatch(name)
        if found is None:
            raise ValueError(f"{name!r} is no journal file: expected journal-000001.csv")
        return cls(int(found[1]), offset)


class Record(NamedTuple):
    """One CEL record as it stands in the file, unfolded into fields, and where it begins."""

    place: Place
    fields: Sequence[str]


def rotated(directory: Path) -> list[int]:
    """Numbers of the rotated files that can be read, ascending."""
    return sorted(number for number, rest in _numbers(directory) if not rest)


def size(directory: Path) -> int:
    """Bytes in the active file."""
    try:
        return (directory / ACTIVE).stat().st_size
    except FileNotFoundError:
        return 0


def ahead(directory: Path, place: Place | None) -> int:
    """Bytes of the journal from a place on (None: all of it); 0 where there is no journal yet."""
    if not directory.is_dir():
        return 0
    from_here = place or Place(0, 0)
    active = Place(_next_number(directory), 0)
    sizes = {number: (directory / Place(number, 0).name).stat().st_size for number in rotated(directory)}
    sizes[active.file] = size(directory)
    return sum(
        max(bytes_ - (from_here.offset if number == from_here.file else 0), 0)
        for number, bytes_ in sizes.items()
        if number >= from_here.file
    )


def keep_room(directory: Path) -> str | None:
    """See that the active file, made if there is none, has at least half of `ROOM` beyond its end. None, or why not."""
    active = directory / ACTIVE
    try:
        if active.exists() and room.reserved(active) >= ROOM // 2:
            return None
        return None if room.reserve(active, ROOM) else "this file system reserves nothing"
    except OSError as failure:
        return failure.strerror or str(failure)


def can_rotate(directory: Path) -> bool:
    """The next file would get its room too. Otherwise the active one, which has it, goes on."""
    return shutil.disk_usage(directory).free > 2 * ROOM


def rotate(directory: Path, writer_is_gone: bool = False) -> Path | None:
    """Give the active file its number. None where there was nothing in it.

    Called before each start of Asterisk, so that a record that the last one left half written ends there and cannot
    swallow the next, and by the controller at `ROTATE_AT`. Two processes may call it at once. A renamed file gives its
    room back once nobody writes to it any more; `writer_is_gone`: at once.
    """
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # numbers are given by one process at a time; a rename would overwrite
        if size(directory) == 0:
            return None
        target = directory / Place(_next_number(directory), 0).name
        (directory / ACTIVE).rename(target)
        os.fsync(folder)
        _give_back(directory, 0.0 if writer_is_gone else GRACE)
        return target
    finally:
        os.close(folder)


def _give_back(directory: Path, grace: float) -> None:
    """What rotated files still have beyond their ends."""
    for number in rotated(directory):
        path = directory / Place(number, 0).name
        try:
            if room.reserved(path) > ROOM // 16 and time.time() - path.stat().st_mtime >= grace:
                room.give_back(path)
        except OSError as failure:  # taken away, or not ours: it is only room
            if failure.errno != errno.ENOENT:
                log.warning("journal_room_kept", file=path.name, reason=failure.strerror)


def _numbers(directory: Path) -> list[tuple[int, str]]:
    found = (ROTATED.fullmatch(entry.name) for entry in os.scandir(directory))
    return [(int(match[1]), match[2]) for match in found if match]


def _next_number(directory: Path) -> int:
    return max((number for number, _ in _numbers(directory)), default=0) + 1


class _Reader:
    """One open file, read record by record. It stays the same file when it is renamed."""

    def __init__(self, number: int, descriptor: int, renamed: bool, offset: int = 0) -> None:
        self.number, self.renamed = number, renamed
        self._descriptor = descriptor
        self.at = offset  # where the first unread record begins
        self._rest = b""  # the beginning of a record whose end is not yet written

    def read(self) -> list[Record]:
        data = os.pread(self._descriptor, CHUNK, self.at + len(self._rest))
        return self._split(data, final=False) if data else []

    def finish(self) -> list[Record]:
        """What is left of a file that will not grow: a record that was never ended, or nothing."""
        if not self._rest:
            return []
        log.warning("journal_torn", file=Place(self.number, 0).name, offset=self.at, bytes=len(self._rest))
        return self._split(b"", final=True)

    def _split(self, data: bytes, final: bool) -> list[Record]:
        data = self._rest + data
        records, self._rest = split_records(data, final)
        places = [Record(Place(self.number, self.at + found.begin), found.fields) for found in records]
        self.at += len(data) - len(self._rest)
        return places

    @property
    def unread(self) -> int:
        return os.fstat(self._descriptor).st_size - self.at - len(self._rest)

    @property
    def inode(self) -> int:
        return os.fstat(self._descriptor).st_ino

    def quiet(self, grace: float) -> bool:
        """Nobody has written for so long that nobody will."""
        return self.unread <= 0 and time.time() - os.fstat(self._descriptor).st_mtime > grace

    def close(self) -> None:
        os.close(self._descriptor)


class Tail:
    """Reads the journal from a place on, over all its files, and goes on as it grows and is rotated.

    Poll `read` every 50 to 100 ms: an idle poll is two stat calls. Records of a renamed file may come after records of
    its successor; `position` stays in the renamed file until it is done with, so after a restart some records come a
    second time, never one too few.
    """

    def __init__(self, directory: Path, start: Place | None = None, grace: float = GRACE) -> None:
        self._directory, self._grace = directory, grace
        self._readers: list[_Reader] = []  # renamed ones that may still get a late record, then the newest
        self._start = self._checked(start)

    @property
    def position(self) -> Place:
        """Everything before it has been given out."""
        return Place(self._readers[0].number, self._readers[0].at) if self._readers else self._start

    @property
    def is_settled(self) -> bool:
        """Nothing after `position` has been given out: no renamed file may still get a late record."""
        return len(self._readers) < 2

    @property
    def unread(self) -> int:
        """Bytes on disk, in the files now open, that `read` has not given out."""
        return sum(reader.unread for reader in self._readers)

    def read(self) -> list[Record]:
        """The next records, about `CHUNK` bytes of them; an empty list where the journal has no more."""
        records: list[Record] = []
        while not records:
            opened = self._follow()
            for reader in self._readers:
                records += reader.read()
            if not opened:
                break
        while len(self._readers) > 1 and self._readers[0].quiet(self._grace):
            done = self._readers.pop(0)
            records += done.finish()
            done.close()
        return records

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self._readers.clear()

    def _checked(self, start: Place | None) -> Place:
        numbers = rotated(self._directory)
        newest = _next_number(self._directory)
        first = Place(numbers[0] if numbers else newest, 0)
        if start is None:
            return first
        if start.file > newest:
            log.error(
                "journal_files_missing", expected=start.name, mend="keep the newest rotated file; reading all again"
            )
            return first
        if start.file < first.file:
            log.error("journal_files_missing", expected=start.name, found=first.name)
            return first
        return start

    def _follow(self) -> bool:
        """Open the next file once the newest has been renamed and read to its end. False where nothing was opened."""
        if self._readers:
            newest = self._readers[-1]
            newest.renamed = newest.renamed or self._active_inode() != newest.inode
            if not newest.renamed or newest.unread > 0:
                return False
            opened = self._open(Place(newest.number + 1, 0))
        else:
            opened = self._open(self._start)
        if opened is not None:
            self._readers.append(opened)
        return opened is not None

    def _active_inode(self) -> int | None:
        try:
            return (self._directory / ACTIVE).stat().st_ino
        except FileNotFoundError:
            return None

    def _open(self, place: Place) -> _Reader | None:
        """The file of this number, or the first after it that exists; None where Asterisk has not begun one."""
        while True:
            numbers = [number for number in rotated(self._directory) if number >= place.file]
            if numbers:
                path, number = self._directory / Place(numbers[0], 0).name, numbers[0]
            else:
                path, number = self._directory / ACTIVE, max(place.file, _next_number(self._directory))
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                if numbers:
                    continue
                return None
            later = [number for number in rotated(self._directory) if number >= place.file]
            if later != numbers and not numbers:  # renamed between the look and the opening: which one is it?
                os.close(descriptor)
                continue
            offset = place.offset if number == place.file else 0
            if offset > os.fstat(descriptor).st_size:
                log.error("journal_truncated", file=Place(number, 0).name, offset=offset, mend="reading it again")
                offset = 0
            return _Reader(number, descriptor, renamed=bool(numbers), offset=offset)

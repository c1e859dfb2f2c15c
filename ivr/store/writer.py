"""The one writer: saves until it is saved. Meanwhile the journal waits on disk, so nothing has to be queued or lost."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from ivr.calls.model import Call
from ivr.errors import HotlineError
from ivr.store.errors import CallRefusedError, DatabaseDownError
from ivr.store.store import Position, Store

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between two tries

T = TypeVar("T")
log = structlog.get_logger(__name__)


class AnotherWriterError(HotlineError):
    """The call log of this journal has a writer already: a controller, or a rebuild."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            "another_writer",
            f"Another process writes the call log of {directory}: wait until it ends, or use another --var.",
            {"journal": str(directory)},
            409,
        )


class NoJournalError(HotlineError):
    """There is no journal to write a call log from."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            "no_journal",
            f"There is no journal at {directory}: `ivr up` makes it at the first start; is --var right?",
            {"journal": str(directory)},
            404,
        )


class AnotherEraserError(HotlineError):
    """Something else erases of this journal's calls, or computes them anew."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            "another_eraser",
            f"Another process erases or rebuilds the calls of {directory}: wait until it ends.",
            {"journal": str(directory)},
            409,
        )


@contextmanager
def only_writer(directory: Path) -> Iterator[None]:
    """Be the one process that writes this journal's call log. The lock goes with the process, however it ends.

    Raises AnotherWriterError, NoJournalError.
    """
    with _locked(directory, ".writer", AnotherWriterError):
        yield


@contextmanager
def only_eraser(directory: Path) -> Iterator[None]:
    """Keep erasing and rebuilding apart: a rebuild could bring back what is erased while it compares.

    Raises AnotherEraserError, NoJournalError.
    """
    with _locked(directory, ".eraser", AnotherEraserError):
        yield


@contextmanager
def _locked(directory: Path, name: str, taken: Callable[[Path], HotlineError]) -> Iterator[None]:
    try:
        lock = os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        raise NoJournalError(directory) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise taken(directory) from error
        yield
    finally:
        os.close(lock)


def has_writer(directory: Path) -> bool:
    """Whether a process writes this journal's call log now. Takes nothing and makes nothing."""
    try:
        lock = os.open(directory / ".writer", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


class Writer:
    """Saves calls and the position; knows how far it is behind and why (`/healthz`)."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._clock, self._sleep = store, clock, sleep
        self._saved_all_at = clock()
        self.behind = False  # rows have been written by Asterisk that are not in the database
        self.waits_for: str | None = None  # what keeps it from writing now
        self._refused: dict[str, str] = {}  # id of a call that the database would not take → why

    @property
    def lag_seconds(self) -> float:
        """Seconds since the database last had every row of the journal; 0 where it has."""
        return self._clock() - self._saved_all_at if self.behind else 0.0

    @property
    def refused(self) -> set[str]:
        """Ids of calls that are not in the database because it would not take them."""
        return set(self._refused)

    @property
    def last_error(self) -> str | None:
        """What is wrong now, in a sentence; None where all is well."""
        return self.waits_for or next(reversed(self._refused.values()), None)

    def mark(self, behind: bool) -> None:
        """Told by the reader after each look at the journal."""
        self.behind = behind
        if not behind:
            self._saved_all_at = self._clock()

    async def save(self, calls: Sequence[Call], position: Position) -> None:
        """Return when it is saved. A call that the database refuses is set aside and told, the others go on."""
        try:
            await self.insist(lambda: self._store.save(calls, position))
        except CallRefusedError:
            for call in calls:
                await self._save_one(call)
            await self.insist(lambda: self._store.save([], position))
        else:
            for call in calls:
                self._refused.pop(call.id, None)

    async def _save_one(self, call: Call) -> None:
        try:
            await self.insist(lambda: self._store.save([call]))
        except CallRefusedError as error:
            self._refused[call.id] = error.message
            log.error("call_refused", call=call.id, reason=error.details["reason"])  # noqa: TRY400  its locals are private

    async def insist(self, act: Callable[[], Awaitable[T]]) -> T:
        """Try until the database answers, with growing pauses."""
        pause = FIRST_PAUSE
        while True:
            try:
                result = await act()
            except DatabaseDownError as error:
                if self.waits_for is None:
                    log.warning("database_down", reason=error.details["reason"])
                self.waits_for = error.message
                await self._sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if self.waits_for is not None:
                    log.info("database_back")
                    self.waits_for = None
                return result

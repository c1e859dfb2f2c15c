"""The call log at work: the journal's files → rows → calls → the database, once each, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import structlog

from ivr.calls.clock import SteadyClock
from ivr.calls.projection import Projector
from ivr.calls.rows import parse
from ivr.pbx import journal
from ivr.pbx.journal import Place, Record, Tail
from ivr.store.store import Position, Store
from ivr.store.writer import AnotherWriterError, NoJournalError, Writer, only_writer

POLL = 0.2  # seconds: rows of this long are saved together; an idle poll costs two system calls
WAIT = 0.5  # seconds between two tries to become the writer
BATCH = 2000  # rows saved together while catching up

log = structlog.get_logger(__name__)


class Reading:
    """The journal's rows as calls, from one place on. Knows no database."""

    def __init__(self, directory: Path, node: str, start: Place | None = None) -> None:
        self._node = node
        self.tail = Tail(directory, start)
        self._replay = self.tail.position
        self.projector: Projector[Place] = Projector()
        self._clock = SteadyClock()
        self.unreadable = 0  # records that are no rows

    def position(self) -> Position:
        """What to remember once everything read so far is saved.

        Whatever call has a row after the position must begin after the place of replay. While a renamed file is watched
        for late records, calls may have begun and ended behind the position: then the place of replay stays.
        """
        at = self.tail.position
        if self.tail.is_settled:
            self._replay = min(self.projector.oldest_position() or at, at)
        return Position(self._node, at.name, at.offset, self._replay.name, self._replay.offset)

    def add(self, record: Record) -> None:
        """A record that cannot be read is told and passed over: it must not stop those behind it."""
        try:
            row = parse(record.fields, self._node)
        except ValueError as error:
            self.unreadable += 1
            log.warning("journal_unreadable", file=record.place.name, offset=record.place.offset, reason=str(error))
            return
        self.projector.add(row, record.place, self._clock.moved(row.at))

    @property
    def newest(self) -> datetime:
        """The newest row's time: the journal's own clock."""
        return self._clock.newest


class CallLog:
    """Keeps the database equal to the journal. `await run()` until cancelled, or `await catch_up()` once."""

    def __init__(self, store: Store, journal_dir: Path, node: str, rotate_at: int = journal.ROTATE_AT) -> None:
        self._store, self._directory, self._node, self._rotate_at = store, journal_dir, node, rotate_at
        self.writer = Writer(store)
        self._reading: Reading | None = None
        self._applied: Place | None = None  # what lies before it was saved by an earlier run
        self._lacking: str | None = None  # why the journal has no room beyond its end

    async def run(self) -> None:
        """Follow the journal for ever. A database or a journal that is not there, or another writer, is waited for."""
        async with self._alone():
            reading = await self._resume()
            try:
                while True:
                    if await self._advance(reading) < BATCH:
                        await asyncio.sleep(POLL)
                    self._keep_room()
            finally:
                reading.tail.close()

    def _keep_room(self) -> None:
        """The active file is renamed when it is long, and has room beyond its end, however full the disk is."""
        if journal.size(self._directory) >= self._rotate_at and journal.can_rotate(self._directory):
            journal.rotate(self._directory)
        lacking = journal.keep_room(self._directory)
        if lacking != self._lacking:
            self._lacking = lacking
            if lacking is not None:
                log.warning("journal_without_room", reason=lacking, mend="make room on the disk of the journal")

    async def catch_up(self) -> int:
        """Save everything that is in the journal now; the number of rows read. Raises AnotherWriterError."""
        with only_writer(self._directory):
            reading = await self._resume()
            total = 0
            try:
                while rows := await self._advance(reading):
                    total += rows
            finally:
                reading.tail.close()
            return total

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        with ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(only_writer(self._directory))
                    break
                except (AnotherWriterError, NoJournalError) as error:
                    self.writer.waits_for = error.message
                    await asyncio.sleep(WAIT)
            self.writer.waits_for = None
            yield

    async def _resume(self) -> Reading:
        """Begin where the oldest unfinished call does: its earlier rows are read again, and saved already."""
        position = await self.writer.insist(lambda: self._store.position(self._node))
        if position is None:
            return Reading(self._directory, self._node)
        self._applied = Place.of(position.file, position.offset)
        return Reading(self._directory, self._node, Place.of(position.replay_file, position.replay_offset))

    async def _advance(self, reading: Reading) -> int:
        """Read and save one batch; the number of rows."""
        rows = 0
        while rows < BATCH:
            records = reading.tail.read()
            if not records:
                break
            self.writer.mark(behind=True)
            for record in records:
                self._add(reading, record)
            rows += len(records)
            await asyncio.sleep(0)  # the controller has calls to serve between two chunks
        if rows and self._applied is None:
            changed = reading.projector.take_changed()
            reading.projector.forget_finished(reading.newest)
            await self.writer.save(changed, reading.position())
        if rows < BATCH:
            self.writer.mark(behind=False)
        return rows

    def _add(self, reading: Reading, record: Record) -> None:
        if self._applied is not None and record.place >= self._applied:
            reading.projector.take_changed()  # what changed until here is in the database
            self._applied = None
        reading.add(record)

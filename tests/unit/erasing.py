"""A var folder with a database and a clock, in which tests let data grow old."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.calls.model import Call
from ivr.pbx import journal
from ivr.settings import Retention
from ivr.store import Store
from ivr.store.calllog import CallLog
from ivr.store.retention import Job, Report
from tests.unit.clocks import Clock
from tests.unit.stories import EIGHT

NODE = "hotline"
KEPT = Retention(recordings=12, personal=24, call_log=36, journal=12)
NUMBER = "13800138000"
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class Calendar(Clock):
    def months_later(self, months: int, start: datetime = EIGHT) -> None:
        """And a day, so that what happened at `start` is older."""
        self.now = start + timedelta(days=31 * months + 1)


class House:
    """A var folder, its database, and a clock."""

    def __init__(self, var: Path, store: Store) -> None:
        self.var, self.store, self.clock = var, store, Calendar(EIGHT)
        (var / "journal").mkdir(parents=True)

    def job(self, kept: Retention = KEPT) -> Job:
        return Job(self.store, self.var, NODE, kept, by="test", clock=self.clock)

    async def run(self, kept: Retention = KEPT, dry_run: bool = False) -> Report:
        return await self.job(kept).run(dry_run)

    async def erased(self, kept: Retention = KEPT) -> dict[str, int]:
        return counts(await self.run(kept))

    def record(self, call: Call) -> list[Path]:
        """A voice for each leg that has one."""
        made = [self.var / "recordings" / leg.recording for leg in call.legs if leg.recording]
        for path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"RIFF")
        return made

    async def save(self, *calls: Call) -> None:
        for call in calls:
            self.record(call)
        await self.store.save(calls)

    def write(self, rows: Iterable[bytes]) -> None:
        with (self.var / "journal" / journal.ACTIVE).open("ab") as file:
            file.write(b"".join(rows))

    async def catch_up(self) -> None:
        await CallLog(self.store, self.var / "journal", NODE).catch_up()

    def rotate(self) -> None:
        """As after a quiet while, so that no late record is waited for."""
        path = journal.rotate(self.var / "journal")
        assert path is not None
        os.utime(path, (1, 1))

    async def whole_story(self) -> dict[str, Call]:
        return {call.id: call for call in await self.store.calls(1000)}


def counts(report: Report) -> dict[str, int]:
    return {kind: erased.count for kind, erased in report.kinds.items() if erased.count}


@pytest.fixture
async def house(ready_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    store = Store(ready_database_url)
    await store.open()
    yield House(tmp_path / "var", store)
    await store.close()

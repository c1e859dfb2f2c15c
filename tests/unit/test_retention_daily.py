"""The day's erasing in the controller: once, in the quiet hour by the site's clock, and soon again where it failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.errors import HotlineError
from ivr.settings import Retention, Site, load
from ivr.store import DatabaseDownError, Store, retention_daily
from ivr.store.retention import RULES, Report
from ivr.store.retention_daily import AGAIN, LOOK, erase_daily, next_time

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return load(Path(__file__).parents[2] / "hotline.toml", tmp_path)


class Enough(Exception):  # noqa: N818  no error: the end of a test
    """The test has seen what it wants."""


class Days:
    """A clock that moves where the task sleeps, and the runs that it saw."""

    def __init__(self, ends: datetime) -> None:
        self.now, self._ends = NOON, ends
        self.runs: list[datetime] = []
        self.fails: list[HotlineError] = []
        self.problems: list[list[str]] = []

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now > self._ends:
            raise Enough

    async def run(self) -> Report:
        self.runs.append(self.now)
        if self.fails:
            raise self.fails.pop()
        return Report(False, {}, problems=self.problems.pop() if self.problems else [])


async def live(days: Days, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Job:
        def __init__(self, *_: object, **__: object) -> None: ...

        async def run(self) -> Report:
            return await days.run()

    monkeypatch.setattr(retention_daily, "Job", Job)
    with pytest.raises(Enough):
        await erase_daily(Store("sqlite+aiosqlite://"), tmp_path, site, days.clock, days.sleep)


def test_given_a_time_of_day_then_the_next_is_today_or_tomorrow_by_the_sites_clock(site: Site) -> None:
    at = replace(site, retention=Retention(at="21:15"))
    assert next_time(at, NOON) == datetime(2026, 11, 26, 13, 15, tzinfo=UTC)
    assert next_time(at, NOON + timedelta(hours=2)) == datetime(2026, 11, 27, 13, 15, tzinfo=UTC)
    berlin = replace(site, hotline=replace(site.hotline, timezone="Europe/Berlin"), retention=Retention(at="02:30"))
    winter = datetime(2026, 10, 24, 12, tzinfo=UTC)  # the clocks go back in the night: the time comes twice
    assert next_time(berlin, winter) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_time(berlin, datetime(2026, 10, 25, 12, tzinfo=UTC)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


async def test_given_three_days_when_they_pass_then_it_runs_once_in_each_quiet_hour(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = Days(NOON + timedelta(days=3))
    await live(days, site, tmp_path, monkeypatch)
    expected = [datetime(2026, 11, day, 19, 30, tzinfo=UTC) for day in (26, 27, 28)]
    assert [run - wanted < timedelta(seconds=LOOK) for run, wanted in zip(days.runs, expected, strict=True)] == [
        True
    ] * 3


async def test_given_a_database_that_is_away_or_a_file_that_stays_when_run_then_it_tries_again_soon(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = Days(NOON + timedelta(hours=12))
    days.fails, days.problems = [DatabaseDownError("x", "gone")], [["c-1: read-only"]]
    await live(days, site, tmp_path, monkeypatch)
    first, second, third = days.runs
    assert AGAIN <= second - first < AGAIN + timedelta(seconds=2 * LOOK)
    assert AGAIN <= third - second < AGAIN + timedelta(seconds=2 * LOOK)


def test_given_the_kinds_then_each_has_a_setting_of_its_name() -> None:
    assert set(RULES.values()) <= set(Retention.__slots__)

"""The doctor on the machine: disks, clock, memory, limits, permissions; each with a cure in both languages."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from ivr import machine
from ivr.findings import Finding
from ivr.pbx import journal
from ivr.settings import Site, load

SANDBOX = Path(__file__).parents[2] / "hotline.toml"
NOW = datetime.now(UTC)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    for name in ("journal", "recordings", "run"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def site(var: Path) -> Site:
    return load(SANDBOX, var)


def only(findings: list[Finding], id: str) -> Finding:
    (found,) = [finding for finding in findings if finding.id == id]
    assert found.level == "ok" or found.mend, "what is wrong has a cure"
    for text in (found.words, found.mend):
        assert text is None or set(text) == {"zh", "en"}
    return found


def row(at: datetime, *more: str) -> str:
    fields = ["CHAN_START", at.strftime("%Y-%m-%d %H:%M:%S.%f"), *more, *[""] * (12 - len(more))]
    return ",".join(f'"{field}"' for field in fields) + "\n"


def clock(var: Path, now: datetime = NOW) -> Finding:
    return only(list(machine._clock(var, now)), "clock")


def test_given_a_fit_machine_then_nothing_is_a_problem(site: Site, var: Path) -> None:
    findings = list(machine.examine(site, var))
    assert [finding for finding in findings if finding.level == "problem"] == []
    assert {"disk", "clock", "memory", "descriptors", "processes"} <= {finding.id for finding in findings}


@pytest.mark.parametrize(("free", "level"), [(10 * 2**20, "problem"), (2**30, "warning"), (50 * 2**30, "ok")])
def test_given_little_room_then_it_is_told_how_much(
    site: Site, var: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    found = only(list(machine._disks(site, var)), "disk")
    assert (found.level, str(var) in found.words["en"]) == (level, True)


def test_given_no_room_for_files_then_it_is_told(site: Site, var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**40))
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_files=1000, f_favail=7))
    assert "only 7 more files" in only(list(machine._disks(site, var)), "disk").words["en"]


def test_given_a_journal_with_room_of_its_own_then_it_is_told_and_without_it_warned(var: Path) -> None:
    (var / "journal").mkdir(exist_ok=True)
    assert list(machine._room(var)) == [], "before the first start"
    (var / "journal" / journal.ACTIVE).write_bytes(b"row\n")
    assert only(list(machine._room(var)), "journal-room").level == "warning"
    journal.keep_room(var / "journal")
    assert only(list(machine._room(var)), "journal-room").level == "ok"


def test_given_recordings_on_another_disk_then_that_one_is_looked_at_too(site: Site, var: Path) -> None:
    other = Path("/dev/shm")
    if other.stat().st_dev == var.stat().st_dev:
        other = Path("/proc")
    (var / "recordings").rmdir()
    (var / "recordings").symlink_to(other)
    assert str(var / "recordings") in only(list(machine._disks(site, var)), "disk-recordings").words["zh"]


def test_given_a_folder_that_cannot_be_written_then_it_is_named(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda place, _: place != var / "journal")  # root may write everywhere
    found = only(list(machine._writable(var)), "writable")
    assert (found.level, found.words["en"]) == ("problem", f"{var}/journal cannot be written")


def test_given_a_journal_from_later_than_now_then_the_clock_was_set_back(var: Path) -> None:
    journal = var / "journal/journal.csv"
    rows = [row(NOW - timedelta(hours=1)), row(NOW + timedelta(hours=3), 'b""x\r\n"y'.replace('"y', "y")), row(NOW)]
    journal.write_text('torn",""\n' + "".join(rows) + '"CHAN_END","2099-01-01 00:00')
    found = clock(var)
    assert found.level == "warning"
    assert found.words["en"] == "the clock was set back: now is 3 hours before the journal's newest row"
    assert "呼叫流水" in found.words["zh"]
    assert "set back" not in clock(var, NOW + timedelta(hours=4)).words["en"]


def test_given_a_last_start_later_than_now_then_the_clock_was_set_back(var: Path) -> None:
    (var / "run/state.json").write_text("{}")
    assert "5 minutes before the last start" in clock(var, datetime.now(UTC) - timedelta(minutes=5)).words["en"]
    assert "set back" not in clock(var, datetime.now(UTC)).words["en"]


def test_given_a_year_that_cannot_be_then_it_is_told(var: Path) -> None:
    assert clock(var, datetime(1970, 1, 1, tzinfo=UTC)).words["en"] == "the clock says 1970-01-01, which cannot be"


@pytest.mark.parametrize(("known", "level"), [(True, "ok"), (None, "ok"), (False, "warning")])
def test_the_kernel_tells_whether_the_clock_is_synchronised(
    var: Path, monkeypatch: pytest.MonkeyPatch, known: bool | None, level: str
) -> None:
    assert machine._synchronised() in {True, False, None}  # adjtimex(2) itself
    monkeypatch.setattr(machine, "_synchronised", lambda: known)
    assert clock(var).level == level


@pytest.mark.parametrize(("hard", "level"), [(1024, "warning"), (resource.RLIM_INFINITY, "ok"), (65536, "ok")])
def test_given_low_limits_then_the_units_option_is_named(
    monkeypatch: pytest.MonkeyPatch, hard: int, level: str
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, hard))
    found = only(list(machine._limits()), "descriptors")
    assert found.level == level
    assert level == "ok" or "LimitNOFILE=65536" in str(found.mend)


@pytest.mark.parametrize(("free", "level"), [(100 * 2**20, "warning"), (2**31, "ok")])
def test_given_little_memory_then_it_is_told(monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    assert (machine._available() or 0) > 0
    monkeypatch.setattr(machine, "_available", lambda: free)
    assert only(list(machine._memory()), "memory").level == level


def test_given_secrets_that_others_can_read_then_it_is_told_with_the_mode(var: Path) -> None:
    assert list(machine.secrets(var)) == []
    path = var / "credentials.toml"
    path.write_text("")
    change: Callable[[int], None] = path.chmod
    change(0o640)
    found = only(list(machine.secrets(var)), "secrets")
    assert (found.level, "0640" in found.words["en"], "chmod 600" in str(found.mend)) == ("warning", True, True)
    change(0o600)
    assert only(list(machine.secrets(var)), "secrets").level == "ok"


def test_a_database_file_elsewhere_counts_with_its_own_disk(site: Site, var: Path) -> None:
    away = replace(site, database_url="sqlite+aiosqlite:////proc/ivr.db")
    assert "/proc" in only(list(machine._disks(away, var)), "disk-database").words["en"]

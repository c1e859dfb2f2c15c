"""A whole hotline on PostgreSQL: calls, a server that is away, a backup beside a call, and back again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from ivr.calls.model import Call
from ivr.calls.projection import project
from ivr.calls.rows import parse, split_records
from tests.pbx.conftest import Hotlines
from tests.pbx.running import eventually
from tests.pbx.story import longest_gap
from tests.tools import postgresql
from tests.unit.databases import PostgresServer

AWAY = 5.0  # seconds; long enough for several tries


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine has no PostgreSQL, the fetched programs stand on PATH as an installed one's would."""
    program = postgresql("pg_dump")
    monkeypatch.setenv("PATH", str(program.path.parent), prepend=os.pathsep)
    for name, value in program.environment.items():
        monkeypatch.setenv(name, value)


def test_given_postgresql_when_it_goes_away_and_is_restored_during_calls_then_every_call_is_whole_in_the_log(
    hotline_with: Hotlines, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    hotline = hotline_with(database={"url": postgres_server.new_database()})
    citizen, operator, desk = hotline.caller(), hotline.operator("1001"), hotline.desk("110")

    hotline.talk(citizen, operator)
    hotline.cli("db", "backup", str(tmp_path / "copy"))
    postgres_server.stop()
    operator.dtmf("*1")
    citizen.wait_heard("110")
    time.sleep(AWAY)
    postgres_server.start()
    citizen.hangup()
    first = hotline.call_of(citizen.name)
    assert [(one.target, one.result) for one in first.transfers] == [("110", "completed")]
    assert [leg.role for leg in first.legs] == ["caller", "operator", "desk"]

    desk.wait_for("disconnected")
    began = hotline.talk(citizen, operator)
    controller = hotline.controller_pid
    restored = json.loads(hotline.cli("db", "restore", str(tmp_path / "copy"), "--json"))
    assert restored["gap"] is False
    assert Path(restored["replaced"]).exists()
    eventually(lambda: hotline.controller_pid != controller, 30, lambda: "the controller was not started again")
    hotline.wait_healthy()
    assert longest_gap(citizen, [operator], began + 0.2, time.time() - 0.2) < 0.5, "the call noticed nothing"
    operator.dtmf("*3")
    citizen.wait_heard("110")
    time.sleep(1)
    citizen.hangup()

    eventually(lambda: len(hotline.calls()) == 2 or None, 30, lambda: f"the log has {hotline.calls()}")
    second = hotline.call_of(citizen.name)
    assert [(one.mode, one.result) for one in second.transfers] == [("conference", "completed")]
    assert hotline.calls()[1] == first, "it was not in the copy, and came back from the journal"
    eventually(lambda: hotline.calls() == in_the_journal(hotline.var / "journal"), 30, lambda: "log and journal differ")


def in_the_journal(directory: Path) -> list[Call]:
    """What the pure projection says of all of it, the newest call first."""
    records = [record for file in sorted(directory.glob("*.csv")) for record in split_records(file.read_bytes())[0]]
    return list(reversed(project(parse(record.fields, "hotline") for record in records)))

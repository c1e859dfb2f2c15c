"""Starting: what is refused with which words, what a second start keeps, and two hotlines on one machine."""

from __future__ import annotations

import json
import os
import socket
import tomllib
from pathlib import Path

import pytest

from ivr import settings
from tests.pbx import sites
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.outside import run
from tests.pbx.running import Running
from tests.pbx.story import all_hear_each_other, nobody_hears

WRONG = {
    "unknown key": ({"queue": {"rings": 3}}, ["queue.rings", "unknown key", "ring"]),
    "unknown table": ({"quue": {"ring": 3}}, ["quue", "unknown key", "queue"]),
    "wrong type": ({"queue": {"ring": "three"}}, ["queue.ring", "a whole number", "'three'"]),
    "wrong value": ({"targets": {"110": {"acknowledge": "smile"}}}, ["targets.110.acknowledge", "answer", "key"]),
    "no port": ({"listen": {"web": "127.0.0.1"}}, ["listen.web", "an address and port"]),
    "a route that is none": ({"targets": {"110": {"routes": ["110"]}}}, ["targets.110.routes", "sip:"]),
    "blind to 110": ({"targets": {"110": {"keys": {"blind": "*2"}}}}, ["targets.110.keys", "blind"]),
    "missing": ({"targets": {"110": {"name": None}}}, ["targets.110.name", "is missing"]),
    "two at once": ({"queue": {"ring": 0, "wrap_up": -1}}, ["queue.ring", "queue.wrap_up"]),
}


@pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG)
def test_given_settings_that_are_wrong_when_started_then_file_key_and_expectation_are_told_and_nothing_starts(
    tmp_path: Path, changes: sites.Table, words: list[str]
) -> None:
    hotline = Running(tmp_path, changes)
    done = run(hotline, "up")
    assert done.returncode == 1
    for word in (str(hotline.site_file), *words):
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not hotline.var.exists()


def test_given_ports_that_are_taken_when_started_then_each_is_told_and_by_whom_and_nothing_starts(
    tmp_path: Path,
) -> None:
    hotline = Running(tmp_path)
    held: list[socket.socket] = []
    try:
        for name in ("sip", "web", "ami", "agi"):
            host, _, port = hotline.tables["listen"][name].rpartition(":")
            held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM if name == "sip" else socket.SOCK_STREAM))
            held[-1].bind((host, int(port)))
            if name != "sip":
                held[-1].listen()
        done = run(hotline, "up")
    finally:
        for one in held:
            one.close()
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "✗" in line]
    for name, line in zip(("sip", "web", "ami", "agi"), sorted(lines, key=place), strict=True):
        assert f"listen.{name}" in line
        assert hotline.tables["listen"][name] in line
        assert f"pid {os.getpid()}" in line
    assert not (hotline.var / "run/state.json").exists()
    assert not (hotline.var / "ivr.db").exists()


def place(line: str) -> int:
    return next(at for at, name in enumerate(("sip", "web", "ami", "agi")) if f"listen.{name}" in line)


def test_given_two_sites_when_they_run_side_by_side_then_each_has_its_own_calls(hotline_with: Hotlines) -> None:
    one = hotline_with()
    other = hotline_with(hotline={"number": "96110", "node": "north"}, listen={"rtp": "30000-30999"})
    citizen, operator = one.caller("13800000001"), one.operator("1001")
    neighbour, second = other.caller("13800000002", tone="caller2"), other.operator("1002")
    one.talk(citizen, operator)
    other.talk(neighbour, second)
    all_hear_each_other(citizen, operator)
    all_hear_each_other(neighbour, second)
    nobody_hears(citizen, (neighbour, second))
    nobody_hears(neighbour, (citizen, operator))
    citizen.hangup()
    second.hangup()
    assert one.call_of("13800000001").node == "hotline"
    assert other.call_of("13800000002").node == "north"
    assert [(call.caller, call.number) for call in one.calls()] == [("13800000001", "12345")]
    assert [(call.caller, call.number) for call in other.calls()] == [("13800000002", "96110")]
    assert one.credentials["operators"]["1001"] != other.credentials["operators"]["1001"]


SHAPE = """\
[hotline]
number = "12345"                    # what callers dial
name = {zh = "12345政务服务便民热线", en = "12345 Government Service Hotline"}

[listen]
sip = "127.0.0.1:5060"              # UDP; tls and wss beside it where certificates are given
rtp = "10000-10999"
web = "127.0.0.1:8080"
ami = "127.0.0.1:5038"
agi = "127.0.0.1:4573"

[database]
url = "sqlite+aiosqlite:///{var}/ivr.db"      # or postgresql+asyncpg://…

[trunks.public]                     # where callers come from
match = ["127.0.0.11"]
contact = "sip:127.0.0.11:5060"

[targets.110]
name = {zh = "110报警服务台", en = "110 Police"}
routes = ["sip:110@127.0.0.110:5060", "sip:110@127.0.0.112:5060"]
match = ["127.0.0.110"]             # calls from here are handed over by 110: priority, no greeting
ring = 20                           # seconds a route
stay = 3                            # seconds the operator stays after the target is in
acknowledge = "answer"              # or "key": the target presses 1
emergency = true
keys = {transfer = "*1", conference = "*3"}             # pressed by the operator
desk_keys = {hand_back = "*9", pull_in = "*8"}          # pressed by 110

[keys]                              # pressed by the operator, whatever the target
cancel = "*0"

[[operators]]
number = "1001"
name = "…"
skills = ["general"]
"""


def test_given_settings_in_the_promised_shape_when_loaded_then_they_are_taken_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "hotline.toml").write_text(SHAPE, encoding="utf-8")
    site = settings.load(tmp_path / "hotline.toml", tmp_path / "var")
    assert site.database_url == f"sqlite+aiosqlite:///{tmp_path}/var/ivr.db"
    assert site.targets["110"].desk_keys == {"hand_back": "*9", "pull_in": "*8"}
    assert site.operators["1001"].skills == ("general",)


def test_given_settings_in_the_promised_shape_when_started_then_a_call_reaches_the_operator_and_110(
    tmp_path: Path,
) -> None:
    hotline = Hotline(tmp_path)
    text = SHAPE
    for name, printed in {"sip": "5060", "web": "8080", "ami": "5038", "agi": "4573"}.items():
        text = text.replace(f'"127.0.0.1:{printed}"', f'"{hotline.tables["listen"][name]}"')
    text = text.replace("127.0.0.11:", f"{sites.CALLERS}:").replace('"127.0.0.11"', f'"{sites.CALLERS}"')
    text = text.replace("127.0.0.110", sites.ROUTES["110"][0]).replace("127.0.0.112", sites.ROUTES["110"][1])
    hotline.site_file.write_text(text, encoding="utf-8")
    hotline.tables = tomllib.loads(text)
    try:
        hotline.start()
        citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
        hotline.talk(citizen, operator)
        operator.dtmf("*1")
        operator.wait_for("disconnected")
        all_hear_each_other(citizen, desk)
        citizen.hangup()
        hotline.assert_clean()
        call = hotline.call_of(citizen.name)
        assert (call.outcome, call.transfers[0].result) == ("transferred", "completed")
    finally:
        hotline.stop()


def test_given_a_running_hotline_when_it_is_started_once_more_then_that_is_refused_and_it_runs_on(
    hotline: Hotline,
) -> None:
    ran = hotline.asterisk_pid, hotline.controller_pid
    done = run(hotline, "up")
    assert done.returncode == 1
    assert (hotline.var / "run/supervisor.pid").read_text().strip() in done.stderr
    hotline.wait_healthy()
    assert (hotline.asterisk_pid, hotline.controller_pid) == ran


def test_given_a_lost_database_when_rebuilt_twice_then_it_says_the_same_as_before_and_the_second_changes_nothing(
    hotline_with: Hotlines, tmp_path: Path
) -> None:
    hotline = hotline_with()
    secrets = hotline.credentials
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    operator.wait_for("disconnected")
    citizen.wait_heard(desk.tone)
    citizen.hangup()
    hotline.call_of(citizen.name)
    hotline.stop()
    before = run(hotline, "calls", "--json").stdout
    assert len(json.loads(before)["calls"]) == 1
    for file in hotline.var.glob("ivr.db*"):
        file.unlink()
    first, second = run(hotline, "calls", "rebuild", "--json"), run(hotline, "calls", "rebuild", "--json")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [call["differences"] for call in json.loads(first.stdout)["calls"]] == [["was not in the log"]]
    assert json.loads(second.stdout)["calls"] == []
    assert run(hotline, "calls", "--json").stdout == before

    (tmp_path / "cel.csv").write_text(FOREIGN)
    for _ in range(2):
        imported = run(hotline, "calls", "import", str(tmp_path / "cel.csv"), "--columns", COLUMNS, "--node", "old")
        assert imported.returncode == 0, imported.stderr
    log = json.loads(run(hotline, "calls", "--json").stdout)["calls"]
    assert [(call["node"], call["caller"], len(call["legs"]), len(call["talks"])) for call in log] == [
        ("hotline", citizen.name, 3, 3),
        ("old", "138", 2, 1),
    ]
    planned = run(hotline, "doctor")
    assert (planned.returncode, "does not run" in planned.stdout) == (0, True)
    hotline.start()
    assert hotline.credentials == secrets, "kept"
    assert run(hotline, "calls", "--json").stdout == json.dumps({"calls": log}, ensure_ascii=False, indent=2) + "\n"


COLUMNS = "eventtype,eventtime,cid_name,cid_num,exten,context,channame,appname,uniqueid,linkedid,extra"
FOREIGN = '''\
CHAN_START,2025-11-22 16:00:00.000001,"张三, ""老三""",138,12345,from-pstn,SIP/trunk-0001,,1763.1,1763.1,
CHAN_START,2025-11-22 16:00:01.000000,,,s,from-internal,SIP/1001-0002,,1763.2,1763.1,
ANSWER,2025-11-22 16:00:03.000000,,1001,s,from-internal,SIP/1001-0002,AppDial,1763.2,1763.1,
ANSWER,2025-11-22 16:00:03.100000,,138,12345,from-pstn,SIP/trunk-0001,Dial,1763.1,1763.1,
BRIDGE_ENTER,2025-11-22 16:00:03.200000,,1001,s,x,SIP/1001-0002,AppDial,1763.2,1763.1,"{""bridge_id"":""b1""}"
BRIDGE_ENTER,2025-11-22 16:00:03.300000,,138,s,x,SIP/trunk-0001,Dial,1763.1,1763.1,"{""bridge_id"":""b1""}"
BRIDGE_EXIT,2025-11-22 16:00:23.000000,,138,s,x,SIP/trunk-0001,Dial,1763.1,1763.1,"{""bridge_id"":""b1""}"
HANGUP,2025-11-22 16:00:23.000001,,138,s,x,SIP/trunk-0001,,1763.1,1763.1,"{""hangupcause"":16}"
CHAN_END,2025-11-22 16:00:23.000002,,138,s,x,SIP/trunk-0001,,1763.1,1763.1,
BRIDGE_EXIT,2025-11-22 16:00:23.000003,,1001,s,x,SIP/1001-0002,AppDial,1763.2,1763.1,"{""bridge_id"":""b1""}"
HANGUP,2025-11-22 16:00:23.000004,,1001,s,x,SIP/1001-0002,,1763.2,1763.1,"{""hangupcause"":16}"
CHAN_END,2025-11-22 16:00:23.000005,,1001,s,x,SIP/1001-0002,,1763.2,1763.1,
LINKEDID_END,2025-11-22 16:00:23.000006,,1001,s,x,SIP/1001-0002,,1763.2,1763.1,
'''

"""The contract as somebody outside sees it: tables, commands, API, files and refusals of a real, running hotline."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import time
import uuid
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.pbx.hotline import Hotline
from tests.pbx.outside import Follower, content, gone, paths, rows, run
from tests.pbx.running import Answer, eventually
from tests.pbx.story import all_hear_each_other

CALLER = "13800000042"
MARK = re.compile(r"\bm[0-9a-f]{24}\b")
MOMENT = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{6}Z?")

TABLES = {
    "call": "id number caller entered_at answered_at ended_at outcome node",
    "leg": "id call_id role party number direction started_at ringing_at answered_at ended_at cause hung_up_by"
    " recording",
    "talk": "call_id leg_a leg_b started_at ended_at",
    "transfer": "id call_id asked_by target mode trigger asked_at result cause ended_at",
    "transfer_attempt": "route dialled_at ringing_at answered_at result cause",
    "ivr_step": "call_id at step value",
    "journal_position": "node file offset",
}


@dataclass(frozen=True)
class Played:
    """One call: a citizen, an operator, 110 by an API order that was sent twice with one Idempotency-Key."""

    id: str
    hotline: Hotline
    began: float
    over: float
    ordered: tuple[Answer, Answer]
    reused: Answer
    invites: int
    frames: list[dict[str, Any]]


@pytest.fixture(scope="module")
def played(session_hotline: Hotline) -> Iterator[Played]:
    hotline = session_hotline
    began = time.time()
    try:
        with Follower(hotline) as follower:
            citizen, operator, desk = hotline.caller(CALLER), hotline.operator(), hotline.desk("110")
            hotline.talk(citizen, operator)
            (call,) = hotline.api("GET", "/api/v1/live").body["calls"]
            path, key = f"/api/v1/calls/{call['id']}/transfers", {"Idempotency-Key": str(uuid.uuid4())}
            with ThreadPoolExecutor(2) as pool:
                first, second = pool.map(
                    lambda body: hotline.api("POST", path, body, key), [{"target": "110", "mode": "transfer"}] * 2
                )
            operator.wait_for("disconnected")
            reused = hotline.api("POST", path, {"target": "119", "mode": "transfer"}, key)
            all_hear_each_other(citizen, desk)
            citizen.hangup()
            hotline.call_of(CALLER)
            over = time.time()
            eventually(lambda: gone(follower.frames, call["id"]), 30, lambda: "the live stream never told the end")
        yield Played(call["id"], hotline, began, over, (first, second), reused, len(desk.invites), follower.frames)
    finally:
        hotline.switch_off_phones()
    hotline.assert_clean()


# — the database ——————————————————————————————————————————————————————————————————————————————————————————————————————


@pytest.mark.parametrize("table", TABLES)
def test_given_a_database_when_its_tables_are_looked_at_then_they_have_the_promised_columns(
    played: Played, table: str
) -> None:
    there = {row["name"] for row in rows(played.hotline, f"PRAGMA table_info('{table}')")}
    assert set(TABLES[table].split()) - there == set()


def test_given_a_call_when_its_rows_are_read_then_they_say_what_happened(played: Played) -> None:
    hotline = played.hotline
    (call,) = rows(hotline, "SELECT * FROM call WHERE id = ?", played.id)
    assert str(uuid.UUID(call["id"])) == call["id"]
    assert (call["number"], call["caller"], call["outcome"], call["node"]) == (
        "12345",
        CALLER,
        "transferred",
        "hotline",
    )
    legs = rows(hotline, "SELECT * FROM leg WHERE call_id = ? ORDER BY started_at", played.id)
    assert [(leg["role"], leg["party"], leg["direction"]) for leg in legs] == [
        ("caller", CALLER, "in"),
        ("operator", "1001", "out"),
        ("desk", "110", "out"),
    ]
    for leg in legs:
        assert re.fullmatch(r"hotline-\d{10}\.\d+", leg["id"]), "uniqueid with the node's name"
        assert leg["cause"] == 16
        assert (hotline.var / "recordings" / leg["recording"]).stat().st_size > 1000
    talks = rows(hotline, "SELECT * FROM talk WHERE call_id = ?", played.id)
    caller, operator, desk = (leg["id"] for leg in legs)
    assert {frozenset((talk["leg_a"], talk["leg_b"])) for talk in talks} == {
        frozenset(pair) for pair in ((caller, operator), (caller, desk), (operator, desk))
    }
    (transfer,) = rows(hotline, "SELECT * FROM transfer WHERE call_id = ?", played.id)
    assert [transfer[name] for name in ("target", "mode", "trigger", "result")] == [
        "110",
        "transfer",
        "api",
        "completed",
    ]
    (tried,) = rows(hotline, "SELECT * FROM transfer_attempt WHERE call_id = ?", played.id)
    assert (tried["route"], tried["result"]) == (hotline.tables["targets"]["110"]["routes"][0], "answered")
    assert rows(hotline, "SELECT * FROM ivr_step WHERE call_id = ? AND step = 'queue'", played.id)
    (position,) = rows(hotline, "SELECT * FROM journal_position")
    assert (position["node"], position["file"].startswith("journal")) == ("hotline", True)
    assert position["offset"] > 0


def test_given_a_call_when_its_times_are_read_then_they_are_utc_with_microseconds_and_in_their_order(
    played: Played,
) -> None:
    first = datetime.fromtimestamp(played.began, UTC).isoformat(" ", "microseconds")[:26]
    last = datetime.fromtimestamp(played.over, UTC).isoformat(" ", "microseconds")[:26]
    for table, named in TABLES.items():
        columns = [name for name in named.split() if name.endswith("_at") or name == "at"]
        if not columns:
            continue
        which = "id" if table == "call" else "call_id"
        for row in rows(played.hotline, f'SELECT * FROM "{table}" WHERE {which} = ?', played.id):
            times = [row[name] for name in columns if row[name] is not None]
            assert times
            for told in times:
                assert MOMENT.fullmatch(told), f"{table}: {told}"
                assert first <= told <= last, f"{table}: {told}"
            if "started_at" in row:
                stages = ("started_at", "ringing_at", "answered_at", "ended_at")
                in_order = [row[name] for name in stages if row.get(name) is not None]
                assert in_order == sorted(in_order)


# — the mark ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_asterisks_mark_when_all_that_leaves_the_machine_is_searched_then_it_is_nowhere(played: Played) -> None:
    hotline = played.hotline
    mark = json.loads((hotline.var / "run/state.json").read_text())["mark"]
    assert MARK.fullmatch(mark)
    said = {
        path: str(hotline.api("GET", path).body)
        for path in (
            "/",
            "/healthz",
            "/metrics",
            *(f"/api/v1/{name}" for name in ("calls", f"calls/{played.id}", "live", "operators", "targets")),
            "/api/v1/openapi.json",
        )
    }
    for words in (
        ("calls",),
        ("calls", "--json"),
        ("calls", "show", played.id),
        ("calls", "show", played.id, "--json"),
        ("calls", "rebuild", "--json"),
        ("recordings", "list", played.id),
        ("doctor",),
        ("doctor", "--json"),
    ):
        done = run(hotline, *words)
        said[" ".join(words)] = done.stdout + done.stderr
    said["live stream"] = json.dumps(played.frames)
    for path in (hotline.var.glob("ivr.db*"), (hotline.var / "log").glob("controller.*"), [hotline.log]):
        said |= {str(file): content(file).decode("latin-1") for file in path}
    assert len(said) > 20
    assert [where for where, words in said.items() if mark in words or MARK.search(words)] == []
    assert [str(path) for path in (hotline.var / "recordings").rglob("*") if mark in str(path)] == []


# — commands ——————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_a_call_when_it_is_listed_and_shown_then_a_person_and_a_program_can_read_it(played: Played) -> None:
    listed, shown = run(played.hotline, "calls"), run(played.hotline, "calls", "show", played.id[:13])
    assert (listed.returncode, shown.returncode, listed.stderr, shown.stderr) == (0, 0, "", "")
    assert re.search(rf"{CALLER} +12345", listed.stdout), listed.stdout
    for word in ("operator", "1001", "110", "transfer to 110: completed", "┣━", "recordings: 3"):
        assert word in shown.stdout
    (told,) = json.loads(run(played.hotline, "calls", "show", played.id, "--json").stdout)["calls"]
    assert told in json.loads(run(played.hotline, "calls", "--json").stdout)["calls"]
    assert set(TABLES["call"].split()) <= told.keys()
    children = {"legs": "leg", "talks": "talk", "transfers": "transfer"}
    for child, table in children.items():
        assert told[child]
        for one in told[child]:
            assert set(TABLES[table].split()) <= one.keys()
    assert set(TABLES["transfer_attempt"].split()) <= told["transfers"][0]["attempts"][0].keys()
    assert MOMENT.fullmatch(told["entered_at"])
    assert told == played.hotline.api("GET", f"/api/v1/calls/{played.id}").body["calls"][0], "the API says the same"


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("calls", "show", "no-such-call"), 1, "no-such-call"),
        (("recordings", "mix", "no-such-call"), 1, "no-such-call"),
        (("calls", "--limit", "none"), 2, "--limit"),
        (("calls", "import", "/no/such/file"), 2, "/no/such/file"),
        (("calls", "import", __file__), 2, "--columns"),
        (("dance",), 2, "dance"),
    ],
)
def test_given_a_command_that_cannot_be_done_when_run_then_it_says_why_and_the_code_tells(
    played: Played, words: tuple[str, ...], code: int, complaint: str
) -> None:
    done = run(played.hotline, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_given_a_recorded_call_when_mixed_then_each_party_has_a_channel_or_all_share_one(
    played: Played, tmp_path: Path
) -> None:
    for words, channels in (((), 3), (("--channels", "all"), 1)):
        done = run(played.hotline, "recordings", "mix", played.id, "--out", str(tmp_path / "mix.wav"), *words)
        assert (done.returncode, done.stderr) == (0, "")
        with wave.open(str(tmp_path / "mix.wav")) as file:
            assert file.getnchannels() == channels
            assert file.getnframes() / file.getframerate() > 3


def test_given_a_running_system_when_the_doctor_looks_then_it_is_well(played: Played) -> None:
    done, told = run(played.hotline, "doctor"), run(played.hotline, "doctor", "--json")
    assert (done.returncode, told.returncode) == (0, 0), done.stdout
    assert "✗" not in done.stdout
    findings = json.loads(told.stdout)["findings"]
    well = {finding["id"] for finding in findings if finding["level"] == "ok"}
    assert well >= {
        "asterisk",
        "asterisk-alive",
        "controller-alive",
        "journal",
        "ami",
        "healthz",
        "database",
        "prompts",
    }
    assert all(set(finding["words"]) == {"zh", "en"} for finding in findings)


def test_given_a_controller_that_hangs_when_the_doctor_looks_then_he_says_so(played: Played) -> None:
    pid = played.hotline.controller_pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        done = run(played.hotline, "doctor")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("✗")] == [f"✗ {played.hotline.web}/healthz: —"]
    played.hotline.wait_healthy()


# — the API ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_the_description_when_read_then_it_lists_the_routes_that_are_served(played: Played) -> None:
    answer = played.hotline.api("GET", "/api/v1/openapi.json", token="")
    assert answer.status == 200
    assert answer.body["openapi"].startswith("3.")
    listed = {(method, path) for path, methods in answer.body["paths"].items() for method in methods}
    assert listed >= {
        ("get", "/api/v1/calls"),
        ("get", "/api/v1/calls/{id}"),
        ("post", "/api/v1/calls/{id}/transfers"),
        ("delete", "/api/v1/calls/{id}/transfers/current"),
        ("get", "/api/v1/live"),
        ("get", "/api/v1/live/stream"),
        ("get", "/api/v1/operators"),
        ("post", "/api/v1/operators/{number}/pause"),
        ("post", "/api/v1/operators/{number}/ready"),
        ("post", "/api/v1/operators/{number}/wrap-up"),
        ("get", "/api/v1/targets"),
        ("get", "/api/v1/phone/{token}/{action}"),
        ("get", "/api/v1/openapi.json"),
        ("get", "/healthz"),
        ("get", "/metrics"),
    }


@pytest.mark.parametrize("path", ["calls", "calls/x", "live", "operators", "targets"])
@pytest.mark.parametrize("token", ["", "wrong"], ids=["no token", "a wrong one"])
def test_given_no_good_token_when_asked_then_it_is_401(played: Played, path: str, token: str) -> None:
    answer = played.hotline.api("GET", f"/api/v1/{path}", token=token)
    assert answer.status == 401
    refused(answer, "unauthorized")


def test_given_requests_that_make_no_sense_when_sent_then_each_refusal_has_the_one_shape(played: Played) -> None:
    api, transfers = played.hotline.api, f"/api/v1/calls/{played.id}/transfers"
    order = {"target": "110", "mode": "transfer"}
    for answer, status, name in (
        (api("GET", "/api/v1/calls/00000000-0000-8000-a000-000000000000"), 404, "unknown_call"),
        (api("POST", transfers, order), 404, "unknown_call"),  # it is over
        (api("GET", "/api/v1/nothing"), 404, "not_found"),
        (api("DELETE", "/api/v1/calls"), 405, "method_not_allowed"),
        (api("POST", transfers, {**order, "mode": "sideways"}), 422, "invalid_request"),
        (api("POST", transfers, {"mode": "transfer"}), 422, "invalid_request"),
        (api("GET", "/api/v1/calls?limit=none"), 422, "invalid_request"),
    ):
        assert answer.status == status, answer
        refused(answer, name)


def refused(answer: Answer, name: str) -> None:
    assert answer.body.keys() == {"error"}
    assert answer.body["error"].keys() == {"id", "message", "details"}
    assert answer.body["error"]["id"] == name
    assert answer.body["error"]["message"]
    assert isinstance(answer.body["error"]["details"], dict)


def test_given_an_order_when_it_is_sent_twice_with_one_key_then_it_is_one_transfer_and_one_invite(
    played: Played,
) -> None:
    first, second = played.ordered
    assert (first.status, second.status) == (202, 202), (first, second)
    assert first.body == second.body
    assert played.invites == 1
    told = rows(played.hotline, "SELECT id FROM transfer WHERE call_id = ?", played.id)
    assert [row["id"] for row in told] == [first.body["transfer"]["id"]]
    assert played.reused.status == 422, "another order with the same key"
    refused(played.reused, "idempotency_key_reused")


def test_given_the_live_stream_when_a_call_comes_and_goes_then_it_tells_the_whole_of_it(played: Played) -> None:
    first, *later = played.frames
    assert first["type"] == "snapshot"
    assert played.id not in [call["id"] for call in first["calls"]]
    states = [call["state"] for frame in later for call in frame["calls"] if call["id"] == played.id]
    assert states
    parties = [
        {leg["party"] for leg in call["legs"]} for frame in later for call in frame["calls"] if call["id"] == played.id
    ]
    assert {CALLER, "1001", "110"} in parties
    ends = [at for at, frame in enumerate(later) if played.id in frame.get("calls_gone", ())]
    assert len(ends) == 1
    assert not [frame for frame in later[ends[0] + 1 :] if played.id in [call["id"] for call in frame["calls"]]]


# — secrets —————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_a_first_start_when_the_secrets_are_looked_at_then_they_are_ours_alone_and_none_is_a_default(
    played: Played,
) -> None:
    hotline = played.hotline
    path = hotline.var / "credentials.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = hotline.credentials
    assert secrets["operators"].keys() == {"1001", "1002", "1003"}
    assert secrets["admin"]["user"] == "admin"
    values = [*secrets["operators"].values(), secrets["api"]["token"], secrets["admin"]["password"]]
    assert len(set(values)) == 5
    assert all(len(value) >= 16 for value in values)
    loose = [
        str(file)
        for file, found in paths(hotline.var)
        if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077 and holds(file, values)
    ]
    assert loose == []


def holds(file: Path, values: list[str]) -> bool:
    data = content(file)
    return any(value.encode() in data for value in values)

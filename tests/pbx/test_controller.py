"""The controller on a real Asterisk with real phones: what the web tells and does, and what dies and comes back."""

from __future__ import annotations

import os
import signal
from typing import Any

import aiohttp

from ivr.web.schema import check
from ivr.web.shapes import LIVE
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually


def live_call(hotline: Hotline) -> Any:
    calls = hotline.api("GET", "/api/v1/live").body["calls"]
    return calls[0] if calls else None


def parties(call: Any) -> set[str]:
    """Who hears whom in the caller's bridge."""
    bridge = call["legs"][0]["bridge"]
    return {leg["party"] for leg in call["legs"] if bridge and leg["bridge"] == bridge}


def operator_state(hotline: Hotline, number: str) -> tuple[str, str | None]:
    operators = {one["number"]: one for one in hotline.api("GET", "/api/v1/operators").body["operators"]}
    return operators[number]["state"], operators[number]["reason"]


def wait_live(hotline: Hotline, wanted: Any) -> None:
    eventually(lambda: wanted(live_call(hotline)), 30, lambda: f"live says {live_call(hotline)}")


def test_given_a_talk_when_the_console_asks_for_110_then_the_live_state_tells_it(hotline: Hotline) -> None:
    hotline.desk("110")
    operator, caller = hotline.operator(), hotline.caller()
    hotline.talk(caller, operator)
    call = live_call(hotline)
    assert (call["state"], parties(call)) == ("talking", {"13800138000", "1001"})
    path, order = f"/api/v1/calls/{call['id']}/transfers", {"target": "110", "mode": "transfer"}
    first = hotline.api("POST", path, order, {"Idempotency-Key": "click"})
    again = hotline.api("POST", path, order, {"Idempotency-Key": "click"})
    assert (first.status, again.body) == (202, first.body)
    wait_live(hotline, lambda call: call and parties(call) == {"13800138000", "110"})
    check(LIVE, hotline.api("GET", "/api/v1/live").body)
    caller.hangup()
    logged = hotline.call_of("13800138000")
    assert [(one.id, one.trigger, one.result) for one in logged.transfers] == [
        (first.body["transfer"]["id"], "api", "completed")
    ]
    assert hotline.api("GET", f"/api/v1/calls/{logged.id}").body["calls"][0]["outcome"] == "transferred"
    assert live_call(hotline) is None


def test_given_a_talk_when_the_phones_key_opens_its_url_then_110_comes_in(hotline: Hotline) -> None:
    hotline.desk("110")
    operator, caller = hotline.operator(), hotline.caller()
    hotline.talk(caller, operator)
    key = hotline.credentials["phone_keys"]["1001"]
    answer = hotline.api("GET", f"/api/v1/phone/{key}/conference/110", token="")
    assert (answer.status, answer.body) == (200, "正在接通110报警服务台，接通后三方通话\n")
    wait_live(hotline, lambda call: call and parties(call) == {"13800138000", "1001", "110"})
    caller.hangup()
    assert key not in (hotline.var / "log/controller.log").read_text(encoding="utf-8")


def test_given_an_operator_when_paused_by_api_and_ready_by_key_then_the_live_state_follows(hotline: Hotline) -> None:
    hotline.operator()
    wait = "the operator never was "
    eventually(lambda: operator_state(hotline, "1001")[0] == "available", 30, lambda: wait + "available")
    assert hotline.api("POST", "/api/v1/operators/1001/pause", {"reason": "午饭"}).status == 202
    eventually(lambda: operator_state(hotline, "1001") == ("paused", "午饭"), 30, lambda: wait + "paused")
    assert hotline.api("POST", "/api/v1/operators/1001/wrap-up").status == 202
    eventually(lambda: operator_state(hotline, "1001")[0] == "wrap-up", 30, lambda: wait + "wrapping up")
    key = hotline.credentials["phone_keys"]["1001"]
    assert hotline.api("GET", f"/api/v1/phone/{key}/ready", token="").status == 200
    eventually(lambda: operator_state(hotline, "1001")[0] == "available", 30, lambda: wait + "ready again")


async def test_given_a_reader_of_the_stream_when_a_call_comes_and_goes_then_it_is_told(hotline: Hotline) -> None:
    headers = {"Authorization": f"Bearer {hotline.credentials['api']['token']}"}
    stream = f"{hotline.web}/api/v1/live/stream"
    async with aiohttp.ClientSession() as client, client.ws_connect(stream, headers=headers) as socket:
        assert (await socket.receive_json(timeout=60))["type"] == "snapshot"
        caller = hotline.caller()
        call = caller.call(hotline.uri)
        states: list[str] = []
        while "waiting" not in states:
            states += [one["state"] for one in (await socket.receive_json(timeout=60))["calls"]]
        caller.hangup(call)
        while not (await socket.receive_json(timeout=60))["calls_gone"]:
            pass


def test_given_a_talk_when_the_controller_is_killed_then_it_comes_back_and_knows_the_call(hotline: Hotline) -> None:
    operator, caller = hotline.operator(), hotline.caller()
    hotline.talk(caller, operator)
    before = live_call(hotline)
    killed = hotline.controller_pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: hotline.controller_pid not in (None, killed), 30, hotline.last_words)
    hotline.wait_healthy()
    after = live_call(hotline)
    told = [(leg["id"], leg["role"], leg["state"], leg["bridge"]) for leg in before["legs"]]
    assert [(leg["id"], leg["role"], leg["state"], leg["bridge"]) for leg in after["legs"]] == told
    assert (after["id"], after["state"], after["caller"]) == (before["id"], "talking", "13800138000")
    caller.hangup()
    assert hotline.call_of("13800138000").outcome == "answered"


def test_given_asterisk_is_killed_then_the_controller_finds_the_next_one(hotline_with: Hotlines) -> None:
    hotline = hotline_with()
    killed = hotline.asterisk_pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: hotline.api("GET", "/healthz").status == 503, 30, hotline.last_words)
    hotline.wait_healthy(30)
    assert hotline.asterisk_pid != killed
    hotline.talk(hotline.caller(), hotline.operator())
    assert live_call(hotline)["state"] == "talking"

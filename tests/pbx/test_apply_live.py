"""Settings that are changed while people talk: nobody hears of it, and the next call has them."""

from __future__ import annotations

import json
import time
import tomllib
from typing import Any

from tests.pbx import sites
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import longest_gap
from tests.phones import Phone, Registration

FOURTH = {"number": "1004", "name": "四号坐席", "skills": ["night"]}


def applied(hotline: Hotline) -> dict[str, Any]:
    return dict(json.loads(hotline.cli("apply", "-m", "a test", "--by", "王芳", "--json"))["apply"])


def rewrite(hotline: Hotline, **changes: Any) -> None:
    hotline.tables = sites.laid_over(hotline.tables, changes)
    hotline.site_file.write_text(sites.to_toml(hotline.tables), encoding="utf-8")


def members(hotline: Hotline, queue: str) -> set[str]:
    lines = hotline.asterisk(f"queue show {queue}").splitlines()
    return {line.split()[0] for line in lines if "ringinuse" in line}


def phone_of(hotline: Hotline, number: str, tone: str) -> Phone:
    registration = Registration(hotline.server, number, hotline.credentials["operators"][number])
    phone = hotline.keep(Phone(number, ip=sites.OPERATORS, tone=tone, register=registration))  # type: ignore[arg-type]
    phone.on_call("answer")
    hotline.wait_contact(number, phone.uri)
    return phone


def test_given_a_talk_when_operators_and_targets_are_changed_then_it_goes_on_and_the_next_call_has_them(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator = hotline.caller(), hotline.operator()
    began = hotline.talk(citizen, operator)
    waiting = hotline.caller("13800138001", tone="caller")
    waiting.call(hotline.uri, from_user=waiting.name)
    eventually(lambda: "No Callers" not in hotline.asterisk("queue show q-general"), 30, lambda: "nobody waits")
    asterisk, controller = hotline.asterisk_pid, hotline.controller_pid
    operators = [*(one for one in hotline.tables["operators"] if one["number"] != "1002"), FOURTH]
    listen = {"web": f"127.0.0.1:{sites.free_port(sites.socket.SOCK_STREAM, '127.0.0.1')}"}
    rewrite(
        hotline,
        operators=operators,
        queue={"ring": 9},
        targets={"gas": None, "120": {"ring": 7}},
        listen=listen,
    )
    report = applied(hotline)
    assert report["state"] == "applied"
    assert report["renewed"]
    assert report["waiting"] == ["listen.web"], "the address of the pages is that of the start, until the next"
    assert {"pjsip.conf", "queues.conf", "extensions.conf"} <= set(report["files"])
    assert hotline.asterisk_pid == asterisk
    assert hotline.controller_pid not in (None, controller)
    hotline.wait_healthy()
    until = time.time()
    assert longest_gap(citizen, [operator], began, until) < 0.5
    assert longest_gap(operator, [citizen], began, until) < 0.5

    assert members(hotline, "q-night") == {"1004"}
    assert members(hotline, "q-overflow") == {"1001", "1003", "1004"}
    assert members(hotline, "q-general") == {"1001"}
    known = hotline.asterisk("dialplan show globals")
    assert "TARGET_120_RING=7" in known
    assert "TARGET_gas=\n" in known, "what is gone is empty"
    answer = hotline.api(
        "POST",
        f"/api/v1/calls/{hotline.call_of(citizen.name, ended=False).id}/transfers",
        {"target": "gas", "mode": "transfer"},
    )
    assert answer.body["error"]["id"] == "unknown_target"

    fourth = phone_of(hotline, "1004", "operator2")  # who waited meanwhile is his
    fourth.wait_for("confirmed")
    waiting.wait_heard(fourth.tone)
    waiting.hangup()
    desk = hotline.desk("110")
    operator.dtmf("*1")  # the first talk still has its keys and its targets
    citizen.wait_heard(desk.tone)
    citizen.hangup()

    findings = {one["id"]: one for one in json.loads(hotline.cli("doctor", "--json", check=False))["findings"]}
    assert "listen.web" in findings["restart-waiting"]["words"]["en"]
    assert "restart" not in findings
    assert json.loads(hotline.cli("apply", "--json"))["apply"]["state"] == "in_force"
    assert tomllib.loads(hotline.site_file.read_text())["queue"]["ring"] == 9

    def noted() -> bool:
        entries = hotline.api("GET", "/api/v1/audit?what=settings.").body["entries"]
        return [(one["who"], one["why"]) for one in entries] == [("王芳", "a test")]

    eventually(noted, 30, lambda: "it is not on record")

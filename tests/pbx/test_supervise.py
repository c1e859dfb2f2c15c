"""A supervisor on running calls: who hears whom in each mode, who is on record, and what it never disturbs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ivr.calls.model import Call
from tests.pbx import sites
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import all_hear_each_other, told
from tests.phones import Phone, Registration

SUPERVISOR, TONE = "2001", "gas"
HEARS, DEAF = 0.75, 0.1  # share of frames
LOOK = 0.8  # seconds that are listened to


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    people: Any = {"supervisors": [{"number": SUPERVISOR, "name": "班长"}], "supervision": {"tell_operator": "tone"}}
    hotline = Hotline(tmp_path_factory.mktemp("supervised"), people)
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hotline(supervised: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield supervised
    finish(supervised, request.node)


def phone_of_the_supervisor(hotline: Hotline) -> Phone:
    user = f"supervisor-{SUPERVISOR}"
    registration = Registration(hotline.server, user, hotline.credentials["supervisors"][SUPERVISOR])
    phone = hotline.keep(Phone(SUPERVISOR, ip=f"{sites.NET}.22", tone=TONE, register=registration))
    phone.on_call("answer")
    hotline.wait_contact(user, phone.uri)
    return phone


def call_id(hotline: Hotline, citizen: Phone) -> str:
    return hotline.call_of(citizen.name, ended=False).id


def supervise(hotline: Hotline, id: str, mode: str) -> None:
    answer = hotline.api("POST", f"/api/v1/calls/{id}/supervision", {"mode": mode, "supervisor": SUPERVISOR})
    assert answer.status == 202, answer

    def told_live() -> bool:
        calls = hotline.api("GET", "/api/v1/live").body["calls"]
        return any(leg["mode"] == mode and leg["state"] == "up" for call in calls for leg in call["legs"])

    eventually(told_live, 30, lambda: f"nobody is in mode {mode}")


def wait_ears(listeners: dict[str, Phone], speakers: dict[str, str], expected: dict[str, set[str]]) -> None:
    """From now on each comes to hear exactly these of the speakers, for most of a second."""
    time.sleep(0.6 + LOOK)
    shares: dict[str, dict[str, float]] = {}

    def as_expected() -> bool:
        until = time.time()
        for name, phone in listeners.items():
            others = {who: tone for who, tone in speakers.items() if who != name}
            shares[name] = {who: phone.heard(tone, until - LOOK, until) for who, tone in others.items()}
        return all(
            share > HEARS if who in expected[name] else share < DEAF
            for name, of in shares.items()
            for who, share in of.items()
        )

    eventually(as_expected, 30, lambda: f"expected {expected}, heard {shares}")


def steps(call: Call) -> list[tuple[str, str]]:
    return [(step.step, step.value) for step in call.steps if step.step.startswith("supervision")]


def test_given_a_talk_when_a_supervisor_goes_through_every_mode_then_each_hears_what_he_should(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    supervisor = phone_of_the_supervisor(hotline)
    hotline.talk(citizen, operator)
    id = call_id(hotline, citizen)
    phones = {"caller": citizen, "operator": operator, "supervisor": supervisor}
    tones = {"caller": "caller", "operator": "operator", "supervisor": TONE}
    both = {"caller", "operator"}
    expected = {
        "listen": {"caller": {"operator"}, "operator": {"caller"}, "supervisor": both},
        "whisper": {"caller": {"operator"}, "operator": {"caller", "supervisor"}, "supervisor": both},
        "barge": {"caller": {"operator", "supervisor"}, "operator": {"caller", "supervisor"}, "supervisor": both},
        "join": {"caller": {"operator", "supervisor"}, "operator": {"caller", "supervisor"}, "supervisor": both},
    }
    for mode in ("listen", "whisper", "barge", "join", "listen"):
        supervise(hotline, id, mode)
        wait_ears(phones, tones, expected[mode])
    assert len(supervisor.invites) == 1, "another mode is no new call"
    assert supervisor.last_invite.header("X-Hotline-Auto-Answer") == "1"
    citizen.hangup()
    supervisor.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    modes = ("listen", "whisper", "barge", "join", "listen")
    assert steps(call) == [(f"supervision_{mode}", SUPERVISOR) for mode in modes]
    assert "supervisor 2001" in told(call).parties
    assert call.outcome == "answered"
    assert SUPERVISOR in hotline.cli("calls", "show", call.id)

    def noted() -> bool:
        entries = hotline.api("GET", "/api/v1/audit?what=supervision.").body["entries"]
        ends = [one for one in entries if one["what"] == "supervision.end" and one["about"] == id]
        return len(entries) >= 6 and [one["details"]["modes"] for one in ends] == [list(modes)]

    eventually(noted, 30, lambda: "the audit log does not say until when")


def test_given_a_supervisor_listens_when_110_is_brought_in_then_nothing_is_disturbed_and_he_follows_the_call(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    supervisor = phone_of_the_supervisor(hotline)
    hotline.talk(citizen, operator)
    supervise(hotline, call_id(hotline, citizen), "whisper")
    operator.dtmf("*1")
    citizen.wait_heard("110")
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, desk)
    eventually(lambda: supervisor.heard("110", time.time() - 1) > 0.5, 30, lambda: "he does not follow")
    wait_ears({"caller": citizen, "110": desk}, {"supervisor": TONE}, {"caller": set(), "110": set()})
    supervisor.die()
    all_hear_each_other(citizen, desk)
    desk.hangup()
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert [(one.target, one.result) for one in call.transfers] == [("110", "completed")]
    assert steps(call) == [("supervision_whisper", SUPERVISOR), ("supervision_listen", SUPERVISOR)]


def test_given_a_supervisor_joined_when_the_others_leave_then_the_caller_is_never_alone_with_a_dead_line(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    supervisor = phone_of_the_supervisor(hotline)
    hotline.talk(citizen, operator)
    supervise(hotline, call_id(hotline, citizen), "join")
    operator.hangup()
    all_hear_each_other(citizen, supervisor)
    supervisor.hangup()
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert frozenset(("caller 13800138000", "supervisor 2001")) in told(call).talks


def test_given_a_supervisors_phone_when_it_dials_anything_then_it_is_not_found(hotline: Hotline) -> None:
    supervisor = phone_of_the_supervisor(hotline)
    for number in ("110", "12345", "1001", "13900000000", "listen"):
        call = supervisor.call(f"sip:{number}@{hotline.server}")
        assert supervisor.wait_for("disconnected", call=call).what["code"] == 404


def test_given_no_phone_or_no_supervisor_when_a_call_is_asked_for_then_the_reason_is_told(hotline: Hotline) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    path = f"/api/v1/calls/{call_id(hotline, citizen)}/supervision"
    asked = [("2001", "supervisor_phone_off"), ("2999", "no_supervisor_phone")]
    for number, error in asked:
        answer = hotline.api("POST", path, {"mode": "listen", "supervisor": number})
        assert (answer.status, answer.body["error"]["id"]) == (409, error)
    citizen.hangup()


def test_given_an_operator_of_another_skill_when_he_is_moved_then_the_next_caller_reaches_him(
    hotline: Hotline,
) -> None:
    def skills() -> list[str]:
        operators = hotline.api("GET", "/api/v1/operators").body["operators"]
        return next(one["skills"] for one in operators if one["number"] == "1003")

    assert skills() == ["english"]
    assert hotline.api("PUT", "/api/v1/operators/1003/skills", {"skills": ["general"]}).status == 200
    eventually(lambda: skills() == ["general"], 30, lambda: f"it is not shown: {skills()}")
    assert "1003" in hotline.asterisk("queue show q-general")
    assert "1003" not in hotline.asterisk("queue show q-english")
    citizen, operator = hotline.caller(), hotline.operator("1003")
    hotline.talk(citizen, operator)
    citizen.hangup()
    refused = hotline.api("PUT", "/api/v1/operators/1003/skills", {"skills": ["flying"]})
    assert (refused.status, refused.body["error"]["id"]) == (422, "unknown_skill")

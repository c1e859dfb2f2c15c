"""One-click transfer to 110 (R11-R18): every trigger, every failure, on the first route and on the second."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import SHORT, Told, all_hear_each_other, longest_gap, pairs, told
from tests.phones import Phone

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"

Trigger = Callable[[Hotline, Phone], None]


def by_key(hotline: Hotline, operator: Phone) -> None:
    operator.dtmf("*1")


def by_info(hotline: Hotline, operator: Phone) -> None:
    operator.dtmf("*1", method="info")


def by_api(hotline: Hotline, operator: Phone) -> None:
    call = hotline.api("GET", "/api/v1/live").body["calls"][0]["id"]
    answer = hotline.api("POST", f"/api/v1/calls/{call}/transfers", {"target": "110", "mode": "transfer"})
    assert answer.status == 202, answer.body


def by_url_key(hotline: Hotline, operator: Phone) -> None:
    token = hotline.credentials["phone_keys"][operator.name]
    answer = hotline.api("GET", f"/api/v1/phone/{token}/transfer/110", token="")
    assert answer.status in (200, 202), answer.body


def by_refer(hotline: Hotline, operator: Phone) -> None:
    operator.refer(f"sip:110@{hotline.server}")


TRIGGERS: dict[str, Trigger] = {"key": by_key, "api": by_api, "url_key": by_url_key, "refer": by_refer}


@dataclass(frozen=True, slots=True)
class Failure:
    """How a route fails, and what the log says of it."""

    name: str
    result: str

    def befalls(self, hotline: Hotline, route: int) -> Phone | None:
        """Set the route's phone up to fail; None where there is no phone."""
        if self.name == "unreachable":
            hotline.wait_contact("desk-110", hotline.tables["targets"]["110"]["routes"][route - 1], there=False)
            return None
        desk = hotline.desk("110", route, answers=False)
        if self.name == "busy":
            desk.on_call("busy")
        elif self.name == "rejected":
            desk.on_call(("status", 503))
        elif self.name == "drops":
            desk.on_call("answer_then_drop", drop_after=0.3)
        elif self.name == "never_acknowledges":
            desk.on_call("answer")
        return desk


FAILURES = (
    Failure("busy", "busy"),
    Failure("no_answer", "no_answer"),
    Failure("rejected", "unreachable"),
    Failure("unreachable", "unreachable"),
    Failure("drops", "not_acknowledged"),
)


@pytest.mark.parametrize("trigger", [*TRIGGERS, "info"])
def test_given_a_talk_when_110_is_called_for_then_it_takes_over_and_the_caller_is_never_alone(
    hotline: Hotline, trigger: str
) -> None:
    citizen = hotline.caller(tone="caller2")  # ringing has 450 Hz, as the usual caller
    operator, desk = hotline.operator(), hotline.desk("110", answers=False)
    desk.on_call("answer", after=1.5)
    hotline.talk(citizen, operator)
    pressed = time.time()
    {**TRIGGERS, "info": by_info}[trigger](hotline, operator)
    invite = desk.wait_invite(since=pressed)
    assert invite.from_user == citizen.name, "110 sees the caller's number"
    joined = citizen.wait_heard("110", since=pressed)
    if trigger in ("api", "url_key", "refer"):  # a key costs the presser's own voice while he presses
        assert longest_gap(citizen, (operator,), pressed, joined) <= SHORT, (
            "the caller hears the operator while 110 rings"
        )
    assert operator.heard("caller", invite.at, joined) > 0.2, "the operator hears ringing of 450 Hz"
    assert citizen.heard("caller", invite.at, joined) < 0.02, "the caller does not"
    all_hear_each_other(citizen, operator, desk)
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, desk)
    assert longest_gap(citizen, (operator, desk), invite.at + 0.3, time.time() - 0.2) <= SHORT
    desk.hangup()
    citizen.wait_for("disconnected")
    log_trigger = "key" if trigger == "info" else trigger
    assert told(hotline.call_of(citizen.name)) == Told(
        (CITIZEN, OPERATOR, DESK),
        pairs((CITIZEN, OPERATOR, DESK)),
        (("110", "transfer", log_trigger, "completed", "answered"),),
        "transferred",
    )


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_given_the_first_route_fails_when_the_second_answers_then_110_takes_over(
    hotline: Hotline, failure: Failure, trigger: str
) -> None:
    failure.befalls(hotline, 1)
    second = hotline.desk("110", 2)
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    pressed = time.time()
    TRIGGERS[trigger](hotline, operator)
    second.wait_invite(since=pressed)
    citizen.wait_heard("110", since=pressed)
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, second)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).transfers == (
        ("110", "transfer", trigger, "completed", failure.result, "answered"),
    )


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("failure", [one for one in FAILURES if one.name != "unreachable"], ids=lambda one: one.name)
def test_given_both_routes_fail_when_110_is_called_for_then_the_operator_keeps_the_caller_and_hears_why(
    hotline: Hotline, failure: Failure, trigger: str
) -> None:
    FAILURES[0].befalls(hotline, 1)
    failure.befalls(hotline, 2)
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    pressed = time.time()
    TRIGGERS[trigger](hotline, operator)
    hotline.wait_attempt(citizen.name, "failed")
    over = time.time()
    eventually(lambda: operator.voice(over) > 0.2, 30, lambda: "the operator does not hear why")
    all_hear_each_other(citizen, operator)
    assert citizen.voice(pressed, time.time()) < 0.05, "the caller does not hear it"
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)) == Told(
        told(hotline.call_of(citizen.name)).parties,
        pairs((CITIZEN, OPERATOR)),
        (("110", "transfer", trigger, "failed", "busy", failure.result),),
        "answered",
    )


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_given_no_route_is_reachable_when_110_is_called_for_then_each_is_tried_all_the_same(
    hotline: Hotline, trigger: str
) -> None:
    for route in (1, 2):
        Failure("unreachable", "unreachable").befalls(hotline, route)
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    TRIGGERS[trigger](hotline, operator)
    hotline.wait_attempt(citizen.name, "failed")
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    (transfer,) = hotline.call_of(citizen.name).transfers
    assert transfer.result == "failed"
    assert [attempt.result for attempt in transfer.attempts] == ["unreachable"] * 4
    lines = (hotline.var / "log/controller.log").read_text().splitlines()
    alarms = [json.loads(line) for line in lines if "transfer.all_routes_failed" in line]
    assert [alarm["target"] for alarm in alarms if alarm["call"] == transfer.call_id] == ["110"]


def test_given_110_came_in_when_it_drops_before_the_release_then_the_operator_stays(hotline_with: Hotlines) -> None:
    hotline = hotline_with(targets={"110": {"stay": 4}})
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    citizen.wait_heard("110")
    hotline.wait_attempt(citizen.name, "joined")
    desk.hangup()
    hotline.wait_attempt(citizen.name, "dropped")
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "key", "dropped", "answered"),)


@pytest.mark.parametrize("acknowledges", [True, False], ids=["acknowledges", "voicemail"])
def test_given_110_must_press_a_key_when_it_answers_then_only_the_key_brings_it_in(
    hotline_with: Hotlines, acknowledges: bool
) -> None:
    hotline = hotline_with(targets={"110": {"acknowledge": "key", "acknowledge_seconds": 5}})
    citizen, operator = hotline.caller(), hotline.operator()
    desk = hotline.desk("110")
    hotline.talk(citizen, operator)
    pressed = time.time()
    operator.dtmf("*1")
    desk.wait_for("confirmed")
    time.sleep(3)
    all_hear_each_other(citizen, operator)
    assert desk.voice(pressed, time.time()) > 0.2, "110 is told whose call it is"
    assert desk.heard("caller", pressed, time.time()) < 0.05
    if acknowledges:
        desk.dtmf("1")
        citizen.wait_heard("110", since=pressed)
        operator.wait_for("disconnected")
        all_hear_each_other(citizen, desk)
        citizen.hangup()
        expected = ("completed", "answered")
    else:
        desk.wait_for("disconnected")
        time.sleep(1)
        all_hear_each_other(citizen, operator)
        citizen.hangup()
        expected = ("abandoned", "not_acknowledged")
    (transfer,) = told(hotline.call_of(citizen.name)).transfers
    assert transfer[3:5] == expected


def test_given_ten_presses_at_once_when_110_rings_then_one_invite_goes_out_and_nine_are_told_twice(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    for _ in range(9):
        by_api(hotline, operator)
    operator.dtmf("*1")
    time.sleep(2)
    assert len(desk.invites) == 1
    desk.answer()
    citizen.wait_heard("110")
    operator.wait_for("disconnected")
    citizen.hangup()
    results = sorted(transfer.result or "" for transfer in hotline.call_of(citizen.name).transfers)
    assert results == ["completed", *["refused"] * 9]


def test_given_110_rings_when_the_operator_cancels_then_nothing_has_changed_and_a_new_attempt_works(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    first = desk.wait_invite()
    time.sleep(0.5)
    operator.dtmf("*0")
    desk.wait_for("disconnected", call=first.call)
    time.sleep(2)
    all_hear_each_other(citizen, operator)
    desk.on_call("answer")
    operator.dtmf("*1")
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, desk)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).transfers == (
        ("110", "transfer", "key", "cancelled", "cancelled"),
        ("110", "transfer", "key", "completed", "answered"),
    )


def test_given_110_rings_when_the_caller_leaves_then_the_attempt_is_abandoned(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    desk.wait_invite()
    time.sleep(0.5)
    citizen.hangup()
    desk.wait_for("disconnected")
    operator.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "key", "abandoned", "abandoned"),)


def test_given_a_department_when_it_is_a_blind_transfer_then_the_operator_is_free_at_once(hotline: Hotline) -> None:
    citizen, operator, gas = hotline.caller(), hotline.operator(), hotline.desk("gas", answers=False)
    hotline.talk(citizen, operator)
    operator.dtmf("*94")
    gas.wait_invite()
    operator.wait_for("disconnected")  # while it still rings
    gas.answer()
    citizen.wait_heard(gas.tone)
    all_hear_each_other(citizen, gas)
    gas.hangup()
    citizen.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)).transfers == (("gas", "blind", "key", "completed", "answered"),)


def test_given_a_blind_transfer_when_the_department_is_busy_then_the_caller_is_first_in_the_queue(
    hotline: Hotline,
) -> None:
    citizen, operator, gas = hotline.caller(), hotline.operator(), hotline.desk("gas", answers=False)
    gas.on_call("busy")
    hotline.talk(citizen, operator)
    pressed = time.time()
    operator.dtmf("*94")
    again = operator.wait_invite(since=pressed)
    operator.wait_for("confirmed", call=again.call)
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert told(call).transfers == (("gas", "blind", "key", "failed", "busy"),)


def test_given_an_emergency_target_when_a_blind_transfer_is_asked_for_then_it_is_refused(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    call = hotline.api("GET", "/api/v1/live").body["calls"][0]["id"]
    answer = hotline.api("POST", f"/api/v1/calls/{call}/transfers", {"target": "110", "mode": "blind"})
    assert answer.status in (400, 409, 422), answer.body
    assert answer.body["error"]["id"] and answer.body["error"]["message"]
    time.sleep(1)
    assert not desk.invites
    all_hear_each_other(citizen, operator)
    citizen.hangup()

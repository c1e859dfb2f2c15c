"""110 hands over, hands back, pulls an operator in; and the ping-pong guard (R11, R21, R23)."""

from __future__ import annotations

import time

from tests.pbx.hotline import Hotline
from tests.pbx.story import SHORT, all_hear_each_other, longest_gap, told
from tests.phones import Phone


def taken_over(hotline: Hotline) -> tuple[Phone, Phone, Phone]:
    """The caller talks with 110; his operator is released."""
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    citizen.wait_heard("110")
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, desk)
    return citizen, operator, desk


def test_given_callers_wait_when_110_hands_one_over_then_he_is_served_first_and_without_a_greeting(
    hotline: Hotline,
) -> None:
    waiting = hotline.caller("13800000001", tone="caller2")
    waiting.call(hotline.uri, from_user=waiting.name)
    hotline.wait_waiting()
    desk = hotline.desk("110")
    asked = time.time()
    desk.call(hotline.uri, from_user="13900000009")
    desk.wait_for("confirmed")
    operator = hotline.operator()
    operator.wait_for("confirmed")
    all_hear_each_other(desk, operator)
    assert operator.last_invite.from_user == "13900000009"
    desk.hangup()
    second = operator.wait_invite(since=time.time() - 1)
    operator.wait_for("confirmed", call=second.call)
    all_hear_each_other(waiting, operator)
    waiting.hangup()
    call = hotline.call_of("13900000009")
    assert call.handed_over_by == "110"
    assert "greeting" not in {step.step for step in call.steps}
    assert call.entered_at.timestamp() > asked - 1


def test_given_110_has_the_caller_when_it_hands_back_then_he_is_first_in_the_queue_and_ping_pong_is_refused(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = taken_over(hotline)
    handed = time.time()
    desk.dtmf("*9")
    again = operator.wait_invite(since=handed)
    operator.wait_for("confirmed", call=again.call)
    desk.wait_for("disconnected")
    all_hear_each_other(citizen, operator)
    operator.dtmf("*1")
    time.sleep(2)
    assert len(desk.invites) == 1, "not back to 110 before all three have talked"
    operator.dtmf("*3")
    citizen.wait_heard("110", since=time.time())
    all_hear_each_other(citizen, operator, desk)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert [one[3] for one in told(call).transfers] == ["completed", "refused", "completed"]
    assert call.transfers[1].reason == "ping_pong"


def test_given_110_handed_a_caller_over_when_the_operator_transfers_him_back_then_it_is_refused(
    hotline: Hotline,
) -> None:
    operator, desk = hotline.operator(), hotline.desk("110", 1)
    desk.call(hotline.uri, from_user="13900000008")
    operator.wait_for("confirmed")
    all_hear_each_other(desk, operator)
    operator.dtmf("*1")
    time.sleep(2)
    all_hear_each_other(desk, operator)
    desk.hangup()
    (transfer,) = hotline.call_of("13900000008").transfers
    assert (transfer.result, transfer.reason) == ("refused", "ping_pong")


def test_given_110_has_the_caller_when_it_pulls_an_operator_in_then_nobody_is_interrupted(hotline: Hotline) -> None:
    citizen, operator, desk = taken_over(hotline)
    asked = time.time()
    desk.dtmf("*8")
    again = operator.wait_invite(since=asked)
    operator.wait_for("confirmed", call=again.call)
    joined = citizen.wait_heard("operator", since=asked)
    all_hear_each_other(citizen, operator, desk)
    assert longest_gap(citizen, (desk,), again.at + 0.2, joined + 0.5) <= SHORT
    desk.hangup()
    all_hear_each_other(citizen, operator)
    citizen.hangup()


def test_given_three_talk_when_110_hands_back_then_only_110_leaves(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*3")
    citizen.wait_heard("110")
    time.sleep(0.5)
    desk.dtmf("*9")
    desk.wait_for("disconnected")
    all_hear_each_other(citizen, operator)
    citizen.hangup()

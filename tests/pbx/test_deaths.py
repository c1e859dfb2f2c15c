"""When a phone, a desk or the controller dies: nobody is left alone, nobody is dropped (R12, R17, rule 1)."""

from __future__ import annotations

import os
import signal
import time

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import all_hear_each_other, pairs, told

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"


def test_given_a_talk_when_the_operators_phone_dies_then_the_next_operator_rings(hotline: Hotline) -> None:
    citizen, first = hotline.caller(), hotline.operator("1001")
    hotline.talk(citizen, first)
    second = hotline.operator("1002")
    first.die()
    second.wait_for("confirmed")
    all_hear_each_other(citizen, second)
    second.hangup()
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    dead = next(leg for leg in call.legs if leg.party == "1001")
    assert (dead.cause, dead.hung_up_by) == (44, "timeout")


def test_given_110_rings_when_the_operators_phone_dies_then_the_caller_hears_ringing_and_then_110(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(targets={"110": {"ring": 20}})
    citizen, operator, desk = hotline.caller(tone="caller2"), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    desk.wait_invite()
    operator.die()
    time.sleep(7)
    since = time.time()
    time.sleep(5.5)  # one cadence: 1 s on, 4 s off
    assert citizen.heard("caller", since, time.time()) > 0.1, "ringing of 450 Hz"
    desk.answer()
    citizen.wait_heard("110")
    all_hear_each_other(citizen, desk)
    desk.hangup()
    citizen.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "key", "completed", "answered"),)


def test_given_110_rings_when_the_operator_dies_and_110_fails_then_the_caller_is_first_in_the_queue(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(targets={"110": {"ring": 9, "routes": [hotline_route(110)]}})
    citizen, operator = hotline.caller(), hotline.operator()
    desk = hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    desk.wait_invite()
    second = hotline.operator("1002")
    operator.die()
    second.wait_for("confirmed")
    all_hear_each_other(citizen, second)
    citizen.hangup()


def hotline_route(last: int) -> str:
    from tests.pbx import sites  # noqa: PLC0415

    return f"sip:110@{sites.NET}.{last}:5060"


def test_given_three_talk_when_the_operators_phone_dies_then_caller_and_110_talk_on(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*3")
    citizen.wait_heard("110")
    time.sleep(0.5)
    operator.die()
    all_hear_each_other(citizen, desk)
    time.sleep(7)
    all_hear_each_other(citizen, desk)
    desk.hangup()
    citizen.wait_for("disconnected")


def test_given_110_has_the_caller_when_the_desk_dies_then_he_is_first_in_the_queue(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, desk)
    died = time.time()
    desk.die()
    again = operator.wait_invite(since=died)
    operator.wait_for("confirmed", call=again.call)
    all_hear_each_other(citizen, operator)
    operator.hangup()
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert [step.value for step in call.steps if step.step == "requeued"] == ["desk_died"]
    assert told(call).talks == pairs((CITIZEN, OPERATOR, DESK))


def test_given_the_controller_is_killed_when_calls_go_on_and_new_ones_come_then_all_is_served_and_on_record(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    pid = hotline.controller_pid
    assert pid
    os.kill(pid, signal.SIGSTOP)  # it does not even come back: frozen, as a hung process is
    try:
        all_hear_each_other(citizen, operator)
        operator.dtmf("*1")
        operator.wait_for("disconnected")
        all_hear_each_other(citizen, desk)
        citizen.hangup()
        late = hotline.caller("13800000007")
        asked = time.time()
        late.call(hotline.uri, from_user=late.name)
        invite = operator.wait_invite(since=asked)
        operator.wait_for("confirmed", call=invite.call)
        all_hear_each_other(late, operator)
        late.hangup()
    finally:
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGKILL)
    hotline.wait_healthy()
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "key", "completed", "answered"),)
    second = hotline.call_of("13800000007")
    assert told(second).outcome == "answered"
    assert {step.step for step in second.steps} >= {"offline"}


def test_given_no_controller_when_the_phones_transfer_key_is_pressed_then_the_caller_still_comes_to_110(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    pid = hotline.controller_pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(11)  # the dialplan trusts a controller whose beat is younger than 10 s
        hotline.talk(citizen, operator)
        operator.refer(f"sip:110@{hotline.server}")
        citizen.wait_heard("110")
        all_hear_each_other(citizen, desk)
        citizen.hangup()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "refer", "completed", "answered"),)


def test_given_ari_that_lets_nobody_in_when_the_phones_transfer_key_is_pressed_then_the_caller_still_comes_to_110(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    ari = hotline.var / "etc/ari.conf"
    ari.write_text(ari.read_text().replace("password = ", "password = not-"))
    hotline.asterisk("module reload res_ari")
    killed = hotline.controller_pid
    assert killed
    os.kill(killed, signal.SIGKILL)  # the next one comes to AMI, and not to ARI
    eventually(lambda: hotline.controller_pid not in (None, killed), 30, hotline.last_words)
    eventually(lambda: "REFER_BEAT=0" in hotline.asterisk("dialplan show globals"), 30, hotline.last_words)
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.refer(f"sip:110@{hotline.server}")
    citizen.wait_heard("110")
    all_hear_each_other(citizen, desk)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "refer", "completed", "answered"),)

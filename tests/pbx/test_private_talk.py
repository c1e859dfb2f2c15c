"""Consult (通话转, R24) and suspend (挂起转): the caller hears a prompt, not the talk, and comes back to somebody."""

from __future__ import annotations

import time

import pytest

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.story import Told, all_hear_each_other, nobody_hears, pairs, told
from tests.phones import Phone

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"


def consult(hotline: Hotline) -> tuple[Phone, Phone, Phone]:
    """Operator and 110 talk alone; the caller hears prompt and music."""
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    pressed = time.time()
    operator.dtmf("*5")
    operator.wait_heard("110", since=pressed)
    all_hear_each_other(operator, desk)
    nobody_hears(citizen, (operator, desk), seconds=1.0)
    assert citizen.voice(time.time() - 1.0) > 0.3, "the caller is not left in silence"
    return citizen, operator, desk


def test_given_a_consult_when_the_operator_joins_the_caller_and_leaves_then_the_caller_talks_with_110(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = consult(hotline)
    operator.dtmf("*6")
    citizen.wait_heard("110")
    all_hear_each_other(citizen, operator, desk)
    operator.hangup()
    all_hear_each_other(citizen, desk)
    desk.hangup()
    citizen.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)) == Told(
        (CITIZEN, OPERATOR, DESK),
        pairs((CITIZEN, OPERATOR, DESK)),
        (("110", "consult", "key", "completed", "answered"),),
        "transferred",
    )


@pytest.mark.parametrize("who", ["110", "operator", "caller"])
def test_given_a_consult_when_one_party_hangs_up_then_the_others_are_together(hotline: Hotline, who: str) -> None:
    citizen, operator, desk = consult(hotline)
    {"110": desk, "operator": operator, "caller": citizen}[who].hangup()
    staying = [
        phone
        for phone in (citizen, operator, desk)
        if phone.name != {"110": "110", "operator": "1001"}.get(who, citizen.name)
    ]
    all_hear_each_other(*staying)
    staying[0].hangup()
    staying[1].wait_for("disconnected")
    results = {"110": "dropped", "operator": "completed", "caller": "abandoned"}
    assert hotline.call_of(citizen.name).transfers[0].result == results[who]


@pytest.mark.parametrize("milliseconds", [0, 2, 4])
def test_given_a_consult_when_caller_and_operator_hang_up_in_one_moment_then_110_is_not_left_with_a_dead_line(
    hotline: Hotline, milliseconds: int
) -> None:
    """The caller's channel outlives him by his hangup handlers (once in 14 times 110 was bridged to it)."""
    citizen, operator, desk = consult(hotline)
    citizen.hangup(wait=False)
    time.sleep(milliseconds / 1000)
    operator.hangup(wait=False)
    desk.wait_for("disconnected")
    assert frozenset((DESK, CITIZEN)) not in told(hotline.call_of(citizen.name)).talks, "the dead do not talk"


def test_given_a_consult_when_it_lasts_too_long_then_the_caller_is_brought_in(hotline_with: Hotlines) -> None:
    hotline = hotline_with(hotline={"consult_seconds": 5})
    citizen, operator, desk = consult(hotline)
    citizen.wait_heard("110")
    all_hear_each_other(citizen, operator, desk)
    citizen.hangup()


def test_given_a_consult_when_operator_and_110_die_at_once_then_the_caller_comes_to_the_next_operator(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = consult(hotline)
    second = hotline.operator("1002")
    operator.die()
    desk.die()
    second.wait_for("confirmed")
    all_hear_each_other(citizen, second)
    citizen.hangup()


def test_given_a_talk_when_the_caller_is_sent_to_the_survey_then_he_comes_back_to_the_same_operator(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    pressed = time.time()
    operator.dtmf("*98")
    time.sleep(2)
    nobody_hears(citizen, (operator,))
    assert citizen.voice(pressed + 0.5) > 0.2, "the caller hears the flow"
    citizen.dtmf("4")
    citizen.wait_heard("operator", since=time.time())
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert told(call).transfers == (("survey", "suspend", "key", "completed"),)
    assert [step.value for step in call.steps if step.step == "flow_result"] == ["4"]


def test_given_the_caller_is_in_a_flow_when_the_operator_is_gone_then_he_is_first_in_the_queue(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    operator.dtmf("*98")
    time.sleep(2)
    gone = time.time()
    operator.hangup()
    again = operator.wait_invite(since=gone)
    operator.wait_for("confirmed", call=again.call)
    all_hear_each_other(citizen, operator)
    citizen.hangup()


def test_given_a_silent_caller_when_he_presses_a_key_in_the_silent_flow_then_110_has_him(
    hotline_with: Hotlines,
) -> None:
    silent = {"name": {"zh": "静默求助", "en": "Silent caller"}, "flow": "silent", "keys": {"suspend": "*95"}}
    hotline = hotline_with(targets={"silent": silent})
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*95")
    time.sleep(2.5)
    citizen.dtmf("1")
    citizen.wait_heard("110")
    all_hear_each_other(citizen, desk)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).outcome == "emergency"

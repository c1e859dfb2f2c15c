"""Into the queue (R1-R8): greeting, languages, waiting, overflow, the emergency key, and who may end a call."""

from __future__ import annotations

import time

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import Told, all_hear_each_other, pairs, told

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"
TALKED = Told((CITIZEN, OPERATOR), pairs((CITIZEN, OPERATOR)), (), "answered")


def test_given_a_talk_when_the_caller_hangs_up_then_the_operator_is_free_and_both_legs_are_on_record(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    began = hotline.talk(citizen, operator)
    all_hear_each_other(citizen, operator)
    ended = time.time()
    citizen.hangup()
    operator.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert told(call) == TALKED
    caller_leg, operator_leg = call.legs
    assert (caller_leg.direction, operator_leg.direction) == ("in", "out")
    assert (caller_leg.cause, caller_leg.hung_up_by) == (16, "caller")
    assert operator_leg.hung_up_by == "caller"
    (talk,) = call.talks
    assert abs(talk.started_at.timestamp() - began) < 2.0
    assert talk.ended_at is not None and abs(talk.ended_at.timestamp() - ended) < 2.0


def test_given_a_talk_when_the_operator_hangs_up_then_the_call_is_over(hotline: Hotline) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    time.sleep(1.2)
    operator.hangup()
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert told(call) == TALKED
    assert {leg.hung_up_by for leg in call.legs} == {"operator"}


def test_given_nobody_is_ready_when_the_caller_waits_then_he_hears_music_and_leaves_as_abandoned(
    hotline: Hotline,
) -> None:
    citizen = hotline.caller()
    citizen.call(hotline.uri)
    answered = citizen.wait_for("confirmed").at
    eventually(lambda: citizen.voice(answered) > 0.5, 30, lambda: "a waiting caller hears nothing")
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert told(call) == Told((CITIZEN,), frozenset(), (), "abandoned")
    assert call.answered_at is None


def test_given_a_silent_caller_and_nobody_ready_when_the_target_time_is_over_then_he_overflows_and_is_not_hung_up(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(queue={"target_seconds": 5})
    citizen = hotline.caller()
    citizen.call(hotline.uri)
    hotline.wait_waiting(queue="q-overflow")
    # 1003 has another skill: only the overflow reaches her.
    other = hotline.operator("1003")
    other.wait_for("confirmed")
    all_hear_each_other(citizen, other)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert told(call).outcome == "answered"
    assert [step.value for step in call.steps if step.step == "queue"] == ["q-general", "q-overflow"]


def test_given_the_greeting_when_any_key_is_pressed_then_it_stops_and_the_caller_is_connected(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(hotline={"greeting": True})
    operator = hotline.operator()
    patient, hurried = hotline.caller("13800000001"), hotline.caller("13800000002")
    times = []
    for citizen, key in ((patient, ""), (hurried, "5")):
        asked = time.time()
        call = citizen.call(hotline.uri)
        answered = citizen.wait_for("confirmed", call=call).at
        assert not [invite for invite in operator.invites if invite.at >= asked], "answered at once"
        eventually(
            lambda who=citizen, at=answered, of=call: who.voice(at, call=of) > 0.2,
            30,
            lambda: "the greeting is not heard",
        )
        if key:
            citizen.dtmf(key)
        invite = operator.wait_invite(since=asked)
        times.append(citizen.voice(answered, invite.at, call) * (invite.at - answered))
        operator.wait_for("confirmed", call=invite.call)
        time.sleep(0.5)
        citizen.hangup()
        operator.wait_for("disconnected", call=invite.call)
    assert times[1] < times[0] - 1.0, "the key shortens the greeting"
    assert times[0] < 5.5, "greeting of at most 5 s (R4)"
    steps = {step.step: step.value for step in hotline.call_of(hurried.name).steps}
    assert steps["greeting"] == "zh" and steps["key"] == "5"


def test_given_english_operators_when_the_caller_presses_2_then_he_is_served_in_english(hotline_with: Hotlines) -> None:
    hotline = hotline_with(
        hotline={"greeting": True},
        operators=[
            {"number": "1001", "name": "一号坐席", "skills": ["general"]},
            {"number": "1002", "name": "Two", "skills": ["en"]},
        ],
    )
    chinese, english = hotline.operator("1001"), hotline.operator("1002")
    citizen = hotline.caller()
    citizen.call(hotline.uri)
    citizen.wait_for("confirmed")
    time.sleep(0.5)
    citizen.dtmf("2")
    english.wait_for("confirmed")
    all_hear_each_other(citizen, english)
    assert not chinese.invites
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert [step.value for step in call.steps if step.step == "language"] == ["en"]


def test_given_a_phone_that_is_set_to_english_when_it_calls_then_the_greeting_is_english(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(hotline={"greeting": True})
    citizen = hotline.caller("13800000021")
    citizen.call(hotline.uri, headers={"Accept-Language": "en-US, zh;q=0.5"}, from_user=citizen.name)
    citizen.wait_for("confirmed")
    time.sleep(1)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert [step.value for step in call.steps if step.step == "greeting"] == ["en"]


def test_given_no_operator_when_the_waiting_caller_presses_the_emergency_key_then_110_answers_and_sees_his_number(
    hotline: Hotline,
) -> None:
    citizen, desk = hotline.caller(), hotline.desk("110")
    citizen.call(hotline.uri, from_user=citizen.name)
    hotline.wait_waiting()
    citizen.dtmf("0")
    citizen.wait_heard("110")
    all_hear_each_other(citizen, desk)
    assert desk.last_invite.from_user == citizen.name
    desk.hangup()
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert told(call) == Told(
        (CITIZEN, DESK),
        pairs((CITIZEN, DESK)),
        (("110", "transfer", "caller_key", "completed", "answered"),),
        "emergency",
    )


def test_given_110_does_not_answer_when_the_emergency_key_was_pressed_then_an_operator_has_him_at_once(
    hotline: Hotline,
) -> None:
    citizen, first, second = hotline.caller(), hotline.desk("110", 1, answers=False), hotline.desk("110", 2)
    first.on_call("busy")
    second.on_call(("status", 503))
    citizen.call(hotline.uri, from_user=citizen.name)
    hotline.wait_waiting()
    citizen.dtmf("0")
    second.wait_invite()
    operator = hotline.operator()
    operator.wait_for("confirmed")
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert told(call).transfers == (("110", "transfer", "caller_key", "failed", "busy", "unreachable"),)
    assert told(call).outcome == "answered"


def test_given_two_operators_when_two_callers_come_then_each_has_one(hotline: Hotline) -> None:
    one, two = hotline.operator("1001"), hotline.operator("1002")
    first, second = hotline.caller("13800000001"), hotline.caller("13800000002", tone="caller2")
    for citizen in (first, second):
        citizen.call(hotline.uri, from_user=citizen.name)
    one.wait_for("confirmed")
    two.wait_for("confirmed")

    def heard() -> list[list[str]]:
        return sorted(sorted(operator.who(time.time() - 0.6)) for operator in (one, two))

    eventually(lambda: heard() == [["caller"], ["caller2"]], 30, lambda: f"the operators heard {heard()}")
    for citizen in (first, second):
        citizen.hangup()


def test_given_a_paused_operator_when_a_caller_waits_then_he_is_served_only_after_the_ready_code(
    hotline: Hotline,
) -> None:
    operator, citizen = hotline.operator(), hotline.caller()
    operator.call(f"sip:*46@{hotline.server}")
    operator.wait_for("disconnected")
    asked = time.time()
    citizen.call(hotline.uri, from_user=citizen.name)
    citizen.wait_for("confirmed")
    time.sleep(3)
    assert not operator.invites, "a paused operator is not rung"
    operator.call(f"sip:*45@{hotline.server}")
    invite = operator.wait_invite(since=asked)
    operator.wait_for("confirmed", call=invite.call)
    all_hear_each_other(citizen, operator)
    citizen.hangup()

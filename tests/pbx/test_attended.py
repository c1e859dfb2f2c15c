"""The phone's Transfer key: attended (the operator asks on a second line first), and blind to where it may not go."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.story import all_hear_each_other, nobody_hears, pairs, told
from tests.phones import Phone

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"
BEAT_SECONDS = 11  # the dialplan trusts a controller whose beat is younger than 10 s


def ask(hotline: Hotline, operator: Phone, target: str = "110") -> tuple[int, int]:
    """The operator holds the caller and dials a target on the second line; returns both calls' numbers."""
    first = operator.current
    assert first is not None
    operator.hold(call=first)
    return first, operator.call(f"sip:{target}@{hotline.server}")


def final_word(operator: Phone) -> int:
    """How the phone was told that its transfer ended (RFC 3515 2.4.5)."""
    return int(operator.wait_event("refer_status", lambda event: bool(event.what["final"])).what["code"])


@contextmanager
def frozen(hotline: Hotline) -> Iterator[None]:
    """The controller hangs, and for so long that the dialplan knows."""
    pid = hotline.controller_pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(BEAT_SECONDS)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_given_110_has_answered_the_second_line_when_the_transfer_key_is_pressed_then_it_has_the_caller(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator)
    operator.wait_for("confirmed", call=second)
    assert desk.last_invite.from_user == citizen.name, "110 sees the caller's number"
    time.sleep(2)  # the whisper
    all_hear_each_other(operator, desk)
    nobody_hears(citizen, (operator, desk))
    operator.attended(second, call=first)
    citizen.wait_heard("110")
    for line in (first, second):
        operator.wait_for("disconnected", call=line)
    all_hear_each_other(citizen, desk)
    desk.hangup()
    citizen.wait_for("disconnected")
    assert len(desk.invites) == 1, "the one who was asked is not called again"
    story = told(hotline.call_of(citizen.name))
    assert story.transfers == (("110", "transfer", "attended_refer", "completed", "answered"),)
    assert story.outcome == "transferred"
    assert story.talks >= pairs((CITIZEN, OPERATOR), (OPERATOR, DESK), (CITIZEN, DESK))


def test_given_110_still_rings_on_the_second_line_when_the_transfer_key_is_pressed_then_it_is_called_and_has_the_caller(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator)
    operator.wait_for("ringing", call=second)
    desk.on_call("answer", after=1.5)  # the next one; this one goes on ringing
    pressed = time.time()
    operator.attended(second, call=first)
    citizen.wait_heard("110", since=pressed)
    for line in (first, second):
        operator.wait_for("disconnected", call=line)
    all_hear_each_other(citizen, desk)
    desk.hangup()
    citizen.wait_for("disconnected")
    story = told(hotline.call_of(citizen.name))
    assert story.transfers == (("110", "transfer", "attended_refer", "completed", "answered"),)
    assert story.talks >= pairs((CITIZEN, OPERATOR), (CITIZEN, DESK))


def test_given_110_still_rings_on_the_second_line_when_it_rejects_after_the_key_then_the_operator_has_the_caller(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.desk("110", 2, answers=False).on_call("busy")
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator)
    operator.wait_for("ringing", call=second)
    desk.on_call("busy")
    operator.attended(second, call=first)
    operator.wait_for("disconnected", call=second)
    time.sleep(2)
    assert operator.states()[first] == "confirmed", "the line with the caller stays"
    operator.unhold(call=first)
    time.sleep(4)  # why it failed
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).transfers == (
        ("110", "transfer", "attended_refer", "failed", "busy", "busy"),
    )


def test_given_110_has_answered_the_second_line_when_the_operator_hangs_up_there_then_he_has_the_caller_again(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator)
    operator.wait_for("confirmed", call=second)
    time.sleep(2)
    operator.hangup(call=second)
    desk.wait_for("disconnected")
    operator.unhold(call=first)
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    story = told(hotline.call_of(citizen.name))
    assert story.transfers == ()
    assert story.outcome == "answered"


def test_given_110_talks_on_the_second_line_when_the_operator_hangs_up_the_first_then_the_caller_is_kept_in_the_queue(
    hotline: Hotline,
) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator)
    operator.wait_for("confirmed", call=second)
    time.sleep(2)
    operator.hangup(call=first)
    time.sleep(2)
    all_hear_each_other(operator, desk)
    left = time.time()
    operator.hangup(call=second)
    desk.wait_for("disconnected")
    again = operator.wait_invite(since=left)
    operator.wait_for("confirmed", call=again.call)
    all_hear_each_other(citizen, operator)
    operator.hangup()
    citizen.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)).outcome == "answered"


def test_given_110_talks_on_the_second_line_when_the_caller_leaves_then_everything_ends(hotline: Hotline) -> None:
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator)
    operator.wait_for("confirmed", call=second)
    time.sleep(2)
    citizen.hangup()
    for line in (first, second):
        operator.wait_for("disconnected", call=line)
    desk.wait_for("disconnected")
    story = told(hotline.call_of(citizen.name))
    assert story.parties == (CITIZEN, OPERATOR, OPERATOR, DESK)
    assert story.talks == pairs((CITIZEN, OPERATOR), (OPERATOR, DESK))
    assert (story.transfers, story.outcome) == ((), "answered")


def test_given_no_caller_when_the_operator_dials_110_then_there_is_no_such_number(hotline: Hotline) -> None:
    operator, desk = hotline.operator(), hotline.desk("110")
    dialled = operator.call(f"sip:110@{hotline.server}")
    assert operator.wait_for("disconnected", call=dialled).what["code"] == 404
    assert desk.invites == []


def test_given_a_talk_when_an_outside_number_is_asked_on_the_second_line_then_there_is_no_such_number(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    first, second = ask(hotline, operator, "13900000000")
    assert operator.wait_for("disconnected", call=second).what["code"] == 404
    operator.unhold(call=first)
    all_hear_each_other(citizen, operator)
    citizen.hangup()


def test_given_a_talk_when_it_is_transferred_blind_to_an_outside_number_then_both_talk_on(hotline: Hotline) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    operator.refer(f"sip:13900000000@{hotline.server}")
    assert final_word(operator) == 404
    time.sleep(1)
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    story = told(hotline.call_of(citizen.name))
    assert story.talks == pairs((CITIZEN, OPERATOR))
    assert len(story.parties) == 2, "nobody was called"


def test_given_no_controller_when_a_talk_is_transferred_blind_to_an_outside_number_then_both_talk_on(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    with frozen(hotline):
        citizen, operator = hotline.caller(), hotline.operator()
        hotline.talk(citizen, operator)
        operator.refer(f"sip:13900000000@{hotline.server}")
        time.sleep(2)
        all_hear_each_other(citizen, operator)
        citizen.hangup()
    assert told(hotline.call_of(citizen.name)).talks == pairs((CITIZEN, OPERATOR))


def test_given_no_controller_when_110_has_answered_the_second_line_then_the_transfer_key_still_works(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    with frozen(hotline):
        citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
        hotline.talk(citizen, operator)
        first, second = ask(hotline, operator)
        operator.wait_for("confirmed", call=second)
        time.sleep(2)
        operator.attended(second, call=first)
        assert final_word(operator) == 200
        operator.hangup(call=first)  # as a phone does at that word (RFC 5589 7.1): Asterisk leaves this BYE to it
        operator.wait_for("disconnected", call=second)
        all_hear_each_other(citizen, desk)
        desk.hangup()
        citizen.wait_for("disconnected")
    story = told(hotline.call_of(citizen.name))
    assert story.talks >= pairs((CITIZEN, OPERATOR), (OPERATOR, DESK), (CITIZEN, DESK))
    assert story.outcome == "transferred"


def test_given_no_controller_when_the_target_still_rings_at_the_key_and_rejects_then_an_operator_has_the_caller(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    with frozen(hotline):
        citizen, operator = hotline.caller(), hotline.operator()
        desk = hotline.desk("110", answers=False)
        hotline.desk("110", 2, answers=False).on_call("busy")
        hotline.talk(citizen, operator)
        first, second = ask(hotline, operator)
        operator.wait_for("ringing", call=second)
        pressed = time.time()
        operator.attended(second, call=first)
        time.sleep(1)
        desk.hangup(code=486)
        again = operator.wait_invite(since=pressed)
        operator.wait_for("confirmed", call=again.call)
        all_hear_each_other(citizen, operator)
        citizen.hangup()
    assert told(hotline.call_of(citizen.name)).talks == pairs((CITIZEN, OPERATOR))

"""R53, R54: one number's flood, before the queue and by Asterisk alone. Whoever is screened still reaches 110."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from ivr.calls.model import Call
from tests.pbx import sites
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import all_hear_each_other
from tests.phones import Phone

LIMIT = 3
WINDOW = 600  # seconds: no test lasts so long


@pytest.fixture(scope="module")
def one_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    limits = {"calls": LIMIT, "seconds": WINDOW, "at_once": 2, "exempt": ["01088886666"]}
    hotline = Hotline(tmp_path_factory.mktemp("limited"), {"screening": limits})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def limited(one_hotline: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    """With low limits. Each test has numbers of its own: Asterisk remembers."""
    yield one_hotline
    finish(one_hotline, request.node)


def steps(call: Call) -> list[tuple[str, str]]:
    return [(step.step, step.value) for step in call.steps if step.step in {"screened", "emergency_key"}]


def ring(hotline: Hotline, phone: Phone, number: str) -> None:
    """One ring: the caller leaves as soon as he is in."""
    call = phone.call(hotline.uri, from_user=number)
    phone.wait_for("confirmed", call=call)
    phone.hangup(call)


def test_given_a_number_that_calls_too_often_when_it_calls_then_it_hears_why_and_others_are_served(
    limited: Hotline,
) -> None:
    citizen, operator = limited.caller("13800000001"), limited.operator()
    os.kill(limited.controller_pid or 0, signal.SIGSTOP)  # it is Asterisk that decides
    try:
        for written in ("13800000001", "+8613800000001", "008613800000001"):
            ring(limited, citizen, written)
        asked = time.time()
        call = citizen.call(limited.uri, from_user="013800000001")
        answered = citizen.wait_for("confirmed", call=call).at
        time.sleep(3)
        assert citizen.voice(answered + 0.5, answered + 2.5, call) > 0.5, "he hears why"
        rung = [invite for invite in operator.invites if invite.at >= asked]
        assert not rung, "he costs no operator's time"
        other = limited.caller("13900000002", tone="caller2")
        limited.talk(other, operator)
        all_hear_each_other(other, operator)
        other.hangup()
        citizen.hangup(call)
    finally:
        os.kill(limited.controller_pid or 0, signal.SIGCONT)
    told = limited.call_of("013800000001", timeout=20)
    assert (told.outcome, steps(told)) == ("rejected", [("screened", "rate")])
    assert limited.call_of("13900000002").outcome == "answered"
    ladder = limited.cli("calls", "show", told.id)
    assert "too often" in ladder or "过于频繁" in ladder


def test_given_a_screened_caller_when_he_presses_the_emergency_key_then_he_talks_with_110(limited: Hotline) -> None:
    citizen, desk = limited.caller("13800000003"), limited.desk("110")
    for _ in range(LIMIT):
        ring(limited, citizen, citizen.name)
    call = citizen.call(limited.uri, from_user=citizen.name)
    citizen.wait_for("confirmed", call=call)
    time.sleep(1)
    citizen.dtmf("5")  # a slip: he is told once more
    time.sleep(1)
    citizen.dtmf("0")
    all_after = citizen.wait_heard("110", call=call, timeout=15)
    assert desk.last_invite.from_user == citizen.name
    assert all_after
    citizen.hangup(call)
    told = limited.call_of(citizen.name)
    assert told.outcome == "emergency"
    assert steps(told) == [("screened", "rate"), ("emergency_key", "110")]
    assert [leg.role for leg in told.legs] == ["caller", "desk"]


def test_given_a_screened_caller_when_he_only_listens_then_the_call_ends_with_busy_as_its_cause(
    limited: Hotline,
) -> None:
    citizen = limited.caller("13800000004")
    for _ in range(LIMIT):
        ring(limited, citizen, citizen.name)
    call = citizen.call(limited.uri, from_user=citizen.name)
    citizen.wait_for("disconnected", call=call, timeout=60)
    told = limited.call_of(citizen.name)
    assert (told.outcome, told.legs[0].cause, told.legs[0].answered_at is not None) == ("rejected", 17, True)


def test_given_a_family_when_two_call_at_once_then_both_are_served_and_a_third_is_told_why(limited: Hotline) -> None:
    first, second, third = (limited.caller("13800000005", tone=tone) for tone in ("caller", "caller2", 550))
    one, other = limited.operator("1001"), limited.operator("1002")
    for phone in (first, second):
        phone.call(limited.uri, from_user=phone.name)
    for phone in (one, other):
        phone.wait_for("confirmed", timeout=20)
    call = third.call(limited.uri, from_user="+8613800000005")
    third.wait_for("confirmed", call=call)
    told = eventually(
        lambda: steps(limited.call_of("+8613800000005", ended=False)), 5, lambda: "the step never came into the log"
    )
    assert told == [("screened", "at_once")]
    for phone in (third, first, second):
        phone.hangup()


@pytest.mark.parametrize("user", ["", "anonymous@", "01088886666@"], ids=["empty", "withheld", "exempt"])
def test_given_callers_without_a_number_or_a_switchboard_when_many_call_then_all_are_served(
    limited: Hotline, user: str
) -> None:
    operator = limited.operator(answers=False)
    raw = limited.raw_caller()
    for count in range(1, LIMIT + 3):
        raw.call(limited.server, limited.number, sender=f"<sip:{user}{sites.CALLERS}>")
        operator.wait_invite(10, count=count)
        raw.hangup()
        eventually(lambda: not limited.channels(), 5, lambda: "the call never ended")


def test_given_a_desk_that_hands_callers_over_when_it_calls_often_then_it_is_never_screened(limited: Hotline) -> None:
    operator, desk = limited.operator(answers=False), limited.desk("110")
    for count in range(1, LIMIT + 3):
        call = desk.call(limited.uri, from_user="13800000006")
        operator.wait_invite(10, count=count)
        desk.hangup(call)
        eventually(lambda: not limited.channels(), 5, lambda: "the call never ended")

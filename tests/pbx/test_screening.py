"""R53, R54: one number's flood, before the queue and by Asterisk alone. Whoever is screened still reaches 110."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from ivr.calls.model import Call
from tests.pbx import sites
from tests.pbx.conftest import Hotlines, finish
from tests.pbx.hotline import Hotline
from tests.pbx.outside import run
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
        eventually(lambda: citizen.voice(answered + 0.5, call=call) > 0.5, 30, lambda: "he does not hear why")
        rung = [invite for invite in operator.invites if invite.at >= asked]
        assert not rung, "he costs no operator's time"
        other = limited.caller("13900000002", tone="caller2")
        limited.talk(other, operator)
        all_hear_each_other(other, operator)
        other.hangup()
        citizen.hangup(call)
    finally:
        os.kill(limited.controller_pid or 0, signal.SIGCONT)
    told = limited.call_of("013800000001")
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
    eventually(lambda: citizen.voice(call=call) > 0.1, 30, lambda: "he does not hear why")
    citizen.dtmf("5")  # a slip: he is told once more
    slip = time.time()
    eventually(lambda: citizen.voice(slip + 0.3, call=call) > 0.1, 30, lambda: "he is not told once more")
    citizen.dtmf("0")
    all_after = citizen.wait_heard("110", call=call)
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
        phone.wait_for("confirmed")
    call = third.call(limited.uri, from_user="+8613800000005")
    third.wait_for("confirmed", call=call)
    told = eventually(
        lambda: steps(limited.call_of("+8613800000005", ended=False)), 30, lambda: "the step never came into the log"
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
        operator.wait_invite(count=count)
        raw.hangup()
        eventually(lambda: not limited.channels(), 30, lambda: "the call never ended")


def test_given_a_desk_that_hands_callers_over_when_it_calls_often_then_it_is_never_screened(limited: Hotline) -> None:
    operator, desk = limited.operator(answers=False), limited.desk("110")
    for count in range(1, LIMIT + 3):
        call = desk.call(limited.uri, from_user="13800000006")
        operator.wait_invite(count=count)
        desk.hangup(call)
        eventually(lambda: not limited.channels(), 30, lambda: "the call never ended")


# — blocks ————————————————————————————————————————————————————————————————————————————————————————————————————————————


def published(hotline: Hotline) -> dict[str, int]:
    """Asterisk's own copy of the blocks: number → second at which it ends."""
    lines = [line for line in hotline.asterisk("database show block").splitlines() if line.startswith("/block/")]
    return {
        key.strip().removeprefix("/block/"): int(end) for key, _, end in (line.partition(":") for line in lines) if end
    }


def wait_published(hotline: Hotline, number: str, there: bool = True) -> None:
    eventually(lambda: (number in published(hotline)) == there, 30, lambda: f"{number}: {published(hotline)}")


def is_screened(hotline: Hotline, phone: Phone, number: str) -> bool:
    """Whether a call of this number is told that the number is blocked."""
    call = phone.call(hotline.uri, from_user=number)
    phone.wait_for("confirmed", call=call)
    phone.hangup(call)
    return ("screened", "blocked") in steps(hotline.call_of(number))


def test_given_a_block_by_a_named_person_when_the_number_calls_then_it_is_told_and_may_still_reach_110(
    limited: Hotline,
) -> None:
    number = "13800000010"
    told = limited.cli("screening", "block", f"+86{number}", "--by", "王芳", "--reason", "辱骂话务员", "--hours", "1")
    assert number in told
    wait_published(limited, number)
    citizen, operator, desk = limited.caller(number), limited.operator(), limited.desk("110")
    call = citizen.call(limited.uri, from_user=number)
    answered = citizen.wait_for("confirmed", call=call).at
    eventually(lambda: citizen.voice(answered + 0.5, call=call) > 0.5, 30, lambda: "he does not hear why")
    citizen.dtmf("0")
    citizen.wait_heard("110", call=call)
    citizen.hangup(call)
    assert not operator.invites
    logged = limited.call_of(number)
    assert (logged.outcome, steps(logged)) == ("emergency", [("screened", "blocked"), ("emergency_key", "110")])
    handed_over = desk.call(limited.uri, from_user=number)
    operator.wait_invite()  # what a desk hands over is never screened
    operator.wait_for("confirmed")
    desk.hangup(handed_over)
    limited.cli("screening", "unblock", number, "--by", "李强")
    wait_published(limited, number, there=False)
    assert not is_screened(limited, citizen, number)
    (block,) = limited.api("GET", f"/api/v1/screening/blocks?state=all&number={number}").body["blocks"]
    assert (block["by"], block["lifted_by"], block["reason"]) == ("王芳", "李强", "辱骂话务员")


def test_given_blocks_when_asterisk_and_the_controller_die_then_they_hold_and_end_by_themselves(
    limited: Hotline,
) -> None:
    lasting, short, stray = "13800000011", "13800000012", "13800000013"
    citizen = limited.caller(lasting)
    order = {"by": "王芳", "reason": "x"}
    answer = limited.api("POST", "/api/v1/screening/blocks", {**order, "number": lasting, "hours": 1})
    assert answer.status == 201, answer
    limited.cli("screening", "block", short, "--by", "王芳", "--reason", "x", "--hours", "0.004")
    for number in (lasting, short):  # each was published by itself: the one tells nothing of the other
        wait_published(limited, number)
    controller = limited.controller_pid or 0
    os.kill(controller, signal.SIGSTOP)
    try:
        end = published(limited)[short]
        limited.asterisk(f"database put block {stray} {int(time.time()) + 3600}")  # not the table's
        time.sleep(max(0.0, end - time.time() + 1))
        assert short in published(limited), "nobody took it away: its end alone frees the number"
        for number in (lasting, short):
            call = citizen.call(limited.uri, from_user=number)
            citizen.wait_for("confirmed", call=call)
            citizen.hangup(call)
    finally:
        os.kill(controller, signal.SIGCONT)
    assert steps(limited.call_of(lasting)) == [("screened", "blocked")]
    assert steps(limited.call_of(short)) == []
    (block,) = limited.api("GET", f"/api/v1/screening/blocks?state=all&number={short}").body["blocks"]
    assert end == int(datetime.fromisoformat(block["until"]).timestamp())
    asterisk = limited.asterisk_pid or 0
    os.kill(asterisk, signal.SIGKILL)
    eventually(lambda: limited.asterisk_pid not in {None, asterisk}, 30, lambda: "Asterisk was not started again")
    limited.wait_healthy(30)
    wait_published(limited, stray, there=False)
    assert set(published(limited)) == {lasting}
    assert is_screened(limited, citizen, lasting)


def test_given_a_number_that_calls_very_often_then_it_is_shown_for_review_and_served_all_the_same(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(screening={"review_calls": 3})
    citizen, number = hotline.caller("13800000014"), "13800000014"
    for _ in range(4):
        ring(hotline, citizen, number)

    def flagged() -> bool:
        return [review["number"] for review in hotline.api("GET", "/api/v1/screening/reviews").body["reviews"]] == [
            number
        ]

    eventually(flagged, 40, lambda: "the number was never shown")
    assert number in hotline.cli("screening", "list", "--json")
    assert steps(hotline.call_of(number)) == []
    hotline.cli("screening", "reviewed", number, "--by", "李强")
    assert not flagged()


@pytest.mark.parametrize(
    "options",
    [
        ("--by", "王芳", "--reason", "x"),
        ("--reason", "x", "--hours", "1"),
        ("--by", "42", "--reason", "x", "--hours", "1"),
        ("--by", "王芳", "--reason", "x", "--hours", "10000"),
    ],
    ids=["no end", "no name", "a number for a name", "too long"],
)
def test_given_a_block_nobody_can_answer_for_when_ordered_then_the_command_refuses(
    limited: Hotline, options: tuple[str, ...]
) -> None:
    done = run(limited, "screening", "block", "13800000015", *options)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "13800000015" not in limited.cli("screening", "list", "--all")

"""A site's hooks on a real Asterisk: whatever a hook does, the caller is not dropped and comes to an operator.

One site misbehaves in every way; which way a call meets is told by the caller's own number, 139<hook><way>00000, so
that many calls can run at once.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from ivr.calls.check import faults
from ivr.calls.model import Call
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone

LIMIT = 1  # seconds
WAYS = {  # way → the site's step, what the log says of it
    "01": ("Return()", "ok"),
    "02": ("Hangup(21)", "failed"),
    "03": ("NoSuchApplication(x)", "failed"),
    "04": ("Goto(nowhere,s,1)", "failed"),
    "05": ("Goto(s,1)", "time_limit"),
    "06": ("Wait(3600)", "time_limit"),
    "07": ("StackPop()", "failed"),
    "08": ("AGI(/no/such/program)", "ok"),
    "09": ("Set(QUEUE=q-nobody)", "ok"),
    "10": ("Playback(${NOBODY_SET_THIS})", "failed"),
    "11": ("Set(GLOBAL(CALLER)=)", "ok"),
    "12": ("SoftHangup(${CALLER})", "ok"),
}
HOOKS = {"1": "before-greeting", "2": "before-queue", "3": "number-96110"}
SITE = """
[site-key-5]
exten => s,1,Read(PRESSED,survey,1,,1,8)
 same => n,ExecIf($["${PRESSED}"="7"]?Set(GO_TO_TARGET=gas))
 same => n,Return()

[site-while-waiting]
exten => s,1,GotoIf($["${CALLERID(num):3:1}"!="5"]?done)
 same => n,Wait(3600)
 same => n(done),Return()

[site-before-transfer]
exten => s,1,Playback(please-hold)
 same => n,Return()

[site-after-call]
exten => s,1,ExecIf($["${CALLERID(num):3:1}"="7"]?Wait(3600))
 same => n,CELGenUserEvent(STEP,call=${CALL_ID}&step=talked_with&value=${TALKED_WITH})
 same => n,Return()

[site-number-96111]
exten => s,1,Gosub(hours,s,1)
 same => n,CELGenUserEvent(STEP,call=${CALL_ID}&step=hours&value=${HOURS})
 same => n,ExecIf($["${HOURS}"!="open"]?Set(GOODBYE=1))
 same => n,Return()

[site-way-asks]
exten => s,1,Read(PRESSED,survey,1,,1,8)
 same => n,ExecIf($["${PRESSED}"="7"]?Set(LANGUAGE=en))
 same => n,ExecIf($["${PRESSED}"="7"]?Set(QUEUE=q-english))
 same => n,Return()
"""
BROKEN = """
[site-broken]
exten => s,1,NoOp(
exten = s,x,NoOp()
nonsense
[site-broken
"""  # Asterisk reads a file to its first heading without an end


def dialplan() -> str:
    lines = [SITE]
    for digit, hook in HOOKS.items():
        lines += [
            f"[site-{hook}]",
            f'exten => s,1,GotoIf($["${{CALLERID(num):3:1}}"!="{digit}"]?done)',
            ' same => n,GotoIf($["${CALLERID(num):4:2}"="99"]?site-way-asks,s,1)',
            " same => n,Goto(site-way-${FILTER(0-9,${CALLERID(num):4:2})},s,1)",
            " same => n(done),Return()",
            "",
        ]
    for way, (step, _) in WAYS.items():
        lines += [f"[site-way-{way}]", f"exten => s,1,{step}", " same => n,Return()", ""]
    return "\n".join([*lines, BROKEN])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    folder = tmp_path_factory.mktemp("hooks")
    own = folder / "dialplans/site"
    own.mkdir(parents=True)
    (own / "misbehaves.conf").write_text(dialplan(), encoding="utf-8")
    today = datetime.now(UTC).date()
    limits = dict.fromkeys(("before_greeting", "number", "while_waiting", "after_call"), LIMIT)
    changes = {
        "hooks": limits | {"before_queue": LIMIT, "key": 20},
        "hours": {"holidays": {f"{today - timedelta(days=1)}/{today + timedelta(days=2)}": "a holiday"}},
        "queue": {"target_seconds": 2},
    }
    hotline = Hotline(folder, changes)
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hooked(site: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield site
    finish(site, request.node)


def results(call: Call, hook: str) -> list[str]:
    """How a hook ended, each time that it ran."""
    told = [step.value.partition(":") for step in call.steps if step.step == "hook"]
    return [result for name, _, result in told if name == hook]


def number(hook: str, way: str) -> str:
    return f"139{hook}{way}00000"


def comes_to_an_operator(phone: Phone, uri: str, callers: Sequence[str]) -> None:
    """One phone calls with these numbers, one after the other; each call must hear an operator."""
    for caller in callers:
        began = time.time()
        call = phone.call(uri, from_user=caller)
        phone.wait_heard("operator", call=call, since=began)
        phone.hangup(call)
        phone.wait_for("disconnected", call=call)


@pytest.mark.parametrize("hook", HOOKS)
def test_given_a_hook_that_misbehaves_when_a_citizen_calls_then_he_comes_to_an_operator(
    hooked: Hotline, hook: str
) -> None:
    for one in ("1001", "1002"):
        hooked.operator(one, tone="operator")
    uri = hooked.uri if hook != "3" else hooked.uri.replace("12345", "96110")
    phones = [hooked.caller(f"1390000000{at}") for at in range(2)]
    with ThreadPoolExecutor(len(phones)) as pool:
        shares = [[number(hook, way) for way in list(WAYS)[at :: len(phones)]] for at in range(len(phones))]
        for done in [
            pool.submit(comes_to_an_operator, phone, uri, share) for phone, share in zip(phones, shares, strict=True)
        ]:
            done.result()
    for way, (step, result) in WAYS.items():
        call = hooked.call_of(number(hook, way))
        assert results(call, HOOKS[hook]) == [result], step
        assert call.outcome == "answered"
        assert faults(call) == []
        assert [(leg.role, leg.cause, leg.hung_up_by) for leg in call.legs] == [
            ("caller", 16, "caller"),
            ("operator", 16, "caller"),
        ], step


def test_given_a_hook_that_asks_when_a_key_is_pressed_then_its_answer_counts(hooked: Hotline) -> None:
    english = hooked.operator("1003")
    citizen = hooked.caller("13929900000")
    citizen.call(hooked.uri, from_user=citizen.name)
    citizen.wait_for("confirmed")
    time.sleep(0.5)
    citizen.dtmf("7")
    citizen.wait_heard(english.tone)
    citizen.hangup()
    call = hooked.call_of(citizen.name)
    assert ("queue", "q-english") in [(step.step, step.value) for step in call.steps]
    assert (call.language, results(call, "before-queue")) == ("en", ["ok"])


def test_given_a_hook_when_the_caller_presses_the_emergency_key_then_110_has_him_at_once(hooked: Hotline) -> None:
    desk = hooked.desk("110")
    citizen = hooked.caller("13920600000")
    citizen.call(hooked.uri, from_user=citizen.name)
    citizen.wait_for("confirmed")
    time.sleep(0.3)
    citizen.dtmf("0")
    citizen.wait_heard(desk.tone)
    citizen.hangup()
    call = hooked.call_of(citizen.name)
    assert results(call, "before-queue") == ["emergency"]
    assert call.outcome == "emergency"


def test_given_a_hook_when_the_caller_hangs_up_then_it_ends_with_him(hooked: Hotline) -> None:
    citizen = hooked.caller("13920600000")
    citizen.call(hooked.uri, from_user=citizen.name)
    citizen.wait_for("confirmed")
    time.sleep(0.3)
    citizen.hangup()
    call = hooked.call_of(citizen.name)
    assert results(call, "before-queue") == ["caller_left"]
    assert call.outcome == "abandoned"
    hooked.assert_clean()


def test_given_no_controller_when_a_hook_runs_then_the_caller_comes_to_an_operator(hooked: Hotline) -> None:
    operator = hooked.operator("1001")
    citizen = hooked.caller("13920600000")
    assert hooked.controller_pid is not None
    os.kill(hooked.controller_pid, signal.SIGKILL)
    citizen.call(hooked.uri, from_user=citizen.name)
    citizen.wait_heard(operator.tone)
    citizen.hangup()
    hooked.wait_healthy()
    eventually(  # the newest call in the log may still be an earlier one of this number
        lambda: results(hooked.call_of(citizen.name), "before-queue") == ["time_limit"],
        30,
        lambda: f"the hook's end in the log: {results(hooked.call_of(citizen.name), 'before-queue')}",
    )


def test_given_two_who_wait_when_a_hook_takes_the_first_aside_then_he_keeps_his_place(hooked: Hotline) -> None:
    first, second = hooked.caller("13950000000"), hooked.caller("13900000005", tone="caller2")
    first.call(hooked.uri, from_user=first.name)
    first.wait_for("confirmed")
    time.sleep(1.1)  # whole seconds decide
    second.call(hooked.uri, from_user=second.name)
    time.sleep(4.5)  # both have overflowed, the first one after a hook that never returns
    operator = hooked.operator("1001")
    first.wait_heard(operator.tone)
    assert operator.last_invite.from_user == first.name
    first.hangup()
    second.wait_heard(operator.tone)
    second.hangup()
    assert results(hooked.call_of(first.name), "while-waiting") == ["time_limit"]
    assert results(hooked.call_of(second.name), "while-waiting") == ["ok"]


def test_given_a_key_of_the_sites_own_when_pressed_while_waiting_then_its_flow_runs_and_a_target_comes(
    hooked: Hotline,
) -> None:
    gas = hooked.desk("gas")
    citizen = hooked.caller("13900000006")
    citizen.call(hooked.uri, from_user=citizen.name)
    citizen.wait_for("confirmed")
    time.sleep(0.5)
    citizen.dtmf("5")
    time.sleep(0.8)
    citizen.dtmf("7")
    citizen.wait_heard(gas.tone)
    citizen.hangup()
    call = hooked.call_of(citizen.name)
    assert results(call, "key-5") == ["ok"]
    assert [(one.target, one.trigger, one.result) for one in call.transfers] == [("gas", "site", "completed")]


def test_given_a_hook_before_transfers_then_the_operator_hears_it_and_an_emergency_target_is_not_delayed(
    hooked: Hotline,
) -> None:
    operator, citizen = hooked.operator("1001"), hooked.caller("13900000007")
    gas, police = hooked.desk("gas"), hooked.desk("110")
    hooked.talk(citizen, operator)
    asked = time.time()
    operator.dtmf("*3")
    citizen.wait_heard(police.tone, since=asked)
    police.hangup()
    time.sleep(1.0)
    asked = time.time()
    operator.dtmf("*91")
    called = gas.wait_invite(since=asked).at
    assert called - asked > 1.0
    assert operator.voice(asked + 0.5, called) > 0.2
    assert citizen.voice(asked + 0.5, called) < 0.1
    citizen.wait_heard(gas.tone, since=asked)
    citizen.hangup()
    call = hooked.call_of(citizen.name)
    assert [one.target for one in call.transfers] == ["110", "gas"]
    assert results(call, "before-transfer") == ["ok"]


@pytest.mark.parametrize(("caller", "result"), [("13900000008", "ok"), ("13970000000", "time_limit")])
def test_given_a_hook_after_the_call_then_the_call_is_over_without_it(
    hooked: Hotline, caller: str, result: str
) -> None:
    operator, citizen = hooked.operator("1001"), hooked.caller(caller)
    hooked.talk(citizen, operator)
    citizen.hangup()
    eventually(  # the hook's leg begins a moment after the call is over, and opens it again
        lambda: results(hooked.call_of(citizen.name), "after-call") == [result], 30, lambda: "the hook has no result"
    )
    hooked.assert_clean()
    assert faults(hooked.call_of(citizen.name)) == []


def test_given_a_number_of_the_sites_own_when_it_is_closed_then_only_that_number_says_goodbye(hooked: Hotline) -> None:
    citizen = hooked.caller("13900000009")
    call = citizen.call(hooked.uri.replace("12345", "96111"), from_user=citizen.name)
    assert citizen.wait_for("disconnected", call=call).what["code"] == 200
    told = hooked.call_of(citizen.name)
    assert told.number == "96111"
    assert ("hours", "holiday") in [(step.step, step.value) for step in told.steps]
    for name, value in {f"HOURS_DAY_{day}": "1" for day in days()}.items():
        hooked.asterisk(f"dialplan set global {name} {value}")
    operator = hooked.operator("1001")
    citizen.call(hooked.uri.replace("12345", "96111"), from_user=citizen.name)
    citizen.wait_heard(operator.tone)
    citizen.hangup()
    citizen.call(hooked.uri.replace("12345", "96112"), from_user=citizen.name)
    assert citizen.wait_for("disconnected").what["code"] == 404


def days() -> list[str]:
    """Yesterday, today, tomorrow: whichever the site's clock says."""
    return [f"{datetime.now(UTC) + timedelta(days=at):%Y%m%d}" for at in (-1, 0, 1, 2)]

"""Tonight's notice on a running hotline: heard within seconds, over deaths of everything, and over by itself."""

from __future__ import annotations

import os
import signal
import time

from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone

WORDS = "城东水管爆裂正在抢修，预计明早六点恢复供水，给您带来不便，敬请谅解。"


def seconds_to_an_operator(hotline: Hotline, citizen: Phone, operator: Phone, key: str = "") -> float:
    """From the answer until the caller hears the operator; `key` is pressed on the way."""
    call = citizen.call(hotline.uri, from_user=citizen.name)
    answered = citizen.wait_for("confirmed", call=call).at
    if key:
        time.sleep(0.5)
        citizen.dtmf(key)
    heard = citizen.wait_heard(operator.tone, timeout=20, call=call, since=answered)
    citizen.hangup()
    citizen.wait_for("disconnected", call=call)
    return heard - answered


def notices_of(hotline: Hotline, caller: str) -> list[str]:
    return [step.value for step in hotline.call_of(caller).steps if step.step == "notice"]


def test_given_a_notice_when_everything_dies_and_comes_back_then_callers_hear_it_until_its_time(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    assert "1" in hotline.cli("notice", WORDS, "--until", "23:59", "--by", "王芳", "-m", "抢修")
    assert "notice/before-greeting" in hotline.asterisk("database show notice")

    citizen, operator = hotline.caller(), hotline.operator("1001")
    assert seconds_to_an_operator(hotline, citizen, operator) > 3
    assert notices_of(hotline, citizen.name) == ["notice/1"]
    assert seconds_to_an_operator(hotline, citizen, operator, key="1") < 3

    for pid in (hotline.controller_pid, hotline.asterisk_pid):
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: hotline.asterisk_pid, 20, lambda: "Asterisk did not come back")
    hotline.wait_healthy()
    operator.close()
    citizen, operator = hotline.caller("13900000001"), hotline.operator("1001")
    seconds_to_an_operator(hotline, citizen, operator)
    assert notices_of(hotline, citizen.name) == ["notice/1"]

    # Its time is over: Asterisk's own clock decides, and nobody has told it anything.
    hotline.asterisk(f"database put notice before-greeting {int(time.time()) - 60}-{int(time.time())}-1")
    citizen = hotline.caller("13900000002")
    seconds_to_an_operator(hotline, citizen, operator)
    assert notices_of(hotline, citizen.name) == []


def test_given_a_notice_while_waiting_when_nobody_answers_then_it_is_heard_in_the_queue_and_0_calls_110(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(queue={"target_seconds": 1})
    hotline.cli("notice", WORDS, "--until", "23:59", "--where", "while-waiting")
    desk, citizen = hotline.desk("110"), hotline.caller()
    citizen.call(hotline.uri, from_user=citizen.name)
    eventually(lambda: notices_in_progress(hotline, citizen.name), 10, lambda: "no notice was played")
    citizen.dtmf("0")
    citizen.wait_heard(desk.tone)
    citizen.hangup()
    assert hotline.call_of(citizen.name).outcome == "emergency"
    assert "1" in hotline.cli("notice", "end", "1")
    assert "0 results" in hotline.asterisk("database show notice")


def notices_in_progress(hotline: Hotline, caller: str) -> list[str]:
    call = next(iter(hotline.calls(1, caller=caller)), None)
    return [step.value for step in call.steps if step.step == "notice"] if call else []

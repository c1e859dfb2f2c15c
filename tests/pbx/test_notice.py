"""Tonight's notice on a running hotline: heard within seconds, over deaths of everything, and over by itself."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ivr.calls.model import Call
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone

WORDS = "城东水管爆裂正在抢修，预计明早六点恢复供水，给您带来不便，敬请谅解。"


def says(hotline: Hotline, *arguments: str) -> dict[str, Any]:
    """`ivr notice …`: the notice that it made."""
    told = json.loads(hotline.cli("notice", WORDS, "--until", "23:59", *arguments, "--json"))
    assert told["in_force"] is True
    return dict(told["notice"])


def comes_to_an_operator(hotline: Hotline, citizen: Phone, operator: Phone, key: str = "") -> Call:
    """A call until the caller hears the operator; `key` is pressed on the way."""
    call = citizen.call(hotline.uri, from_user=citizen.name)
    answered = citizen.wait_for("confirmed", call=call).at
    if key:
        time.sleep(0.5)
        citizen.dtmf(key)
    citizen.wait_heard(operator.tone, call=call, since=answered)
    citizen.hangup()
    citizen.wait_for("disconnected", call=call)
    return hotline.call_of(citizen.name)


def seconds(call: Call) -> float | None:
    """From the notice to the queue, by Asterisk's clock; None where there was no notice."""
    at = {step.step: step.at for step in call.steps}
    return (at["queue"] - at["notice"]).total_seconds() if "notice" in at else None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    one = Hotline(tmp_path_factory.mktemp("notice"), {"queue": {"target_seconds": 2}})
    try:
        yield one.start()
    finally:
        one.stop()


@pytest.fixture
def hotline(site: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield site
    finish(site, request.node)


def notices_in_progress(hotline: Hotline, caller: str) -> list[str]:
    call = next(iter(hotline.calls(1, caller=caller)), None)
    return [step.value for step in call.steps if step.step == "notice"] if call else []


def test_given_a_notice_while_waiting_when_nobody_answers_then_it_is_heard_in_the_queue_and_0_calls_110(
    hotline: Hotline,
) -> None:
    notice = says(hotline, "--where", "while-waiting")
    desk, citizen = hotline.desk("110"), hotline.caller()
    citizen.call(hotline.uri, from_user=citizen.name)
    eventually(lambda: notices_in_progress(hotline, citizen.name), 30, lambda: "no notice was played")
    citizen.dtmf("0")
    citizen.wait_heard(desk.tone)
    citizen.hangup()
    assert hotline.call_of(citizen.name).outcome == "emergency"
    hotline.cli("notice", "end", str(notice["id"]))
    assert "0 results" in hotline.asterisk("database show notice")


def test_given_a_notice_when_everything_dies_and_comes_back_then_callers_hear_it_until_its_time(
    hotline: Hotline,
) -> None:
    notice = says(hotline, "--by", "王芳", "-m", "抢修")
    operator = hotline.operator("1001")
    whole = seconds(comes_to_an_operator(hotline, hotline.caller("13900000001"), operator))
    assert whole is not None and whole > notice["seconds"] - 0.5
    skipped = seconds(comes_to_an_operator(hotline, hotline.caller("13900000002"), operator, key="1"))
    assert skipped is not None and skipped < notice["seconds"] - 0.5

    for pid in (hotline.controller_pid, hotline.asterisk_pid):
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: hotline.asterisk_pid, 30, lambda: "Asterisk did not come back")
    hotline.wait_healthy()
    operator.close()
    operator = hotline.operator("1001")
    assert seconds(comes_to_an_operator(hotline, hotline.caller("13900000003"), operator)) is not None

    # Its time is over: Asterisk's own clock decides, and nobody has told it anything.
    now = int(time.time())
    hotline.asterisk(f"database put notice before-greeting {now - 60}-{now}-{notice['id']}")
    assert seconds(comes_to_an_operator(hotline, hotline.caller("13900000004"), operator)) is None
    hotline.cli("notice", "end", str(notice["id"]))

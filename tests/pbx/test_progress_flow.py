"""How far is my matter? The operator suspends the caller into the flow; his own number and six digits tell the step."""

from __future__ import annotations

import os
import signal
import time

from tests.pbx.hotline import Hotline
from tests.pbx.story import all_hear_each_other
from tests.phones import Phone

WINDOW = 0.6  # seconds


def suspended(citizen: Phone, operator: Phone) -> None:
    """The talk is over for now, and the caller hears what he is to key."""
    pressed = time.time()
    operator.dtmf("*97")
    hears_words(citizen, citizen.wait_who(set(), seconds=0.4, since=pressed))


def hears_words(citizen: Phone, since: float) -> None:
    """Digits may be keyed while they last."""
    deadline = time.time() + 20
    while time.time() - WINDOW < since or citizen.voice(time.time() - WINDOW) < 0.5:
        assert time.time() < deadline, "the caller hears the flow"
        time.sleep(0.05)


def test_given_a_caller_in_the_flow_when_he_keys_digits_then_only_his_own_matter_is_told_and_he_comes_back(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    matter = {"channel": "phone", "matter": {"caller": citizen.name}}
    case = hotline.api("POST", "/api/v1/cases", matter).body["case"]
    hotline.api("POST", f"/api/v1/cases/{case['id']}/events", {"kind": "handled", "data": {"result": "solved"}})
    hotline.talk(citizen, operator)
    suspended(citizen, operator)
    citizen.dtmf("999999")  # nothing fits: he is asked once more
    hears_words(citizen, time.time() + 1.0)
    citizen.dtmf(case["number"][-6:])
    citizen.wait_heard("operator", since=time.time())
    all_hear_each_other(citizen, operator)
    pid = hotline.controller_pid
    assert pid is not None
    suspended(citizen, operator)
    os.kill(pid, signal.SIGSTOP)  # a controller that hangs tells nothing: words, and the operator
    try:
        citizen.dtmf(case["number"][-6:])
        citizen.wait_heard("operator", since=time.time())
        all_hear_each_other(citizen, operator)
    finally:
        os.kill(pid, signal.SIGCONT)
    citizen.hangup()
    steps = hotline.call_of(citizen.name).steps
    assert [step.value for step in steps if step.step == "flow_result"] == ["handled", "late"]

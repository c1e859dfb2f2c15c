"""How far is my matter? The operator suspends the caller into the flow; his own number and six digits tell the step."""

from __future__ import annotations

import os
import signal
import time

from tests.pbx.hotline import Hotline
from tests.pbx.story import all_hear_each_other
from tests.phones import Phone


def suspended(citizen: Phone, operator: Phone) -> None:
    operator.dtmf("*97")
    asked(citizen)


def asked(citizen: Phone, since: float | None = None) -> None:
    """The caller hears words, and then nothing any more: he is to key in his digits."""
    since = since or time.time()
    speaks(citizen, since, wanted=True)
    speaks(citizen, time.time(), wanted=False)


def speaks(citizen: Phone, since: float, *, wanted: bool) -> None:
    deadline = time.time() + 20
    while time.time() < max(since + 0.6, deadline):
        if time.time() > since + 0.6 and (citizen.voice(time.time() - 0.6) > 0.2) == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"the caller hears {'no ' if wanted else ''}words")


def test_given_a_caller_in_the_flow_when_he_keys_digits_then_only_his_own_matter_is_told_and_he_comes_back(
    hotline: Hotline,
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    matter = {"channel": "phone", "matter": {"caller": citizen.name}}
    case = hotline.api("POST", "/api/v1/cases", matter).body["case"]
    hotline.api("POST", f"/api/v1/cases/{case['id']}/events", {"kind": "handled", "data": {"result": "solved"}})
    hotline.talk(citizen, operator)
    suspended(citizen, operator)
    citizen.dtmf("999999")
    asked(citizen, time.time() + 1.0)  # nothing fits: once more
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

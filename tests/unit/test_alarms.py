"""An emergency target that cannot be reached is alarmed, once (R16)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from ivr.alarms import FailedTransfers
from ivr.calls.model import Attempt, Call, Transfer
from ivr.settings import Target

AT = datetime(2026, 11, 22, tzinfo=UTC)
TARGETS = {
    "110": Target("110", {"zh": "110", "en": "110"}, emergency=True, critical_contact="010-1"),
    "gas": Target("gas", {"zh": "燃气", "en": "Gas"}),
}


def call(target: str, result: str) -> Call:
    tried = (Attempt("sip:110@127.0.0.110", AT, result="busy"),)
    transfer = Transfer("t1", "c1", None, target, "transfer", "key", AT, result, reason="busy", attempts=tried)
    return Call("c1", "12345", "138", AT, "hotline", transfers=(transfer,))


def test_given_every_route_of_110_failed_when_the_call_is_saved_twice_then_one_alarm_says_what_was_tried() -> None:
    alarms = FailedTransfers(TARGETS)
    with capture_logs() as lines:
        alarms.look([call("110", "failed")])
        alarms.look([call("110", "failed")])
    (line,) = lines
    assert line["alarm"] and line["log_level"] == "error"
    assert (line["call"], line["target"], line["critical_contact"]) == ("c1", "110", "010-1")
    assert line["tried"] == ["sip:110@127.0.0.110: busy"]


@pytest.mark.parametrize(("target", "result"), [("gas", "failed"), ("110", "completed"), ("110", "cancelled")])
def test_given_no_emergency_or_no_failure_when_the_call_is_saved_then_nobody_is_alarmed(
    target: str, result: str
) -> None:
    with capture_logs() as lines:
        FailedTransfers(TARGETS).look([call(target, result)])
    assert lines == []

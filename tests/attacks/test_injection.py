"""Words that would be more than words: in SIP headers, in what a phone dials, in the API's fields, in files' names.

None may run anything, forge an event, add keys to the journal, or make one call look like another.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ivr.calls.rows import parse, split_records
from tests.attacks.words import WORDS
from tests.pbx.hotline import Hotline
from tests.pbx.outside import paths
from tests.pbx.running import eventually

HEADERS = ("Accept-Language", "User-Agent", "Subject", "Diversion", "P-Asserted-Identity", "Remote-Party-ID", "Privacy",
           "Reason", "Call-Info", "Alert-Info", "X-Hotline", "History-Info", "Referred-By", "Organization")  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_ran(hotline: Hotline) -> Iterator[None]:
    yield
    places = [hotline.var, Path.cwd(), Path("/tmp")]
    assert not [path for place in places for path in place.glob("pwned*")]
    assert not [path for path, _ in paths(hotline.var) if path.name.startswith("pwned")]
    assert hotline.api("GET", "/healthz").status == 200


def test_given_hostile_words_in_every_header_when_he_calls_then_they_stay_words(hotline: Hotline) -> None:
    operator = hotline.operator()
    raw = hotline.raw_caller()
    headers = "".join(f"{name}: {word}\r\n" for name in HEADERS for word in WORDS.values())
    raw.call(
        hotline.server,
        hotline.number,
        from_user="13800138077",
        headers=headers,
        from_name="".join(WORDS.values()).replace('"', r"\""),
    )
    operator.wait_for("confirmed")
    operator.wait_heard("caller")
    raw.hangup()
    operator.wait_for("disconnected")
    hotline.assert_clean()
    call = hotline.call_of("13800138077")
    assert [leg.role for leg in call.legs] == ["caller", "operator"]
    assert (call.outcome, call.caller, call.language) == ("answered", "13800138077", "zh")
    assert call.transfers == ()


def test_given_hostile_words_when_an_operators_phone_dials_them_then_they_are_not_found(hotline: Hotline) -> None:
    citizen, operator = hotline.caller("13800138078"), hotline.operator()
    hotline.talk(citizen, operator)
    for word in WORDS.values():
        second = operator.call(f"sip:gas{quote(word, safe='')}@{hotline.server}")
        ended = operator.wait_for("disconnected", call=second)
        assert ended.what["code"] in (404, 484), word
    assert citizen.wait_heard("operator", since=time.time())
    citizen.hangup()
    hotline.assert_clean()
    assert [leg.role for leg in hotline.call_of(citizen.name).legs] == ["caller", "operator"]


@pytest.fixture
def without_controller(hotline: Hotline) -> Iterator[Hotline]:
    """The controller stands still, and the dialplan knows it at once."""
    pid = hotline.controller_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    for beat in ("CONTROLLER_BEAT", "REFER_BEAT"):
        hotline.asterisk(f"dialplan set global {beat} 0")
    try:
        yield hotline
    finally:
        os.kill(pid, signal.SIGCONT)
        hotline.wait_healthy()


def test_given_hostile_words_in_a_transfer_without_a_controller_then_the_journal_has_them_as_none(
    without_controller: Hotline,
) -> None:
    """The phone's own Transfer key then runs the dialplan with whatever the phone has sent."""
    hotline = without_controller
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    operator.refer(f"sip:gas{quote(WORDS['keys'], safe='')}@{hotline.server}")
    invite = operator.wait_invite(count=2)  # nothing is known by that name: he has the caller again
    operator.wait_for("confirmed", call=invite.call)
    citizen.wait_heard("operator", since=invite.at)
    citizen.hangup()
    records, _ = split_records((hotline.var / "journal/journal.csv").read_bytes())
    rows = [parse(record.fields, "hotline") for record in records]
    asked = [row.extra for row in rows if row.extra.get("trigger") == "refer"]
    assert [extra["target"] for extra in asked] == ["gasxresultcompletedcallforgedroleoperator"]
    assert not [row for row in rows if row.extra.get("call") == "forged"]


def test_given_hostile_words_as_the_reason_of_a_pause_then_they_are_shown_as_they_are(hotline: Hotline) -> None:
    def shown() -> list[str]:
        operators = hotline.api("GET", "/api/v1/operators").body["operators"]
        return [one["reason"] for one in operators if one["number"] == "1003"]

    hotline.operator("1003", answers=False)
    for word in WORDS.values():
        assert hotline.api("POST", "/api/v1/operators/1003/pause", {"reason": word}).status == 202
        eventually(lambda word=word: shown() == [word], 30, lambda word=word: f"{shown()} in place of {word}")
    assert hotline.api("POST", "/api/v1/operators/1003/ready").status == 202


@pytest.mark.parametrize("field", ["target", "mode", "operator"])
def test_given_hostile_words_in_an_order_then_it_is_refused(hotline: Hotline, field: str) -> None:
    for word in WORDS.values():
        order = {"target": "110", "mode": "transfer", "operator": "1001", field: word}
        answer = hotline.api("POST", "/api/v1/calls/00000000-0000-8000-a000-000000000000/transfers", order)
        assert (answer.status, answer.body["error"]["details"]["field"]) == (422, f"body.{field}")

"""`check.faults`: a sound call has none, and each kind of fault is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ivr.calls.check import faults
from ivr.calls.model import Call, Step, Talk
from ivr.calls.projection import project
from tests.replay.streams import rows

SECOND = timedelta(seconds=1)


@pytest.fixture
def call() -> Call:
    """Caller, operator and 110; the operator is released."""
    (call,) = project(rows("transfer_to_110_by_key"))
    return call


def with_leg(call: Call, at: int, **changes: Any) -> Call:
    legs = [replace(leg, **changes) if place == at else leg for place, leg in enumerate(call.legs)]
    return replace(call, legs=tuple(legs))


def with_talk(call: Call, **changes: Any) -> Call:
    return replace(call, talks=(replace(call.talks[0], **changes), *call.talks[1:]))


def with_transfer(call: Call, **changes: Any) -> Call:
    return replace(call, transfers=(replace(call.transfers[0], **changes), *call.transfers[1:]))


def with_attempt(call: Call, **changes: Any) -> Call:
    (transfer,) = call.transfers
    return with_transfer(call, attempts=(*transfer.attempts[:-1], replace(transfer.attempts[-1], **changes)))


def test_given_a_sound_call_then_it_has_no_fault(call: Call) -> None:
    assert faults(call) == []


def test_given_a_fault_of_the_call_then_it_is_named(call: Call) -> None:
    assert call.ended_at
    for broken, words in (
        (replace(call, legs=()), "has no leg"),
        (replace(call, legs=(*call.legs, call.legs[1])), "twice"),
        (replace(call, legs=call.legs[::-1]), "not the caller's"),
        (replace(call, ended_at=None), "ended_at"),
        (replace(call, ended_at=call.ended_at + SECOND), "last leg's end"),
        (replace(call, ended_at=call.entered_at - SECOND), "is before"),
        (replace(call, answered_at=None), "first talk"),
        (replace(call, outcome=None), "outcome"),
        (replace(call, outcome="splendid"), "outcome"),
        (replace(call, steps=(Step("other", call.entered_at, "queue", ""),)), "belongs to call other"),
    ):
        assert any(words in fault for fault in faults(broken)), words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"call_id": "other"}, "belongs to call other"),
        ({"role": "nobody"}, "role 'nobody'"),
        ({"direction": "up"}, "direction"),
        ({"hung_up_by": None}, "hung up by None"),
        ({"hung_up_by": "gremlin"}, "hung up by 'gremlin'"),
        ({"ended_at": None}, "hung up by"),
    ],
)
def test_given_a_fault_of_a_leg_then_it_is_named(call: Call, changes: dict[str, Any], words: str) -> None:
    assert any(words in fault for fault in faults(with_leg(call, 1, **changes)))


def test_given_moments_in_the_wrong_order_then_they_are_named(call: Call) -> None:
    late = call.entered_at + 1000 * SECOND
    assert any("ended_at" in fault and "answered_at" in fault for fault in faults(with_leg(call, 1, answered_at=late)))
    assert any("ended_at" in fault for fault in faults(with_talk(call, started_at=late)))
    assert any("dialled_at" in fault for fault in faults(with_attempt(call, dialled_at=late)))
    assert any("asked_at" in fault for fault in faults(with_transfer(call, asked_at=late)))


def test_given_a_fault_of_a_talk_then_it_is_named(call: Call) -> None:
    talk = call.talks[0]
    assert talk.ended_at
    for broken, words in (
        (with_talk(call, call_id="other"), "belongs to call other"),
        (with_talk(call, leg_b=talk.leg_a), "with itself"),
        (with_talk(call, leg_b="nobody"), "no leg nobody"),
        (with_talk(call, started_at=call.entered_at - SECOND), "began before its leg"),
        (with_talk(call, ended_at=None), "goes on after its leg"),
        (with_talk(call, ended_at=talk.ended_at + 60 * SECOND), "goes on after its leg"),
    ):
        assert any(words in fault for fault in faults(broken)), words
    again = Talk(call.id, talk.leg_b, talk.leg_a, talk.started_at + SECOND / 10, talk.ended_at)
    assert any("counted twice" in fault for fault in faults(replace(call, talks=(*call.talks, again))))


def test_given_a_fault_of_a_transfer_then_it_is_named(call: Call) -> None:
    for broken, words in (
        (with_transfer(call, call_id="other"), "belongs to call other"),
        (with_transfer(call, asked_by="nobody"), "asked by nobody"),
        (with_transfer(call, result=None), "result None"),
        (with_transfer(call, result="splendid"), "result 'splendid'"),
        (with_transfer(call, result=None, ended_at=None), "goes on after its call"),
        (with_attempt(call, leg_id="nobody"), "no leg nobody"),
        (with_attempt(call, result=None), "result None"),
        (with_attempt(call, result="splendid"), "result 'splendid'"),
        (with_attempt(call, answered_at=call.entered_at), "answered_at"),
    ):
        assert any(words in fault for fault in faults(broken)), words

"""What a rebuild says when the database told a call differently."""

from __future__ import annotations

from dataclasses import replace

from ivr.store.differences import differences
from tests.unit.stories import at, transferred

CALL = transferred()


def test_given_the_same_story_then_nothing_is_said() -> None:
    assert differences(CALL, transferred()) == ()


def test_given_a_call_that_was_missing_then_that_is_said() -> None:
    assert differences(None, CALL) == ("was not in the log",)


def test_given_other_words_in_the_log_then_each_is_named_with_what_it_was_and_is() -> None:
    before = replace(CALL, outcome="abandoned", ended_at=None)
    assert differences(before, CALL) == (
        "ended_at was empty, is 2026-11-22 08:01:00.123456+00:00",
        "outcome was abandoned, is transferred",
    )


def test_given_legs_that_differ_then_the_party_is_named() -> None:
    stranger = replace(CALL.legs[0], id="c-1.9", role="operator", party="1002")
    before = replace(CALL, legs=(CALL.legs[0], replace(CALL.legs[1], cause=17), stranger))
    assert differences(before, CALL) == (
        "leg c-1.4 (desk 110) was missing",
        "leg c-1.9 (operator 1002) is not in the journal",
        "leg c-1.2 (operator 1001): cause was 17, is 16",
    )


def test_given_talks_transfers_attempts_and_steps_that_differ_then_each_is_told_once() -> None:
    transfer = CALL.transfers[0]
    attempt = replace(transfer.attempts[0], result="no_answer")
    before = replace(
        CALL,
        talks=CALL.talks[:2],
        transfers=(replace(transfer, result="failed", attempts=(attempt,)),),
        steps=(*CALL.steps, CALL.steps[0]),
    )
    assert differences(before, CALL) == (
        "talk of c-1.2 and c-1.4 from 2026-11-22 08:00:30.123456+00:00 was missing",
        "transfer c-1-t to 110: result was failed, is completed",
        "attempt at sip:110@127.0.0.112:5060 was missing",
        "attempt at sip:110@127.0.0.110:5060: result was no_answer, is busy",
        "1 entries stood twice",
    )


def test_given_only_another_order_then_that_is_said() -> None:
    assert differences(replace(CALL, legs=CALL.legs[::-1]), CALL) == ("its parts were in another order",)


def test_given_a_transfer_whose_attempts_moved_in_time_then_old_and_new_are_told() -> None:
    transfer = CALL.transfers[0]
    moved = replace(transfer, attempts=(replace(transfer.attempts[0], dialled_at=at(21)), transfer.attempts[1]))
    assert differences(replace(CALL, transfers=(moved,)), CALL) == (
        "attempt at sip:110@127.0.0.110:5060 was missing",
        "attempt at sip:110@127.0.0.110:5060 is not in the journal",
    )

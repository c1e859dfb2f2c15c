"""Until when desks have to agree, as the desk that did not receive the call first counts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ivr.desks.case import fold
from ivr.desks.case_model import Case, Event
from ivr.desks.deadlines import Deadlines
from ivr.desks.exchange import Message

HERE = datetime(2026, 11, 27, 8, tzinfo=UTC)
THERE = HERE + timedelta(minutes=5)  # the same moment by the other desk's clock
OPENED = Event("c", "12345", 1, 1, THERE, "1001", "opened", {"number": "12345-1", "channel": "phone"})
OFFERED = Event("c", "12345", 2, 2, THERE, "1001", "offered", {"to": "110", "way": "voice", "mode": "conference"})


def case() -> Case:
    return fold([OPENED, OFFERED])


def message(limit: int | None = 60) -> Message:
    return Message("m", "12345", "110", "c", THERE, (OPENED, OFFERED), limit)


def test_given_a_clock_that_is_five_minutes_off_when_the_limit_is_told_then_what_is_left_is_counted_from_here() -> None:
    deadlines = Deadlines()
    deadlines.learn(message(), THERE)
    assert deadlines.ends_at(case(), HERE) == HERE + timedelta(seconds=60)


def test_given_a_message_that_waited_for_the_line_and_comes_twice_then_its_limit_has_run_meanwhile() -> None:
    deadlines, waited = Deadlines(), timedelta(seconds=20)
    deadlines.learn(message(), THERE + waited)
    deadlines.learn(message(), THERE + timedelta(minutes=9))
    assert deadlines.ends_at(case(), HERE + waited) == HERE + timedelta(seconds=60)


def test_given_a_desk_that_has_told_no_limit_then_no_end_is_known() -> None:
    deadlines = Deadlines()
    deadlines.learn(message(None), THERE)
    assert deadlines.ends_at(case(), HERE) is None


def test_given_a_message_that_says_it_is_ages_old_then_its_limit_is_over_and_nobody_stumbles() -> None:
    deadlines, ours = Deadlines(), THERE - timedelta(minutes=5)
    deadlines.learn(replace(message(1), made_at=datetime.min.replace(tzinfo=UTC)), THERE)
    ends = deadlines.ends_at(case(), ours)
    assert ends is not None and ends < ours

"""The clock is set back while a call runs: its story keeps its order, whoever reads the journal from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.calls.check import faults
from ivr.calls.clock import PAUSE, SteadyClock
from ivr.calls.model import Call, Row
from ivr.calls.projection import Projector
from tests.replay.streams import STREAMS, rows
from tests.unit.stories import EIGHT

BACK = timedelta(seconds=-5)


def read(journal: Iterable[Row]) -> list[Call]:
    """As the call log reads it."""
    projector: Projector[int] = Projector()
    clock = SteadyClock()
    for place, row in enumerate(journal):
        projector.add(row, place, clock.moved(row.at))
    return projector.take_changed()


def words(calls: Iterable[Call]) -> list[object]:
    """What is told, without any time, and without who hung up first: seconds without a row are lost with the step."""
    return [
        (
            call.id,
            call.outcome,
            [(leg.id, leg.role, leg.cause) for leg in call.legs],
            {(talk.leg_a, talk.leg_b) for talk in call.talks},
            [(one.id, one.result, [(tried.route, tried.result) for tried in one.attempts]) for one in call.transfers],
            [(step.step, step.value) for step in call.steps],
        )
        for call in sorted(calls, key=lambda call: call.id)
    ]


def set_back(journal: list[Row], at: int, by: timedelta = BACK) -> list[Row]:
    return [*journal[:at], *(replace(row, at=row.at + by) for row in journal[at:])]


def in_order(name: str) -> list[Row]:
    """The recorded rows, those of a few milliseconds' disorder put right."""
    return sorted(rows(name), key=lambda row: row.at)


@pytest.mark.parametrize("name", STREAMS)
def test_given_a_story_when_the_clock_is_set_back_in_any_of_its_pauses_then_the_same_is_told(name: str) -> None:
    journal = in_order(name)
    undisturbed = words(read(journal))
    pauses = [at for at in range(1, len(journal)) if journal[at].at - journal[at - 1].at > PAUSE]
    assert pauses
    for at in pauses:
        calls = read(set_back(journal, at))
        assert words(calls) == undisturbed, f"set back at row {at}"
        assert [fault for call in calls for fault in faults(call)] == []


def test_given_the_clock_was_set_back_when_the_journal_is_read_from_later_on_then_nothing_is_told_otherwise() -> None:
    """A restart reads from the oldest running call on; a rebuild from the beginning."""
    first = in_order("caller_leaves_while_110_rings")
    later = first[-1].at - first[0].at + timedelta(seconds=1)
    second = [replace(row, at=row.at + later) for row in in_order("consult_then_joined")]
    second = [replace(row, at=row.at + (first[0].at - second[0].at) + later) for row in second]
    journal = [*set_back(first, len(first) // 2), *(replace(row, at=row.at + BACK) for row in second)]
    whole = {call.id: call for call in read(journal)}
    from_there = {call.id: call for call in read(journal[len(first) :])}
    assert from_there
    assert from_there.items() <= whole.items()


def test_given_rows_a_little_out_of_order_when_they_are_read_then_the_clock_was_not_set_back() -> None:
    clock = SteadyClock()
    told = [clock.moved(EIGHT + timedelta(milliseconds=ms)) for ms in (0, 500, 490, 510, 300)]
    assert set(told) == {timedelta()}


def test_given_the_clock_was_set_back_twice_when_rows_are_read_then_both_steps_count() -> None:
    clock = SteadyClock()
    times = [EIGHT + timedelta(seconds=s) for s in (0, 10, 4, 5, 0)]
    assert [clock.moved(at).total_seconds() for at in times] == [0, 0, 6.03, 6.03, 11.06]
    assert clock.newest == EIGHT + timedelta(seconds=11.06)

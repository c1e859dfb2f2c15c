"""The matrix's judge is judged: what is wrong with a call must show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ivr.calls.projection import project
from tests.matrix.deaths import DEATHS
from tests.matrix.judge import Ear, left_alone, log_faults, silence, twice, way_of
from tests.matrix.run import Verdict, states_of, way_after
from tests.matrix.states import STATES
from tests.matrix.table import page
from tests.phones.tones import RATE, Heard, sine
from tests.replay.streams import rows

SILENCE = np.zeros(RATE, np.int16)  # a second
TONE = sine(850, 1)
PROMPT = np.random.default_rng(1).integers(-3000, 3000, RATE).astype(np.int16)
STORY = "first_route_busy_second_answers"


def heard(*seconds: np.ndarray) -> Heard:
    return Heard.of(np.concatenate(seconds), start=1000.0)


def test_given_a_party_in_silence_when_it_is_listened_to_then_the_longest_stretch_is_told() -> None:
    assert silence(heard(TONE, SILENCE, SILENCE, TONE, SILENCE, PROMPT)) == pytest.approx(2.0, abs=0.1)


def test_given_a_party_alone_for_too_long_when_it_is_judged_then_it_is_named() -> None:
    ear = Ear("caller", heard(TONE, *[SILENCE] * 6, TONE), 1000.0, 1008.0, may_be_silent=5.0)
    (fault,) = left_alone([ear])
    assert fault.startswith("caller heard nothing for 6.0 s")
    assert left_alone([replace(ear, may_be_silent=9.0)]) == []


def test_given_silence_before_the_strike_when_it_is_judged_then_it_does_not_count() -> None:
    ear = Ear("caller", heard(*[SILENCE] * 6, TONE, TONE), 1006.0, 1008.0, may_be_silent=5.0)
    assert left_alone([ear]) == []


def test_given_a_party_whose_leg_ended_when_it_is_judged_then_it_was_dropped() -> None:
    ear = Ear("operator", heard(TONE, TONE), 1000.0, 1002.0, may_be_silent=5.0, dropped_at=1001.0)
    assert left_alone([ear]) == ["operator was dropped"]


def test_given_two_invites_when_one_was_wanted_then_the_transfer_was_made_twice() -> None:
    assert twice(1, 1) == []
    assert twice(2, 1) == ["the desk was called 2 times, not 1"]


def test_given_a_whole_log_when_it_is_judged_then_nothing_is_found() -> None:
    (call,) = project(rows(STORY))
    assert log_faults([call], way_of(call)) == []


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("outcome", {"outcome": "interrupted"}),
        ("parties", {"legs": 1}),
        ("transfers", {"transfers": ()}),
        ("steps", {"steps": ()}),
        ("has no end", {"talks": "open"}),
    ],
)
def test_given_a_log_that_lacks_something_when_it_is_judged_then_that_is_told(what: str, change: dict) -> None:
    (call,) = project(rows(STORY))
    way = way_of(call)
    if change == {"legs": 1}:
        change = {"legs": call.legs[:-1], "talks": (), "transfers": call.transfers}
    if change == {"talks": "open"}:
        change = {"talks": tuple(replace(talk, ended_at=None) for talk in call.talks)}
    assert any(what in fault for fault in log_faults([replace(call, **change)], way))


def test_given_a_caller_with_two_calls_or_none_in_the_log_when_it_is_judged_then_that_is_told() -> None:
    (call,) = project(rows(STORY))
    assert log_faults([], way_of(call)) == ["the log has 0 calls of this caller, not one"]
    assert log_faults([call, call], way_of(call)) == ["the log has 2 calls of this caller, not one"]


def test_given_a_talk_that_ended_before_it_began_when_it_is_judged_then_the_log_contradicts_itself() -> None:
    (call,) = project(rows(STORY))
    turned = tuple(replace(talk, ended_at=talk.started_at - timedelta(seconds=1)) for talk in call.talks)
    assert log_faults([replace(call, talks=turned)], way_of(call))


def test_given_every_death_when_its_cells_are_counted_then_each_has_a_story_to_be_compared_with() -> None:
    for death in DEATHS:
        assert states_of(death)
        for _, state in states_of(death):
            assert way_after(death, state)


def test_given_verdicts_when_the_page_is_written_then_each_cell_has_its_sign_and_the_unmet_their_reason() -> None:
    verdicts = [Verdict("desk dead", state.name, (), "") for _, state in states_of(DEATHS[-3])]
    verdicts[0] = replace(verdicts[0], faults=("the caller was dropped",))
    text = page(verdicts, "today")
    (row,) = (line for line in text.splitlines() if line.startswith("| desk dead"))
    assert (row.count("●"), row.count("○"), row.count("–")) == (len(verdicts) - 1, 1, len(STATES) - len(verdicts))
    assert "the caller was dropped" in text

"""Every recorded journal tells the same story: in any order, doubled, in pieces, and again after a restart."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from ivr.calls.check import faults
from ivr.calls.model import Call, Row
from ivr.calls.projection import PATIENCE, Projector, project
from ivr.calls.rows import split_records
from tests.replay.record import without_marks
from tests.replay.streams import STREAMS, journal, ladder_file, rows, story

LATER = timedelta(hours=1)

each_stream = pytest.mark.parametrize("name", STREAMS)


def by_id(calls: list[Call] | tuple[Call, ...]) -> dict[str, Call]:
    return {call.id: call for call in calls}


@each_stream
def test_given_a_recorded_journal_then_its_ladder_is_the_one_beside_it(name: str) -> None:
    assert story(name) == ladder_file(name).read_text(encoding="utf-8")


@each_stream
def test_given_a_recorded_journal_at_any_moment_then_its_calls_are_sound(name: str) -> None:
    whole = rows(name)
    for until in range(len(whole) + 1):
        for call in project(whole[:until]):
            assert faults(call) == [], f"after {until} rows"


@each_stream
def test_given_the_rows_come_in_another_order_and_twice_then_the_story_is_the_same(name: str) -> None:
    whole = rows(name)
    expected = project(whole)
    for seed in range(10):
        mixed = whole * 2
        random.Random(seed).shuffle(mixed)
        assert project(mixed) == expected


@each_stream
def test_given_the_rows_come_in_two_parts_then_the_second_take_completes_the_first(name: str) -> None:
    whole = rows(name)
    expected = by_id(project(whole))
    for cut in range(len(whole) + 1):
        projector: Projector[int] = Projector()
        known: dict[str, Call] = {}
        for part in (whole[:cut], whole[cut:]):
            for row in part:
                projector.add(row)
            known |= by_id(projector.take_changed())
        assert known == expected, f"cut after {cut} rows"
        assert projector.take_changed() == []


@each_stream
def test_given_the_journal_is_cut_in_the_middle_of_a_line_then_no_record_is_lost(name: str) -> None:
    data = journal(name)
    expected = [record.fields for record in split_records(data)[0]]
    for cut in range(0, len(data), 23):
        first, rest = split_records(data[:cut])
        second, left = split_records(rest + data[cut:])
        assert [record.fields for record in (*first, *second)] == expected
        assert left == b""


def save(store: dict[str, Call], whole: list[Row], start: int, until: int, applied: int) -> int:
    """Read rows `start` to `until`; those before `applied` are in the store already. Says where to begin next time."""
    projector: Projector[int] = Projector()
    for place in range(start, until):
        if place == applied:
            projector.take_changed()
        projector.add(whole[place], place)
        if place >= applied:
            store |= by_id(projector.take_changed())
            projector.forget_finished(whole[place].at)
    oldest = projector.oldest_position()
    return until if oldest is None else oldest


@each_stream
def test_given_a_restart_after_any_row_when_reading_resumes_at_the_oldest_call_then_nothing_is_lost(name: str) -> None:
    whole = rows(name)
    expected = by_id(project(whole))
    for died in range(len(whole) + 1):
        store: dict[str, Call] = {}
        again = save(store, whole, 0, died, 0)
        save(store, whole, again, len(whole), died)
        assert store == expected, f"died after {died} rows, began again at {again}"


def a_busy_minute() -> list[Row]:
    """Several stories at once, each begun two seconds after the one before."""
    names = (
        "transfer_to_110_by_key",
        "two_calls_at_once",
        "110_hands_back",
        "operators_phone_dies",
        "hostile_caller_id",
    )
    moved = []
    for place, name in enumerate(names):
        one = rows(name)
        by = rows(names[0])[0].at + timedelta(seconds=2 * place) - one[0].at
        moved += [replace(row, at=row.at + by) for row in one]
    return sorted(moved, key=lambda row: row.at)


def test_given_a_busy_minute_when_the_reader_dies_then_every_call_is_told_as_if_it_had_not() -> None:
    whole = a_busy_minute()
    expected = by_id(project(whole))
    assert len(expected) == 6
    for died in range(0, len(whole), 7):
        store: dict[str, Call] = {}
        again = save(store, whole, 0, died, 0)
        save(store, whole, again, len(whole), died)
        assert store == expected, f"died after {died} rows, began again at {again}"


@each_stream
def test_given_every_call_is_over_then_all_of_it_is_let_go(name: str) -> None:
    whole = rows(name)
    projector: Projector[int] = Projector()
    for place, row in enumerate(whole):
        projector.add(row, place)
    finished = all(call.ended_at for call in projector.take_changed())
    projector.forget_finished(whole[-1].at)
    assert projector.oldest_position() is not None, "rows may still come"
    projector.forget_finished(whole[-1].at + PATIENCE + LATER)
    assert finished
    assert projector.oldest_position() is None


@each_stream
def test_a_recorded_journal_holds_no_mark_of_a_real_run(name: str) -> None:
    data = journal(name)
    assert without_marks(data) == data


@each_stream
def test_a_recorded_journal_was_written_in_the_order_of_time_but_for_some_milliseconds(name: str) -> None:
    """What the projector relies on: a row is never late by as much as its grace."""
    assert all(later.at - earlier.at > timedelta(seconds=-1) for earlier, later in pairwise(rows(name)))

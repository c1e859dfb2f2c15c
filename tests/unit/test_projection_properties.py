"""Whatever rows there are, the log that they give is sound, and it does not depend on how they came."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calls.check import ATTEMPT_RESULTS, TRANSFER_RESULTS, faults
from ivr.calls.ladder import draw
from ivr.calls.model import Call, Row
from ivr.calls.projection import GRACE, PATIENCE, Projector, project
from tests.replay.streams import STREAMS, rows
from tests.replay.tape import CALL, NAMES, Tape, at

CALLS = (CALL, "22222222-2222-4333-8444-555555555555", "")
ids = st.sampled_from([f"hotline-1000.{n}" for n in range(5)] + ["hotline-2000.1"])
seconds = st.one_of(st.integers(0, 40).map(lambda n: n / 2), st.integers(0, 60).map(lambda n: n / 1000))
keys = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([*CALLS, "t1", "t2"]),
        "call": st.sampled_from(CALLS),
        "bridge_id": st.sampled_from(["a", "b", ""]),
        "bridge_technology": st.sampled_from(["simple_bridge", "softmix", "holding_bridge"]),
        "hangupcause": st.sampled_from(["0", "16", "44", "19", "x", "99999999", "-1", "²"]),
        "hangupsource": st.sampled_from([*NAMES.values(), "", "dialplan/builtin"]),
        "role": st.sampled_from(["operator", "desk", "caller", "nobody"]),
        "party": st.sampled_from(["110", "1001", "\x1b[31m"]),
        "route": st.sampled_from(["1", "2"]),
        "uri": st.sampled_from(["sip:110@10.0.0.1", "x", ""]),
        "result": st.sampled_from(sorted(TRANSFER_RESULTS & ATTEMPT_RESULTS)),
        "leg": ids,
        "by": ids,
        "file": st.just("x.wav"),
        "step": st.sampled_from(["queue", "language"]),
        "value": st.sampled_from(["en", ""]),
    },
)
events = st.sampled_from(
    ["CHAN_START", "ANSWER", "HANGUP", "CHAN_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "LINKEDID_END", "APP_START", "ODD"]
)
user_events = st.sampled_from(
    [
        *("CALL", "CALL", "LEG", "STEP", "RECORDING", "RINGING", "RELEASED", "REQUEUED", "ODD"),
        *(
            "TRANSFER_ASK",
            "TRANSFER_REFUSED",
            "TRANSFER_DIAL",
            "TRANSFER_ROUTE_FAILED",
            "TRANSFER_JOINED",
            "TRANSFER_END",
        ),
    ]
)


@st.composite
def garbage(draw_from: st.DrawFn) -> Row:
    user = draw_from(st.one_of(st.just(""), user_events))
    return Row(
        event="USER_DEFINED" if user else draw_from(events),
        at=at(draw_from(seconds)),
        num=draw_from(st.sampled_from(["138", "", "\r\n"])),
        name="",
        exten="12345",
        context="entry",
        channel=draw_from(st.sampled_from([*NAMES.values(), "", "odd", "Local/x;1", "Local/x;2"])),
        app=draw_from(st.sampled_from(["", "AppQueue", "AppDial", "Queue"])),
        data="",
        uniqueid=draw_from(ids),
        linkedid=draw_from(ids),
        peer="",
        user_event=user,
        extra=draw_from(keys),
        run=draw_from(st.sampled_from(["run1", "run1", "run2"])),
    )


@st.composite
def mangled(draw_from: st.DrawFn) -> list[Row]:
    """A recorded stream with rows lost, and times a little off."""
    whole = rows(draw_from(st.sampled_from(STREAMS)))
    kept = draw_from(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))
    off = random.Random(draw_from(st.integers(0, 1000)))
    return [
        replace(row, at=row.at + timedelta(milliseconds=off.uniform(-5, 5)))
        for row, keep in zip(whole, kept, strict=True)
        if keep or row.user_event == "CALL"
    ]


def assert_sound(calls: tuple[Call, ...]) -> None:
    for call in calls:
        assert faults(call) == []
        assert call.id in draw(call)


@given(st.lists(garbage(), max_size=30))
@settings(max_examples=300)
def test_given_any_rows_then_the_log_is_sound(rows: list[Row]) -> None:
    assert_sound(project(rows))


@given(st.lists(garbage(), max_size=30))
def test_given_any_foreign_rows_then_the_log_is_sound(rows: list[Row]) -> None:
    assert_sound(project(rows, foreign=True))


@given(mangled())
def test_given_rows_of_real_calls_are_lost_then_the_log_is_sound(rows: list[Row]) -> None:
    assert_sound(project(rows))


@given(st.lists(garbage(), max_size=20), st.randoms())
def test_given_any_rows_then_order_and_doubles_change_nothing(rows: list[Row], chance: random.Random) -> None:
    mixed = rows * 2
    chance.shuffle(mixed)
    assert project(mixed) == project(rows)


@given(st.lists(garbage(), max_size=20), st.integers(0, 20))
def test_given_any_rows_in_two_parts_then_the_second_take_completes_the_first(rows: list[Row], cut: int) -> None:
    projector: Projector[None] = Projector()
    known: dict[str, Call] = {}
    for part in (rows[:cut], rows[cut:]):
        for row in part:
            projector.add(row)
        known |= {call.id: call for call in projector.take_changed()}
    whole = {call.id: call for call in project(rows)}
    assert {id: known.get(id) for id in whole} == whole


# — the projector's bookkeeping ———————————————————————————————————————————————————————————————————————————————————————


def call(run: str = "run1", start: float = 0.0, number: int = 0) -> Tape:
    """A caller who gives up after a second; every call has its own ids."""
    tape = Tape(run, call=f"{number:08d}-2222-4333-8444-555555555555", epoch=1000 + number)
    tape.arrives(start)
    tape.end(start + 1, "caller", source="caller")
    return tape


def test_given_two_calls_run_when_the_first_ends_then_reading_need_only_begin_at_the_second() -> None:
    projector: Projector[int] = Projector()
    first, second = call(number=1).rows, call(number=2, start=0.5).rows
    for place, row in enumerate([*first[:3], *second[:3], *first[3:]]):
        projector.add(row, place)
    projector.take_changed()
    assert projector.oldest_position() == 0
    projector.forget_finished(at(1) + GRACE)
    assert projector.oldest_position() == 3


def test_given_nothing_runs_then_there_is_no_oldest_position() -> None:
    projector: Projector[int] = Projector()
    assert projector.oldest_position() is None


def test_given_a_call_has_just_ended_when_a_late_row_comes_then_it_still_counts() -> None:
    projector: Projector[int] = Projector()
    tape = call()
    tape.user(1.2, "STEP", "caller", call=tape.call, step="late", value="")
    *early, late = tape.rows
    for row in early:
        projector.add(row)
    assert [one.steps for one in projector.take_changed()] == [()]
    projector.forget_finished(at(1.1))
    projector.add(late)
    assert [step.step for one in projector.take_changed() for step in one.steps] == ["late"]


def test_given_what_changed_was_not_taken_then_it_is_not_let_go() -> None:
    projector: Projector[int] = Projector()
    for row in call().rows:
        projector.add(row)
    projector.forget_finished(at(3600))
    assert len(projector.take_changed()) == 1


def test_given_a_row_that_tells_nothing_new_then_no_call_has_changed() -> None:
    projector: Projector[int] = Projector()
    tape = call()
    for row in tape.rows:
        projector.add(row)
    projector.take_changed()
    tape.row(1, "LINKEDID_END", "caller")
    for row in tape.rows:
        projector.add(row)
    assert projector.take_changed() == []


def test_given_asterisk_died_when_its_next_run_begins_then_the_calls_that_it_cut_off_are_over_and_let_go() -> None:
    projector: Projector[int] = Projector()
    cut_off = call(number=1).rows[:3]
    for row in cut_off:
        projector.add(row, 1)
    assert [one.outcome for one in projector.take_changed()] == [None]
    for row in call("run2", start=60, number=2).rows[:1]:
        projector.add(row, 2)
    assert [one.outcome for one in projector.take_changed()] == ["interrupted"]
    projector.forget_finished(at(70))
    assert projector.oldest_position() == 1, "the next run may still tell how long it lived"
    projector.forget_finished(at(60) + PATIENCE)
    assert projector.oldest_position() == 2

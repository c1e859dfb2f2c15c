"""Rows → calls: stories written by hand, each told by its rows."""

from __future__ import annotations

import pytest

from ivr.calls.check import faults
from ivr.calls.model import Call, Leg
from ivr.calls.projection import Projector, project
from tests.replay.tape import CALL, Tape, at

Pairs = list[tuple[str, str, float, float | None]]


def only(tape: Tape) -> Call:
    (call,) = project(tape.rows)
    assert faults(call) == []
    return call


def leg(call: Call, tape: Tape, who: str) -> Leg:
    return next(leg for leg in call.legs if leg.id == tape.id(who))


def talks(call: Call, tape: Tape) -> Pairs:
    names = {tape.id(who): who for who in ("caller", "op", "op2", "desk", "desk2")}
    seconds = [
        (talk.started_at - at(0), talk.ended_at - at(0) if talk.ended_at else None, talk.leg_a, talk.leg_b)
        for talk in call.talks
    ]
    return [(names[a], names[b], s.total_seconds(), e.total_seconds() if e else None) for s, e, a, b in seconds]


def plain(tape: Tape) -> None:
    """The caller reaches an operator at 5 and leaves at 60."""
    tape.arrives()
    tape.reaches(5)
    tape.leave(60, "queue", "caller", "op")
    tape.end(60, "caller", source="caller")
    tape.end(60, "op", source="caller")


# — a call and its legs ———————————————————————————————————————————————————————————————————————————————————————————————


def test_given_a_caller_and_an_operator_then_there_are_two_legs_and_one_talk() -> None:
    tape = Tape()
    plain(tape)
    tape.user(0.1, "STEP", "caller", call=CALL, step="queue", value="q-general")
    tape.user(5, "RECORDING", "op", file="2026/11/22/x/1.wav")
    call = only(tape)
    assert (call.id, call.number, call.caller, call.node, call.language) == (
        CALL,
        "12345",
        "13800138000",
        "hotline",
        "zh",
    )
    assert (call.entered_at, call.answered_at, call.ended_at, call.outcome) == (at(0), at(5), at(60), "answered")
    assert [(leg.role, leg.party, leg.direction) for leg in call.legs] == [
        ("caller", "13800138000", "in"),
        ("operator", "1001", "out"),
    ]
    operator = leg(call, tape, "op")
    assert (operator.started_at, operator.answered_at, operator.ended_at) == (at(4), at(5), at(60))
    assert (operator.cause, operator.hung_up_by) == (16, "caller")
    assert (operator.recording, operator.recorded_from) == ("2026/11/22/x/1.wav", at(5))
    assert talks(call, tape) == [("caller", "op", 5, 60)]
    assert [(step.step, step.value) for step in call.steps] == [("queue", "q-general")]


def test_given_a_running_call_then_what_goes_on_has_no_end() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    call = only(tape)
    assert (call.ended_at, call.outcome) == (None, None)
    assert talks(call, tape) == [("caller", "op", 5, None)]


def test_given_a_phone_code_then_there_is_no_call() -> None:
    tape = Tape()
    tape.start(0, "op")
    tape.answer(0, "op")
    tape.end(1, "op", source="dialplan")
    assert project(tape.rows) == ()


@pytest.mark.parametrize(
    ("endpoint", "role", "party"),
    [
        ("desk-110", "desk", "110"),
        ("department-gas", "department", "gas"),
        ("interpreter-en", "interpreter", "en"),
        ("1001", "operator", "1001"),
        ("front-desk", "operator", "front-desk"),
    ],
)
def test_a_legs_role_is_its_endpoints(endpoint: str, role: str, party: str) -> None:
    tape = Tape(names={"caller": "PJSIP/trunk-public-00000000", "op": f"PJSIP/{endpoint}-00000001"})
    plain(tape)
    assert [(leg.role, leg.party) for leg in only(tape).legs[1:]] == [(role, party)]


def test_given_the_dialplan_tells_the_role_then_that_counts() -> None:
    tape = Tape()
    plain(tape)
    tape.user(5, "LEG", "op", call=CALL, role="supervisor", party="9001")
    assert (leg(only(tape), tape, "op").role, leg(only(tape), tape, "op").party) == ("supervisor", "9001")


def test_given_a_desk_hands_a_citizen_over_then_its_leg_is_the_callers() -> None:
    tape = Tape(names={"caller": "PJSIP/desk-110-00000000", "op": "PJSIP/1001-00000001"})
    tape.arrives(handed_over_by="110")
    tape.reaches(5)
    call = only(tape)
    assert call.handed_over_by == "110"
    assert [leg.role for leg in call.legs] == ["caller", "operator"]


def test_given_the_caller_chose_a_language_then_the_call_has_it() -> None:
    tape = Tape()
    plain(tape)
    tape.user(2, "STEP", "caller", call=CALL, step="language", value="en")
    assert only(tape).language == "en"


# — who hung up ———————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_the_operator_hangs_up_then_both_legs_say_so() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(60, "queue", "op", "caller")
    tape.end(60, "op", source="op")
    tape.end(60.3, "caller", source="dialplan")
    assert [leg.hung_up_by for leg in only(tape).legs] == ["operator", "operator"]


def test_given_a_phone_rings_out_then_it_is_no_answer_by_the_system() -> None:
    tape = Tape()
    tape.arrives()
    tape.start(1, "op", "caller")
    tape.end(11, "op", cause=0, app="AppQueue")
    tape.end(20, "caller", source="caller")
    call = only(tape)
    rung = leg(call, tape, "op")
    assert (rung.ringing_at, rung.answered_at, rung.cause, rung.hung_up_by) == (at(1), None, 19, "system")
    assert call.outcome == "abandoned"


def test_given_the_caller_leaves_while_a_phone_rings_then_that_leg_was_cancelled_by_him() -> None:
    tape = Tape()
    tape.arrives()
    tape.start(1, "op", "caller")
    tape.end(5, "caller", source="caller")
    tape.end(5.001, "op", cause=0, app="AppQueue")
    rung = leg(only(tape), tape, "op")
    assert (rung.cause, rung.hung_up_by) == (16, "caller")


def test_given_a_ringing_event_then_that_is_when_it_rang() -> None:
    tape = Tape()
    plain(tape)
    tape.user(4.5, "RINGING", "caller", leg=tape.id("op"))
    assert leg(only(tape), tape, "op").ringing_at == at(4.5)


def test_given_no_voice_arrives_then_the_leg_timed_out_and_the_sticky_cause_names_no_other() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(20, "queue", "op", "caller")
    tape.end(20, "op", cause=44)
    tape.user(20.1, "REQUEUED", "caller", call=CALL, reason="operator_died")
    tape.reaches(25, "op2", bridge="again")
    tape.leave(40, "again", "op2", "caller")
    tape.end(40, "op2", cause=44, source="op2")
    tape.end(40.3, "caller", cause=44, source="op")
    call = only(tape)
    assert [(leg.cause, leg.hung_up_by) for leg in call.legs] == [(16, "operator"), (44, "timeout"), (16, "operator")]
    assert [(step.step, step.value) for step in call.steps] == [("requeued", "operator_died")]
    assert talks(call, tape) == [("caller", "op", 5, 20), ("caller", "op2", 25, 40)]


def test_given_a_leg_left_before_the_one_that_is_named_then_it_left_by_itself() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(59.9, "queue", "op")
    tape.leave(60, "queue", "caller")
    tape.end(60, "op", source="caller")
    tape.end(60.01, "caller", source="caller")
    assert leg(only(tape), tape, "op").hung_up_by == "operator"


def test_given_a_caller_who_waits_again_when_he_hangs_up_then_the_one_who_left_his_talk_before_did_not_end_it() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(20, "queue", "op", "caller")
    tape.end(20, "op", source="op")
    tape.user(20.1, "REQUEUED", "caller", call=CALL, reason="unknown")
    tape.end(23, "caller", source="op")  # hangupsource is sticky: it names the operator still
    assert leg(only(tape), tape, "caller").hung_up_by == "caller"


# — talks —————————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_three_in_a_bridge_then_there_are_three_talks() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.start(9, "desk", "caller")
    tape.answer(10, "desk")
    tape.enter(10, "queue", "desk")
    tape.leave(20, "queue", "op", technology="softmix")
    tape.leave(30, "queue", "caller", "desk")
    assert talks(only(tape), tape) == [("caller", "op", 5, 20), ("caller", "desk", 10, 30), ("op", "desk", 10, 20)]


def test_given_a_bridge_is_swapped_for_another_then_it_is_one_talk() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(20, "queue", "op", "caller")
    tape.enter(20.04, "private", "op", "caller")
    tape.leave(30, "private", "op", "caller")
    assert talks(only(tape), tape) == [("caller", "op", 5, 30)]


def test_given_a_pause_of_a_second_then_there_are_two_talks() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(20, "queue", "op", "caller")
    tape.enter(21, "private", "op", "caller")
    tape.leave(30, "private", "op", "caller")
    assert talks(only(tape), tape) == [("caller", "op", 5, 20), ("caller", "op", 21, 30)]


def test_given_two_meet_for_less_than_a_frame_then_nobody_heard_anything() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.leave(5.015, "queue", "op", "caller")
    assert talks(only(tape), tape) == []


def test_given_an_exit_seems_to_come_before_its_entry_then_the_stay_does_not_last_for_ever() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.start(9, "desk", "caller")
    tape.leave(9.995, "queue", "desk")
    tape.enter(10, "queue", "desk")
    assert talks(only(tape), tape) == [("caller", "op", 5, None)]


def test_given_a_leg_enters_the_next_bridge_just_before_it_leaves_the_last_then_it_is_in_one_at_a_time() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.start(9, "desk", "caller")
    tape.enter(10, "private", "desk", "op")
    tape.leave(10.00002, "queue", "op")
    tape.leave(20, "private", "desk", "op")
    tape.enter(20.00002, "queue", "op")
    assert talks(only(tape), tape) == [
        ("caller", "op", 5, 10),
        ("op", "desk", 10, 20),
        ("caller", "op", 20.00002, None),
    ]


def test_given_somebody_waits_in_a_holding_bridge_then_he_talks_to_nobody_there() -> None:
    tape = Tape()
    tape.arrives()
    tape.start(1, "op", "caller")
    tape.answer(2, "op")
    tape.enter(3, "hold", "caller", "op", technology="holding_bridge")
    assert talks(only(tape), tape) == []


def test_given_a_local_pair_joins_two_bridges_then_the_parties_behind_it_talk_with_each_other() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.start(8, "half1")
    tape.start(8, "half2", "half1")
    tape.start(8, "desk", "half1")
    tape.user(8, "LEG", "desk", call=CALL, role="desk", party="110")
    tape.enter(10, "queue", "half1")
    tape.enter(11, "far", "half2", "desk")
    tape.leave(20, "far", "half2", "desk")
    call = only(tape)
    assert talks(call, tape) == [("caller", "op", 5, None), ("caller", "desk", 11, 20), ("op", "desk", 11, 20)]
    assert len(call.legs) == 3


# — transfers —————————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_the_first_route_is_busy_when_the_second_answers_then_one_transfer_has_two_attempts() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.asks(20)
    tape.told(20.1, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    tape.start(20.2, "desk", "half1")
    tape.told(20.4, "TRANSFER_ROUTE_FAILED", route="1", result="busy", cause="17")
    tape.end(20.41, "desk", cause=17, source="desk")
    tape.told(20.4, "TRANSFER_DIAL", route="2", uri="sip:110@10.0.0.2")
    tape.start(20.5, "desk2", "half1")
    tape.answer(25, "desk2", app="AppDial")
    tape.user(25, "LEG", "desk2", call=CALL, role="desk", party="110")
    tape.relink("desk2", "caller")
    tape.enter(25.1, "queue", "desk2")
    tape.told(25.2, "TRANSFER_JOINED", route="2", leg=tape.id("desk2"), ring_ms="350")
    tape.leave(28, "queue", "op")
    tape.told(28, "TRANSFER_END", result="completed", cause="")
    tape.end(28.4, "op", source="dialplan")
    tape.end(28.5, "half1", source="dialplan")
    tape.end(28.5, "half2")
    tape.leave(60, "queue", "caller", "desk2")
    tape.end(60, "caller", source="caller")
    tape.end(60, "desk2", source="caller")
    call = only(tape)
    assert call.outcome == "transferred"
    assert [(leg.role, leg.party, leg.number) for leg in call.legs[2:]] == [
        ("desk", "110", "110"),
        ("desk", "110", "110"),
    ]
    (transfer,) = call.transfers
    assert (transfer.target, transfer.mode, transfer.trigger, transfer.asked_by) == (
        "110",
        "transfer",
        "key",
        tape.id("op"),
    )
    assert (transfer.asked_at, transfer.ended_at, transfer.result, transfer.cause) == (
        at(20),
        at(28),
        "completed",
        None,
    )
    first, second = transfer.attempts
    assert (first.route, first.leg_id, first.result, first.cause) == ("sip:110@10.0.0.1", tape.id("desk"), "busy", 17)
    assert (second.route, second.leg_id, second.result, second.cause) == (
        "sip:110@10.0.0.2",
        tape.id("desk2"),
        "answered",
        None,
    )
    assert (second.dialled_at, second.ringing_at, second.answered_at) == (at(20.4), at(20.75), at(25))
    assert leg(call, tape, "desk2").ringing_at == at(20.75)


def test_given_a_route_is_passed_over_and_tried_again_then_the_leg_belongs_to_the_second_try() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.asks(20)
    tape.told(20.1, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    tape.told(20.1, "TRANSFER_ROUTE_FAILED", route="1", result="unreachable", cause="27")
    tape.told(20.2, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    tape.start(20.2, "desk", "half1")
    tape.told(25, "TRANSFER_ROUTE_FAILED", route="1", result="no_answer", cause="19")
    tape.end(25, "desk", cause=0, app="AppDial")
    tape.told(25, "TRANSFER_END", result="failed", reason="no_answer", cause="19")
    (transfer,) = only(tape).transfers
    assert [(one.leg_id, one.result, one.cause) for one in transfer.attempts] == [
        (None, "unreachable", 27),
        (tape.id("desk"), "no_answer", 19),
    ]
    assert (transfer.result, transfer.reason, transfer.cause) == ("failed", "no_answer", 19)


def test_given_a_transfer_is_refused_then_it_says_why() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.asks(20)
    tape.told(20, "TRANSFER_REFUSED", reason="ping_pong")
    (transfer,) = only(tape).transfers
    assert (transfer.result, transfer.reason, transfer.ended_at) == ("refused", "ping_pong", at(20))


def test_given_an_order_is_sent_again_while_it_runs_then_the_second_ones_refusal_changes_nothing() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.asks(20)
    tape.told(20.1, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    tape.asks(21)
    tape.told(21, "TRANSFER_REFUSED", reason="busy")
    tape.told(25, "TRANSFER_ROUTE_FAILED", route="1", result="no_answer", cause="19")
    tape.told(25, "TRANSFER_END", result="failed", reason="no_answer", cause="19")
    (transfer,) = only(tape).transfers
    assert (transfer.asked_at, transfer.result, transfer.reason) == (at(20), "failed", "no_answer")
    assert [one.result for one in transfer.attempts] == ["no_answer"]


def test_given_the_caller_leaves_and_nobody_is_left_to_tell_then_the_transfer_was_abandoned() -> None:
    tape = Tape()
    tape.arrives()
    tape.reaches(5)
    tape.asks(20)
    tape.told(20, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    tape.start(20, "desk", "half1")
    for who in ("caller", "op", "desk", "half1", "half2"):
        tape.end(30, who, source="caller")
    (transfer,) = only(tape).transfers
    assert (transfer.result, transfer.ended_at, transfer.attempts[0].result) == ("abandoned", at(30), "abandoned")


def test_given_the_emergency_key_then_the_call_is_an_emergency() -> None:
    tape = Tape()
    tape.arrives()
    tape.start(3, "half1")
    keys = {"target": "110", "mode": "transfer", "trigger": "caller_key"}
    tape.told(3, "TRANSFER_ASK", **keys, by=tape.id("caller"))
    tape.told(3, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    tape.start(3, "desk", "half1")
    tape.answer(4, "desk")
    tape.enter(5, "direct", "caller", "desk")
    tape.told(5, "TRANSFER_JOINED", route="1", leg=tape.id("desk"))
    tape.leave(9, "direct", "caller", "desk")
    for who in ("caller", "desk", "half1"):
        tape.end(9, who, source="caller")
    call = only(tape)
    assert (call.outcome, call.answered_at, call.transfers[0].asked_by) == ("emergency", at(5), tape.id("caller"))


def test_given_a_caller_who_was_never_answered_then_he_was_never_let_in() -> None:
    tape = Tape()
    tape.start(0, "caller")
    tape.user(0, "CALL", "caller", id=CALL, number="12345", caller="1")
    tape.end(0.1, "caller", cause=21, source="dialplan")
    assert only(tape).outcome == "rejected"


@pytest.mark.parametrize(
    ("steps", "outcome"), [(["screened"], "rejected"), (["screened", "emergency_key"], "abandoned"), ([], "abandoned")]
)
def test_given_a_caller_who_was_screened_then_he_was_never_let_in_unless_he_took_the_emergency_path(
    steps: list[str], outcome: str
) -> None:
    tape = Tape()
    tape.arrives()
    for second, step in enumerate(steps, 1):
        tape.user(second, "STEP", "caller", call=CALL, step=step, value="rate")
    tape.end(9, "caller", source="caller")
    assert only(tape).outcome == outcome


# — what belongs together —————————————————————————————————————————————————————————————————————————————————————————————


def test_given_a_desk_that_never_answered_then_the_helpers_events_tie_it_to_the_call() -> None:
    tape = Tape()
    tape.arrives()
    tape.asks(20)
    tape.start(20, "desk", "half1")
    tape.end(21, "desk", cause=17, source="desk")
    assert [leg.role for leg in only(tape).legs] == ["caller", "desk"]


def test_given_two_calls_side_by_side_then_they_stay_apart() -> None:
    one, other = Tape(), Tape(call="22222222-2222-4333-8444-555555555555", epoch=2000)
    plain(one)
    plain(other)
    for row in other.rows:
        if "bridge_id" in row.extra:
            row.extra["bridge_id"] = "other"  # type: ignore[index]
    calls = project([*one.rows, *other.rows])
    assert [len(call.legs) for call in calls] == [2, 2]
    assert len({call.id for call in calls}) == 2


def test_given_two_callers_are_brought_together_then_each_keeps_his_call() -> None:
    one, other = Tape(), Tape(call="22222222-2222-4333-8444-555555555555", epoch=2000)
    plain(one)
    plain(other)  # the same bridge
    calls = project([*one.rows, *other.rows])
    assert [[leg.role for leg in call.legs] for call in calls] == [["caller", "operator"]] * 2
    assert [faults(call) for call in calls] == [[], []]


# — Asterisk dies —————————————————————————————————————————————————————————————————————————————————————————————————————


def test_given_asterisk_dies_when_another_run_begins_then_open_legs_were_interrupted() -> None:
    before, after = Tape(run="old"), Tape(run="new", call="22222222-2222-4333-8444-555555555555", epoch=2000)
    before.arrives()
    before.reaches(5)
    before.asks(20)
    before.told(20, "TRANSFER_DIAL", route="1", uri="sip:110@10.0.0.1")
    before.start(20.5, "desk", "half1")
    after.arrives(100)
    for rows in ([*before.rows, *after.rows], [*after.rows, *before.rows]):
        dead, alive = project(rows)
        assert faults(dead) == faults(alive) == []
        assert (dead.outcome, dead.ended_at) == ("interrupted", at(20.5))
        assert {(leg.ended_at, leg.cause, leg.hung_up_by) for leg in dead.legs} == {(at(20.5), None, "interrupted")}
        assert talks(dead, before) == [("caller", "op", 5, 20.5)]
        assert (dead.transfers[0].result, dead.transfers[0].attempts[0].result) == ("interrupted", "interrupted")
        assert (alive.ended_at, alive.outcome) == (None, None)


@pytest.mark.parametrize(("lived", "until"), [(60, 60), (200, 99)])  # a clock that was wrong reaches into no new run
def test_given_asterisk_died_in_a_quiet_talk_when_the_next_run_tells_how_long_it_lived_then_the_talk_is_as_long(
    lived: float, until: float
) -> None:
    before, after = Tape(run="old"), Tape(run="new", epoch=2000)
    before.arrives()
    before.reaches(5)
    after.start(99, "half1")
    after.user(99, "STARTED", "half1", last=f"{at(lived):%Y-%m-%dT%H:%M:%S.%fZ}")
    for rows in ([*before.rows, *after.rows], [*after.rows, *before.rows]):
        (dead,) = project(rows)
        assert faults(dead) == []
        assert (dead.outcome, dead.ended_at) == ("interrupted", at(until))
        assert talks(dead, before) == [("caller", "op", 5, until)]


@pytest.mark.parametrize("lived", [60, None])
def test_given_asterisk_died_when_a_caller_is_there_before_the_next_run_tells_how_long_it_lived_then_it_still_counts(
    lived: float | None,
) -> None:
    before, after = Tape(run="old"), Tape(run="new", call="22222222-2222-4333-8444-555555555555", epoch=2000)
    before.arrives()
    before.reaches(5)
    after.arrives(99)
    after.start(100, "half1")
    after.user(100, "STARTED", "half1", last=f"{at(lived):%Y-%m-%dT%H:%M:%S.%fZ}" if lived else "")
    projector = Projector[int]()
    told: dict[str, Call] = {}
    for position, row in enumerate([*before.rows, *after.rows]):
        projector.add(row, position)
        told |= {call.id: call for call in projector.take_changed()}
        projector.forget_finished(row.at)
    dead, alive = sorted(told.values(), key=lambda call: call.entered_at)
    assert (dead, alive) == project([*before.rows, *after.rows])
    assert dead.ended_at == at(lived or 5)
    oldest = projector.oldest_position()
    assert oldest is not None and oldest >= len(before.rows), "what is known for good is let go"


def test_given_another_node_runs_on_then_no_leg_of_this_one_is_interrupted() -> None:
    here = Tape(run="a")
    here.arrives()
    there = Tape(run="b", call="22222222-2222-4333-8444-555555555555")
    there.id = lambda who: f"elsewhere-1.{ord(who[0])}"  # type: ignore[method-assign]
    there.arrives(100)
    assert [call.ended_at for call in project([*here.rows, *there.rows])] == [None, None]


# — another Asterisk's file ———————————————————————————————————————————————————————————————————————————————————————————


def test_given_a_foreign_file_then_an_answered_pair_is_a_call() -> None:
    tape = Tape(names={"caller": "SIP/trunk-00000000", "op": "SIP/201-00000001"})
    tape.start(0, "caller")
    tape.answer(0, "caller")
    tape.reaches(5)
    tape.leave(60, "queue", "op", "caller")
    tape.end(60, "op", source="op")
    tape.end(60, "caller", source="op")
    assert project(tape.rows) == ()
    (call,) = project(tape.rows, foreign=True)
    assert faults(call) == []
    assert (call.number, call.caller, call.outcome) == ("12345", "13800138000", "answered")
    assert [(leg.role, leg.party) for leg in call.legs] == [("caller", "13800138000"), ("operator", "201")]
    assert call.id == project(tape.rows, foreign=True)[0].id


def test_given_a_foreign_channel_that_nobody_answered_then_it_is_no_call() -> None:
    tape = Tape()
    tape.start(0, "op")
    tape.end(1, "op")
    assert project(tape.rows, foreign=True) == ()

"""The judge: a true log passes, and each kind of lie is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ivr.calls.model import Attempt, Call, Leg, Talk, Transfer
from tests.phones.tones import Heard, sine
from tests.soak.evidence import Ask, Done, Ear, Evidence, World, silences, tones_of
from tests.soak.judge import differences
from tests.soak.spans import common, merged, padded, without

T0 = 1_700_000_000.0
CALLER, OPERATOR, DESK = 1450, 600, 1300
NUMBER = "13800000001"


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(T0 + seconds, UTC)


def leg(role: str, party: str, began: float, answered: float, ended: float, by: str) -> Leg:
    return Leg(
        id=f"node-{party}",
        call_id="c",
        role=role,
        party=party,
        number=party,
        direction="in" if role == "caller" else "out",
        started_at=at(began),
        answered_at=at(answered),
        ended_at=at(ended),
        cause=16,
        hung_up_by=by,
    )


def talk(one: str, other: str, start: float, end: float) -> Talk:
    return Talk("c", f"node-{one}", f"node-{other}", at(start), at(end))


# The caller talks with 1001 from 5.5 s on, who brings 110 in at 12 s and is released at 14 s; he hangs up at 30 s.
TRUE = Call(
    id="c",
    number="12345",
    caller=NUMBER,
    entered_at=at(0),
    node="node",
    answered_at=at(5.5),
    ended_at=at(30.1),
    outcome="transferred",
    legs=(
        leg("caller", NUMBER, 0, 0.02, 30.05, "caller"),
        leg("operator", "1001", 5, 5.5, 16.5, "system"),
        leg("desk", "110", 8.2, 10, 30.1, "caller"),
    ),
    talks=(talk(NUMBER, "1001", 5.5, 14), talk(NUMBER, "110", 12, 30), talk("1001", "110", 12, 14)),
    transfers=(
        Transfer(
            id="t",
            call_id="c",
            asked_by="node-1001",
            target="110",
            mode="transfer",
            trigger="key",
            asked_at=at(8.1),
            result="completed",
            cause=16,
            ended_at=at(14),
            attempts=(Attempt("sip:110@x", at(8.2), "node-110", at(8.3), at(10), "answered", 16),),
        ),
    ),
)


def spans(*pairs: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return tuple((T0 + start, T0 + end) for start, end in pairs)


def ear(role: str, party: str, tone: int, began: float, answered: float, ended: float, **more: object) -> Ear:
    told = Ear(role, party, tone, role != "caller", T0 + began, T0 + answered, T0 + ended)
    return replace(told, **more)  # type: ignore[arg-type]


HEARD = Evidence(
    number=NUMBER,
    ears=(
        ear(
            *("caller", NUMBER, CALLER, 0, 0.03, 30),
            left=T0 + 30,
            heard={OPERATOR: spans((5.6, 14.0)), DESK: spans((12.1, 30.0))},
        ),
        ear(
            *("operator", "1001", OPERATOR, 5, 5.5, 16.6),
            heard={CALLER: spans((5.6, 14.0)), DESK: spans((12.1, 14.0))},
        ),
        ear("desk", "110", DESK, 8.2, 10, 30.2, heard={CALLER: spans((12.1, 30.0)), OPERATOR: spans((12.1, 14.0))}),
    ),
    asks=(Ask(T0 + 8.0, "110", "transfer", "key"),),
)


def test_given_a_true_log_when_it_is_judged_then_there_is_no_difference() -> None:
    assert differences([TRUE], HEARD, World()) == []


def with_leg(index: int, **changes: object) -> Call:
    legs = list(TRUE.legs)
    legs[index] = replace(legs[index], **changes)  # type: ignore[arg-type]
    return replace(TRUE, legs=tuple(legs))


def with_attempt(**changes: object) -> Call:
    (transfer,) = TRUE.transfers
    attempt = replace(transfer.attempts[0], **changes)  # type: ignore[arg-type]
    return replace(TRUE, transfers=(replace(transfer, attempts=(attempt,)),))


def with_talks(*talks: Talk) -> Call:
    return replace(TRUE, talks=talks)


GHOST = replace(TRUE.legs[1], id="node-ghost", party="1002", number="1002")
LIES: dict[str, tuple[list[Call], str]] = {
    "no call": ([], "the log has no call"),
    "two calls": ([replace(TRUE, id="d"), TRUE], "2 calls instead of one"),
    "a leg is missing": ([replace(TRUE, legs=TRUE.legs[:2], talks=TRUE.talks[:1])], "desk 110 was called at"),
    "a leg nobody had": ([replace(TRUE, legs=(*TRUE.legs, GHOST))], "leg of operator 1002"),
    "a leg of another party": ([with_leg(1, party="1002")], "operator 1001 was called at"),
    "an answer is missing": ([with_leg(2, answered_at=None)], "desk 110 answered at"),
    "an answer too late": ([with_leg(2, answered_at=at(13))], "3.0 s off"),
    "an end too late": ([with_leg(1, ended_at=at(22))], "operator 1001 was over at"),
    "an end too early": ([with_leg(2, ended_at=at(26))], "desk 110 was over at"),
    "no end": ([with_leg(1, ended_at=None, hung_up_by=None, cause=None)], "leg operator 1001 of call"),
    "the wrong one hung up": ([with_leg(0, hung_up_by="desk")], "hung up, and its leg was ended by desk"),
    "a talk is missing": ([with_talks(*TRUE.talks[:2])], "operator 1001 heard desk 110"),
    "a talk nobody heard": ([with_talks(talk("1001", "110", 10, 14), *TRUE.talks[:2])], "who was not heard"),
    "a talk too short": ([with_talks(TRUE.talks[0], talk(NUMBER, "110", 12, 26), TRUE.talks[2])], "no such talk"),
    "a talk too long": ([with_talks(talk(NUMBER, "1001", 5.5, 16.4), *TRUE.talks[1:])], "who was not heard"),
    "a talk with a hole": (
        [with_talks(TRUE.talks[0], talk(NUMBER, "110", 12, 18), talk(NUMBER, "110", 22, 30), TRUE.talks[2])],
        "no such talk",
    ),
    "a transfer is missing": ([replace(TRUE, transfers=())], "the log has no transfer"),
    "a transfer made twice": ([replace(TRUE, transfers=TRUE.transfers * 2)], "nobody asked for the transfer to 110"),
    "a transfer to another target": (
        [replace(TRUE, transfers=(replace(TRUE.transfers[0], target="119"),))],
        "nobody asked for the transfer to 119",
    ),
    "an attempt is missing": (
        [replace(TRUE, transfers=(replace(TRUE.transfers[0], attempts=()),))],
        "no attempt of a transfer tells it",
    ),
    "an attempt that went otherwise": ([with_attempt(result="busy")], "the attempt's result is busy"),
    "no outcome": ([replace(TRUE, outcome=None)], "outcome None"),
    "another outcome": ([replace(TRUE, outcome="abandoned")], "and the outcome is abandoned"),
}


@pytest.mark.parametrize("lie", LIES)
def test_given_a_log_that_lies_when_it_is_judged_then_the_lie_is_named(lie: str) -> None:
    calls, words = LIES[lie]
    found = differences(calls, HEARD, World())
    assert any(words in one for one in found), found


def with_ear(index: int, **changes: object) -> Evidence:
    ears = list(HEARD.ears)
    ears[index] = replace(ears[index], **changes)  # type: ignore[arg-type]
    return replace(HEARD, ears=tuple(ears))


LATE = ear("operator", "1002", 750, 33, 34, 35, left=T0 + 35)
SUFFERED: dict[str, tuple[Evidence, str]] = {
    "the caller was dropped": (with_ear(0, left=None), f"caller {NUMBER} was dropped"),
    "the desk was dropped": (with_ear(2, ended=T0 + 24), "desk 110 was dropped"),
    "the caller was alone": (with_ear(0, silent=spans((17, 25))), "alone in silence"),
    "the desk was forgotten": (with_ear(2, ended=T0 + 45), "still there"),
    "an operator was called for nobody": (
        replace(HEARD, ears=(*HEARD.ears, LATE)),
        "after the caller had left",
    ),
    "somebody of another call was heard": (
        with_ear(1, heard={**HEARD.ears[1].heard, 2050: spans((8, 11))}),
        "heard a stranger (2050 Hz)",
    ),
    "the phone never answered": (with_ear(2, answered=None), "and the phone never did"),
    "the desk was busy": (with_ear(2, refused="busy"), "the attempt's result is answered"),
    "the caller's phone never was free": (with_ear(0, ended=None), "never was free again"),
    "one did not hear the other": (
        with_ear(0, heard={OPERATOR: spans((5.6, 14.0)), DESK: spans((12.1, 20.0), (22.5, 30.0))}),
        "who was not heard",
    ),
}


@pytest.mark.parametrize("suffered", SUFFERED)
def test_given_a_caller_who_was_let_down_when_his_call_is_judged_then_it_is_said(suffered: str) -> None:
    heard, words = SUFFERED[suffered]
    found = differences([TRUE], heard, World())
    assert any(words in one for one in found), found


# — what is no lie ————————————————————————————————————————————————————————————————————————————————————————————————————

DIED = 20.0


def interrupted() -> tuple[Call, Evidence, World]:
    """The same call, and Asterisk died at 20 s; the phones were told at 24 s."""
    legs = tuple(
        one if one.party == "1001" else replace(one, ended_at=at(19.6), hung_up_by="interrupted", cause=None)
        for one in TRUE.legs
    )
    talks = (TRUE.talks[0], talk(NUMBER, "110", 12, 19.6), TRUE.talks[2])
    call = replace(TRUE, legs=legs, talks=talks, ended_at=at(19.6), outcome="interrupted")
    heard_by_caller = {OPERATOR: spans((5.6, 14.0)), DESK: spans((12.1, DIED))}
    caller = replace(HEARD.ears[0], left=None, ended=T0 + 24, heard=heard_by_caller, silent=spans((DIED, 24)))
    heard_by_desk = {CALLER: spans((12.1, DIED)), OPERATOR: spans((12.1, 14.0))}
    desk = replace(HEARD.ears[2], ended=T0 + 24, heard=heard_by_desk)
    return call, replace(HEARD, ears=(caller, HEARD.ears[1], desk)), World(asterisk_down=spans((DIED, 23)))


def test_given_asterisk_died_when_the_log_says_interrupted_then_there_is_no_difference() -> None:
    call, heard, world = interrupted()
    assert differences([call], heard, world) == []


def test_given_the_callers_phone_was_dead_when_asterisk_died_then_the_others_were_still_in_the_call() -> None:
    call, heard, world = interrupted()
    caller, operator, desk = heard.ears
    dead = replace(
        caller, ended=None, died=T0 + 18, silent=(), heard={OPERATOR: spans((5.6, 14.0)), DESK: spans((12.1, 18))}
    )
    desk = replace(desk, heard={CALLER: spans((12.1, 18)), OPERATOR: spans((12.1, 14.0))})
    assert differences([call], replace(heard, ears=(dead, operator, desk)), world) == []


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"outcome": "transferred"}, "its outcome is transferred"),
        ({"talks": (TRUE.talks[0], talk(NUMBER, "110", 12, 16), TRUE.talks[2])}, "no such talk"),
        ({"legs": TRUE.legs[:2], "talks": TRUE.talks[:1]}, "has no leg"),
    ],
)
def test_given_asterisk_died_when_the_log_lies_about_it_then_it_is_named(lie: dict[str, object], words: str) -> None:
    call, heard, world = interrupted()
    found = differences([replace(call, **lie)], heard, world)  # type: ignore[arg-type]
    assert any(words in one for one in found), found


def test_given_the_operators_phone_died_when_his_leg_ends_by_rtp_timeout_then_there_is_no_difference() -> None:
    legs = (TRUE.legs[0], replace(TRUE.legs[1], ended_at=at(15), hung_up_by="timeout", cause=44))
    call = replace(TRUE, legs=legs, talks=(talk(NUMBER, "1001", 5.5, 15),), transfers=(), outcome="answered")
    call = replace(call, ended_at=at(30.05))
    operator = replace(HEARD.ears[1], died=T0 + 9, ended=None, heard={CALLER: spans((5.6, 9))})
    caller = replace(HEARD.ears[0], heard={OPERATOR: spans((5.6, 9))}, silent=spans((9, 16)))
    assert differences([call], replace(HEARD, ears=(caller, operator), asks=()), World()) == []


def test_given_an_order_to_a_dead_controller_when_it_came_to_nothing_then_there_is_no_difference() -> None:
    asks = (Ask(T0 + 7.5, "110", "transfer", "url_key"), *HEARD.asks)
    heard, down = replace(HEARD, asks=asks), World(controller_down=spans((7, 9)))
    assert differences([TRUE], heard, down) == []
    assert differences([TRUE], heard, World()) != []


def test_given_the_operator_took_the_caller_back_when_the_desk_is_released_then_it_was_not_dropped() -> None:
    heard = with_ear(2, ended=T0 + 24)
    assert any("desk 110 was dropped" in one for one in differences([TRUE], heard, World()))
    explained = replace(heard, done=(Done(T0 + 23.5, "take_back"),))
    assert not any("dropped" in one for one in differences([TRUE], explained, World()))


def with_first_route(route: str, cause: int, result: str) -> Call:
    """Before 110 answered, another leg of it had been tried at 8.15 s."""
    (transfer,) = TRUE.transfers
    first = Attempt(route, at(8.15), "node-110-1", None, None, result, cause)
    attempts = (first, replace(transfer.attempts[0], route="sip:110@b"))
    failed = replace(
        TRUE.legs[2], id="node-110-1", started_at=at(8.15), answered_at=None, ended_at=at(8.16), cause=cause
    )
    legs = (*TRUE.legs[:2], failed, TRUE.legs[2])
    return replace(TRUE, legs=legs, transfers=(replace(transfer, attempts=attempts),))


def test_given_all_lines_of_a_desk_are_taken_when_it_is_called_then_a_leg_that_was_busy_is_no_difference() -> None:
    call, heard = with_first_route("sip:110@a", 17, "busy"), with_ear(2, uri="sip:110@b")
    assert differences([call], heard, World(full={"desk 110": spans((7, 9))})) == []
    assert any("that no phone saw" in one for one in differences([call], heard, World()))


def test_given_another_route_was_dialled_than_the_log_says_when_it_is_judged_then_it_is_named() -> None:
    heard = with_ear(2, uri="sip:110@elsewhere")
    assert any("desk 110 was called at" in one for one in differences([TRUE], heard, World()))


def test_given_a_desk_that_was_dead_when_it_was_called_then_the_repeated_invite_may_ring_in_its_next_phone() -> None:
    rang = Ear("desk", "110", 1350, True, T0 + 12.1, ended=T0 + 12.2, uri="sip:110@a")
    call, answered = with_first_route("sip:110@a", 19, "no_answer"), replace(HEARD.ears[2], uri="sip:110@b")
    heard = replace(HEARD, ears=(*HEARD.ears[:2], answered, rang))
    assert differences([call], heard, World(absent={"desk 110": spans((7, 11))})) == []
    assert any("was called at" in one for one in differences([call], heard, World()))


def test_given_the_machine_stood_still_when_something_was_late_or_unheard_then_there_is_no_difference() -> None:
    late = with_ear(0, heard={OPERATOR: spans((5.6, 14.0)), DESK: spans((12.1, 20.0), (22.5, 30.0))})
    assert differences([TRUE], late, World(stalled=spans((20.2, 22.3)))) == []
    heard = with_ear(1, ended=T0 + 19.5)
    assert differences([TRUE], heard, World(stalled=spans((15, 17)))) == []
    assert any("was over at" in one for one in differences([TRUE], heard, World()))


def test_given_a_phone_that_the_machine_held_up_when_it_was_unheard_then_only_this_phones_voice_is_forgiven() -> None:
    unheard = spans((12.1, 20.0), (22.5, 30.0))
    heard = with_ear(0, heard={OPERATOR: spans((5.6, 14.0)), DESK: unheard})
    ears = [replace(ear, held_up=spans((20.2, 22.3))) for ear in heard.ears]
    for guilty in (0, 2):  # the listener's phone, the speaker's
        told = [ears[n] if n == guilty else ear for n, ear in enumerate(heard.ears)]
        assert differences([TRUE], replace(heard, ears=tuple(told)), World()) == []
    told = [ears[1] if n == 1 else ear for n, ear in enumerate(heard.ears)]
    assert any("was not heard" in one for one in differences([TRUE], replace(heard, ears=tuple(told)), World()))


def test_given_an_operator_pressed_transfer_when_his_phone_is_told_later_how_it_went_then_he_was_not_forgotten() -> (
    None
):
    late = replace(HEARD.ears[1], ended=T0 + 21, left=T0 + 21)
    heard = replace(HEARD, ears=(HEARD.ears[0], late, HEARD.ears[2]), asks=(Ask(T0 + 8.0, "110", "transfer", "refer"),))
    call = replace(TRUE, transfers=(replace(TRUE.transfers[0], trigger="refer"),))
    assert differences([call], heard, World()) == []
    assert any("was over at" in one for one in differences([TRUE], replace(heard, asks=HEARD.asks), World()))


def crossed(answered: float, ended: float) -> tuple[Call, Evidence]:
    """After the desk another operator is called at 29.5 s; he answers as the caller leaves, and Asterisk cancels."""
    second = replace(leg("operator", "1002", 29.5, 30, 30.1, "caller"), answered_at=None)
    rang = ear("operator", "1002", 750, 29.5, answered, ended)
    return replace(TRUE, legs=(*TRUE.legs, second)), replace(HEARD, ears=(*HEARD.ears, rang))


def test_given_an_answer_that_crosses_the_cancel_when_the_phone_is_free_at_once_then_there_is_no_difference() -> None:
    call, heard = crossed(30.05, 30.06)
    assert differences([call], heard, World()) == []
    never = f"operator 1002 answered at {T0 + 30.05:.3f} and its leg never did"
    left = replace(heard, ears=(*heard.ears[:3], replace(heard.ears[3], left=T0 + 30.06)))
    assert never in differences([call], left, World())
    call, heard = crossed(30.05, 30.75)
    assert differences([call], heard, World()) == [never]


def test_given_an_answer_that_came_to_nothing_at_once_when_the_caller_was_still_there_then_it_is_named() -> None:
    call, heard = crossed(25.0, 25.1)
    assert any("operator 1002 was dropped" in one for one in differences([call], heard, World()))


# — hearing, and intervals ————————————————————————————————————————————————————————————————————————————————————————————


def test_given_a_sound_when_it_is_listened_to_then_each_tone_has_its_times_and_silence_its_own() -> None:
    quiet = np.zeros(8000 * 4, np.int16)
    heard = Heard.of(np.concatenate((sine(CALLER, 2), quiet, sine(DESK, 1))), start=100.0)
    assert tones_of(heard, (CALLER, OPERATOR, DESK)) == {
        CALLER: ((100.0, pytest.approx(102.0)),),
        DESK: ((pytest.approx(106.0), pytest.approx(107.0)),),
    }
    assert silences(heard, (CALLER, DESK), 100.0, 112.0, 3.0) == (
        (pytest.approx(102.0), pytest.approx(106.0)),
        (pytest.approx(107.0), 112.0),
    )


def test_given_a_voice_in_pieces_when_it_is_listened_to_then_short_pieces_of_it_are_told_but_no_short_sound_alone() -> (
    None
):
    def quiet(seconds: float) -> np.ndarray:
        return np.zeros(int(8000 * seconds), np.int16)

    pieces = (
        sine(CALLER, 2),
        quiet(0.32),
        sine(CALLER, 0.4),
        quiet(0.32),
        sine(CALLER, 2),
        quiet(3),
        sine(CALLER, 0.4),
    )
    heard = Heard.of(np.concatenate((*pieces, quiet(1))), start=100.0)
    told = [(round(start, 1), round(end, 1)) for start, end in tones_of(heard, (CALLER,))[CALLER]]
    assert told == [(100.0, 102.0), (102.3, 102.7), (103.0, 105.0)]


def test_given_intervals_when_they_are_combined_then_the_rest_is_right() -> None:
    assert merged([(5, 6), (1, 2), (2.1, 3)], 0.2) == [(1, 3), (5, 6)]
    assert padded([(1, 2), (5, 5.5)], -0.4) == [(1.4, 1.6)]
    assert without([(0, 10)], [(2, 3), (9, 12)]) == [(0, 2), (3, 9)]
    assert common([(0, 4), (6, 8)], [(3, 7)]) == [(3, 4), (6, 7)]

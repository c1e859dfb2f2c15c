"""What the desks decided about a call's case, told in the call's ladder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ivr.desks import case_moves
from ivr.desks.case import Case, Event, fold
from ivr.web.case_moments import moments

EIGHT = datetime(2026, 11, 27, 8, tzinfo=UTC)
ID = "00000000-0000-4000-8000-000000000001"


def event(clock: int, kind: str, origin: str = "12345", **data: Any) -> Event:
    """The one of its desk with the number of the minute: gaps are nothing to a fold."""
    return Event(ID, origin, clock, clock, EIGHT + timedelta(minutes=clock), "1001", kind, data)


def talks(*more: Event) -> Case:
    offer = event(2, "offered", to="110", way="voice", mode="conference", transfer="t1")
    return fold([event(1, "opened", number="12345-1", channel="phone"), offer, *more])


def test_given_desks_that_talk_then_who_proposed_and_what_was_decided_by_it_are_told_once() -> None:
    case = talks(
        event(3, "proposed", whose="yours"),
        event(4, "proposed", "110", whose="both"),
        event(5, "accepted", "119"),  # it was never offered to that desk
        event(6, "proposed", "110", whose="ours"),
        event(7, "proposed", "110", whose="ours"),
    )
    assert [one["text"] for one in moments(case, "en", EIGHT, None)] == [
        "12345/1001 proposes: the other desk accepts",
        "110/1001 proposes: both accept",
        "110/1001 proposes: we accept",
        "Agreed by both: 110 accepts",
        "110/1001 proposes: we accept",
        "Agreed by both: 110 accepts",
    ]
    within = moments(case, "zh", EIGHT + timedelta(minutes=4), EIGHT + timedelta(minutes=5))
    assert [(one["at"], one["text"]) for one in within] == [("2026-11-27T08:04:00.000000Z", "110/1001 提出：双方受理")]


def test_given_a_case_with_hundreds_of_proposals_then_each_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    case = talks(*(event(clock, "proposed", "110", whose="ours") for clock in range(3, 603)))
    judged = 0
    move = case_moves.MOVES["proposed"]

    def counted(before: Case, one: Event) -> Case:
        nonlocal judged
        judged += 1
        return move(before, one)

    monkeypatch.setitem(case_moves.MOVES, "proposed", counted)  # type: ignore[arg-type]
    assert len(moments(case, "zh", EIGHT, None)) == 600
    assert judged == 600

"""An operator's shift in figures."""

from __future__ import annotations

from datetime import timedelta

from ivr.web.desk_summary import summary
from tests.unit.stories import transferred


def test_given_a_call_that_the_operator_handed_over_then_his_shift_has_it_and_nobody_elses() -> None:
    call = transferred()
    mine = next(leg for leg in call.legs if leg.role == "operator")
    assert mine.answered_at is not None
    assert mine.ended_at is not None
    assert call.answered_at is not None
    now = mine.ended_at + timedelta(hours=1)
    told = summary([call], mine.party, now)
    assert (told["calls"], told["transfers"]) == (1, {"110": 1})
    assert told["talk_seconds"] == round((mine.ended_at - mine.answered_at).total_seconds(), 1) > 0
    assert told["average_wait"] == round((call.answered_at - call.entered_at).total_seconds(), 1)
    assert summary([call], "9999", now) == {
        "calls": 0,
        "talk_seconds": 0.0,
        "average_wait": None,
        "transfers": {},
    }

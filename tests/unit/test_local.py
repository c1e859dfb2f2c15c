"""What another desk says of times may lie where the calendar ends; nothing that shows it fails."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.desks.local import local
from ivr.desks.norms import Norm
from ivr.desks.suggest import suggest
from ivr.store import case_sheets

CITY = ZoneInfo("Asia/Shanghai")
EIGHT = datetime(2026, 11, 27, 8, tzinfo=UTC)
FOR_EVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [(EIGHT, "2026-11-27 16:00"), (FOR_EVER, "9999-12-31 23:59"), (datetime.min.replace(tzinfo=UTC), "1-01-01 08:05")],
)
def test_given_any_moment_then_it_is_shown_at_a_place(moment: datetime, shown: str) -> None:
    at = local(moment, CITY)
    assert f"{at.year}-{at:%m-%d %H:%M}" == shown


def test_given_a_norm_for_ever_when_proposed_then_it_says_so() -> None:
    norm = Norm("n", "1", "0601", ("110",), EIGHT, FOR_EVER, EIGHT, "c", "110", 1)
    found = suggest("0601", [norm], EIGHT.astimezone(CITY))
    assert found is not None
    assert "9999-12-31" in found.reason["zh"]


def test_given_a_case_of_a_desk_whose_clock_is_wild_then_the_sheet_has_it() -> None:
    texts = ("number", "state", "channel", "kind", "class_code", "urgency", "region", "place", "line", "caller",
             "first", "owners", "id")  # fmt: skip
    case = {**dict.fromkeys(texts, ""), "confidential": False, "opened_at": FOR_EVER, "closed_at": None}
    job = case_sheets.Job("", "", "csv", "zh", "Asia/Shanghai", False, {}, {})
    assert case_sheets.row(case, "", job, CITY)[1] == "9999-12-31 23:59:59"

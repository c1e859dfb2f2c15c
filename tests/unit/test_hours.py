"""Office hours as data: what the dialplan is given, and what is told of a wrong table."""

from __future__ import annotations

import pytest

from ivr.pbx.zone import rule
from ivr.settings.hours import Hours, by_weekday, problems, special_days

CITY = Hours(
    weekdays=("09:00-12:00", "13:30-17:30"),
    saturday=("09:00-12:00",),
    sunday=(),
    holidays={"2026-10-01/2026-10-03": "国庆节", "2026-01-01": "元旦"},
    workdays=("2026-10-03", "2026-10-10"),
)


def test_given_a_citys_hours_when_rendered_then_each_weekday_has_its_spans() -> None:
    days = by_weekday(CITY)
    assert days["1"] == days["5"] == "0900-1200#1330-1730"
    assert (days["6"], days["7"]) == ("0900-1200", "")


def test_given_holidays_and_days_worked_instead_when_rendered_then_a_day_that_is_both_is_worked() -> None:
    assert special_days(CITY) == {
        "20260101": "holiday",
        "20261001": "holiday",
        "20261002": "holiday",
        "20261003": "1",
        "20261010": "1",
    }


def test_given_no_hours_then_it_is_always_open() -> None:
    assert set(by_weekday(Hours()).values()) == {"0000-2400"}
    assert special_days(Hours()) == {}


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (Hours(weekdays=("9:00-12:00",)), "hours.weekdays[0]: expected spans"),
        (Hours(saturday=("22:00-06:00",)), "hours.saturday[0]: expected spans"),
        (Hours(sunday=("09:00-12:00", "11:00-13:00")), "hours.sunday[1]: 11:00-13:00 begins before"),
        (Hours(holidays={"1 October": "x"}), "hours.holidays: expected"),
        (Hours(holidays={"2026-10-07/2026-10-01": "x"}), "ends before it begins"),
        (Hours(holidays={"2026-01-01/2026-12-31": "x"}), "longer than 60 days"),
        (Hours(workdays=("20261",)), "hours.workdays[0]: expected dates"),
    ],
)
def test_given_a_wrong_table_then_the_key_is_told(hours: Hours, told: str) -> None:
    assert told in "\n".join(problems(hours))


def test_given_a_sound_table_then_nothing_is_told() -> None:
    assert list(problems(CITY)) == []


@pytest.mark.parametrize(
    ("zone", "wanted"),
    [("Asia/Shanghai", "CST-8"), ("UTC", "UTC0"), ("Europe/Berlin", "Europe/Berlin"), ("No/Zone",) * 2],
)
def test_given_a_time_zone_when_asterisk_is_told_then_by_its_rule_where_that_has_no_comma(
    zone: str, wanted: str
) -> None:
    assert rule(zone) == wanted

"""Time limits of work orders: hours, days and working days, in Shanghai and elsewhere (R47)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import doctor_orders
from ivr.settings import calendar, classes
from ivr.settings.calendar import Calendar, due, due_of, sign_by
from ivr.settings.load import load
from ivr.settings.proposal import proposal
from tests.web.house import SANDBOX, a_site

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = Calendar()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("limit", "at", "end"),
    [
        ("2h", "2026-11-27 23:30", "2026-11-28 01:30"),  # over midnight, whatever day it is
        ("24h", "2026-10-01 09:00", "2026-10-02 09:00"),  # hours know no holiday
        ("7d", "2026-11-27 00:00", "2026-12-04 18:00"),  # the day itself does not count
        ("7d", "2026-11-27 23:59", "2026-12-04 18:00"),
        ("1d", "2026-11-27 10:00", "2026-11-30 18:00"),  # a Friday's next day is a Saturday: Monday
        ("1wd", "2026-11-27 10:00", "2026-11-30 18:00"),
        ("5wd", "2026-11-27 10:00", "2026-12-04 18:00"),
        ("1wd", "2026-11-28 10:00", "2026-11-30 18:00"),  # ordered on a Saturday
        ("1wd", "2026-09-30 10:00", "2026-10-08 18:00"),  # National Day: eight days
        ("3wd", "2026-09-30 10:00", "2026-10-10 18:00"),  # 8th, 9th, and the Saturday that is worked for it
        ("1wd", "2026-02-13 10:00", "2026-02-14 18:00"),  # the Saturday before Spring Festival is worked
        ("2wd", "2026-02-13 10:00", "2026-02-24 18:00"),
        ("15d", "2026-02-03 10:00", "2026-02-24 18:00"),  # ends on the 18th, a holiday
        ("5wd", "2026-12-28 10:00", "2027-01-05 18:00"),  # over the New Year (Friday)
    ],
)
def test_given_a_limit_when_it_begins_then_it_ends_as_the_calendar_says(limit: str, at: str, end: str) -> None:
    assert due(limit, local(at), CHINA, SHANGHAI) == local(end)


def test_given_the_citys_own_days_then_they_hold_against_the_legal_ones() -> None:
    flood = Calendar(off=frozenset({date(2026, 11, 30)}), work=frozenset({date(2026, 11, 28)}))
    assert due("1wd", local("2026-11-27 10:00"), flood, SHANGHAI) == local("2026-11-28 18:00")
    assert due("2wd", local("2026-11-27 10:00"), flood, SHANGHAI) == local("2026-12-01 18:00")


def test_given_a_day_that_ends_at_24_then_the_limit_does_too() -> None:
    assert due("1wd", local("2026-11-27 10:00"), Calendar(closes="24:00"), SHANGHAI) == local("2026-12-01 00:00")


def test_given_a_zone_with_summer_time_then_days_end_by_its_clock_and_hours_pass_as_they_do() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    german = Calendar(country="DE")
    at = datetime(2026, 3, 27, 12, tzinfo=berlin)  # a Friday; the clocks go forward on Sunday
    assert due("1wd", at, german, berlin) == datetime(2026, 3, 30, 18, tzinfo=berlin)
    assert due("24h", at, german, berlin) - at == timedelta(hours=24)


def test_given_class_and_urgency_then_the_earlier_end_holds() -> None:
    at = local("2026-11-27 10:00")
    assert due_of("", "general", at, CHINA, SHANGHAI) == local("2026-12-04 18:00")
    assert due_of("15d", "general", at, CHINA, SHANGHAI) == local("2026-12-14 18:00")  # the 12th is a Saturday
    assert due_of("15d", "very_urgent", at, CHINA, SHANGHAI) == local("2026-11-27 12:00")
    assert due_of("1h", "urgent", at, CHINA, SHANGHAI) == local("2026-11-27 11:00")


def test_given_a_limit_in_hours_then_it_is_signed_for_within_a_quarter_of_it_else_within_a_working_day() -> None:
    at = local("2026-11-27 10:00")
    assert sign_by(at, local("2026-11-27 12:00"), CHINA, SHANGHAI) == local("2026-11-27 10:30")
    assert sign_by(at, local("2026-11-28 10:00"), CHINA, SHANGHAI) == local("2026-11-27 16:00")  # urgent: 24 h
    assert sign_by(at, local("2026-11-28 10:01"), CHINA, SHANGHAI) == local("2026-11-28 10:01")
    assert sign_by(at, local("2026-12-04 18:00"), CHINA, SHANGHAI) == local("2026-11-30 18:00")


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 1), timezones=st.just(SHANGHAI)),
    st.integers(1, 60),
    st.sampled_from(["h", "d", "wd"]),
)
def test_given_any_moment_then_the_end_is_later_on_a_working_day_and_a_longer_limit_is_not_over_earlier(
    at: datetime, number: int, unit: str
) -> None:
    end = due(f"{number}{unit}", at, CHINA, SHANGHAI)
    assert end > at
    assert end <= due(f"{number + 1}{unit}", at, CHINA, SHANGHAI)
    if unit != "h":
        assert CHINA.works(end.astimezone(SHANGHAI).date())
        assert end.astimezone(SHANGHAI).strftime("%H:%M") == "18:00"


@pytest.mark.parametrize("limit", ["", "0h", "2", "h", "-1d", "1.5d", "2 h", "1000h", "５wd"])
def test_given_words_that_are_no_limit_then_it_says_so(limit: str) -> None:
    with pytest.raises(ValueError, match="time limit such as"):
        due(limit, datetime.now(UTC), CHINA, SHANGHAI)


def test_given_threads_that_ask_for_a_new_year_at_once_then_none_finds_its_holidays_half_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = calendar._legal("CN")
    monkeypatch.setattr(known, "_populate", lambda year: pytest.fail(f"{year} is worked out while others may ask"))
    assert not CHINA.works(date(2077, 10, 1))
    assert not CHINA.works(date(2001, 1, 1))


def test_given_a_year_whose_make_up_days_are_not_told_yet_then_it_is_known_that_they_are_not() -> None:
    assert CHINA.arranged(2026)
    assert not CHINA.arranged(2098)
    assert Calendar(work=frozenset({date(2098, 2, 1)})).arranged(2098)
    assert Calendar(country="DE").arranged(2098)


@pytest.mark.parametrize(
    ("today", "years"), [(date(2026, 6, 1), []), (date(2098, 11, 30), ["2098"]), (date(2098, 12, 1), ["2098, 2099"])]
)
def test_given_departments_then_the_doctor_says_of_which_years_the_make_up_days_are_missing(
    tmp_path: Path, today: date, years: list[str]
) -> None:
    site = a_site(tmp_path)
    found = list(doctor_orders.orders(site, today))
    assert [finding.level for finding in found] == (["warning"] if years else ["ok"])
    assert all(year in found[0].words[language] for year in years for language in ("zh", "en"))
    assert not list(doctor_orders.orders(replace(site, departments={}), today))


def test_given_the_sandbox_then_a_cases_class_and_urgency_say_who_works_on_it_and_until_when() -> None:
    site = load(SANDBOX, "/tmp/none")
    at = local("2026-11-27 10:00")
    lamp = proposal(site, "010101", "general", at)
    assert (lamp.department, lamp.joint, lamp.due) == ("chengguan", (), local("2026-12-04 18:00"))
    water = proposal(site, "0201", "very_urgent", at)
    assert (water.department, water.due) == ("shuiwu", local("2026-11-27 12:00"))
    quarrel = proposal(site, "0901", "general", at)
    assert (quarrel.department, quarrel.joint) == ("jiedao", ("sifa",))  # with mediation
    nobody = proposal(site, "0401", "general", at)  # its department is none of this city's
    assert (nobody.department, nobody.joint) == ("", ())
    assert proposal(site, "010101", "general", at, due=at + timedelta(hours=1)).sign_by == at + timedelta(minutes=15)
    assert proposal(site, "", "general", at).department == ""


def test_given_the_sample_then_it_says_what_holds_without_it() -> None:
    assert calendar.read(calendar.SAMPLE) == Calendar()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('closed = "18:00"', "closed: unknown"),
        ('country = "china"', "two letters"),
        ('closes = "25:00"', "a time of day"),
        ('sign = "soon"', "sign: expected a time limit"),
        ('[limits]\nurgent = "quickly"', "limits.urgent: expected"),
        ('[limits]\ncalm = "7d"', "limits: expected a limit for"),
        ('off = ["2026-02-30"]', "off: expected days"),
        ('off = ["1026-02-03"]', "off: expected a day of"),
        ("work = 7", "work: expected days"),
        ("off = [2026-11-30]\nwork = [2026-11-30]", "2026-11-30 stands in off and in work"),
        ("off = [", "cannot be read"),
    ],
)
def test_given_a_file_that_is_wrong_then_it_says_what_and_where(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=why) as refused:
        calendar.read(file)
    assert str(file) in str(refused.value)


def test_given_classes_then_department_and_limit_are_those_of_the_class_above_until_one_has_its_own(
    tmp_path: Path,
) -> None:
    file = tmp_path / "classes.toml"
    file.write_text(
        '[01]\nzh="市政"\nen="City"\ndepartment="chengguan"\nlimit="7d"\n'
        '[0101]\nzh="路灯"\nen="Lamps"\nlimit="24h"\n[010101]\nzh="不亮"\nen="Dark"\n',
        encoding="utf-8",
    )
    found = {one.code: (one.department, one.limit) for one in classes.read(file)}
    assert found == {"01": ("chengguan", "7d"), "0101": ("chengguan", "24h"), "010101": ("chengguan", "24h")}
    file.write_text('[01]\nzh="市政"\nen="City"\nlimit="soon"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="limit: expected one such as"):
        classes.read(file)

"""`[hours]`: office hours, holidays, days worked instead: for a site's own numbers. 12345 is never closed (R6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

ALL_DAY = ("00:00-24:00",)
HOLIDAY, MONDAY = "holiday", "1"  # what a special day is; ISO 8601's number of the weekday it is worked as
LONGEST = 60  # days of one holiday
_SPAN = re.compile(r"(([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d|24:00)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans such as "09:00-12:00", in the site's time. Nothing said: always open."""

    weekdays: tuple[str, ...] = ALL_DAY
    saturday: tuple[str, ...] = ALL_DAY
    sunday: tuple[str, ...] = ALL_DAY
    holidays: Mapping[str, str] = field(default_factory=dict)  # "2026-10-01/2026-10-07" or one date → its name
    workdays: tuple[str, ...] = ()  # dates worked as a Monday though they are a Saturday or Sunday


def by_weekday(hours: Hours) -> dict[str, str]:
    """Weekday 1 … 7 (Monday … Sunday) → `0900-1200#1330-1730`, as dialplans/core/hours.conf reads it."""
    days = {str(day): hours.weekdays for day in range(1, 6)} | {"6": hours.saturday, "7": hours.sunday}
    return {day: "#".join(spans).replace(":", "") for day, spans in days.items()}


def special_days(hours: Hours) -> dict[str, str]:
    """`20261001` → holiday, `20260920` → 1. A day that is both is worked."""
    free = {f"{day:%Y%m%d}": HOLIDAY for span in hours.holidays for day in _days(span)}
    return free | {f"{date.fromisoformat(day):%Y%m%d}": MONDAY for day in hours.workdays}


def problems(hours: Hours) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    for name in ("weekdays", "saturday", "sunday"):
        yield from _spans(f"hours.{name}", getattr(hours, name))
    for span in hours.holidays:
        try:
            count = len(_days(span))
        except ValueError:
            form = '"2026-10-01" or "2026-10-01/2026-10-07" (first and last day)'
            yield f"hours.holidays: expected {form}, found {span!r}"
        else:
            if not 1 <= count <= LONGEST:
                yield f"hours.holidays: {span} ends before it begins, or is longer than {LONGEST} days"
    for n, day in enumerate(hours.workdays):
        try:
            date.fromisoformat(day)
        except ValueError:
            yield f'hours.workdays[{n}]: expected dates such as "2026-10-10", found {day!r}'


def _days(span: str) -> list[date]:
    """Every day of a date or an interval of dates (ISO 8601). Raises ValueError."""
    first, slash, last = span.partition("/")
    begin, end = date.fromisoformat(first), date.fromisoformat(last if slash else first)
    return [begin + timedelta(days=day) for day in range(min((end - begin).days, LONGEST) + 1)]


def _spans(where: str, spans: Sequence[str]) -> Iterator[str]:
    before = ""
    for n, span in enumerate(spans):
        begin, _, end = span.partition("-")
        if not _SPAN.fullmatch(span) or begin >= end:
            yield f'{where}[{n}]: expected spans of one day such as "09:00-12:00" or "13:30-24:00", found {span!r}'
            return
        if begin < before:
            yield f"{where}[{n}]: {span} begins before the span in front of it has ended"
        before = end

"""Working days and what a time limit means: the legal holidays with their make-up working days, and a city's own days.

Time limits count as the Civil Code counts (民法典 arts. 201 to 203): hours from the moment, days from the next day on;
a last day without work moves to the next working day, and ends when business closes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

import holidays

from ivr.settings.model import Site

SAMPLE = Path(__file__).with_suffix(".toml")
LIMIT = re.compile(r"([1-9][0-9]{0,2})(h|d|wd)")
URGENCIES = ("general", "urgent", "very_urgent")
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
QUARTER = 4  # of a limit in hours: signed for by then
_KEYS = {"country", "off", "work", "closes", "sign", "limits"}
_CLOSES = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    country: str = "CN"
    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    closes: str = "18:00"
    sign: str = "1wd"
    limits: Mapping[str, str] = field(
        default_factory=lambda: {"general": "7d", "urgent": "24h", "very_urgent": "2h"}, hash=False
    )

    def works(self, day: date) -> bool:
        """Is it a working day? What the city's own file says holds."""
        if day in self.work or day in self.off:
            return day in self.work
        return bool(_legal(self.country).is_working_day(day))

    def arranged(self, year: int) -> bool:
        """Are the make-up working days of this year known? China tells those of a year in the November before."""
        told = (*self.work, *_legal(self.country).weekend_workdays)
        return self.country != "CN" or any(day.year == year for day in told)


@lru_cache(maxsize=4)
def _legal(country: str) -> holidays.HolidayBase:
    """All years at once: threads ask for them, and the library takes a year that it is working out for known."""
    return holidays.country_holidays(country, years=range(FIRST.year, LAST.year + 1))


def due(limit: str, at: datetime, calendar: Calendar, zone: tzinfo) -> datetime:
    """When a limit (`2h`, `7d`, `5wd`) that begins at `at` ends, in UTC. Raises ValueError: it is no limit."""
    found = LIMIT.fullmatch(limit)
    if found is None:
        raise ValueError(f"expected a time limit such as 2h, 7d or 5wd, found {limit!r}")
    number, unit = int(found[1]), found[2]
    if unit == "h":
        return at.astimezone(UTC) + timedelta(hours=number)
    day = at.astimezone(zone).date()
    if unit == "d":
        day += number * _DAY
    else:
        for _ in range(number):
            day = _next_working(day + _DAY, calendar)
    return _end_of(_next_working(day, calendar), calendar.closes, zone)


def _next_working(day: date, calendar: Calendar) -> date:
    """This day, or the first one after it that has work."""
    while not calendar.works(day) and day < LAST:
        day += _DAY
    return day


def _end_of(day: date, closes: str, zone: tzinfo) -> datetime:
    moment = time() if closes == "24:00" else time.fromisoformat(closes)
    day = day + _DAY if closes == "24:00" else day
    return datetime.combine(day, moment, zone).astimezone(UTC)


def due_of(limit: str, urgency: str, at: datetime, calendar: Calendar, zone: tzinfo) -> datetime:
    """When an order ends whose class has this limit ("": none): the earlier of that and of what its urgency asks."""
    general = calendar.limits["general"]
    limits = [limit or general, *([calendar.limits[urgency]] if urgency != "general" else [])]
    return min(due(one, at, calendar, zone) for one in limits)


def sign_by(at: datetime, end: datetime, calendar: Calendar, zone: tzinfo) -> datetime:
    """Until when a department signs for an order that ends at `end` (R47)."""
    short = end - at <= timedelta(hours=24)
    return min(at.astimezone(UTC) + (end - at) / QUARTER if short else end, due(calendar.sign, at, calendar, zone))


def problems(site: Site) -> Iterator[str]:
    try:
        read(file_of(site))
    except ValueError as wrong:
        yield f"desk.calendar: {wrong}"


def file_of(site: Site) -> Path:
    return Path(site.path).parent / site.desk.calendar if site.desk.calendar else SAMPLE


def read(path: Path) -> Calendar:
    """Raises ValueError: what is wrong, in a sentence."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise ValueError(f"{path} cannot be read: {failure}") from failure
    unknown = set(table) - _KEYS
    if unknown:
        raise ValueError(f"{path}: {', '.join(sorted(unknown))}: unknown; known here: {', '.join(sorted(_KEYS))}")
    found = Calendar()
    country = table.get("country", found.country)
    if country not in holidays.list_supported_countries():
        raise ValueError(f"{path}: country: expected two letters such as CN, found {country!r}")
    closes = table.get("closes", found.closes)
    if not isinstance(closes, str) or not _CLOSES.fullmatch(closes):
        raise ValueError(f"{path}: closes: expected a time of day such as 18:00, found {closes!r}")
    limits = _limits(path, table.get("limits", {}), found.limits)
    sign = _limit(path, "sign", table.get("sign", found.sign))
    off, work = (_days(path, name, table.get(name, [])) for name in ("off", "work"))
    if both := off & work:
        raise ValueError(f"{path}: {min(both)} stands in off and in work")
    return replace(found, country=country, off=off, work=work, closes=closes, sign=sign, limits=limits)


def _limits(path: Path, table: Any, known: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(table, dict) or set(table) - set(URGENCIES):
        raise ValueError(f"{path}: limits: expected a limit for {', '.join(URGENCIES)}")
    return {**known, **{name: _limit(path, f"limits.{name}", one) for name, one in table.items()}}


def _limit(path: Path, name: str, value: Any) -> str:
    if not isinstance(value, str) or not LIMIT.fullmatch(value):
        raise ValueError(f"{path}: {name}: expected a time limit such as 2h, 7d or 5wd, found {value!r}")
    return value


def _days(path: Path, name: str, value: Any) -> frozenset[date]:
    days = set()
    for one in value if isinstance(value, list) else [value]:
        try:
            day = one if isinstance(one, date) and not isinstance(one, datetime) else date.fromisoformat(one)
        except (TypeError, ValueError):
            raise ValueError(f"{path}: {name}: expected days such as 2027-02-14, found {one!r}") from None
        if not FIRST <= day <= LAST:
            raise ValueError(f"{path}: {name}: expected a day of {FIRST.year} to {LAST.year}, found {day}")
        days.add(day)
    return frozenset(days)

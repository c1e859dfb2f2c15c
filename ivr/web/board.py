"""The board of linkage: how cases go between desks, computed once however many screens ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from ivr.errors import HotlineError
from ivr.settings import Site, classes
from ivr.store import linkage_list
from ivr.store.linkage import Figures, figures
from ivr.store.linkage_list import Wanted
from ivr.store.satisfaction import Grades
from ivr.web import cases_told, lookups
from ivr.web.context import Asked

GOOD = 5.0  # seconds that figures are good for
KEPT = 20  # spans of time whose figures are kept
DAYS = 30  # of the board, where none are named
MOST_DAYS = 400
FIRST_YEAR, LAST_YEAR = 2000, 2200


class SpanError(HotlineError):
    def __init__(self) -> None:
        message = f"expected since before until, by at most {MOST_DAYS} days, in {FIRST_YEAR} to {LAST_YEAR}"
        super().__init__("bad_span", message, {"days": MOST_DAYS}, 422)


class Board:
    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[float, Figures]] = {}
        self._lock = asyncio.Lock()

    async def figures(self, asked: Asked, since: datetime, until: datetime) -> Figures:
        """Raises DatabaseDownError."""
        site = asked.services.site
        limit, zone = timedelta(minutes=site.desk.accept_minutes), ZoneInfo(site.hotline.timezone)
        key = (since, until, limit)
        async with self._lock:  # many who ask at once cost one look
            known = self._known.get(key)
            if known is None or time.monotonic() - known[0] >= GOOD:
                self._known.pop(key, None)
                while len(self._known) >= KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[key] = known = (
                    time.monotonic(),
                    await figures(asked.services.store, since, until, limit, zone),
                )
            return known[1]


BOARD: web.AppKey[Board] = web.AppKey("board", Board)


async def shown(asked: Asked) -> dict[str, Any]:
    """`GET /board`."""
    since, until = span(asked)
    found = await asked.request.app[BOARD].figures(asked, since, until)
    return {"figures": told(found, asked, datetime.now(UTC))}


def span(asked: Asked) -> tuple[datetime, datetime]:
    """Whole days of the site's, where none are named. Raises SpanError."""
    zone = ZoneInfo(asked.services.site.hotline.timezone)
    tonight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    until = asked.query.get("until", tonight)
    if not FIRST_YEAR <= until.year <= LAST_YEAR:
        raise SpanError
    since = asked.query.get("since", until - timedelta(days=DAYS))
    if not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
        raise SpanError
    return since, until


def told(found: Figures, asked: Asked, now: datetime) -> dict[str, Any]:
    site = asked.services.site
    ways = list(found.ways)
    names = class_names(asked)
    return {
        "at": now,
        "since": found.since,
        "until": found.until,
        "desk": site.hotline.desk,
        "accept_minutes": site.desk.accept_minutes,
        "total": asdict(found.total),
        "ways": [{"from": origin, "to": to, **asdict(found.ways[origin, to])} for origin, to in ways],
        "classes": [
            {"class_code": code, **names.get(code, {"zh": code, "en": code}), **asdict(counts)}
            for code, counts in sorted(found.classes.items(), key=lambda item: -item[1].handovers)
        ],
        "days": [
            {"day": day, "counts": [found.days.get(day, {}).get(way, 0) for way in ways]}
            for day in days(found, ZoneInfo(site.hotline.timezone))
        ],
        "hours": [{"from": way[0], "to": way[1], "counts": list(found.hours[way])} for way in ways],
        "decided": dict(found.decided),
        "call_backs": _grades(found.satisfaction.total),
        "departments": [
            {"department": key, **_named(site, key), **_grades(grades)}
            for key, grades in found.satisfaction.of(site.hotline.desk).items()
        ],
    }


def _grades(grades: Grades) -> dict[str, Any]:
    return {**asdict(grades), "share": grades.share}


def _named(site: Site, department: str) -> dict[str, str]:
    """As the settings call it; one that they do not name any more by its key."""
    known = site.departments.get(department)
    return {language: known.name.get(language, department) if known else department for language in ("zh", "en")}


def days(found: Figures, zone: tzinfo) -> Iterator[str]:
    """Every day of the span, those without a handover among them."""
    day, last = found.since.astimezone(zone).date(), (found.until - timedelta(microseconds=1)).astimezone(zone).date()
    while day <= last:
        yield f"{day:%Y-%m-%d}"
        day += timedelta(days=1)


def class_names(asked: Asked) -> dict[str, dict[str, str]]:
    """By code; none where the file of classes cannot be read, which health tells."""
    try:
        known = classes.read(classes.file_of(asked.services.site))
    except ValueError:
        return {}
    return {one.code: {"zh": one.zh, "en": one.en} for one in known}


async def cases(asked: Asked) -> dict[str, Any]:
    """`GET /board/cases`: what a figure counts, one by one."""
    query, (since, until) = asked.query, span(asked)
    late = timedelta(minutes=asked.services.site.desk.accept_minutes)
    wanted = Wanted(
        since,
        until,
        origin=query.get("from"),
        to=query.get("to"),
        state=query.get("state"),
        decided=query.get("decided"),
        class_code=query.get("class_code"),
        overdue=late if query.get("overdue") else None,
        voice_failed=True if query.get("voice_failed") else None,
    )
    limit, skip = query.get("limit", 50), query.get("skip", 0)
    found = await linkage_list.listed(asked.services.store, wanted, limit, skip)
    await lookups.searched(
        asked, {name: value for name, value in query.items() if name not in {"limit", "skip"}}, found
    )
    return {
        "cases": [{**cases_told.row(asked, one), "handover": _handover(one)} for one in found],
        "next": skip + limit if len(found) == limit else None,
    }


def _handover(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("to", "way", "mode", "at", "state", "decided", "voice_failed", "answered_after", "accepted_after")
    return {"from": row["handover_origin"], **{name: row[f"handover_{name}"] for name in names}}

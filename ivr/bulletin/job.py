"""What the process that writes a bulletin is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.settings import Site, classes

FORMATS = ("xlsx", "pdf")
MODULE = "ivr.bulletin.made"


@dataclass(frozen=True, slots=True)
class Job:
    """`month`: 2026-11, of the zone's. The names are as `Named` has them."""

    url: str
    path: str
    format: str
    language: str
    zone: str
    month: str
    desk: str
    accept_minutes: int
    hotline: Mapping[str, str]
    classes: Mapping[str, Mapping[str, str]]
    departments: Mapping[str, Mapping[str, str]]
    targets: Mapping[str, Mapping[str, str]]


def job(site: Site, url: str, path: Path, format: str, language: str, of: str) -> Job:  # noqa: PLR0917
    """`url`: the database's, as it is reached."""
    try:
        known = classes.read(classes.file_of(site))
    except ValueError:  # which health tells
        known = ()
    return Job(
        url, str(path), format, language, site.hotline.timezone, of, site.hotline.desk, site.desk.accept_minutes,
        dict(site.hotline.name),
        {one.code: {"zh": one.zh, "en": one.en} for one in known},
        {key: dict(one.name) for key, one in site.departments.items()},
        {key: dict(one.name) for key, one in site.targets.items()},
    )  # fmt: skip


def limits(of: str, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """The beginning of the month before, of the month, of the one after."""
    since = datetime.strptime(of, "%Y-%m").replace(tzinfo=zone)
    before = (since - timedelta(days=1)).replace(day=1)
    until = (since + timedelta(days=31)).replace(day=1)
    return before, since, until

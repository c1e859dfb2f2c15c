"""What a case's class and urgency say about a work order: who works on it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from ivr.settings import calendar, classes
from ivr.settings.model import Site


@dataclass(frozen=True, slots=True)
class Proposal:
    department: str  # "": the class names none
    joint: tuple[str, ...]
    due: datetime
    sign_by: datetime


def proposal(site: Site, class_code: str, urgency: str, at: datetime, due: datetime | None = None) -> Proposal:
    """`due`: an end that somebody has set. Raises ValueError: a file of the settings cannot be read."""
    known = {one.code: one for one in classes.read(classes.file_of(site))}
    codes = (class_code[:length] for length in range(len(class_code), 0, -1))
    found = next((known[code] for code in codes if code in known), classes.Class("", "", ""))
    days, zone = calendar.read(calendar.file_of(site)), ZoneInfo(site.hotline.timezone)
    end = due or calendar.due_of(found.limit, urgency, at, days, zone)
    there = [one for one in (found.department, *found.joint.split()) if one in site.departments]
    department = found.department if found.department in there else ""
    joint = tuple(one for one in there if one != department)
    return Proposal(department, joint if department else (), end, calendar.sign_by(at, end, days, zone))

"""Cases in bulk, and the month's bulletin: written by a process, given in the answer to the one request (R42, R50)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ivr.bulletin import job as bulletin_job
from ivr.store import case_sheets
from ivr.store.export import plain
from ivr.web import exports
from ivr.web.board import class_names
from ivr.web.context import Asked
from ivr.web.exports import Told
from ivr.web.lookups import filters


async def cases(asked: Asked) -> Any:
    """`GET /cases/export`: whoever may not see numbers gets them masked, and no name at all."""
    site, language, format = asked.services.site, _language(asked), asked.query.get("format", "xlsx")
    given = {name: value for name, value in asked.query.items() if name != "format"}
    wanted: Any = plain(given)
    classes = {code: one[language] for code, one in class_names(asked).items()}
    full = asked.who is not None and asked.who.sees_numbers

    def job(path: Path) -> case_sheets.Job:
        return case_sheets.Job(
            site.database_url, str(path), format, language, site.hotline.timezone, full, wanted, classes
        )

    told = Told("case.export", "", {"filters": filters(given), "full": full})
    return await exports.at_once(asked, case_sheets.MODULE, job, f"cases.{format}", told)


async def bulletin(asked: Asked) -> Any:
    """`GET /bulletin`."""
    site, format = asked.services.site, asked.query.get("format", "xlsx")
    month = asked.query.get("month") or _last_month(ZoneInfo(site.hotline.timezone))

    def job(path: Path) -> bulletin_job.Job:
        return bulletin_job.job(site, site.database_url, path, format, _language(asked), month)

    told = Told("bulletin.export", "", {"month": month})
    return await exports.at_once(asked, bulletin_job.MODULE, job, f"bulletin-{month}.{format}", told)


def _last_month(zone: ZoneInfo) -> str:
    return f"{datetime.now(zone).replace(day=1) - timedelta(days=1):%Y-%m}"


def _language(asked: Asked) -> str:
    return "en" if asked.language == "en" else "zh"

"""Cases as a sheet (R42), xlsx or CSV, by a process of its own: `python -m ivr.store.case_sheets`, its job on stdin."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ivr.calls.numbers import masked
from ivr.desks import case_names as names
from ivr.desks.local import local
from ivr.store import case_search, tables
from ivr.store.case_search import Wanted
from ivr.store.making import Tell, main
from ivr.store.sheets import Row, TooManyRowsError, conditions, opened
from ivr.store.store import Store

MODULE = "ivr.store.case_sheets"
MOST_ROWS = 200_000
PAGE = 1000
HIDDEN = "***"

_H = tables.handover.c


@dataclass(frozen=True, slots=True)
class Job:
    """`wanted`: fields of `case_search.Wanted` as JSON has them; `classes`: code → its name."""

    url: str
    path: str
    format: str
    language: str
    zone: str
    full: bool  # whole numbers, those that a case hides among them (R60)
    wanted: Mapping[str, str]
    classes: Mapping[str, str]
    most: int = MOST_ROWS


HEADINGS: tuple[tuple[str, str], ...] = (
    ("编号", "case"),
    ("建立时间", "opened"),
    ("状态", "state"),
    ("渠道", "channel"),
    ("性质", "kind"),
    ("分类代码", "class code"),
    ("诉求分类", "class"),
    ("紧急程度", "urgency"),
    ("区域", "region"),
    ("地点", "place"),
    ("事由", "about"),
    ("来电号码", "caller"),
    ("首接平台", "first received by"),
    ("受理平台", "accepted by"),
    ("流转", "handed over"),
    ("办结时间", "closed"),
    ("诉求编码", "id"),
)


async def write(job: Job, tell: Tell) -> None:
    """Write the sheet. Raises TooManyRowsError, DatabaseDownError."""
    wanted, zone = conditions(Wanted, job.wanted), ZoneInfo(job.zone)
    store = Store(job.url)
    await store.open(may_migrate=False)

    def page(connection: Connection, before: int | None) -> tuple[int | None, list[Row]]:
        """The serial that the page after it begins below, and the rows."""
        found = case_search.page(connection, wanted, PAGE, before)
        went = _handovers(connection, [one["id"] for one in found], job.language)
        shown = [one for one in found if may_be_found(one, job)]
        rows = [row(one, went.get(one["id"], ""), job, zone) for one in shown]
        return (found[-1]["serial"] if len(found) == PAGE else None), rows

    try:
        async with store.reading() as connection:
            total = await connection.run_sync(lambda sync: case_search.count(sync, wanted, job.most + 1))
        if total > job.most:
            raise TooManyRowsError(job.most)
        tell({"rows": 0, "total": total})
        done, more, before = 0, True, None
        with opened(job.path, job.format, len(HEADINGS)) as put:
            put([heading[job.language == "en"] for heading in HEADINGS])
            while more:
                async with store.reading() as connection:
                    before, rows = await connection.run_sync(page, before)
                for cells in rows[: job.most - done]:
                    put(cells)
                done = min(done + len(rows), job.most)
                tell({"rows": done, "total": max(total, done)})
                more = before is not None and done < job.most
    finally:
        await store.close()


def may_be_found(case: Mapping[str, Any], job: Job) -> bool:
    """Nobody learns from a number that he knows whether it is the one that a case hides."""
    return job.full or "caller" not in job.wanted or not case["confidential"]


def row(case: Mapping[str, Any], went: str, job: Job, zone: tzinfo) -> Row:
    """A cell a heading; times in `zone`."""
    hidden = case["confidential"] and not job.full
    caller = HIDDEN if hidden and case["caller"] else case["caller"] if job.full else masked(case["caller"])
    return (
        case["number"],
        _time(case["opened_at"], zone),
        names.name(names.STATES, case["state"], job.language),
        names.name(names.CHANNELS, case["channel"], job.language),
        names.name(names.KINDS, case["kind"], job.language),
        case["class_code"],
        job.classes.get(case["class_code"], ""),
        names.name(names.URGENCIES, case["urgency"], job.language),
        case["region"],
        case["place"],
        case["line"],
        caller,
        case["first"],
        case["owners"],
        went,
        _time(case["closed_at"], zone),
        case["id"],
    )


def _handovers(connection: Connection, ids: Iterable[str], language: str) -> dict[str, str]:
    """Of each case, in words: `12345→110 已受理；110→12345 不受理`."""
    query = select(_H.case_id, _H.origin, _H.to, _H.state).where(_H.case_id.in_(list(ids)))
    told: dict[str, list[str]] = {}
    for case_id, origin, to, state in connection.execute(query.order_by(_H.case_id, _H.place)):
        told.setdefault(case_id, []).append(f"{origin}→{to} {names.name(names.HANDOVERS, state, language)}")
    return {case_id: ("; " if language == "en" else "；").join(parts) for case_id, parts in told.items()}


def _time(moment: datetime | None, zone: tzinfo) -> str:
    return f"{local(moment, zone):%Y-%m-%d %H:%M:%S}" if moment is not None else ""


if __name__ == "__main__":
    main(Job, lambda job, tell: asyncio.run(write(job, tell)))

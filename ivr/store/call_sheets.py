"""Calls as a sheet, xlsx or CSV, by a process of its own: `python -m ivr.store.call_sheets`, its job on stdin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from ivr.calls.ladder_words import MODES, OUTCOMES, RESULTS, Language, Words
from ivr.calls.masking import masked
from ivr.calls.model import Call, Transfer
from ivr.store.making import Tell, main
from ivr.store.search import Wanted, count
from ivr.store.sheets import Row, TooManyRowsError, conditions, opened
from ivr.store.store import Store

MODULE = "ivr.store.call_sheets"
PAGE = 500  # calls


@dataclass(frozen=True, slots=True)
class Job:
    """`wanted`: fields of `search.Wanted` as JSON has them."""

    url: str
    path: str
    format: str
    language: Language
    zone: str
    full: bool  # whole numbers
    wanted: Mapping[str, str]
    most: int  # rows


HEADINGS: tuple[tuple[str, str], ...] = (
    ("进入时间", "entered"),
    ("来电号码", "caller"),
    ("拨打号码", "dialled"),
    ("结果", "outcome"),
    ("等待（秒）", "waited (s)"),
    ("全程（秒）", "in all (s)"),
    ("坐席", "operators"),
    ("转接", "transfers"),
    ("交来方", "handed over by"),
    ("语种", "language"),
    ("通话编号", "call"),
)


def row(call: Call, words: Words, zone: tzinfo) -> Row:
    """One call, a cell a heading; times in `zone`, spans in whole seconds."""
    operators = (leg.party for leg in call.legs if leg.role == "operator" and leg.answered_at)
    return (
        f"{call.entered_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        call.caller,
        call.number,
        words.of(OUTCOMES, call.outcome) if call.outcome else words.say("running"),
        _seconds(call.entered_at, call.answered_at),
        _seconds(call.entered_at, call.ended_at),
        " ".join(dict.fromkeys(operators)),
        words.mark("semicolon").join(_transfer(one, words) for one in call.transfers),
        call.handed_over_by or "",
        call.language or "",
        call.id,
    )


def _transfer(one: Transfer, words: Words) -> str:
    told = f"{one.target} {words.of(MODES, one.mode)}"
    return f"{told}{words.mark('colon')}{words.of(RESULTS, one.result)}" if one.result else told


def _seconds(began: datetime, ended: datetime | None) -> int | None:
    return round((ended - began).total_seconds()) if ended is not None else None


async def write(job: Job, tell: Tell) -> None:
    """Write the sheet. Raises TooManyRowsError, DatabaseDownError."""
    words, zone = Words(job.language), ZoneInfo(job.zone)
    wanted = conditions(Wanted, job.wanted)
    store = Store(job.url)
    await store.open(may_migrate=False)
    try:
        async with store.reading() as connection:
            total = await count(connection, wanted, job.most + 1)
        if total > job.most:
            raise TooManyRowsError(job.most)
        tell({"rows": 0, "total": total})
        done, before = 0, None
        with opened(job.path, job.format, len(HEADINGS)) as put:
            put([heading[job.language == "en"] for heading in HEADINGS])
            asked = {field.name: getattr(wanted, field.name) for field in fields(Wanted)}
            while calls := await store.calls(min(PAGE, job.most - done), before, **asked):
                for call in calls:
                    put(row(call if job.full else masked(call), words, zone))
                done, before = done + len(calls), calls[-1].id
                tell({"rows": done, "total": max(total, done)})
                if done >= job.most:
                    break
    finally:
        await store.close()


if __name__ == "__main__":
    main(Job, lambda job, tell: asyncio.run(write(job, tell)))

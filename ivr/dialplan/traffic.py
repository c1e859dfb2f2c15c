"""The stories of a time's calls, out of the call log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ivr.dialplan.checked import SITE
from ivr.dialplan.draw_traffic import ENDED, TALKED, Story, Traffic
from ivr.errors import HotlineError
from ivr.store import Store, tables

_TALKED = frozenset({"answered", "transferred", "emergency"})  # outcomes: a person talked with the caller
_TURNED_AWAY = frozenset({"rejected", "diverted"})


class PeriodError(HotlineError):
    """What was given is no time."""


def days(text: str, today: date) -> tuple[date, date]:
    """`yesterday`, `2026-11-26` or `2026-11-20..2026-11-26` (the last day with it) → first day, day after the last.

    Raises PeriodError.
    """
    if text == "yesterday":
        return today - timedelta(days=1), today
    first, _, last = text.partition("..")
    try:
        since, until = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        since, until = today, today - timedelta(days=1)
    if until < since:
        raise PeriodError(
            "bad_period",
            f"{text[:40]!r}: 应为 yesterday、2026-11-26 或 2026-11-20..2026-11-26 / expected yesterday, one day or two",
        )
    return since, until + timedelta(days=1)


async def of_days(store: Store, first: date, after: date, zone: ZoneInfo, words: str) -> Traffic:
    """Of the calls that came in on these days of the site's. What was erased is not among them."""
    since, until = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, after))
    call, step = tables.call, tables.ivr_step
    calls = select(call.c.id, call.c.answered_at, call.c.outcome, call.c.ended_at).where(
        call.c.entered_at >= since, call.c.entered_at < until
    )
    steps = (
        select(step.c.call_id, step.c.at, step.c.step, step.c.value)
        .join(call, call.c.id == step.c.call_id)
        .where(call.c.entered_at >= since, call.c.entered_at < until)
        .order_by(step.c.call_id, step.c.ordinal)
    )
    told: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    stories = Counter[Story]()
    async with store.reading() as connection:
        for id, at, name, value in await connection.execute(steps):
            told[id].append((at, _place(name, value)))
        for id, answered, outcome, ended in await connection.execute(calls):
            stories[tuple(_story(told[id], answered, outcome, ended))] += 1
    return Traffic(stories, words)


def _place(step: str, value: str) -> str:
    """A hook's step tells which hook it was (`before-queue:ok`): the site's context."""
    return SITE + value.partition(":")[0] if step == "hook" else step


def _story(
    steps: list[tuple[datetime, str]], answered: datetime | None, outcome: str | None, ended: datetime | None
) -> Iterator[str]:
    """A caller who leaves by himself before anybody talked with him left where he was."""
    talked = answered if outcome in _TALKED else None
    for at, name in steps:
        if talked is not None and at >= talked:
            yield TALKED
            talked = None
        yield name
    if talked is not None:
        yield TALKED
    if ended is not None and outcome in _TALKED | _TURNED_AWAY:
        yield ENDED

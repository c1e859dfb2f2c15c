"""The wallboard's figures: the last 24 hours against the national targets (R2, R3), from the call log alone.

What is offered and answered is told in docs/desk.md, "What the figures count". The database does the counting: one row
an hour comes back, however many calls there were.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_, select

from ivr.calls.statistics import IN_TIME
from ivr.store.moments import hour_of, seconds
from ivr.store.store import Store
from ivr.store.tables import call, ivr_step, transfer, transfer_attempt

CONNECT_RATE = 0.95  # R3
WINDOW = timedelta(hours=24)  # R3: rolling, not the calendar's day
HOURS = 24
LATELY = timedelta(minutes=30)  # a route fails "lately"
LONGEST_TRANSFER = timedelta(hours=1)  # that one goes from route to route: minutes in truth
FAILS = 3  # attempts one after the other
NOT_A_FAILURE = ("answered", "cancelled", "abandoned")  # the last two are the operator's or the caller's doing
SERVED_ELSEWHERE = ("emergency", "diverted")  # by 110 at the caller's own wish; by the neighbour


@dataclass(frozen=True, slots=True)
class Day:
    """Waits in seconds; a rate is None where there is nothing to divide by."""

    offered: int
    answered: int
    answered_in_time: int
    connect_rate: float | None  # R3: answered ÷ offered
    in_time_rate: float | None  # R2: answered in time ÷ answered
    abandoned: int
    longest_wait: float | None
    average_wait: float | None
    waiting: int  # nobody knows yet; in none of the others
    emergency: int
    diverted: int
    screened: int


@dataclass(frozen=True, slots=True)
class Hour:
    start: datetime
    offered: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0


@dataclass(frozen=True, slots=True)
class Transfers:
    target: str
    asked: int
    completed: int
    failed: int
    press_to_in_p90: float | None  # seconds from the key to the target's answer


@dataclass(frozen=True, slots=True)
class Failing:
    """A route whose last attempts failed, or a target of which no route was left."""

    target: str
    route: str | None  # None: every route of one transfer
    since: datetime
    times: int
    result: str


@dataclass(frozen=True, slots=True)
class Figures:
    at: datetime
    day: Day
    hours: tuple[Hour, ...]  # oldest first; the first lacks what is older than a day, the last is not over
    transfers: tuple[Transfers, ...]
    failing: tuple[Failing, ...]


async def figures(store: Store, now: datetime) -> Figures:
    """Of the 24 hours until `now`. Raises DatabaseDownError."""
    since = now - WINDOW
    async with store.reading() as connection:
        counted = [dict(row) for row in (await connection.execute(_by_hour(since, now))).mappings()]
        asked = (await connection.execute(_transfers(since, now))).all()
        newest = (await connection.execute(_newest(now - LATELY, now))).all()
        tried = (await connection.execute(_attempts(now - LATELY, now))).all()
    return Figures(now, _day(counted), _hours(counted, now), _targets(asked), tuple(_failing(newest, tried)))


async def of_calls(store: Store, since: datetime, until: datetime) -> tuple[Day, tuple[Transfers, ...]]:
    """The same of any time; of calls that have been erased there is only `ivr.store.statistics`."""
    async with store.reading() as connection:
        counted = [dict(row) for row in (await connection.execute(_by_hour(since, until))).mappings()]
        asked = (await connection.execute(_transfers(since, until))).all()
    return _day(counted), _targets(asked)


def _by_hour(since: datetime, until: datetime) -> Select[Any]:
    screened = and_(
        call.c.outcome == "rejected",
        exists().where(ivr_step.c.call_id == call.c.id, ivr_step.c.step == "screened"),
    )
    kind = case(
        (and_(call.c.answered_at.is_(None), call.c.ended_at.is_(None)), "waiting"),
        (call.c.outcome.in_(SERVED_ELSEWHERE), call.c.outcome),
        (screened, "screened"),
        (call.c.answered_at.is_not(None), "answered"),
        else_="lost",
    )
    one = (
        select(
            hour_of(call.c.entered_at).label("hour"),
            kind.label("kind"),
            call.c.outcome,
            seconds(call.c.entered_at, func.coalesce(call.c.answered_at, call.c.ended_at)).label("waited"),
        )
        .where(call.c.entered_at > since, call.c.entered_at <= until)
        .cte("one")
        .prefix_with("MATERIALIZED")  # else each of the sums below computes the wait anew: it is half of the cost
    )
    return select(
        one.c.hour,
        one.c.kind,
        func.count().label("calls"),
        func.sum(case((one.c.waited <= IN_TIME, 1), else_=0)).label("in_time"),
        func.sum(case((one.c.outcome == "abandoned", 1), else_=0)).label("abandoned"),
        func.sum(one.c.waited).label("waited"),
        func.max(one.c.waited).label("longest"),
    ).group_by(one.c.hour, one.c.kind)


def _transfers(since: datetime, until: datetime) -> Select[Any]:
    """Of the day's calls, one row each: target, result, seconds from the key to the target's answer."""
    answered_at = (
        select(func.min(transfer_attempt.c.answered_at))
        .where(transfer_attempt.c.transfer_id == transfer.c.id, transfer_attempt.c.result == "answered")
        .scalar_subquery()
    )
    return (
        select(transfer.c.target, transfer.c.result, seconds(transfer.c.asked_at, answered_at))
        .join(call, call.c.id == transfer.c.call_id)
        .where(
            transfer.c.asked_at > since,  # nobody asks before his call has begun: an index finds these
            call.c.entered_at > since,
            call.c.entered_at <= until,
            or_(
                transfer.c.result.is_(None), transfer.c.result != "refused"
            ),  # never dialled: says nothing of the target
        )
    )


def _newest(since: datetime, until: datetime) -> Select[Any]:
    """Transfers lately that came to something, newest first."""
    return (
        select(transfer.c.target, transfer.c.result, transfer.c.asked_at)
        .where(
            transfer.c.asked_at > since,
            transfer.c.asked_at <= until,
            transfer.c.result.in_(("completed", "failed")),
        )
        .order_by(transfer.c.asked_at.desc())
    )


def _attempts(since: datetime, until: datetime) -> Select[Any]:
    """Newest first."""
    return (
        select(transfer.c.target, transfer_attempt.c.route, transfer_attempt.c.result, transfer_attempt.c.dialled_at)
        .join(transfer, transfer.c.id == transfer_attempt.c.transfer_id)
        .where(
            transfer.c.asked_at > since - LONGEST_TRANSFER,
            transfer_attempt.c.dialled_at > since,
            transfer_attempt.c.dialled_at <= until,
            transfer_attempt.c.result.is_not(None),
        )
        .order_by(transfer_attempt.c.dialled_at.desc())
    )


def _day(counted: Sequence[Mapping[str, Any]]) -> Day:
    def total(column: str, *kinds: str) -> float:
        return sum(row[column] or 0 for row in counted if row["kind"] in kinds)

    answered, in_time = int(total("calls", "answered")), int(total("in_time", "answered"))
    offered = answered + int(total("calls", "lost"))
    longest = [row["longest"] for row in counted if row["kind"] in ("answered", "lost") and row["longest"] is not None]
    return Day(
        offered=offered,
        answered=answered,
        answered_in_time=in_time,
        connect_rate=answered / offered if offered else None,
        in_time_rate=in_time / answered if answered else None,
        abandoned=int(total("abandoned", "lost")),
        longest_wait=round(max(longest), 1) if longest else None,
        average_wait=round(total("waited", "answered") / answered, 1) if answered else None,
        waiting=int(total("calls", "waiting")),
        emergency=int(total("calls", "emergency")),
        diverted=int(total("calls", "diverted")),
        screened=int(total("calls", "screened")),
    )


def _hours(counted: Iterable[Mapping[str, Any]], now: datetime) -> tuple[Hour, ...]:
    """24 hours of the clock, the running one last."""
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in counted:
        if row["kind"] not in ("answered", "lost"):
            continue
        of_hour = sums[row["hour"]]
        of_hour["offered"] += row["calls"]
        of_hour["abandoned"] += row["abandoned"]
        if row["kind"] == "answered":
            of_hour["answered"] += row["calls"]
            of_hour["in_time"] += row["in_time"]
    starts = (last - timedelta(hours=back) for back in range(HOURS - 1, -1, -1))
    return tuple(Hour(start, **sums.get(f"{start:%Y-%m-%d %H}", {})) for start in starts)


def _targets(asked: Iterable[Any]) -> tuple[Transfers, ...]:
    ended: dict[str, Counter[str | None]] = defaultdict(Counter)
    spans: dict[str, list[float]] = defaultdict(list)
    for target, result, took in asked:
        ended[target][result] += 1
        if took is not None:
            spans[target].append(took)
    return tuple(
        Transfers(target, results.total(), results["completed"], results["failed"], _p90(spans[target]))
        for target, results in sorted(ended.items())
    )


def _p90(values: list[float]) -> float | None:
    """By nearest rank: a value that was seen."""
    return round(sorted(values)[math.ceil(0.9 * len(values)) - 1], 1) if values else None


def _failing(newest: Iterable[Any], tried: Iterable[Any]) -> Iterable[Failing]:
    """A route that failed `FAILS` times running; a target whose newest transfer lately found no way at all."""
    routes: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in tried:
        routes[row[0], row[1]].append(row)
    for (target, route), rows in sorted(routes.items()):
        failed = []
        for row in rows:
            if row[2] == "answered":
                break
            if row[2] not in NOT_A_FAILURE:
                failed.append(row)
        if len(failed) >= FAILS:
            yield Failing(target, route, failed[-1][3], len(failed), failed[0][2])
    last: dict[str, Any] = {}
    for row in newest:
        last.setdefault(row[0], row)
    for target, row in sorted(last.items()):
        if row[1] == "failed":
            yield Failing(target, None, row[2], 1, "failed")

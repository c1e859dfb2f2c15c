"""How cases went between desks, counted by the database: a few rows come back, however many cases there were.

The rows of `handover` and `decision` are made of a case's events, in the transaction that adds them. Spans are told as
percentiles by nearest rank: a value that was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    distinct,
    func,
    literal_column,
    or_,
    select,
)

from ivr.desks import linkage as pure
from ivr.desks.case import Case
from ivr.store import satisfaction, tables
from ivr.store.moments import hour_of
from ivr.store.satisfaction import Satisfaction
from ivr.store.store import Store

DECIDED = ("agreed", "first_received", "emergency", "accepted", "consulted")  # ways in which a desk got a case
SHARES = {"p50": 0.5, "p90": 0.9}
CLASS_DIGITS = 2  # of a code: the classes at the top of the tree

_H, _D = tables.handover.c, tables.decision.c


@dataclass(frozen=True, slots=True)
class Counts:
    """Handovers, and what became of them. Seconds until the other desk accepted; None: of none it is known."""

    handovers: int = 0
    cases: int = 0  # that these belong to
    conferences: int = 0  # three-party calls
    waiting: int = 0
    accepted: int = 0  # returned ones among them
    refused: int = 0
    returned: int = 0
    kept: int = 0  # the desk that had it keeps it
    lapsed: int = 0  # the case ended without an answer
    overdue: int = 0
    voice_failed: int = 0
    p50: float | None = None
    p90: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of handovers that were made since … until, and call-backs. Days and hours are the site's."""

    since: datetime
    until: datetime
    total: Counts
    ways: Mapping[tuple[str, str], Counts]  # from, to
    classes: Mapping[str, Counts]  # by the first digits of the code; "": none was given
    days: Mapping[str, Mapping[tuple[str, str], int]]  # "2026-11-27" → way → handovers
    hours: Mapping[tuple[str, str], tuple[int, ...]]  # way → handovers by the hour of the day
    decided: Mapping[str, int]  # by reason
    satisfaction: Satisfaction


# --- the rows ---------------------------------------------------------------------------------------------------------


def rows_of(known: Case) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Of `handover`, of `decision`."""
    found = pure.linkage(known)
    handovers = [
        {
            "case_id": known.id,
            "place": place,
            "origin": one.origin,
            "to": one.to,
            "way": one.way,
            "mode": one.mode,
            "at": one.at,
            "state": one.state,
            "decided": one.decided,
            "voice_failed": one.voice == "failed",
            "answered_after": one.answered_after,
            "accepted_after": one.accepted_after,
            "class_code": known.matter.class_code,
        }
        for place, one in enumerate(found.handovers, 1)
    ]
    decisions = [
        {"case_id": known.id, "place": place, "reason": one.reason, "owners": " ".join(one.owners), "at": one.at}
        for place, one in enumerate(found.decisions, 1)
    ]
    return handovers, decisions


def project(connection: Connection, known: Case) -> None:
    """Write what the case's events say of its linkage now: an offer may have lost its effect to what came late."""
    if not any(entry.event.kind in {"offered", "emergency"} for entry in known.history):
        return  # it never went anywhere
    for table, rows in zip((tables.handover, tables.decision), rows_of(known), strict=True):
        connection.execute(delete(table).where(table.c.case_id == known.id))
        if rows:
            connection.execute(table.insert(), rows)


# --- the figures ------------------------------------------------------------------------------------------------------


async def figures(store: Store, since: datetime, until: datetime, limit: timedelta, zone: tzinfo) -> Figures:
    """`limit`: an answer later than that is overdue, as is none by `until`. Raises DatabaseDownError."""
    async with store.reading() as connection:
        return await connection.run_sync(lambda sync: counted(sync, since, until, limit, zone))


def counted(connection: Connection, since: datetime, until: datetime, limit: timedelta, zone: tzinfo) -> Figures:
    span = (_H.at >= since, _H.at < until)
    top = func.substr(_H.class_code, literal_column("1"), literal_column(f"{CLASS_DIGITS}"))
    none: tuple[ColumnElement[Any], ...] = ()
    total = _by(connection, none, span, until, limit)
    days, hours = _by_time(connection, span, zone)
    reasons = select(_D.reason, func.count()).where(_D.at >= since, _D.at < until).group_by(_D.reason)
    decided = {str(reason): int(count) for reason, count in connection.execute(reasons)}
    return Figures(
        since,
        until,
        total.get((), Counts()),
        {(key[0], key[1]): counts for key, counts in _by(connection, (_H.origin, _H.to), span, until, limit).items()},
        {key[0]: counts for key, counts in _by(connection, (top,), span, until, limit).items()},
        days,
        hours,
        {reason: decided.get(reason, 0) for reason in DECIDED},
        satisfaction.counted(connection, since, until),
    )


def overdue(until: datetime, limit: timedelta) -> ColumnElement[bool]:
    """Answered too late, or not by `until` and the limit is over."""
    never = and_(_H.state == "sent", _H.at < min(until, datetime.now(UTC)) - limit)
    return or_(_H.answered_after > limit.total_seconds(), never)


def _by(
    connection: Connection,
    keys: Sequence[ColumnElement[Any]],
    span: Iterable[ColumnElement[bool]],
    until: datetime,
    limit: timedelta,
) -> dict[tuple[str, ...], Counts]:
    def so_many(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    sums: Mapping[str, ColumnElement[Any]] = {
        "handovers": func.count(),
        "cases": func.count(distinct(_H.case_id)),
        "conferences": so_many(_H.mode == "conference"),
        "waiting": so_many(_H.state == "sent"),
        "accepted": so_many(_H.decided != ""),
        **{state: so_many(_H.state == state) for state in ("refused", "returned", "kept", "lapsed")},
        "overdue": so_many(overdue(until, limit)),
        "voice_failed": so_many(_H.voice_failed),
    }
    query = select(*(key.label(f"key{place}") for place, key in enumerate(keys)), *sums.values()).where(*span)
    query = query.group_by(*keys).order_by(*keys) if keys else query
    spans = _percentiles(connection, keys, span)
    found = {}
    for row in connection.execute(query):
        key = tuple(row[: len(keys)])
        numbers = (int(number) for number in row[len(keys) :])
        counts: dict[str, Any] = {**dict(zip(sums, numbers, strict=True)), **spans.get(key, {})}
        found[key] = Counts(**counts)
    return found


def _percentiles(
    connection: Connection, keys: Sequence[ColumnElement[Any]], span: Iterable[ColumnElement[bool]]
) -> dict[tuple[str, ...], dict[str, float]]:
    named = [key.label(f"key{place}") for place, key in enumerate(keys)]
    value = _H.accepted_after.label("seconds")
    within: dict[str, Any] = {"partition_by": keys} if keys else {}
    ranked = (
        select(
            *named,
            value,
            func.row_number().over(order_by=_H.accepted_after, **within).label("rank"),
            func.count().over(**within).label("of"),
        )
        .where(*span, _H.accepted_after.is_not(None))
        .subquery()
    )
    # The nearest rank, ⌈share × of⌉, in whole numbers: both databases divide them alike.
    wanted = {name: (ranked.c.of * int(share * 100) + 99) // 100 for name, share in SHARES.items()}
    columns = [ranked.c[f"key{place}"] for place in range(len(keys))]
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for name, rank in wanted.items():
        query: Select[Any] = select(*columns, ranked.c.seconds).where(ranked.c.rank == rank)
        for row in connection.execute(query):
            found.setdefault(tuple(row[:-1]), {})[name] = round(float(row[-1]), 1)
    return found


def _by_time(
    connection: Connection, span: Iterable[ColumnElement[bool]], zone: tzinfo
) -> tuple[dict[str, dict[tuple[str, str], int]], dict[tuple[str, str], tuple[int, ...]]]:
    hour = hour_of(_H.at)
    query = select(hour.label("hour"), _H.origin, _H.to, func.count()).where(*span)
    days: dict[str, dict[tuple[str, str], int]] = {}
    hours: dict[tuple[str, str], list[int]] = {}
    for text, origin, to, count in connection.execute(query.group_by(hour, _H.origin, _H.to)):
        local = datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC).astimezone(zone)
        day = days.setdefault(f"{local:%Y-%m-%d}", {})
        day[origin, to] = day.get((origin, to), 0) + count
        hours.setdefault((origin, to), [0] * 24)[local.hour] += count
    return dict(sorted(days.items())), {way: tuple(counts) for way, counts in sorted(hours.items())}

"""Numbers that call very often stand for review (R53): a person looks, and decides. It does nothing to calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.calls import numbers
from ivr.errors import HotlineError
from ivr.settings import Screening
from ivr.store import tables
from ivr.store.blocks import caller_number, named_person
from ivr.store.export import instant
from ivr.store.store import Store

_CALL, _REVIEW = tables.call.c, tables.review.c


@dataclass(frozen=True, slots=True)
class Review:
    number: str
    flagged_at: datetime
    last_at: datetime  # when it was last seen above the threshold
    calls: int  # the most that were seen in one window
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {name: instant(value) if isinstance(value, datetime) else value for name, value in asdict(self).items()}


class NotInReviewError(HotlineError):
    def __init__(self, number: str) -> None:
        message = f"{number} does not stand for review; `ivr screening list` shows the numbers that do"
        super().__init__("not_in_review", message, {"number": number}, 404)


class Reviews:
    def __init__(self, store: Store, rules: Screening) -> None:
        self._store, self._rules = store, rules

    async def look(self, now: datetime) -> list[Review]:
        """Flag who called more than `review_calls` times in the last `review_minutes`; returns the new flags.

        A number that a person has just looked at is left alone for one window.
        """
        window = timedelta(minutes=self._rules.review_minutes)
        async with self._store.transaction() as connection:
            found = await self._frequent(connection, now - window)
            if not found:
                return []
            recent = (_REVIEW.number.in_(list(found)), _REVIEW.flagged_at <= now)
            rows = (await connection.execute(select(tables.review).where(*recent))).mappings().all()
            known = [Review(**row) for row in rows]
            quiet = {one.number for one in known if one.reviewed_at is not None and one.reviewed_at > now - window}
            open_ = {one.number: one for one in known if one.reviewed_at is None}
            for number in open_.keys() & found.keys():
                one = open_[number]
                this = (_REVIEW.number == number, _REVIEW.flagged_at == one.flagged_at)
                seen = {"last_at": now, "calls": max(one.calls, found[number])}
                await connection.execute(update(tables.review).where(*this).values(seen))
            new = [Review(number, now, now, found[number]) for number in sorted(found.keys() - open_.keys() - quiet)]
            if new:
                await connection.execute(tables.review.insert(), [asdict(one) for one in new])
        return new

    async def _frequent(self, connection: AsyncConnection, since: datetime) -> dict[str, int]:
        citizens = select(_CALL.caller, func.count()).where(_CALL.entered_at > since, _CALL.handed_over_by.is_(None))
        calls: Counter[str] = Counter()
        for caller, count in (await connection.execute(citizens.group_by(_CALL.caller))).all():
            calls[numbers.normal(caller, self._rules.country)] += count
        calls.pop("", None)  # who withholds the number has none to be reviewed
        return {number: count for number, count in calls.items() if count > self._rules.review_calls}

    async def listed(self, *, all: bool = False, limit: int = 500) -> list[Review]:
        """Those that wait for a person, the newest first; with `all`, also those that one has looked at."""
        query = select(tables.review).order_by(_REVIEW.flagged_at.desc(), _REVIEW.number).limit(limit)
        if not all:
            query = query.where(_REVIEW.reviewed_at.is_(None))
        async with self._store.transaction() as connection:
            return [Review(**row) for row in (await connection.execute(query)).mappings().all()]

    async def done(self, number: str, by: str, now: datetime) -> None:
        """A named person has looked. Raises NotInReviewError, BlockRefusedError, DatabaseDownError."""
        number, by = caller_number(number, self._rules.country), named_person(by)
        waiting = (_REVIEW.number == number, _REVIEW.reviewed_at.is_(None))
        async with self._store.transaction() as connection:
            seen = await connection.execute(
                update(tables.review).where(*waiting).values(reviewed_at=now, reviewed_by=by)
            )
        if not seen.rowcount:
            raise NotInReviewError(number)

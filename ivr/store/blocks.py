"""Blocks of a number (R53): for a time, by a named person, for a reason. Lifting one ends it and leaves its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from ivr.calls import numbers
from ivr.errors import HotlineError
from ivr.settings import Screening
from ivr.store import tables
from ivr.store.export import UNSHOWABLE, instant
from ivr.store.store import Store

LONGEST_NAME, LONGEST_REASON = 64, 500  # characters

_BLOCK = tables.block.c


@dataclass(frozen=True, slots=True)
class Block:
    id: str
    number: str  # as ivr.calls.numbers.normal
    by: str
    reason: str
    since: datetime
    until: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    def holds(self, now: datetime) -> bool:
        return self.lifted_at is None and self.until > now

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """JSON-ready, `from` as in the table; `holds`: is it in force?"""
        told = {name: instant(value) if isinstance(value, datetime) else value for name, value in asdict(self).items()}
        return {"holds": self.holds(now), "from": told.pop("since"), **told}


class BlockRefusedError(HotlineError):
    """A block that nobody could answer for."""

    def __init__(self, id: str, message: str, **details: object) -> None:
        super().__init__(id, message, details, 422)


class AlreadyBlockedError(HotlineError):
    def __init__(self, block: Block) -> None:
        message = f"{block.number} is blocked until {instant(block.until)} by {block.by}; lift that block first"
        details = {"number": block.number, "until": instant(block.until), "by": block.by}
        super().__init__("already_blocked", message, details, 409)


class NotBlockedError(HotlineError):
    def __init__(self, number: str) -> None:
        message = f"no block of {number} is in force; `ivr screening list` shows those that are"
        super().__init__("not_blocked", message, {"number": number}, 404)


def caller_number(written: str, country: str) -> str:
    """The number that is meant. Raises BlockRefusedError where it can be none."""
    number = numbers.normal(written, country)
    if not 2 <= len(number) <= 20 or any(letter not in "0123456789+ -()" for letter in written):
        raise BlockRefusedError(
            "bad_number", f"{written[:40]!r} is no telephone number such as 13800138000", number=written[:40]
        )
    return number


def named_person(name: str) -> str:
    """Who decides. Raises BlockRefusedError where nobody is named."""
    name = name.strip()
    if not any(letter.isalpha() for letter in name) or len(name) > LONGEST_NAME or UNSHOWABLE.search(name):
        raise BlockRefusedError("nobody_named", f"say who decides: a name of at most {LONGEST_NAME} characters")
    return name


class Blocks:
    """The blocks in a database. `now` is an aware moment: the clock stands outside."""

    def __init__(self, store: Store, rules: Screening) -> None:
        self._store, self._rules = store, rules

    async def block(self, number: str, by: str, reason: str, until: datetime | None, now: datetime) -> Block:
        """Raises BlockRefusedError, AlreadyBlockedError, DatabaseDownError."""
        number, by, reason = caller_number(number, self._rules.country), named_person(by), reason.strip()
        if not reason or len(reason) > LONGEST_REASON or UNSHOWABLE.search(reason):
            raise BlockRefusedError("no_reason", f"say why, in at most {LONGEST_REASON} characters on one line")
        longest = self._rules.block_hours
        if until is None or not now < until <= now + timedelta(hours=longest, minutes=1):
            raise BlockRefusedError(
                "bad_block_end",
                f"a block needs an end, later than now and within {longest} hours ([screening] block_hours)",
                hours=longest,
            )
        for known in await self.listed(number=number, holding=True, now=now):
            raise AlreadyBlockedError(known)
        made = Block(str(uuid4()), number, by, reason, now.astimezone(UTC), until.astimezone(UTC))
        row = {"from": made.since, **{name: value for name, value in asdict(made).items() if name != "since"}}
        async with self._store.transaction() as connection:
            await connection.execute(tables.block.insert().values(row))
        return made

    async def lift(self, number: str, by: str, now: datetime) -> Block:
        """End the block that is in force. Raises NotBlockedError, BlockRefusedError, DatabaseDownError."""
        number, by = caller_number(number, self._rules.country), named_person(by)
        held = (_BLOCK.number == number, _BLOCK.lifted_at.is_(None), _BLOCK.until > now)
        async with self._store.transaction() as connection:
            done = await connection.execute(update(tables.block).where(*held).values(lifted_at=now, lifted_by=by))
        if not done.rowcount:
            raise NotBlockedError(number)
        return (await self.listed(number=number, now=now))[0]

    async def listed(
        self, *, now: datetime, number: str | None = None, holding: bool = False, limit: int = 500
    ) -> list[Block]:
        """The newest first; `holding`: only those in force."""
        query = select(tables.block).order_by(_BLOCK["from"].desc(), _BLOCK.id).limit(limit)
        if number is not None:
            query = query.where(_BLOCK.number == numbers.normal(number, self._rules.country))
        if holding:
            query = query.where(_BLOCK.lifted_at.is_(None), _BLOCK.until > now)
        async with self._store.transaction() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Block(since=row["from"], **{name: row[name] for name in row if name != "from"}) for row in rows]

    async def in_force(self, now: datetime) -> Mapping[str, datetime]:
        """Number → when its block ends."""
        ends: dict[str, datetime] = {}
        for block in await self.listed(holding=True, now=now, limit=100_000):
            ends[block.number] = max(block.until, ends.get(block.number, block.until))
        return ends

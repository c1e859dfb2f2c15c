"""The audit log: who changed what, when and why. It is only added to; the database itself refuses anything else.

Whoever gets round the database breaks the chain: rows are numbered without a gap, and each carries the digest of the
one before. What a chain cannot tell is that its newest rows are gone: the log names each row's number and digest.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import func, select

from ivr.store import tables
from ivr.store.chain import digest, word
from ivr.store.errors import DatabaseDownError
from ivr.store.export import UNSHOWABLE, instant
from ivr.store.store import Store

AT_ONCE = 1000  # rows that are verified in one look
LONGEST_TEXT = 2000  # characters of `about` and `why`
SYSTEM = "system"  # who and role of what happens by itself

_AUDIT = tables.audit.c

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `what` is a stable word such as `dialplan.publish`; `details` are JSON's own types."""

    id: str
    at: datetime
    who: str
    role: str
    what: str
    about: str
    why: str
    details: Mapping[str, Any]
    number: int = 0
    previous: str = ""
    digest: str = ""

    def sealed(self, number: int, previous: str) -> Entry:
        """At its place in the chain."""
        words = (number, self.id, self.at, self.who, self.role, self.what, self.about, self.why)
        seal = digest([*map(word, words), _json(self.details), previous])
        return replace(self, number=number, previous=previous, digest=seal)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": instant(self.at), "details": dict(self.details)}


class Audit:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(  # noqa: PLR0917  a row has so many columns
        self,
        who: str,
        role: str,
        what: str,
        about: str,
        why: str = "",
        details: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """Add a row; one writer at a time. Raises DatabaseDownError: what cannot be noted should not be done."""
        moment = (at or datetime.now(UTC)).astimezone(UTC)
        entry = Entry(
            str(uuid4()), moment, _line(who), _line(role), _line(what), _line(about), _line(why), dict(details or {})
        )
        newest = select(_AUDIT.number, _AUDIT.digest).order_by(_AUDIT.number.desc()).limit(1)
        async with self._store.alone() as connection:
            last = (await connection.execute(newest)).first()
            sealed = entry.sealed(last.number + 1, last.digest) if last else entry.sealed(1, "")
            row = {**asdict(sealed), "details": _json(sealed.details)}
            await connection.execute(tables.audit.insert().values(row))
        if structlog.is_configured():  # a log is kept; what a command prints is its own
            log.info("audit.noted", what=what, number=sealed.number, digest=sealed.digest)
        return sealed

    @asynccontextmanager
    async def ahead(  # noqa: PLR0917  as `note`
        self, who: str, role: str, what: str, about: str, why: str, details: Mapping[str, Any]
    ) -> AsyncIterator[None]:
        """On record before it is done; where it fails, a row `<what>.failed` says so. Raises as `note`."""
        await self.note(who, role, what, about, why, details)
        try:
            yield
        except Exception as failure:
            with suppress(DatabaseDownError):
                await self.note(who, role, f"{what}.failed", about, str(failure) or type(failure).__name__, details)
            raise

    async def listed(
        self,
        *,
        limit: int = 100,
        what: str | None = None,
        before: datetime | None = None,
        since: datetime | None = None,
    ) -> list[Entry]:
        """The newest first. `what`: a whole word, or its first part with the `.`. Raises DatabaseDownError."""
        query = select(tables.audit).order_by(_AUDIT.at.desc(), _AUDIT.number.desc()).limit(limit)
        if what is not None:
            group = what.endswith(".")
            query = query.where(_AUDIT.what.startswith(what, autoescape=True) if group else _AUDIT.what == what)
        if before is not None:
            query = query.where(_AUDIT.at < before)
        if since is not None:
            query = query.where(_AUDIT.at >= since)
        async with self._store.transaction() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_entry(dict(row)) for row in rows]

    async def verify(self) -> Verdict:
        """Follow the whole chain from its first row. Raises DatabaseDownError."""
        count, before = 0, ""
        while True:
            query = select(tables.audit).where(_AUDIT.number > count).order_by(_AUDIT.number).limit(AT_ONCE)
            async with self._store.reading() as connection:
                rows = (await connection.execute(query)).mappings().all()
            for row in rows:
                if row["number"] != count + 1:
                    return Verdict(count, before, count + 1, "missing")
                if not _fits(dict(row), before):
                    return Verdict(count, before, count + 1, "changed")
                count, before = count + 1, row["digest"]
            if not rows:
                break
        query = select(func.count()).select_from(tables.audit)
        async with self._store.reading() as connection:
            total = (await connection.execute(query)).scalar_one()
        return Verdict(count, before, 0, "") if total >= count else Verdict(count, before, count, "missing")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken`: the number of the first row that does not fit, 0 where all do; `why`: missing (gone) or changed."""

    entries: int  # that fit
    digest: str  # of the last of them
    broken: int
    why: str


def _fits(row: Mapping[str, Any], before: str) -> bool:
    try:
        entry = _entry(row)
    except ValueError:
        return False
    sealed = entry.sealed(row["number"], before)
    return row["details"] == _json(entry.details) and (sealed.previous, sealed.digest) == (
        row["previous"],
        row["digest"],
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(**{**row, "details": json.loads(row["details"])})


def _json(details: Mapping[str, Any]) -> str:
    return json.dumps(dict(details), ensure_ascii=False, sort_keys=True)


def _line(text: str) -> str:
    """What a person typed must not steer the terminal of whoever reads it."""
    return UNSHOWABLE.sub(" ", text)[:LONGEST_TEXT]

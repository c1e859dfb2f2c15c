"""The audit log: who changed what, when and why. It is only added to; the database itself refuses anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from ivr.store import tables
from ivr.store.export import UNSHOWABLE, instant
from ivr.store.store import Store

LONGEST_TEXT = 2000  # characters of `about` and `why`
SYSTEM = "system"  # who and role of what happens by itself

_AUDIT = tables.audit.c


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
        """Add a row. Raises DatabaseDownError: what cannot be noted should not be done."""
        moment = (at or datetime.now(UTC)).astimezone(UTC)
        entry = Entry(
            str(uuid4()), moment, _line(who), _line(role), _line(what), _line(about), _line(why), dict(details or {})
        )
        row = {**asdict(entry), "details": json.dumps(entry.details, ensure_ascii=False, sort_keys=True)}
        async with self._store.transaction() as connection:
            await connection.execute(tables.audit.insert().values(row))
        return entry

    async def listed(
        self,
        *,
        limit: int = 100,
        what: str | None = None,
        before: datetime | None = None,
        since: datetime | None = None,
    ) -> list[Entry]:
        """The newest first. `what`: a whole word, or its first part with the `.`. Raises DatabaseDownError."""
        query = select(tables.audit).order_by(_AUDIT.at.desc(), _AUDIT.id).limit(limit)
        if what is not None:
            group = what.endswith(".")
            query = query.where(_AUDIT.what.startswith(what, autoescape=True) if group else _AUDIT.what == what)
        if before is not None:
            query = query.where(_AUDIT.at < before)
        if since is not None:
            query = query.where(_AUDIT.at >= since)
        async with self._store.transaction() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [Entry(**{**row, "details": json.loads(row["details"])}) for row in rows]


def _line(text: str) -> str:
    """What a person typed must not steer the terminal of whoever reads it."""
    return UNSHOWABLE.sub(" ", text)[:LONGEST_TEXT]

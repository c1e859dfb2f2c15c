"""The handovers behind a figure, one by one with their cases: the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from ivr.store import tables
from ivr.store.linkage import overdue
from ivr.store.store import Store

_H, _CASE = tables.handover.c, tables.case.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a handover must have; None: whatever. `class_code`: a beginning, `none`: cases without one."""

    since: datetime
    until: datetime
    origin: str | None = None
    to: str | None = None
    state: str | None = None
    decided: str | None = None  # `any`: the other desk had it
    class_code: str | None = None
    overdue: timedelta | None = None  # later than that
    voice_failed: bool | None = None


async def listed(store: Store, wanted: Wanted, limit: int, skip: int) -> Sequence[Mapping[str, Any]]:
    """Rows of `case`, each with those of its handover as `handover_…`. Raises DatabaseDownError."""
    both = tables.handover.join(tables.case, _CASE.id == _H.case_id)
    named = [column.label(f"handover_{column.name}") for column in _H]
    query = select(*tables.case.c, *named).select_from(both).where(*_conditions(wanted))
    query = query.order_by(_H.at.desc(), _H.case_id, _H.place).limit(limit).offset(skip)
    async with store.reading() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_H.at >= wanted.since, _H.at < wanted.until]
    for name in ("origin", "to", "state", "voice_failed"):
        if (value := getattr(wanted, name)) is not None:
            found.append(_H[name] == value)
    if wanted.decided is not None:
        found.append(_H.decided == wanted.decided if wanted.decided != "any" else _H.decided != "")
    if wanted.class_code is not None:
        none = wanted.class_code == "none"
        found.append(_H.class_code == "" if none else _H.class_code.startswith(wanted.class_code))
    if wanted.overdue is not None:
        found.append(overdue(wanted.until, wanted.overdue))
    return found

"""Consultations and norms in the database: made of a case's events, whichever desk wrote them down (R46).

`project` is called with each change of a case, in its transaction; so both desks have the same norms, and a case whose
events are read again makes the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from ivr.desks import norms
from ivr.desks.case_model import Case
from ivr.desks.norms import Norm
from ivr.store import tables
from ivr.store.store import Store

_CONSULTATION, _NORM, _EVENT = tables.consultation.c, tables.norm.c, tables.case_event.c


def project(connection: Connection, case: Case) -> None:
    """Make the rows of a case what its events say now: one that came late may take another's effect."""
    held = norms.consultations(case)
    if not any(entry.event.kind == "consultation" for entry in case.history):
        return
    for table in (tables.consultation, tables.norm):
        connection.execute(delete(table).where(table.c.case_id == case.id))
    made = [norm for entry in held if (norm := norms.of(entry)) is not None]
    rows = [
        {"case_id": case.id, "origin": entry.event.origin, "seq": entry.event.seq, "at": entry.event.at}
        for entry in held
    ]
    if rows:
        connection.execute(tables.consultation.insert(), rows)
    if made:
        connection.execute(tables.norm.insert(), [_row(norm) for norm in made])


class Norms:
    """Each method raises DatabaseDownError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> list[Norm]:
        """Every version that there ever was, the one that was agreed last first."""
        query = select(tables.norm).order_by(_NORM.at.desc(), _NORM.case_id, _NORM.seq)
        async with self._store.reading() as connection:
            return [_norm(row) for row in await connection.execute(query)]

    async def near(self, class_code: str) -> list[Norm]:
        """Every version of the norms that have to do with a class or one above it."""
        above = [class_code[:length] for length in range(1, len(class_code) + 1)]
        if not above:
            return []
        ids = select(_NORM.id).where(_NORM.class_code.in_(above))
        async with self._store.reading() as connection:
            found = await connection.execute(select(tables.norm).where(_NORM.id.in_(ids)))
            return [_norm(row) for row in found]

    async def consultations(self, limit: int, skip: int = 0) -> Sequence[Mapping[str, Any]]:
        """The newest first: the case's number and secrecy, when, who, `data` as the event says it."""
        same = and_(
            _EVENT.case_id == _CONSULTATION.case_id,
            _EVENT.origin == _CONSULTATION.origin,
            _EVENT.seq == _CONSULTATION.seq,
        )
        case = tables.case
        query = (
            select(
                _CONSULTATION.case_id,
                _CONSULTATION.origin,
                _CONSULTATION.seq,
                _CONSULTATION.at,
                _EVENT.by,
                _EVENT.data,
                case.c.number,
                case.c.line,
                case.c.class_code,
            )
            .select_from(tables.consultation)
            .join(tables.case_event, same)
            .join(case, case.c.id == _CONSULTATION.case_id)
            .order_by(_CONSULTATION.at.desc(), _CONSULTATION.case_id, _CONSULTATION.seq)
            .offset(skip)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [{**row, "data": json.loads(row["data"])} for row in rows]


def _row(norm: Norm) -> dict[str, Any]:
    return {
        "case_id": norm.case,
        "origin": norm.origin,
        "seq": norm.seq,
        "id": norm.id,
        "version": norm.version,
        "class_code": norm.class_code,
        "owners": " ".join(norm.owners),
        "since": norm.since,
        "until": norm.until,
        "at": norm.at,
    }


def _norm(row: Any) -> Norm:
    named = {name: getattr(row, name) for name in ("id", "version", "class_code", "since", "until", "at")}
    return Norm(**named, owners=tuple(row.owners.split()), case=row.case_id, origin=row.origin, seq=row.seq)

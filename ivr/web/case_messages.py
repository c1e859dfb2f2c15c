"""What this desk and others have told each other about cases, for the people of the desk: what came, what became of it.

The technical trace of the same messages is `ivr.web.exchange.trace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from ivr.store import tables
from ivr.web.context import Asked

SAID = ("id", "number", "line", "state", "owners", "urgency")  # of a case

_CASE = tables.case.c


async def listed(asked: Asked) -> dict[str, Any]:
    """`GET /cases/messages`: the newest first."""
    query = asked.query
    limit = query.get("limit", 50)
    found = await asked.services.messages.trace(
        limit=limit,
        desk=query.get("desk"),
        state=query.get("state"),
        direction=query.get("direction"),
        before=query.get("before"),
    )
    cases = await _cases(asked, {one["case"] for one in found})
    told = [_told(one, cases.get(one["case"])) for one in found]
    next_ = found[-1]["serial"] if len(found) == limit else None
    return {"desks": sorted(asked.services.site.exchange), "messages": told, "next": next_}


async def _cases(asked: Asked, ids: set[str]) -> dict[str, Mapping[str, Any]]:
    """Those that are here: a message may wait for the one that opens its case."""
    columns = [_CASE[name] for name in SAID]
    async with asked.services.store.reading() as connection:
        rows = (await connection.execute(select(*columns).where(_CASE.id.in_(ids)))).all()
    told = [dict(zip(SAID, row, strict=True)) for row in rows]
    return {one["id"]: {**one, "owners": one["owners"].split()} for one in told}


def _told(one: Mapping[str, Any], case: Mapping[str, Any] | None) -> dict[str, Any]:
    names = ("serial", "direction", "desk", "kinds", "state", "tries", "made_at", "answered_at", "next_at")
    return {**{name: one[name] for name in names}, "case": case, "trouble": _trouble(one), "why": _why(one)}


def _trouble(one: Mapping[str, Any]) -> str | None:
    """refused: until somebody mends it; unreached: is sent again by itself; early: what comes before it is missing."""
    if one["state"] == "refused":
        return "refused"
    if one["state"] == "waiting":
        return "early"
    return "unreached" if one["state"] == "pending" and one["tries"] else None


def _why(one: Mapping[str, Any]) -> str:
    """The other desk's own words, where it gave some."""
    error = (one["answer"] or {}).get("error") if _trouble(one) else None
    return str(error.get("message", "")) if isinstance(error, Mapping) else ""

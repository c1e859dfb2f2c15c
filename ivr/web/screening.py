"""Blocks of numbers and numbers for review (R53): looked at, decided by a named person, lifted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ivr.store.blocks import Blocks
from ivr.store.reviews import Reviews
from ivr.web.context import Asked

log = structlog.get_logger(__name__)


def _blocks(asked: Asked) -> Blocks:
    return Blocks(asked.services.store, asked.services.site.screening)


def _reviews(asked: Asked) -> Reviews:
    return Reviews(asked.services.store, asked.services.site.screening)


def _person(asked: Asked) -> str:
    """Who decides: whoever is logged in; a token that bears no name says it. Before a mere number stands the role."""
    who = asked.who
    if who is None or not who.name:
        return str(asked.body.get("by", ""))
    return f"{who.role} {who.name}" if who.name.isdigit() else who.name


async def blocks(asked: Asked) -> dict[str, Any]:
    now, wanted = datetime.now(UTC), asked.query
    found = await _blocks(asked).listed(
        now=now, number=wanted.get("number"), holding=wanted.get("state") != "all", limit=wanted.get("limit", 500)
    )
    return {"blocks": [block.as_dict(now) for block in found]}


async def block(asked: Asked) -> dict[str, Any]:
    now, body = datetime.now(UTC), asked.body
    until = datetime.fromisoformat(body["until"]) if "until" in body else None
    if until is None and "hours" in body:
        until = now + timedelta(hours=body["hours"])
    made = await _blocks(asked).block(body["number"], _person(asked), body["reason"], until, now)
    log.warning("screening.blocked", block=made.id, by=made.by, until=made.until.isoformat())
    return {"block": made.as_dict(now)}


async def unblock(asked: Asked) -> dict[str, Any]:
    now = datetime.now(UTC)
    lifted = await _blocks(asked).lift(asked.path["caller"], _person(asked), now)
    log.warning("screening.unblocked", block=lifted.id, by=lifted.lifted_by)
    return {"block": lifted.as_dict(now)}


async def reviews(asked: Asked) -> dict[str, Any]:
    found = await _reviews(asked).listed(all=asked.query.get("state") == "all", limit=asked.query.get("limit", 500))
    return {"reviews": [review.as_dict() for review in found]}


async def reviewed(asked: Asked) -> dict[str, Any]:
    number, by = asked.path["caller"], _person(asked)
    await _reviews(asked).done(number, by, datetime.now(UTC))
    return {"reviewed": {"number": number, "by": by}}

"""The door for partner desks, and what people see of what went through it.

A message is stored first and answered then. What is not signed by a partner, was here already, or was altered on the
way is refused, noted in the audit log and alarmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web

from ivr.desks import exchange_wire, signatures
from ivr.desks.exchange import NOT_YET
from ivr.desks.exchange_wire import MOST_BODY
from ivr.errors import HotlineError
from ivr.store.audit import SYSTEM, Audit
from ivr.store.exchange import Backlog
from ivr.web import replies
from ivr.web.access import NOT_A_GUESS
from ivr.web.bodies import body_of
from ivr.web.context import Asked

SECONDS = 20.0  # that a message may take to arrive
NOTED = frozenset(
    {"exchange_signature", "exchange_replayed", "exchange_altered", "exchange_message", "exchange_full", NOT_YET}
)

log = structlog.get_logger(__name__)


async def messages(asked: Asked) -> web.StreamResponse:
    """`POST /exchange/v1/messages`."""
    request, services = asked.request, asked.services
    request[NOT_A_GUESS] = True  # what is refused here has alarms of its own
    body = await body_of(request, MOST_BODY, SECONDS)
    now = datetime.now(UTC)
    try:
        signed = signatures.verify(
            request.method, str(request.url), dict(request.headers), body, keys=services.door.keys, now=now
        )
        services.door.let_in(signed.desk)
        answer = await services.messages.take(signed, body, now)
    except HotlineError as refusal:
        await _note(asked, refusal)
        raise
    log.info("exchange.taken", desk=signed.desk, **answer)
    return replies.json(answer, 200)


async def _note(asked: Asked, refusal: HotlineError) -> None:
    if refusal.id not in NOTED:
        return
    remote = asked.request.remote or "?"
    one, fresh = asked.services.door.refused(refusal.id, remote)
    if not fresh:
        return
    log.error(
        "exchange.refused_at_the_door", id=refusal.id, remote=remote, why=refusal.message, alarm=refusal.id != NOT_YET
    )
    try:
        audit = Audit(asked.services.store)
        await audit.note(
            SYSTEM, SYSTEM, "exchange.refused", remote, refusal.message, {"id": refusal.id, "times": one.times}
        )
    except HotlineError as failure:
        log.warning("exchange.not_noted", why=failure.message)


async def schema(asked: Asked) -> Mapping[str, Any]:
    return exchange_wire.schema()


async def trace(asked: Asked) -> dict[str, Any]:
    """`GET /api/v1/exchange/messages`: each message with its answer, the newest first."""
    query = asked.query
    found = await asked.services.messages.trace(
        limit=query.get("limit", 100),
        case=query.get("case"),
        desk=query.get("desk"),
        state=query.get("state"),
        before=query.get("before"),
    )
    return {"messages": found}


async def retry(asked: Asked) -> dict[str, Any]:
    id = asked.path["message"]
    count = await asked.services.messages.retry(id)
    who = asked.who
    await Audit(asked.services.store).note(
        asked.by, who.role if who else "", "exchange.retry", id, "", {"count": count}
    )
    return {"retried": count}


def told(backlog: Backlog, reached: datetime | None, trouble: str | None) -> dict[str, Any]:
    return {
        "desk": backlog.desk,
        "pending": backlog.pending,
        "refused": backlog.refused,
        "oldest": backlog.oldest,
        "reached": reached,
        "trouble": trouble,
    }


async def partners(asked: Asked) -> dict[str, Any]:
    """`GET /api/v1/exchange`."""
    sender = asked.services.exchange
    reached, trouble = (sender.reached, sender.trouble) if sender is not None else ({}, {})
    backlog = await asked.services.messages.backlog(asked.services.site.exchange)
    return {
        "desk": asked.services.site.hotline.desk,
        "partners": [told(one, reached.get(desk), trouble.get(desk)) for desk, one in backlog.items()],
    }

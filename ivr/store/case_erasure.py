"""What a case says of people, erased (R65): its events without their words, and whatever else was made of these.

What happened stays, and when, and who did it; blank words are equal to none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from ivr.calls.redaction import ERASED as PSEUDONYM
from ivr.desks.case import KINDS, Event, understood
from ivr.store import attachments, case_rows, exchange, tables
from ivr.store.erasure import PERSONAL

ERASED = "(erased)"
_FREE = frozenset({"reason", "words", "minutes", "basis"})  # texts in which people may be named
_NAMING = frozenset({"participants", "files"})
_OF_MATTER = frozenset({"kind", "class_code", "scope", "urgency", "region", "neither"})
"""What names nobody; a matter of neither desk is closed by other rules, and stays closed."""

_EVENT, _CALL = tables.case_event.c, tables.case_call.c


def forget(connection: Connection, call_ids: Sequence[str], now: datetime) -> None:
    """Erase what the cases of these calls say, where no other call of theirs is still to be erased."""
    query = select(_CALL.case_id).where(_CALL.call_id.in_(call_ids)).distinct()
    for case_id in list(connection.execute(query).scalars()):
        others = set(case_rows.calls_of(connection, case_id)) - set(call_ids)
        if not others or connection.execute(_still_there(others)).first() is None:
            forget_case(connection, case_id, now)


def _still_there(call_ids: set[str]) -> Any:
    """As `ivr.store.due` judges: a call without a number has its time too."""
    call, erased = tables.call.c, tables.erased.c
    shows = and_(call.caller != "", call.caller.not_like(f"{PSEUDONYM}%"))
    proven = exists().where(erased.subject == call.id, erased.kind == PERSONAL)
    return select(call.id).where(call.id.in_(call_ids), or_(shows, ~proven)).limit(1)


def forget_case(connection: Connection, case_id: str, now: datetime) -> None:
    """Of one case, and of what came for it by the internet: who wrote it, and about what."""
    case_rows.alone(connection)  # who writes to it now has read its words, and would write them down again
    for one in case_rows.load(connection, case_id):
        where = (_EVENT.case_id == case_id, _EVENT.origin == one.event.origin, _EVENT.seq == one.event.seq)
        data = json.dumps(_blank(one.event), ensure_ascii=False)
        connection.execute(update(tables.case_event).where(*where).values(data=data))
    attachments.forget(connection, case_id, now)
    nobody = {"sender": "", "thread": "", "subject": ""}
    connection.execute(update(tables.channel_message).where(tables.channel_message.c.case_id == case_id).values(nobody))
    held = case_rows.hold(connection, case_id)
    case_rows.project(connection, "", held, now)
    exchange.forget(connection, held.case)


def _blank(event: Event) -> dict[str, Any]:
    if not understood(event):
        return {}  # nobody here knows where in it people are named
    shapes = KINDS[event.kind]["properties"]
    free = {name for name in _FREE & set(shapes) if "enum" not in shapes[name]}
    kept = _OF_MATTER if event.kind == "written" else set(event.data)
    return {
        name: _nameless(name, value) if name in _NAMING else ERASED if name in free and value else value
        for name, value in event.data.items()
        if name in kept
    }


def _nameless(name: str, value: Sequence[Any]) -> list[Any]:
    return [] if name == "participants" else [{**one, "name": ERASED} for one in value]

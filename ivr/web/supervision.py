"""What a supervisor asks: to hear a call and help in it, and to move an operator between skills."""

from __future__ import annotations

from typing import Any

from ivr.store.audit import Audit
from ivr.web.calls import UnknownCallError
from ivr.web.context import Asked
from ivr.web.roles import NotYoursError


async def begin(asked: Asked) -> dict[str, Any]:
    call_id, mode, supervisor = asked.path["id"], asked.body["mode"], _phone(asked)
    if asked.services.live.call(call_id) is None:
        raise UnknownCallError(call_id)
    await asked.services.supervision.begin(call_id, mode, supervisor, asked.by, _role(asked))
    asked_for = {"action": "supervise", "state": "asked", "call_id": call_id, "supervisor": supervisor, "mode": mode}
    return {"order": asked_for}


async def end(asked: Asked) -> dict[str, Any]:
    call_id, supervisor = asked.path["id"], _phone(asked)
    await asked.services.supervision.end(call_id, supervisor)
    return {"order": {"action": "end", "state": "asked", "call_id": call_id, "supervisor": supervisor}}


async def skills(asked: Asked) -> dict[str, Any]:
    number = asked.path["number"]
    now = await asked.services.skills.change(number, asked.body["skills"])
    note = Audit(asked.services.store).note
    await note(asked.by, _role(asked), "operator.skills", number, details={"skills": list(now)})
    return {"operator": {"number": number, "skills": now}}


def _phone(asked: Asked) -> str:
    """A supervisor has his own; a system administrator may name one."""
    own = asked.who.number if asked.who is not None else None
    named = asked.body.get("supervisor")
    if named is not None and named != own and asked.who is not None and "admin" not in asked.who.roles:
        raise NotYoursError(str(named))
    return str(named or own or "")


def _role(asked: Asked) -> str:
    return asked.who.role if asked.who is not None else ""

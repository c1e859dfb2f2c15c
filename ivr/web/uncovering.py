"""Who sees a caller's number (R60): lists are masked, one call's number is uncovered with a reason that is kept."""

from __future__ import annotations

from typing import Any

from ivr.calls.masking import masked
from ivr.calls.model import Call
from ivr.store.audit import Audit
from ivr.web.context import Asked
from ivr.web.errors import ForbiddenError


def told(asked: Asked, call: Call) -> Call:
    """The call as whoever asks may see it."""
    return call if asked.who is not None and asked.who.sees_numbers else masked(call)


def may_uncover(asked: Asked) -> None:
    """Raises ForbiddenError where neither the role nor the token may."""
    who = asked.who
    if who is None or not (who.sees_numbers or who.roles & set(asked.services.site.privacy.unmask)):
        raise ForbiddenError(who.role if who is not None else "")


async def uncover(asked: Asked, call: Call) -> dict[str, Any]:
    """The number, once it is on record who wanted it and why. Raises DatabaseDownError."""
    may_uncover(asked)
    role = asked.who.role if asked.who is not None else ""
    await Audit(asked.services.store).note(asked.by, role, "call.unmask", call.id, asked.body["reason"])
    return {"unmasked": {"call": call.id, "caller": call.caller}}

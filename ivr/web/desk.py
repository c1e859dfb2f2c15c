"""An operator's own desk: what he sees, and what he asks for himself and for the call that he is in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from ivr.calls.desk_view import call_of
from ivr.calls.live_views import LiveCall, LiveLeg
from ivr.errors import HotlineError
from ivr.web.calls import UnknownCallError
from ivr.web.context import Asked
from ivr.web.desks import Desks
from ivr.web.roles import NotYoursError

DESKS: web.AppKey[Desks] = web.AppKey("desks", Desks)
OBEY_SECONDS = 2.0  # that a desk phone may take to do what NOTIFY asks
LOOK = 0.05


class NoDeskError(HotlineError):
    def __init__(self) -> None:
        message = "this login has no operator's number; an administrator gives it one under Accounts"
        super().__init__("no_desk", message, status=409)


class DisobedientPhoneError(HotlineError):
    def __init__(self, order: str) -> None:
        message = f"the phone did not {order} within {OBEY_SECONDS:g} s; do it on the phone itself"
        super().__init__("phone_does_not_obey", message, {"order": order, "seconds": OBEY_SECONDS}, 409)


class UnknownReasonError(HotlineError):
    def __init__(self, reason: str, known: list[str]) -> None:
        listed = ", ".join(known)
        message = f"{reason!r} is no reason of [desk] pause_reasons; there are {listed}"
        super().__init__("unknown_reason", message, {"reason": reason, "known": listed}, 422)


class NotYourSkillError(HotlineError):
    def __init__(self, own: Sequence[str]) -> None:
        message = f"your skills are {', '.join(own)}; a supervisor may give you others"
        super().__init__("not_your_skill", message, {"own": list(own)}, 422)


def number_of(asked: Asked) -> str:
    """The operator who asks. Raises NoDeskError."""
    number = asked.who.number if asked.who is not None else None
    if number is None or number not in asked.services.site.operators:
        raise NoDeskError
    return number


def own_call(asked: Asked, own_leg: str | None = None) -> LiveCall:
    """The call of the path, if the operator has answered it; a supervisor may name any. Raises HotlineError.

    `own_leg`: enough is that this leg is his, though it only rings.
    """
    call_id = asked.path["id"]
    call = asked.services.live.call(call_id)
    if call is None:
        raise UnknownCallError(call_id)
    who = asked.who
    may_all = who is not None and bool(who.roles & {"admin", "supervisor"})
    mine = [leg for leg in call.legs if who and _is_mine(leg, who.number)]
    if not may_all and not any(leg.state == "up" or leg.id == own_leg for leg in mine):
        raise NotYoursError(call_id)
    return call


def _is_mine(leg: LiveLeg, number: str | None) -> bool:
    return leg.role == "operator" and leg.party == number


async def shown(asked: Asked) -> web.Response:
    body = b'{"desk":%b}' % asked.request.app[DESKS].view(number_of(asked))
    return web.Response(body=body, content_type="application/json", charset="utf-8")


async def ready(asked: Asked) -> dict[str, Any]:
    await asked.services.orders.ready(number_of(asked))
    return _ordered("ready", asked)


async def pause(asked: Asked) -> dict[str, Any]:
    reason = asked.body["reason"]
    known = [one.id for one in asked.services.site.desk.pause_reasons]
    if reason not in known:
        raise UnknownReasonError(reason, known)
    await asked.services.orders.pause(number_of(asked), reason)
    return _ordered("pause", asked)


async def skills(asked: Asked) -> dict[str, Any]:
    """Some of those that the site gives, for today; a supervisor may give others (`operators/{number}/skills`)."""
    number = number_of(asked)
    own = asked.services.site.operators[number].skills
    if not set(asked.body["skills"]) <= set(own):
        raise NotYourSkillError(own)
    return {"operator": {"number": number, "skills": await asked.services.skills.change(number, asked.body["skills"])}}


async def wrap_up(asked: Asked) -> dict[str, Any]:
    await asked.services.orders.wrap_up(number_of(asked))
    return _ordered("wrap-up", asked)


async def mute(asked: Asked) -> dict[str, Any]:
    call = own_call(asked)
    await asked.services.orders.mute(call.id, asked.path["leg"], asked.body["muted"])
    return _ordered("mute", asked, call.id)


async def remove(asked: Asked) -> dict[str, Any]:
    """His own leg: he leaves, as if he had hung up, or does not take a call that rings."""
    call = own_call(asked, own_leg=asked.path["leg"])
    await asked.services.orders.remove(call.id, asked.path["leg"])
    return _ordered("remove", asked, call.id)


async def answer(asked: Asked) -> dict[str, Any]:
    return await _by_phone(asked, "answer", "talk", lambda leg, _: leg.state == "up")


async def hold(asked: Asked) -> dict[str, Any]:
    held = asked.body["held"]
    order, event = ("hold", "hold") if held else ("resume", "talk")
    return await _by_phone(asked, order, event, lambda leg, on_hold: (leg.id in on_hold) is held)


async def _by_phone(
    asked: Asked, order: str, event: str, done: Callable[[LiveLeg, frozenset[str]], bool]
) -> dict[str, Any]:
    """Ask the desk phone, and see that it obeys. Raises DisobedientPhoneError."""
    services, number = asked.services, number_of(asked)

    def mine() -> tuple[LiveCall, LiveLeg]:
        call = call_of(services.live.snapshot(), number)
        leg = next((leg for leg in reversed(call.legs) if _is_mine(leg, number)), None) if call else None
        if call is None or leg is None:
            raise HotlineError("no_call", "you have no call now", status=409)
        return call, leg

    call, leg = mine()
    if not done(leg, services.live.ears.held):
        await services.orders.tell_phone(call.id, leg.id, event)
        try:
            async with asyncio.timeout(OBEY_SECONDS):
                while not done(mine()[1], services.live.ears.held):  # noqa: ASYNC110  the live state wakes nobody
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise DisobedientPhoneError(order) from None
    return _ordered(order, asked, call.id)


def _ordered(action: str, asked: Asked, call_id: str | None = None) -> dict[str, Any]:
    number = asked.who.number if asked.who is not None else None
    told = {"action": action, "state": "asked"}
    return {"order": told | ({"operator": number} if number else {}) | ({"call_id": call_id} if call_id else {})}

"""What may be asked of a running call and of an operator's state. It is only asked (202); the live state tells."""

from __future__ import annotations

from typing import Any

from ivr.errors import HotlineError
from ivr.web.calls import UnknownCallError
from ivr.web.context import Asked, Services
from ivr.web.roles import for_oneself, for_own_call


class UnknownOperatorError(HotlineError):
    def __init__(self, number: str) -> None:
        message = f"there is no operator {number}; GET /api/v1/operators lists them"
        super().__init__("unknown_operator", message, {"operator": number}, 404)


async def transfer(asked: Asked) -> dict[str, Any]:
    services, body, call_id = asked.services, asked.body, asked.path["id"]
    key = asked.request.headers.get("Idempotency-Key")
    target, mode = body["target"], body["mode"]
    operator = for_own_call(asked, call_id) or body.get("operator")
    transfer_id = services.idempotency.id_of(call_id, key)

    async def order() -> dict[str, Any]:
        call = services.live.call(call_id)
        if call is None:
            raise UnknownCallError(call_id)
        if not any(known.id == transfer_id for known in call.transfers):
            _no_ping_pong(services, call_id, target, mode)
            await services.orders.transfer(call_id, target, mode, "api", by=operator, transfer_id=transfer_id)
        asked_for = {"id": transfer_id, "call_id": call_id, "target": target, "mode": mode, "state": "asked"}
        return {"transfer": asked_for}

    answer: dict[str, Any] = await services.idempotency.once(call_id, key, body, order)
    return answer


def _no_ping_pong(services: Services, call_id: str, target: str, mode: str) -> None:
    """R21: what went there and back goes there again by a three-party call. Known in memory: no order waits for it."""
    desk = services.site.partner_of(target) or target
    if mode != "conference" and desk in services.cases.there_and_back(call_id):
        message = f"the case went to {desk} and back already: bring {desk} into a three-party call"
        raise HotlineError("case_ping_pong", message, {"desk": desk}, 409)


async def cancel(asked: Asked) -> dict[str, Any]:
    call_id = _running(asked)
    await asked.services.orders.cancel(call_id)
    return _of_call("cancel", call_id)


async def take_back(asked: Asked) -> dict[str, Any]:
    call_id = _running(asked)
    await asked.services.orders.take_back(call_id)
    return _of_call("take-back", call_id)


async def join(asked: Asked) -> dict[str, Any]:
    call_id = _running(asked)
    await asked.services.orders.join(call_id)
    return _of_call("join", call_id)


async def ready(asked: Asked) -> dict[str, Any]:
    number = _operator(asked)
    await asked.services.orders.ready(number)
    return _of_operator("ready", number)


async def pause(asked: Asked) -> dict[str, Any]:
    number = _operator(asked)
    await asked.services.orders.pause(number, asked.body.get("reason", ""))
    return _of_operator("pause", number)


async def wrap_up(asked: Asked) -> dict[str, Any]:
    number = _operator(asked)
    await asked.services.orders.wrap_up(number)
    return _of_operator("wrap-up", number)


def _running(asked: Asked) -> str:
    call_id = asked.path["id"]
    if asked.services.live.call(call_id) is None:
        raise UnknownCallError(call_id)
    for_own_call(asked, call_id)
    return call_id


def _operator(asked: Asked) -> str:
    number = asked.path["number"]
    if number not in asked.services.site.operators:
        raise UnknownOperatorError(number)
    for_oneself(asked, number)
    return number


def _of_call(action: str, call_id: str) -> dict[str, Any]:
    return {"order": {"action": action, "call_id": call_id, "state": "asked"}}


def _of_operator(action: str, number: str) -> dict[str, Any]:
    return {"order": {"action": action, "operator": number, "state": "asked"}}

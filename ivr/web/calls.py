"""The call log and the live state, read."""

from __future__ import annotations

from typing import Any

from ivr.errors import HotlineError
from ivr.store.export import as_dict
from ivr.web.context import Asked
from ivr.web.hub import picture


class UnknownCallError(HotlineError):
    def __init__(self, call_id: str) -> None:
        message = f"no call {call_id} is known; GET /api/v1/calls lists the log, GET /api/v1/live what runs"
        super().__init__("unknown_call", message, {"call": call_id}, 404)


async def live(asked: Asked) -> dict[str, Any]:
    return picture(asked.services.live.snapshot())


async def listed(asked: Asked) -> dict[str, Any]:
    wanted = dict(asked.query)
    limit = wanted.pop("limit", 50)
    found = await asked.services.store.calls(limit, wanted.pop("before", None), **wanted)
    return {"calls": [as_dict(call) for call in found], "next": found[-1].id if len(found) == limit else None}


async def shown(asked: Asked) -> dict[str, Any]:
    call = await asked.services.store.call(asked.path["id"])
    if call is None or call.id != asked.path["id"]:
        raise UnknownCallError(asked.path["id"])
    return {"calls": [as_dict(call)]}

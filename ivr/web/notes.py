"""What a call's case says, for the call log, and what is known of its caller from before."""

from __future__ import annotations

from typing import Any

from ivr.calls.model import Call
from ivr.errors import HotlineError
from ivr.store.case_calls import is_number
from ivr.store.export import instant
from ivr.store.notes import Notes
from ivr.web.calls import UnknownCallError
from ivr.web.context import Asked
from ivr.web.roles import NOTE_READERS, NotYoursError

EARLIER = 20  # calls of the same number that are told


class ErasedCallError(HotlineError):
    def __init__(self, call_id: str) -> None:
        message = f"the personal data of {call_id} has been erased: nothing more is written about it"
        super().__init__("call_erased", message, {"call": call_id}, 409)


async def shown(asked: Asked) -> dict[str, Any]:
    await of_mine(asked, NOTE_READERS)
    return {"note": (await Notes(asked.services.store).of(asked.path["id"])).as_dict()}


async def history(asked: Asked) -> dict[str, Any]:
    """Earlier calls of the caller of one's own call, newest first; a hidden number has no history."""
    call = await of_mine(asked, NOTE_READERS)
    live = asked.services.live.call(asked.path["id"])
    caller = live.caller if live is not None else call.caller if call is not None else ""
    if not is_number(caller):
        return {"history": []}
    store = asked.services.store
    found = [one for one in await store.calls(EARLIER + 1, caller=caller) if one.id != asked.path["id"]][:EARLIER]
    lines = await Notes(store).first_lines([one.id for one in found])
    return {"history": [_told(one, lines.get(one.id, "")) for one in found]}


def _told(call: Call, note: str) -> dict[str, Any]:
    return {
        "id": call.id,
        "entered_at": instant(call.entered_at),
        "outcome": call.outcome,
        "operators": _parties(call, "operator"),
        "targets": list(dict.fromkeys(transfer.target for transfer in call.transfers)),
        "note": note,
    }


def _parties(call: Call, role: str) -> list[str]:
    return list(dict.fromkeys(leg.party for leg in call.legs if leg.role == role and leg.answered_at is not None))


async def of_mine(asked: Asked, others: frozenset[str]) -> Call | None:
    """The call as logged; None while only the live state knows it. Raises UnknownCallError, NotYoursError."""
    who, id = asked.who, asked.path["id"]
    live = asked.services.live.call(id)
    logged = await asked.services.store.call(id)
    if live is None and (logged is None or logged.id != id):
        raise UnknownCallError(id)
    if who is None or who.roles & others:
        return logged
    now = {leg.party for leg in live.legs if leg.role == "operator"} if live else set()
    then = {leg.party for leg in logged.legs if leg.role == "operator"} if logged else set()
    if who.number not in now | then:
        raise NotYoursError(id)
    return logged

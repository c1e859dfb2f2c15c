"""The call log and the live state, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ivr.calls.ladder_picture import picture as drawn
from ivr.calls.model import Call
from ivr.errors import HotlineError
from ivr.store import erasure
from ivr.store.export import as_dict, plain
from ivr.store.notes import Notes
from ivr.web import case_moments
from ivr.web.context import Asked
from ivr.web.errors import ForbiddenError
from ivr.web.hub import picture
from ivr.web.roles import NOTE_READERS
from ivr.web.uncovering import told, uncover


class UnknownCallError(HotlineError):
    def __init__(self, call_id: str) -> None:
        message = f"no call {call_id} is known; GET /api/v1/calls lists the log, GET /api/v1/live what runs"
        super().__init__("unknown_call", message, {"call": call_id}, 404)


async def live(asked: Asked) -> dict[str, Any]:
    """Callers' numbers as whoever asks may see them (R60)."""
    return picture(asked.services.live.snapshot(), whole=asked.who is not None and asked.who.sees_numbers)


async def listed(asked: Asked) -> dict[str, Any]:
    wanted, store = dict(asked.query), asked.services.store
    may_look_for(asked, wanted)
    limit = wanted.pop("limit", 50)
    found = await store.calls(limit, wanted.pop("before", None), **wanted)
    next_ = found[-1].id if len(found) == limit else None
    lines = await Notes(store).first_lines([call.id for call in found]) if _reads_notes(asked) else {}
    return {"calls": [as_dict(told(asked, call)) for call in found], "next": next_, "notes": lines}


def _reads_notes(asked: Asked) -> bool:
    return asked.who is not None and bool(asked.who.roles & NOTE_READERS)


def may_look_for(asked: Asked, wanted: Mapping[str, Any]) -> None:
    """Raises ForbiddenError where somebody looks for words of notes that he may not read."""
    if "text" in wanted and not _reads_notes(asked):
        raise ForbiddenError(asked.who.role if asked.who is not None else "")


async def the_call(asked: Asked) -> Call:
    """Raises UnknownCallError: the API guesses at no id."""
    call = await asked.services.store.call(asked.path["id"])
    if call is None or call.id != asked.path["id"]:
        raise UnknownCallError(asked.path["id"])
    return call


async def shown(asked: Asked) -> dict[str, Any]:
    return {"calls": [as_dict(told(asked, await the_call(asked)))]}


async def ladder(asked: Asked) -> dict[str, Any]:
    """The call's picture, in the reader's language, and what there is of its recordings."""
    call = await the_call(asked)
    operators = asked.services.site.operators
    story = drawn(told(asked, call), "en" if asked.language == "en" else "zh")
    answer: Any = plain(asdict(story))
    for column in answer["columns"]:
        of = operators.get(column["party"]) if column["role"] == "operator" else None
        column["person"] = of.name if of is not None else None
    known = await asked.services.cases.of_call(call.id)
    if known is not None:
        language = "en" if asked.language == "en" else "zh"
        decided = case_moments.moments(known.case, language, call.entered_at, call.ended_at)
        answer["moments"] = sorted([*answer["moments"], *decided], key=lambda moment: moment["at"])
    erased, held = await erasure.kept(asked.services.store, call.id)
    recorded = any(leg.recording for leg in call.legs)
    state = "running" if call.ended_at is None else "kept" if recorded else "erased" if erased else "none"
    return {"ladder": {**answer, "recordings": {"state": state, "held": held}}}


async def unmask(asked: Asked) -> dict[str, Any]:
    return await uncover(asked, await the_call(asked))

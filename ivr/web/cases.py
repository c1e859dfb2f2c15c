"""Cases over HTTP: found, opened, written while the operator talks, and taken to their end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from ivr.calls.redaction import ERASED
from ivr.errors import HotlineError
from ivr.settings import classes
from ivr.store.case_calls import is_number, offered_with
from ivr.store.case_search import Wanted
from ivr.store.cases import CaseChangedError, Known
from ivr.web import case_checks, cases_told, lookups, ordering, scope
from ivr.web.context import Asked
from ivr.web.notes import ErasedCallError, of_mine
from ivr.web.roles import FOR_OTHERS, NOTE_READERS


async def listed(asked: Asked) -> dict[str, Any]:
    """The newest first; `next` is the place of the page after."""
    query = dict(asked.query)
    limit, before = query.pop("limit", 50), query.pop("before", None)
    found = await asked.services.cases.search(Wanted(**query), limit, before)
    await lookups.searched(asked, query, found)  # every page: nobody has to begin with the first
    next_ = found[-1]["serial"] if len(found) == limit else None
    shown = (one for one in found if cases_told.may_be_found(asked, one, "caller" in query))
    return {"cases": [cases_told.row(asked, one) for one in shown], "next": next_}


async def shown(asked: Asked) -> dict[str, Any]:
    known = await asked.services.cases.get(asked.path["id"])
    await lookups.looked(asked, known.case)
    return await _told(asked, known)


async def opened(asked: Asked) -> dict[str, Any]:
    """A matter that came without a call."""
    cases, body = asked.services.cases, asked.body

    async def act() -> str:
        return (await cases.open(who(asked), body["channel"], body["matter"])).case.id

    return await _told(asked, await cases.get(await _once(asked, "cases", act)))


async def done(asked: Asked) -> dict[str, Any]:
    id = (await asked.services.cases.get(asked.path["id"])).case.id
    return await _told(asked, await _act(asked, id))


async def merged(asked: Asked) -> dict[str, Any]:
    cases = asked.services.cases
    id = (await cases.get(asked.path["id"])).case.id
    return await _told(asked, await cases.merge(id, who(asked), asked.body["into"]))


async def split(asked: Asked) -> dict[str, Any]:
    cases = asked.services.cases
    id = (await cases.get(asked.path["id"])).case.id

    async def act() -> str:
        return (await cases.split(id, who(asked), asked.body["matter"])).case.id

    return await _told(asked, await cases.get(await _once(asked, f"split {id}", act)))


async def of_call(asked: Asked) -> dict[str, Any]:
    """The case of one's own call; one that another desk offered with this call becomes it."""
    await of_mine(asked, NOTE_READERS)
    known = await asked.services.cases.of_call(asked.path["id"]) or await _handed_over(asked)
    if known is None:
        return {"case": None}
    await lookups.looked(asked, known.case)
    return await _told(asked, known)


async def done_in_call(asked: Asked) -> dict[str, Any]:
    """What is done first opens the call's case."""
    call = await of_mine(asked, FOR_OTHERS)
    if call is not None and call.caller.startswith(ERASED):
        raise ErasedCallError(call.id)
    cases, by, id = asked.services.cases, who(asked), asked.path["id"]
    known = await cases.of_call(id) or await _handed_over(asked)
    if known is None:
        live = asked.services.live.call(id)
        caller = live.caller if live is not None else call.caller if call is not None else ""
        known = await cases.open(by, "phone", {"caller": caller} if is_number(caller) else {}, call=id)
    return await _told(asked, await _act(asked, known.case.id))


async def _act(asked: Asked, id: str) -> Known:
    if "Idempotency-Key" not in asked.request.headers:
        return await _done(asked, id)

    async def act() -> str:
        await _done(asked, id)
        return id

    return await asked.services.cases.get(await _once(asked, id, act))


async def _once(asked: Asked, scope: str, act: Callable[[], Awaitable[str]]) -> str:
    """Once for each key: what may stand twice, such as a call-back, does not where only its answer was lost."""
    key = asked.request.headers.get("Idempotency-Key")
    id: str = await asked.services.idempotency.once(f"{scope}\0{who(asked)}", key, asked.body, act)
    return id


async def _done(asked: Asked, id: str) -> Known:
    body, data = asked.body, asked.body.get("data")
    if body["kind"] == "written" and data:
        data = {name: value for name, value in data.items() if not _is_hidden(name, value)}  # he says no other
    case_checks.allowed(asked, body["kind"], data or {})
    if body["kind"] == "ordered":
        return await ordering.order(asked, id, who(asked))
    try:
        return await asked.services.cases.act(id, who(asked), body["kind"], data, body.get("revision"))
    except CaseChangedError as refusal:
        raise cases_told.changed(asked, refusal) from None


def _is_hidden(name: str, value: object) -> bool:
    """As `cases_told` shows it to who may not see it."""
    return value == cases_told.HIDDEN if name == "name" else name == "caller" and cases_told.HIDDEN in str(value)


async def of_classes(asked: Asked) -> dict[str, Any]:
    try:
        known = classes.read(classes.file_of(asked.services.site))
    except ValueError as wrong:
        raise HotlineError("no_classes", str(wrong), {"why": str(wrong)}, 503) from wrong
    return {"classes": [asdict(one) for one in known]}


async def _handed_over(asked: Asked) -> Known | None:
    """The case that another desk offered us with this very call."""
    cases, call = asked.services.cases, asked.services.live.call(asked.path["id"])
    if call is None:
        return None
    known = await offered_with(cases, call, asked.services.site.partner_of(call.handed_over_by))
    if known is None:
        return None
    return await cases.act(known.case.id, "system", "called", {"call": call.id})


def who(asked: Asked) -> str:
    """An operator's number, an account, or whoever a token speaks for."""
    one = asked.who
    return (one.number or one.user if one is not None else "") or asked.by


async def _told(asked: Asked, known: Known) -> dict[str, Any]:
    whole = await cases_told.full(asked, known)
    return {"case": {**whole, "suggestion": await scope.suggestion(asked, known.case)}}

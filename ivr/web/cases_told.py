"""A case as JSON, with the caller's name and number as whoever asks may see them (R60)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.calls.numbers import masked, masked_address
from ivr.desks.case import Case, Entry, possible
from ivr.store import untold
from ivr.store.cases import CaseChangedError, Known
from ivr.store.export import plain
from ivr.web.context import Asked

HIDDEN = "***"
LISTED = (
    *("id", "number", "state", "channel", "kind", "class_code", "urgency", "region", "place", "line", "confidential"),
    *("opened_at", "changed_at", "closed_at", "respond_by", "responded_at", "revision", "first"),
)


def may_be_found(asked: Asked, found: Mapping[str, Any], by_caller: bool) -> bool:
    """Nobody learns from a number that he knows whether it is the one that another case hides."""
    return not by_caller or not found["confidential"] or _sees(asked)


def row(asked: Asked, found: Mapping[str, Any]) -> dict[str, Any]:
    """A case in a list."""
    told: Any = plain({name: found[name] for name in LISTED})
    hidden = found["confidential"] and not _sees(asked)
    caller = HIDDEN if hidden and found["caller"] else _number(asked, found["caller"])
    return {**told, "owners": found["owners"].split(), "caller": caller}


def whole(asked: Asked, known: Known) -> dict[str, Any]:
    """One case with its history, and what this desk may do with it now."""
    case, own = known.case, asked.services.cases.desk
    sees = _sees(asked) or _speaks_with(asked, case)
    told: Any = plain(asdict(replace(case, history=())))
    told["matter"] = _personal(told["matter"], case.matter.confidential, sees)
    told["negotiation"] = _negotiation(asked, known)
    told["history"] = [_entry(entry, case.matter.confidential, sees) for entry in case.history]
    return {**told, "revision": known.revision, "desk": own, "owner": case.owner, "may": sorted(possible(case, own))}


async def full(asked: Asked, known: Known) -> dict[str, Any]:
    """`whole`, which desks have not been told yet what is new in it, for how many seconds, and where it could go."""
    now = datetime.now(UTC)
    waits = await untold.since(asked.services.store, known.case.id)
    told = [{"desk": desk, "seconds": max((now - at).total_seconds(), 0.0)} for desk, at in sorted(waits.items())]
    more = {"untold": told, "others": _others(asked), "answer_to": await _answer_to(asked, known.case)}
    return {**whole(asked, known), **more}


async def _answer_to(asked: Asked, case: Case) -> str:
    """The address that an answer goes to by mail, as whoever asks may see it; "" where none goes anywhere."""
    to = await asked.services.tellings.answer_to(case.id)
    if not to or _sees(asked):
        return to
    return HIDDEN if case.matter.confidential else masked_address(to)


def _others(asked: Asked) -> list[str]:
    """Desks that a case can be offered to: those who share cases with us. Nobody else would ever see it."""
    return list(asked.services.site.exchange)


def personal(asked: Asked, case: Case, said: Mapping[str, Any]) -> dict[str, Any]:
    """Words of the matter as whoever asks may see them."""
    return _personal(said, case.matter.confidential, _sees(asked) or _speaks_with(asked, case))


def changed(asked: Asked, refusal: CaseChangedError) -> CaseChangedError:
    """What another wrote meanwhile, as whoever asks may see it."""
    said: Any = refusal.details
    hidden = frozenset() if _sees(asked) else frozenset({"name", "caller"})
    fields = {name: HIDDEN if name in hidden else value for name, value in said["fields"].items()}
    return CaseChangedError(said["case"], said["by"], fields, said["revision"])


def _sees(asked: Asked) -> bool:
    return asked.who is not None and asked.who.sees_numbers


def _speaks_with(asked: Asked, case: Case) -> bool:
    """An operator in a running call of the case hears who it is."""
    number = asked.who.number if asked.who is not None else None
    running = [asked.services.live.call(link.call) for link in case.calls]
    return number is not None and any(call is not None and call.operator(number) for call in running)


def _number(asked: Asked, number: str) -> str:
    return number if _sees(asked) else masked(number)


def _personal(said: Mapping[str, Any], confidential: bool, sees: bool) -> dict[str, Any]:
    """Words of the matter: the number masked, and who wishes it stays unnamed."""
    shown = dict(said)
    if not sees:
        if shown.get("caller"):
            shown["caller"] = HIDDEN if confidential else masked(shown["caller"])
        if shown.get("name") and confidential:
            shown["name"] = HIDDEN
    return shown


def _entry(entry: Entry, confidential: bool, sees: bool) -> dict[str, Any]:
    event = entry.event
    data = _personal(event.data, confidential, sees) if event.kind == "written" else dict(event.data)
    named = ("origin", "seq", "clock", "at", "by", "kind")
    told: Any = plain({name: getattr(event, name) for name in named})
    return {**told, "data": data, "void": entry.void}


def _negotiation(asked: Asked, known: Known) -> dict[str, Any] | None:
    """`ends_at`: then the desk that received it first accepts (R26), we or another; None where that one has not told
    its limit, or where nothing is to be decided.
    """
    talks = known.case.negotiation
    if talks is None:
        return None
    ends_at, since = None, known.talks_since
    if since is not None and known.case.first == asked.services.cases.desk:
        ends_at = since + timedelta(seconds=asked.services.site.desk.decide_seconds)
    elif since is not None:
        ends_at = asked.services.messages.deadlines.ends_at(known.case, since)
    told: Any = plain(
        {
            "desks": talks.desks,
            "began_at": talks.began.at,
            "ends_at": ends_at,
            "decided": talks.decided,
            "proposals": {desk: asdict(proposal) for desk, proposal in talks.proposals.items()},
        }
    )
    return dict(told)

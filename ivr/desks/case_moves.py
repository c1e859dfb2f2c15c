"""What each kind of event does to a case, and when it may not: a table of moves, one function a kind.

A move gets the case and the event (its data has the right shape) and returns the case after it, or raises Refused.
Facts are never refused; decisions are. Both desks run the same moves in the same order, so they refuse alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ivr.desks import case_letters, work_order_moves
from ivr.desks.case_kinds import FACTS
from ivr.desks.case_model import (
    DISPATCHER,
    SECOND_RETURN,
    CallLink,
    Case,
    Decision,
    Emergency,
    Event,
    Negotiation,
    Offer,
    Proposal,
    Result,
)
from ivr.desks.case_refused import REFUSALS, Refused
from ivr.desks.work_order import ACTS, open_orders

__all__ = ("MOVES", "REFUSALS", "Refused", "moved", "went_there_and_back")

Move = Callable[[Case, Event], Case]


def moved(case: Case, event: Event) -> Case:
    """The case after the event, its history aside. Raises Refused."""
    if (case.state == "") != (event.kind == "opened"):
        raise Refused("case_unopened" if case.state == "" else "case_open_already", event)
    if event.kind not in FACTS | ACTS and event.kind != "opened":
        if case.state == "merged" and event.kind != "merged":
            raise Refused("case_merged", event)
        if case.state == "closed" and event.kind not in {"merged", "split"}:
            raise Refused("case_closed", event)
        if case.state == "consulting" and event.kind in _WAIT_FOR_CONSULTATION:
            raise Refused("case_consulting", event)
    return MOVES[event.kind](case, event)


_WAIT_FOR_CONSULTATION = frozenset({"accepted", "refused", "returned", "proposed", "decided"})


def _who(event: Event) -> str:
    return f"{event.origin}/{event.by}"


def _opened(case: Case, event: Event) -> Case:
    return replace(
        case,
        number=event.data["number"],
        channel=event.data["channel"],
        first=event.origin,
        owners=(event.origin,),
        opened_at=event.at,
        opened_by=event.by,
        respond_by=case_letters.respond_by(event),
        state="open",
    )


def _written(case: Case, event: Event) -> Case:
    said: dict[str, Any] = {name: tuple(it) if isinstance(it, list) else it for name, it in event.data.items()}
    return replace(case, matter=replace(case.matter, **said))


def _called(case: Case, event: Event) -> Case:
    desk, call = event.origin, event.data["call"]
    if any(link.call == call and link.desk == desk for link in case.calls):
        return case
    return replace(case, calls=(*case.calls, CallLink(desk, call, event.at, event.by)))


def _offered(case: Case, event: Event) -> Case:
    data, to = event.data, event.data["to"]
    voice = data["way"] == "voice"  # is a fact: people speak with each other
    if to == event.origin:
        raise Refused("case_to_yourself", event)
    if not voice:
        if case.state == "consulting":
            raise Refused("case_consulting", event)
        if event.origin not in case.owners:
            raise Refused("case_not_yours", event)
        if went_there_and_back(case, event.origin, to):
            raise Refused("case_ping_pong", event)
    offer = Offer(event.origin, to, data["way"], data.get("mode", ""), data.get("transfer", ""), event.at, event.by)
    talks = Negotiation((event.origin, to), event) if offer.mode == "conference" else case.negotiation
    if talks is not None and talks.decided and set(talks.desks) != {event.origin, to}:
        talks = None  # that was decided with somebody else
    after = replace(case, offers=(*case.offers, offer), negotiation=talks)
    return after if case.state == "consulting" else replace(after, state="offered")


def went_there_and_back(case: Case, origin: str, to: str) -> bool:
    """R21: A gave it to B, B gave it back, and now A would give it to B again; an emergency goes whenever it must."""
    if case.emergency is not None and to == DISPATCHER:
        return False
    there = [offer for offer in case.offers if (offer.origin, offer.to) == (origin, to)]
    back = any(offer.state in {"refused", "returned"} for offer in there)
    handed_back = any((offer.origin, offer.to) == (to, origin) for offer in case.offers)
    return bool(there) and (back or handed_back)


def _voice_failed(case: Case, event: Event) -> Case:
    failed = event.data["transfer"]
    return replace(
        case,
        offers=tuple(
            replace(offer, voice="failed") if (offer.origin, offer.transfer) == (event.origin, failed) else offer
            for offer in case.offers
        ),
    )


def _proposed(case: Case, event: Event) -> Case:
    talks = case.negotiation or _talks_of_last_offer(case, event)
    if talks is None or event.origin not in talks.desks:
        raise Refused("case_nobody_to_ask", event)
    other = talks.desks[1] if event.origin == talks.desks[0] else talks.desks[0]
    whose = event.data["whose"]
    owners = {"ours": (event.origin,), "yours": (other,), "both": tuple(sorted(talks.desks))}[whose]
    mine = Proposal(owners, whose, event.at, _who(event))
    talks = replace(talks, proposals={**talks.proposals, event.origin: mine})
    case = replace(case, negotiation=talks)
    theirs = talks.proposals.get(other)
    if theirs is None or theirs.owners != owners:
        return case
    return _decided_by(case, Decision(owners, "agreed", event.at, (theirs.by, mine.by)))


def _talks_of_last_offer(case: Case, event: Event) -> Negotiation | None:
    last = next((offer for offer in reversed(case.offers) if event.origin in {offer.origin, offer.to}), None)
    return Negotiation((last.origin, last.to), event) if last is not None else None


def _decided(case: Case, event: Event) -> Case:
    if case.negotiation is None or case.negotiation.decided:
        raise Refused("case_decided", event)
    if event.origin != case.first or event.data["owner"] != case.first:
        raise Refused("case_not_first", event)
    return _decided_by(case, Decision((case.first,), "first_received", event.at, (_who(event),)))


def _emergency(case: Case, event: Event) -> Case:
    """R27: 110 dispatches first, whatever was agreed; a case that 110 does not know yet goes there with the flag."""
    data = event.data
    flag = Emergency(event.origin, data["danger"], data.get("words", ""), event.at, event.by)
    last = case.offer_to(DISPATCHER)
    known = case.first == DISPATCHER or (last is not None and last.state in {"sent", "accepted"})
    if not known and event.origin != DISPATCHER:
        offer = Offer(event.origin, DISPATCHER, "online", "", "", event.at, event.by)
        case = replace(case, offers=(*case.offers, offer))
    results = {desk: result for desk, result in case.results.items() if desk != DISPATCHER}
    case = replace(case, emergency=flag, closed_at=None, results=results, returns=0)
    return _decided_by(case, Decision((DISPATCHER,), "emergency", event.at, (_who(event),)))


def _decided_by(case: Case, decision: Decision) -> Case:
    """Owners are told, the open offers answered by it, and the limit runs no more."""
    if case.emergency is not None and DISPATCHER not in decision.owners and decision.reason != "returned":
        decision = replace(decision, owners=(DISPATCHER, *decision.owners))
    owners = decision.owners
    if DISPATCHER in owners and case.emergency is not None:
        owners = (DISPATCHER, *(desk for desk in owners if desk != DISPATCHER))
    offers = case.offers
    if decision.reason in {"agreed", "first_received", "consulted"}:
        offers = tuple(
            replace(offer, state="accepted" if offer.to in owners else "kept") if offer.state == "sent" else offer
            for offer in case.offers
        )
    talks = replace(case.negotiation, decided=True) if case.negotiation is not None else None
    waits = any(offer.state == "sent" for offer in offers)
    state = case.state if case.state == "merged" else "offered" if waits else "accepted"
    return replace(
        case, owners=owners, decision=replace(decision, owners=owners), offers=offers, negotiation=talks, state=state
    )


def _answer(case: Case, event: Event, state: str, before: str, missing: str) -> tuple[Case, Offer]:
    """The case where this desk's last offer, which was `before`, is `state` now."""
    last = case.offer_to(event.origin)
    if last is None or last.state != before:
        raise Refused(missing, event)
    reason = event.data.get("reason", "")
    offers = tuple(replace(offer, state=state, reason=reason) if offer is last else offer for offer in case.offers)
    return replace(case, offers=offers), last


def _accepted(case: Case, event: Event) -> Case:
    case, _ = _answer(case, event, "accepted", "sent", "case_not_offered")
    if event.origin in case.owners:  # as decided: it only says that it has begun
        return replace(case, state="accepted")
    return _decided_by(case, Decision((event.origin,), "accepted", event.at, (_who(event),)))


def _refused(case: Case, event: Event) -> Case:
    case, offer = _answer(case, event, "refused", "sent", "case_not_offered")
    return _given_back(case, event, offer)


def _returned(case: Case, event: Event) -> Case:
    if event.origin not in case.owners:
        raise Refused("case_not_yours", event)
    case, offer = _answer(case, event, "returned", "accepted", "case_not_accepted")
    return _given_back(case, event, offer)


def _given_back(case: Case, event: Event, offer: Offer) -> Case:
    """R46: it is the offering desk's again; after the second time the desks consult."""
    rest = tuple(desk for desk in case.owners if desk != event.origin) or (offer.origin,)
    emergency = None if event.origin == DISPATCHER else case.emergency
    case = replace(case, returns=case.returns + 1, emergency=emergency)
    case = _decided_by(case, Decision(rest, "returned", event.at, (_who(event),)))
    if case.returns >= SECOND_RETURN and emergency is None:
        return replace(case, state="consulting")
    return replace(case, state="open")


def _consultation(case: Case, event: Event) -> Case:
    owners = tuple(dict.fromkeys(event.data["owners"]))
    case = replace(case, returns=0, consultations=(*case.consultations, event.data))
    return _decided_by(case, Decision(owners, "consulted", event.at, (_who(event),)))


def _handled(case: Case, event: Event) -> Case:
    if event.origin not in case.owners:
        raise Refused("case_not_yours", event)
    _no_open_orders(case, event)
    result = Result(event.data["result"], event.data.get("words", ""), event.at, event.by)
    case = replace(case, results={**case.results, event.origin: result})
    done = all(desk in case.results for desk in case.owners)
    return replace(case, state="handled") if done else case


def _no_open_orders(case: Case, event: Event) -> None:
    if open_orders(case.orders, event.origin):
        raise Refused("case_orders_open", event)


def _closed(case: Case, event: Event) -> Case:
    if event.origin not in {*case.owners, case.first}:
        raise Refused("case_not_yours", event)
    _no_open_orders(case, event)
    if case.matter.neither:
        if case.guidance is None:
            raise Refused("case_no_guidance", event)
    elif case.state != "handled":
        raise Refused("case_not_handled", event)
    return replace(case, state="closed", closed_at=event.at)


def _responded(case: Case, event: Event) -> Case:
    if event.origin not in {*case.owners, case.first}:
        raise Refused("case_not_yours", event)
    return case_letters.responded(case, event)


def _guided(case: Case, event: Event) -> Case:
    return replace(case, guidance={"basis": event.data["basis"], "words": event.data["words"]})


def _other(event: Event) -> tuple[str, str]:
    """Which way, and the other case."""
    if len(event.data) != 1 or event.case in event.data.values():
        raise Refused("case_one_other", event)
    return next(iter(event.data.items()))


def _merged(case: Case, event: Event) -> Case:
    way, other = _other(event)
    if way == "from":
        return replace(case, merged_from=tuple(dict.fromkeys((*case.merged_from, other))))
    if case.state == "merged":
        raise Refused("case_merged", event)
    return replace(case, state="merged", merged_into=other)


def _split(case: Case, event: Event) -> Case:
    way, other = _other(event)
    if way == "from":
        return replace(case, split_from=case.split_from or other)
    return replace(case, split_into=tuple(dict.fromkeys((*case.split_into, other))))


MOVES: Mapping[str, Move] = {
    "opened": _opened,
    "written": _written,
    "called": _called,
    "offered": _offered,
    "voice_failed": _voice_failed,
    "proposed": _proposed,
    "decided": _decided,
    "emergency": _emergency,
    "accepted": _accepted,
    "refused": _refused,
    "returned": _returned,
    "handled": _handled,
    "closed": _closed,
    "guided": _guided,
    "merged": _merged,
    "split": _split,
    "consultation": _consultation,
    "told": lambda case, _: case,  # stands in the history
    **work_order_moves.MOVES,
    "received": case_letters.received,
    "attached": case_letters.attached,
    "responded": _responded,
}

"""What the linkage of two desks (联动) comes to: of one case, each time it was handed over, and each decision. Pure.

Computed from the case's events alone, by the times that their desks gave them: both desks count the same (R50).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ivr.desks.case_model import Case, Decision, Event, Offer
from ivr.desks.case_moves import moved

STATES = ("sent", "accepted", "refused", "returned", "kept", "lapsed")
_ENDED = frozenset({"closed", "merged"})


@dataclass(frozen=True, slots=True)
class Handover:
    """The case was taken to another desk, once. Spans in seconds; None: not yet, or the two clocks do not agree."""

    origin: str
    to: str
    way: str  # voice | online
    mode: str  # of the transfer; "" online
    at: datetime
    voice: str  # failed: every route of the target failed (R16)
    state: str = "sent"  # a word of STATES; lapsed: the case ended without an answer
    decided: str = ""  # why the other desk had it, if ever: a decision's reason
    answered_after: float | None = None  # until its first answer, whichever; lapsed: until the case's end
    accepted_after: float | None = None


@dataclass(frozen=True, slots=True)
class Linkage:
    handovers: tuple[Handover, ...] = ()
    decisions: tuple[Decision, ...] = ()


def linkage(case: Case) -> Linkage:
    """Of a case that never went to another desk there is none."""
    if not case.offers:
        return Linkage()
    handovers: list[Handover] = []
    decisions: list[Decision] = []
    for before, after, event in steps(case):
        if after.decision is not None and after.decision is not before.decision:
            decisions.append(after.decision)
        for place, (was, offer) in enumerate(zip(before.offers, after.offers, strict=False)):
            if offer is not was:
                handovers[place] = _answered(handovers[place], was, offer, after, event)
        for offer in after.offers[len(handovers) :]:
            handovers.append(Handover(offer.origin, offer.to, offer.way, offer.mode, offer.at, offer.voice))
        if after.state in _ENDED and before.state not in _ENDED:
            handovers = [_lapsed(one, event) for one in handovers]
    return Linkage(tuple(handovers), tuple(decisions))


def steps(case: Case) -> Iterator[tuple[Case, Case, Event]]:
    """The case before and after each of its events that had an effect."""
    before = Case("")
    for entry in case.history:
        if not entry.void:
            after = moved(before, entry.event)
            yield before, after, entry.event
            before = after


def _answered(one: Handover, before: Offer, now: Offer, case: Case, event: Event) -> Handover:
    one = replace(one, voice=now.voice)
    if now.state == before.state:
        return one
    after = _span(one.at, event.at)
    if one.state in {"sent", "lapsed"}:
        one = replace(one, answered_after=after)
    if now.state == "accepted":
        reason = case.decision.reason if case.decision is not None else ""
        return replace(one, state="accepted", decided=reason, accepted_after=after)
    return replace(one, state=now.state)


def _lapsed(one: Handover, event: Event) -> Handover:
    return replace(one, state="lapsed", answered_after=_span(one.at, event.at)) if one.state == "sent" else one


def _span(began: datetime, ended: datetime) -> float | None:
    seconds = (ended - began).total_seconds()
    return seconds if seconds >= 0 else None  # the clock of one desk is wrong

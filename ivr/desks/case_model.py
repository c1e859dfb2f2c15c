"""The words of a case (诉求): one matter, whoever works on it, as frozen dataclasses.

A case is nothing but its events. Each belongs to the desk that made it (`origin`), which numbers its own events of a
case without gaps; two desks are equal when they hold the same set of events. `ivr.desks.case.fold` makes the case.
Owners, offers and results are desks by their `[hotline] desk`: "12345", "110".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.desks.case_letters import CaseFile, Letter
from ivr.desks.work_order import CallBack, WorkOrder

DISPATCHER = "110"  # who sends people first where life, property or public safety is in danger (R27)
SECOND_RETURN = 2  # returns after which the desks consult (会商, R46)

STATES = ("open", "offered", "accepted", "consulting", "handled", "closed", "merged")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a desk did to a case; only ever added. `data` has the shape that `KINDS[kind]` tells."""

    case: str  # UUID
    origin: str  # the desk that made it: "12345", "110"
    seq: int  # 1, 2, … per case and origin, no gaps
    clock: int  # Lamport: one more than the greatest that the origin knew of this case
    at: datetime  # UTC by the origin's own clock: shown, never used for order
    by: str  # who: operator number, account, "system"
    kind: str  # a word of KINDS
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[int, str, int]:
        """Both desks read a case's events in this order, whenever they came."""
        return (self.clock, self.origin, self.seq)


@dataclass(frozen=True, slots=True)
class Matter:
    """What it is about: the five elements (R41: happened, name, place, cause, course) and what is said of it."""

    happened: str = ""  # when, as the caller told it
    name: str = ""
    place: str = ""
    cause: str = ""
    course: str = ""
    text: str = ""  # free words
    caller: str = ""  # the number; "": withheld or none
    kind: str = ""  # consultation | complaint | help | report | suggestion | praise; "": not said yet
    class_code: str = ""  # of the class tree (GB/T 39666's shape)
    scope: str = ""  # which matter of a scope list it is (R31): <list>/<version>/<code>
    urgency: str = "general"  # general | urgent | very_urgent
    region: str = ""  # of the region tree
    longitude: float | None = None
    latitude: float | None = None
    tags: tuple[str, ...] = ()  # special groups: minor, elder, …
    contact: str = ""  # preference: phone | sms_only | no_call_back; "": none said
    confidential: bool = False  # at the caller's wish (R60)
    neither: bool = False  # a matter of neither desk (R34): closed only after guidance with its basis


@dataclass(frozen=True, slots=True)
class CallLink:
    """A call that belongs to the case, at the desk that took it."""

    desk: str
    call: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The case was taken to another desk."""

    origin: str
    to: str
    way: str  # voice | online
    mode: str  # of the transfer: transfer | conference | consult; "" online
    transfer: str  # the transfer's id; "" online
    at: datetime
    by: str
    state: str = "sent"  # sent | accepted | refused | returned | kept (the other one keeps it)
    reason: str = ""
    voice: str = ""  # failed: every route of the target failed, the case alone is there (R16)


@dataclass(frozen=True, slots=True)
class Proposal:
    owners: tuple[str, ...]
    whose: str  # as pressed: ours | yours | both
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Negotiation:
    """Who accepts? (R25, R26) It begins with a three-party call or a first proposal."""

    desks: tuple[str, str]  # who offered, to whom
    began: Event = field(repr=False)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)  # the last one of each desk
    decided: bool = False  # by any reason: the limit runs no more


@dataclass(frozen=True, slots=True)
class Decision:
    owners: tuple[str, ...]  # the first one acts first
    reason: str  # agreed | first_received | emergency | accepted | returned | consulted
    at: datetime
    by: tuple[str, ...]  # who pressed, as desk/person

    @property
    def owner(self) -> str:
        return self.owners[0]


@dataclass(frozen=True, slots=True)
class Emergency:
    desk: str
    danger: str  # life | property | public
    words: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Result:
    result: str  # a word: solved, explained, dispatched, …
    words: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in the case's history; `void` is why it had no effect where it stands, a stable word."""

    event: Event
    void: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    number: str = ""  # for people: <desk>-<yyyymmdd>-<6 digits>
    first: str = ""  # the desk that first received it
    channel: str = ""  # a word of CHANNELS
    opened_at: datetime | None = None
    opened_by: str = ""
    respond_by: datetime | None = None  # by then somebody must have answered (R45); None: nobody waits for words
    responded_at: datetime | None = None  # the first answer
    letters: tuple[Letter, ...] = ()  # what was written to and fro after it was opened
    files: tuple[CaseFile, ...] = ()  # that hung on what was written
    matter: Matter = field(default_factory=Matter)
    state: str = ""  # a word of STATES; "": not opened
    owners: tuple[str, ...] = ()  # more than one: police order and work order of one case (R29)
    decision: Decision | None = None
    negotiation: Negotiation | None = None
    emergency: Emergency | None = None
    offers: tuple[Offer, ...] = ()
    calls: tuple[CallLink, ...] = ()
    results: Mapping[str, Result] = field(default_factory=dict)  # by desk
    guidance: Mapping[str, str] | None = None  # basis, words (R34)
    returns: int = 0  # refused or returned since the last consultation
    consultations: tuple[Mapping[str, Any], ...] = ()
    closed_at: datetime | None = None
    merged_into: str = ""
    merged_from: tuple[str, ...] = ()
    split_from: str = ""
    split_into: tuple[str, ...] = ()
    orders: tuple[WorkOrder, ...] = ()  # of every desk, as they were made
    call_backs: tuple[CallBack, ...] = ()
    history: tuple[Entry, ...] = ()
    clock: int = 0  # the greatest of its events

    @property
    def owner(self) -> str:
        """Who acts first; "" before it is opened."""
        return self.owners[0] if self.owners else ""

    @property
    def desks(self) -> frozenset[str]:
        """Every desk that has a part in it: each gets every event."""
        offered = {offer.to for offer in self.offers} | {offer.origin for offer in self.offers}
        return frozenset({self.first, *self.owners, *offered} - {""})

    def offer_to(self, desk: str) -> Offer | None:
        """The last one that this desk got."""
        return next((offer for offer in reversed(self.offers) if offer.to == desk), None)

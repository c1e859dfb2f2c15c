"""A case is a pure fold over its events, in one order that every desk computes alike.

What may not be where it stands is refused for one's own new event (`apply`), and in the history marked as void: when
an earlier event of the other desk arrives later, both desks end with the same marks.

What a newer desk says and this one does not understand is kept and void as well. After an upgrade it has its effect:
`LANGUAGE` tells which words a case was read with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ivr.desks.case_kinds import KINDS
from ivr.desks.case_model import DISPATCHER, Case, Entry, Event
from ivr.desks.case_moves import Refused, moved
from ivr.schema import InvalidRequestError, check

__all__ = (
    "KINDS",
    "LANGUAGE",
    "MISSHAPEN",
    "UNKNOWN",
    "Case",
    "Entry",
    "Event",
    "Refused",
    "UnknownKindError",
    "apply",
    "fold",
    "possible",
    "strange",
    "understood",
)

LANGUAGE = hashlib.sha256(json.dumps(KINDS, sort_keys=True).encode()).hexdigest()[:16]
UNKNOWN, MISSHAPEN = "unknown_kind", "unknown_shape"  # why an event is void that may be understood after an upgrade


class UnknownKindError(InvalidRequestError):
    def __init__(self) -> None:
        super().__init__("kind", f"one of {', '.join(KINDS)}")


def fold(events: Iterable[Event], onto: Case | None = None) -> Case:
    """The case of these events, whatever order they come in, doubled or not; `Case("")` where there are none.

    `onto`: the case of others; of these none is judged again where all of the new ones come after them.
    """
    case, entries = onto or Case(""), list(onto.history) if onto else []
    known = {(entry.event.origin, entry.event.seq) for entry in entries}
    once = {(event.origin, event.seq): event for event in events}
    new = sorted((event for name, event in once.items() if name not in known), key=lambda event: event.order)
    if new and entries and new[0].order < entries[-1].event.order:
        return fold([*(entry.event for entry in entries), *new])
    for event in new:
        case, void = _judged(case, event)
        entries.append(Entry(event, void))
    return replace(case, history=tuple(entries))


def strange(case: Case) -> frozenset[str]:
    """Kinds of events in it that this program does not understand, or not in the shape that they have."""
    return frozenset(entry.event.kind for entry in case.history if entry.void in {UNKNOWN, MISSHAPEN})


def apply(case: Case, event: Event) -> Case:
    """The case after one's own new event. Raises Refused, InvalidRequestError (its data has not the kind's shape)."""
    after = _moved(case, event)
    return replace(after, history=(*case.history, Entry(event)))


_NOW = datetime.min.replace(tzinfo=UTC)  # of what is only tried


def possible(case: Case, desk: str) -> frozenset[str]:
    """The kinds that this desk may add now; an offer to the other desk of the case (or to 110) stands for any."""
    other = next(iter(sorted(case.desks - {desk})), DISPATCHER if desk != DISPATCHER else "")
    tried: Mapping[str, Mapping[str, Any]] = {
        "called": {"call": "x"},
        "offered": {"to": other, "way": "online"},
        "voice_failed": {"transfer": "x"},
        "proposed": {"whose": "ours"},
        "decided": {"owner": case.first},
        "emergency": {"danger": "public"},
        "handled": {"result": "solved"},
        "guided": {"basis": "x", "words": "x"},
        "consultation": {"owners": [DISPATCHER]},
        "ordered": {"order": "-", "department": "", "due": "9999-01-01T00:00Z", "sign_by": "9999-01-01T00:00Z"},
        "called_back": {"reached": True},
        "responded": {"words": "x"},
        **{kind: {} for kind in ("written", "accepted", "refused", "returned", "closed")},
    }
    return frozenset(kind for kind, data in tried.items() if _may(case, desk, kind, data))


def _may(case: Case, desk: str, kind: str, data: Mapping[str, Any]) -> bool:
    try:
        moved(case, Event(case.id, desk, 0, case.clock + 1, _NOW, "", kind, data))
    except Refused:
        return False
    return True


def understood(event: Event) -> bool:
    """Is it of a kind that is known here, in its shape?"""
    try:
        _check_shape(event)
    except InvalidRequestError:
        return False
    return True


def _check_shape(event: Event) -> None:
    if event.kind not in KINDS:
        raise UnknownKindError
    check(KINDS[event.kind], dict(event.data), "data")


def _judged(case: Case, event: Event) -> tuple[Case, str]:
    """The case after the event, its history aside, and why it is void."""
    try:
        return _moved(case, event), ""
    except UnknownKindError:
        void = UNKNOWN
    except InvalidRequestError:
        void = MISSHAPEN
    except Refused as refusal:
        void = refusal.id
    return replace(case, id=event.case, clock=max(case.clock, event.clock)), void


def _moved(case: Case, event: Event) -> Case:
    _check_shape(event)
    return replace(moved(case, event), id=event.case, clock=max(case.clock, event.clock))

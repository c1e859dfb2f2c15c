"""A case is a pure fold over its events, in one order that every desk computes alike.

What may not be where it stands is refused for one's own new event (`apply`), and in the history marked as void: when
an earlier event of the other desk arrives later, both desks end with the same marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ivr.desks.case_kinds import KINDS
from ivr.desks.case_model import DISPATCHER, Case, Entry, Event
from ivr.desks.case_moves import Refused, moved
from ivr.schema import InvalidRequestError, check

__all__ = ("KINDS", "Case", "Entry", "Event", "Refused", "UnknownKindError", "apply", "fold", "possible")


class UnknownKindError(InvalidRequestError):
    def __init__(self) -> None:
        super().__init__("kind", f"one of {', '.join(KINDS)}")


def fold(events: Iterable[Event]) -> Case:
    """The case of these events, whatever order they come in, doubled or not; `Case("")` where there are none."""
    once = {(event.origin, event.seq): event for event in events}
    case = Case("")
    for event in sorted(once.values(), key=lambda event: event.order):
        case = _noted(case, event)
    return case


def apply(case: Case, event: Event) -> Case:
    """The case after one's own new event. Raises Refused, InvalidRequestError (its data has not the kind's shape)."""
    if event.kind not in KINDS:
        raise UnknownKindError
    check(KINDS[event.kind], dict(event.data), "data")
    return _entered(moved(case, event), event, "")


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
        **{kind: {} for kind in ("written", "accepted", "refused", "returned", "closed")},
    }
    return frozenset(kind for kind, data in tried.items() if _may(case, desk, kind, data))


def _may(case: Case, desk: str, kind: str, data: Mapping[str, Any]) -> bool:
    try:
        moved(case, Event(case.id, desk, 0, case.clock + 1, _NOW, "", kind, data))
    except Refused:
        return False
    return True


def _noted(case: Case, event: Event) -> Case:
    try:
        return apply(case, event)
    except (Refused, InvalidRequestError) as refusal:
        return _entered(case, event, refusal.id)


def _entered(case: Case, event: Event, void: str) -> Case:
    entry = Entry(event, void)
    return replace(case, id=event.case, history=(*case.history, entry), clock=max(case.clock, event.clock))

"""What one operator's desk shows, of the live state: his own state, his call, the room. Pure.

In two parts, since they change for different reasons: what every desk shows alike (`room`), and what one operator's
shows (`own`). Times are aware datetimes in UTC, waits in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.calls.live_ears import SILENCE, Ears
from ivr.calls.live_views import LiveCall, LiveLeg, LiveOperator, LiveState, LiveTransfer

Words = Mapping[str, str]  # zh and en


@dataclass(frozen=True, slots=True)
class Key:
    """A target as the desk shows it."""

    key: str
    name: Words
    emergency: bool
    role: str
    modes: tuple[str, ...]
    critical_contact: str | None
    ring: int  # seconds a route
    routes: int
    keys: Mapping[str, str] = field(default_factory=dict)  # mode → digits: they work while the controller does not


@dataclass(frozen=True, slots=True)
class Desk:
    """What is the same for every operator and changes with the settings only."""

    keys: Mapping[str, Key]  # in the order in which they lie
    pause_reasons: tuple[Mapping[str, str], ...] = ()
    browser: frozenset[str] = frozenset()  # operators whose phone is the browser


@dataclass(frozen=True, slots=True)
class Parts:
    """All that `own` looks at: while it is equal the view is."""

    operator: LiveOperator
    call: LiveCall | None
    region: Words | None = None
    own_skills: tuple[str, ...] = ()  # that the site gives
    ears: Ears = SILENCE
    case: Mapping[str, Any] | None = None  # of the call: id, number, revision
    last_case: Mapping[str, Any] | None = None  # of the call that ended last


def call_of(state: LiveState, number: str) -> LiveCall | None:
    """The call that the operator talks in, or that rings at his phone."""
    operator = state.operators[number]
    return state.calls.get(operator.call) if operator.call else None


def room(state: LiveState, desk: Desk) -> dict[str, Any]:
    """Queues, targets and colleagues: the same on every desk."""
    return {
        "connected": state.connected,
        "queues": [
            {
                "name": queue.name,
                "skill": queue.name.removeprefix("q-"),
                "waiting": len(queue.waiting),
                "longest_since": min((one.since for one in queue.waiting), default=None),
            }
            for queue in state.queues.values()
        ],
        "targets": [_target(key, state) for key in desk.keys.values()],
        "pause_reasons": desk.pause_reasons,
        "ready_operators": sum(operator.state == "available" for operator in state.operators.values()),
    }


def _target(key: Key, state: LiveState) -> dict[str, Any]:
    live = state.targets.get(key.key)
    return {
        "key": key.key,
        "name": key.name,
        "emergency": key.emergency,
        "role": key.role,
        "reachable": live.reachable if live else None,
        "modes": key.modes,
        "critical_contact": key.critical_contact,
        "keys": key.keys,
    }


def own(parts: Parts, desk: Desk) -> dict[str, Any]:
    """The operator's own state and call."""
    operator = parts.operator
    return {
        "phone": "browser" if operator.number in desk.browser else "desk",
        "me": {
            "number": operator.number,
            "name": operator.name,
            "state": operator.state,
            "since": operator.since,
            "reason": operator.reason,
            "skills": operator.skills or parts.own_skills,
            "own_skills": parts.own_skills,
            "wrap_up_until": operator.until,
            "last_call": operator.last_call,
            "last_case": parts.last_case,
        },
        "call": _call(parts, parts.call, desk) if parts.call else None,
    }


def _call(parts: Parts, call: LiveCall, desk: Desk) -> dict[str, Any]:
    number = parts.operator.number
    mine = call.operator(number) or next(leg for leg in reversed(call.legs) if _is_of(leg, number))
    waited = (mine.since - call.queued_at).total_seconds() if call.queued_at else None
    return {
        "id": call.id,
        "caller": call.caller,
        "region": parts.region,
        "state": "ringing" if mine.state == "ringing" else call.state,
        "since": mine.since,
        "entered_at": call.since,
        "waited": max(waited, 0.0) if waited is not None else None,
        "language": call.language,
        "handed_over_by": call.handed_over_by,
        "requeued": call.requeued,
        "choices": call.steps,
        "legs": [_leg(leg, parts, desk) for leg in call.legs],
        "transfer": _transfer(call.transfers, desk),
        "case": parts.case,
    }


def _is_of(leg: LiveLeg, number: str) -> bool:
    return leg.role == "operator" and leg.party == number


def _leg(leg: LiveLeg, parts: Parts, desk: Desk) -> dict[str, Any]:
    key = desk.keys.get(leg.party) if leg.role not in ("caller", "operator") else None
    return {
        "id": leg.id,
        "role": leg.role,
        "party": leg.party,
        "name": key.name if key else None,
        "state": leg.state,
        "since": leg.since,
        "bridge": leg.bridge,
        "speaking": leg.id in parts.ears.speaking,
        "muted": leg.id in parts.ears.muted,
        "held": leg.id in parts.ears.held,
        "mine": _is_of(leg, parts.operator.number),
    }


def _transfer(transfers: Sequence[LiveTransfer], desk: Desk) -> dict[str, Any] | None:
    """The newest; an ended one stays, for it says why."""
    if not transfers:
        return None
    newest = transfers[-1]
    key = desk.keys.get(newest.target)
    return {
        "id": newest.id,
        "target": newest.target,
        "mode": newest.mode,
        "state": newest.state,
        "since": newest.since,
        "route": newest.route,
        "routes": key.routes if key else None,
        "ring": key.ring if key else None,
        "reason": newest.reason,
        "result": newest.result,
    }

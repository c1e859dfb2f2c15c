"""How far a matter is, in the words that its citizen is told: by a text, by the voice menu, on the public page.

Nothing here says what it is about: whoever hears it may not be alone, and may not be the one who called.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ivr.desks.case_model import Case, Event

DIGITS = 6  # of a case's number, the last ones: what its citizen gives beside the number that he called from
ACCEPTED = frozenset({"agreed", "first_received", "accepted", "consulted"})  # reasons of a decision


@dataclass(frozen=True, slots=True)
class Progress:
    step: str  # received | accepted | ordered | extended | handled | closed
    at: datetime


def step_of(case: Case, event: Event) -> str:
    """The step of STEPS that this event of the case begins, "" for none. `case` is the case with it."""
    kind, data = event.kind, event.data
    decision = case.decision
    if any(entry.void for entry in case.history if entry.event == event):
        return ""
    if kind == "order_extended":
        return "extended" if data.get("granted") else ""
    if kind in {"accepted", "proposed", "decided"}:
        decided = decision is not None and decision.at == event.at and decision.reason in ACCEPTED
        return "accepted" if decided else ""
    if kind == "handled":
        return "handled" if case.state == "handled" else ""
    return {"opened": "received", "ordered": "ordered", "closed": "rate"}.get(kind, "")


def silent(case: Case) -> str:
    """Why its citizen must hear nothing that he did not ask for, as one word; "" where he may.

    R56: whoever may be in danger is not rung, and no text lights his screen. 110 giving it back ends an emergency.
    """
    if "in_danger" in case.matter.tags:
        return "in_danger"
    if case.emergency is not None:
        return "emergency"
    return "no_call_back" if case.matter.contact == "no_call_back" else ""


def progress(case: Case) -> Progress | None:
    """How far it is; None where that is told to nobody (R56) or it has not begun."""
    if case.opened_at is None or silent(case) in {"in_danger", "emergency"}:
        return None
    if case.closed_at is not None:
        return Progress("closed", case.closed_at)
    if case.state == "handled":
        return Progress("handled", max(result.at for result in case.results.values()))
    for entry in reversed(case.history):
        step = "" if entry.void else {"ordered": "ordered", "order_extended": "extended"}.get(entry.event.kind, "")
        if step == "ordered" or (step and entry.event.data.get("granted")):
            return Progress(step, entry.event.at)
    if case.decision is not None and case.decision.reason in ACCEPTED:
        return Progress("accepted", case.decision.at)
    return Progress("received", case.opened_at)

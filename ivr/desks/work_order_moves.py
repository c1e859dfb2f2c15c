"""What each event does to a case's work orders, and when it may not: moves as those of `case_moves`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ivr.desks.case_model import Case, Event
from ivr.desks.case_refused import Refused
from ivr.desks.work_order import OPEN, CallBack, Extension, File, Part, WorkOrder, acting, open_orders
from ivr.schema import time

Change = Callable[[WorkOrder, Event], WorkOrder]


def _ordered(case: Case, event: Event) -> Case:
    data = event.data
    if event.origin not in case.desks:
        raise Refused("case_not_yours", event)
    if order_of(case, event.origin, data["order"]) is not None:
        raise Refused("order_known", event)
    if any(one.department == data["department"] for one in open_orders(case.orders, event.origin)):
        raise Refused("order_open_already", event)  # pressed twice
    joint = tuple(one for one in dict.fromkeys(data.get("joint", ())) if one != data["department"])
    order = WorkOrder(
        data["order"],
        event.origin,
        data["department"],
        joint,
        _moment(event, "due"),
        _moment(event, "sign_by"),
        event.at,
        event.by,
        event.at,
        task=data.get("words", ""),
        parts=tuple(Part(department) for department in joint),
    )
    return replace(case, orders=(*case.orders, order))


def order_of(case: Case, desk: str, id: str) -> WorkOrder | None:
    return next((order for order in case.orders if (order.desk, order.id) == (desk, id)), None)


def _moment(event: Event, name: str) -> datetime:
    return time(event.data[name], f"data.{name}")


def _changing(change: Change) -> Callable[[Case, Event], Case]:
    """A move that changes one order of the event's desk; only its own departments and the desk itself may."""

    def move(case: Case, event: Event) -> Case:
        order = order_of(case, event.origin, event.data["order"])
        if order is None:
            raise Refused("order_unknown", event)
        department = acting(event.by)
        if department and department not in order.departments:
            raise Refused("order_other_department", event)
        after = change(order, event)
        orders = tuple(after if one is order else one for one in case.orders)
        return replace(case, orders=orders)

    return move


def _still_open(order: WorkOrder, event: Event) -> None:
    if order.state not in OPEN:
        raise Refused("order_not_open", event)


def _by_lead(order: WorkOrder, event: Event) -> None:
    if _part_of(order, event) is not None:
        raise Refused("order_lead_only", event)


def _part_of(order: WorkOrder, event: Event) -> Part | None:
    """The part of the joint department that acts; None where the lead does, or the desk."""
    return next((part for part in order.parts if part.department == acting(event.by)), None)


def _part_changed(order: WorkOrder, part: Part, event: Event, **changes: Any) -> WorkOrder:
    after = replace(part, at=event.at, by=event.by, **changes)
    return replace(order, parts=tuple(after if one is part else one for one in order.parts))


def _signed(order: WorkOrder, event: Event) -> WorkOrder:
    _still_open(order, event)
    part = _part_of(order, event)
    if (part or order).state != "sent":
        raise Refused("order_signed_already", event)
    if part is not None:
        return _part_changed(order, part, event, state="signed")
    return replace(order, state="signed", signed_at=event.at, signed_by=event.by)


def _returned(order: WorkOrder, event: Event) -> WorkOrder:
    """By a department: not its own. By the desk: withdrawn."""
    _still_open(order, event)
    part = _part_of(order, event)
    if part is not None:
        return _part_changed(order, part, event, state="returned", words=event.data["reason"])
    return replace(order, state="returned", words=event.data["reason"], done_at=event.at, done_by=event.by)


def _extension(order: WorkOrder, event: Event) -> WorkOrder:
    _still_open(order, event)
    _by_lead(order, event)
    until = _moment(event, "until")
    if until <= order.due:
        raise Refused("order_not_later", event)
    return replace(order, extension=Extension(until, event.data["reason"], event.at, event.by))


def _extended(order: WorkOrder, event: Event) -> WorkOrder:
    """Approved or not by the desk; a department decides nothing about its own limit."""
    _still_open(order, event)
    asked = order.extension
    if acting(event.by):
        raise Refused("order_other_department", event)
    if asked is None or asked.state != "asked":
        raise Refused("order_no_extension", event)
    granted = event.data["granted"]
    decided = replace(
        asked,
        state="granted" if granted else "refused",
        words=event.data.get("words", ""),
        decided_at=event.at,
        decided_by=event.by,
    )
    return replace(order, extension=decided, due=max(order.due, asked.until) if granted else order.due)


def _done(order: WorkOrder, event: Event) -> WorkOrder:
    """Whoever reports without having signed has taken it on all the same."""
    _still_open(order, event)
    data = event.data
    files = tuple(File(**one) for one in data.get("files", ()))
    part = _part_of(order, event)
    if part is not None:
        return _part_changed(order, part, event, state="done", words=data["words"], files=(*part.files, *files))
    return replace(
        order,
        state="done",
        signed_at=order.signed_at or event.at,
        signed_by=order.signed_by or event.by,
        done_at=event.at,
        done_by=event.by,
        result=data["result"],
        words=data["words"],
        files=(*order.files, *files),
    )


def _order_reopened(case: Case, event: Event) -> Case:
    """The caller is not content, or the desk does not take it back: the case goes on, closed or not."""
    case = _changing(_reopened)(case, event)
    results = {desk: result for desk, result in case.results.items() if desk != event.origin}
    if case.state not in {"handled", "closed"}:
        return replace(case, results=results)
    return replace(case, results=results, state="accepted", closed_at=None)


def _reopened(order: WorkOrder, event: Event) -> WorkOrder:
    if order.state in OPEN:
        raise Refused("order_not_done", event)
    if acting(event.by):
        raise Refused("order_other_department", event)
    due = _moment(event, "due")
    again = replace(
        order,
        state="signed" if order.state == "done" else "sent",
        since=event.at,
        due=due,
        sign_by=_moment(event, "sign_by") if "sign_by" in event.data else min(order.sign_by, due),
        done_at=None,
        done_by="",
        result="",
        words="",
        extension=None,
        reopened=order.reopened + 1,
        why_reopened=event.data["reason"],
    )
    return again if again.state == "signed" else replace(again, signed_at=None, signed_by="")


def _called_back(case: Case, event: Event) -> Case:
    data = event.data
    said = CallBack(event.origin, data["reached"], data.get("satisfied", ""), data.get("words", ""), event.at, event.by)
    return replace(case, call_backs=(*case.call_backs, said))


def possible(case: Case, order: WorkOrder, by: str) -> frozenset[str]:
    """The kinds that this person may add about the order now."""
    later = "9999-12-31T23:59:59Z"
    tried: Mapping[str, Mapping[str, Any]] = {
        "order_signed": {},
        "order_returned": {"reason": "-"},
        "order_extension": {"until": later, "reason": "-"},
        "order_extended": {"granted": False},
        "order_done": {"result": "solved", "words": "-"},
        "order_reopened": {"reason": "-", "due": later},
    }
    return frozenset(kind for kind, data in tried.items() if _may(case, order, by, kind, data))


def _may(case: Case, order: WorkOrder, by: str, kind: str, data: Mapping[str, Any]) -> bool:
    event = Event(case.id, order.desk, 0, case.clock + 1, order.at, by, kind, {"order": order.id, **data})
    try:
        MOVES[kind](case, event)
    except Refused:
        return False
    return True


MOVES: Mapping[str, Callable[[Case, Event], Case]] = {
    "ordered": _ordered,
    "order_signed": _changing(_signed),
    "order_returned": _changing(_returned),
    "order_extension": _changing(_extension),
    "order_extended": _changing(_extended),
    "order_done": _changing(_done),
    "order_reopened": _order_reopened,
    "called_back": _called_back,
}

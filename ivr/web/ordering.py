"""A desk makes a work order: what is left out is said by the case's class, its urgency and the calendar."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from ivr.desks.case import Case
from ivr.desks.work_order import REASONS
from ivr.desks.work_order_moves import order_of
from ivr.errors import HotlineError
from ivr.schema import time
from ivr.settings.proposal import Proposal, proposal
from ivr.store.cases import Known
from ivr.store.export import instant, plain
from ivr.store.work_orders import UnknownOrderError
from ivr.web.context import Asked

LONGEST = timedelta(days=3 * 366)  # an end that is later was mistyped


class UnknownDepartmentError(HotlineError):
    def __init__(self, department: str, known: Iterable[str]) -> None:
        message = f"there is no department {department}; GET /api/v1/departments lists them"
        details = {"department": department, "known": ", ".join(known)}
        super().__init__("unknown_department", message, details, 422)


class NoDepartmentError(HotlineError):
    def __init__(self) -> None:
        super().__init__("no_department", "the case's class names no department: choose one", status=422)


class OrderKnownError(HotlineError):
    def __init__(self, order: str, case: str) -> None:
        super().__init__("order_known", REASONS["order_known"], {"order": order, "case": case}, 409)


async def proposed(asked: Asked) -> dict[str, Any]:
    """For the form: whom a work order of this case would go to now, and until when."""
    case = (await asked.services.cases.get(asked.path["id"])).case
    told: Any = plain(asdict(await _proposal(asked, case)))
    return {"proposal": told}


async def order(asked: Asked, id: str, by: str) -> Known:
    """The case with its new work order; sent again with the same id it is the same one. Raises HotlineError."""
    cases, data = asked.services.cases, dict(asked.body.get("data", {}))
    known = await cases.get(id)
    there = order_of(known.case, cases.desk, data["order"]) if "order" in data else None
    if there is not None and (there.by, there.department) == (by, data.get("department", there.department)):
        return known
    if "order" in data and there is None:
        await _is_new(asked, data["order"])
    whole = _whole(asked, data, await _proposal(asked, known.case, data.get("due")))
    return await cases.act(known.case.id, by, "ordered", whole)


async def _is_new(asked: Asked, order: str) -> None:
    """Raises OrderKnownError where another case has it: by its id an order is found without its case."""
    try:
        row = await asked.services.work_orders.get(order)
    except UnknownOrderError:
        return
    raise OrderKnownError(order, row["number"])


async def sign_by(asked: Asked, case: Case, due: str) -> str:
    """Until when an order that is opened again now, and ends at `due`, is signed for."""
    return str(instant((await _proposal(asked, case, due)).sign_by))


def _whole(asked: Asked, data: dict[str, Any], known: Proposal) -> dict[str, Any]:
    department = data.get("department", known.department)
    if not department:
        raise NoDepartmentError
    joint = data.get("joint", known.joint if "department" not in data else ())
    for one in (department, *joint):
        if one not in asked.services.site.departments:
            raise UnknownDepartmentError(one, asked.services.site.departments)
    if "sign_by" in data:
        in_reach(time(data["sign_by"], "data.sign_by"), datetime.now(UTC), "data.sign_by", known.due)
    return {
        "order": uuid4().hex,
        "due": instant(known.due),
        "sign_by": instant(known.sign_by),
        **data,
        "department": department,
        "joint": [one for one in dict.fromkeys(joint) if one != department],
    }


async def _proposal(asked: Asked, case: Case, due: str | None = None) -> Proposal:
    now = datetime.now(UTC)
    end = time(due, "data.due") if due is not None else None
    if end is not None:
        in_reach(end, now, "data.due")
    try:
        return await asyncio.to_thread(
            proposal, asked.services.site, case.matter.class_code, case.matter.urgency, now, end
        )
    except ValueError as wrong:
        raise HotlineError("no_classes", str(wrong), {"why": str(wrong)}, 503) from wrong


def in_reach(end: datetime, now: datetime, field: str, last: datetime | None = None) -> None:
    """Raises HotlineError for an end that is over, that nobody lives to see, or that is later than `last`."""
    if not now < end < now + LONGEST or (last is not None and end > last):
        message = f"{field}: expected a time that is not over, within {LONGEST.days} days; signing not after the end"
        raise HotlineError("bad_end", message, {"field": field, "days": LONGEST.days}, 422)

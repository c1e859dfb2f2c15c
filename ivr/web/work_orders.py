"""Work orders over HTTP: what departments find, sign, do and report, and what the desk decides about it.

A person of a department knows his own department's orders only; another's is unknown to him. Of the case he is told
what the work needs: never who it is where the caller wishes to stay unnamed (R60).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ivr.desks.case import Case, Event, Refused
from ivr.desks.work_order import OPEN, REASONS, WorkOrder, light
from ivr.desks.work_order_moves import order_of, possible
from ivr.errors import HotlineError
from ivr.schema import time
from ivr.store.attachments import Place
from ivr.store.audit import Audit
from ivr.store.export import instant, plain
from ivr.store.work_orders import Row, UnknownOrderError, Wanted
from ivr.web import cases, cases_told, lookups, ordering
from ivr.web.context import Asked
from ivr.web.errors import ForbiddenError
from ivr.web.ordering import in_reach
from ivr.web.roles import FOR_OTHERS
from ivr.web.uncovering import may_uncover

_LISTED = ("id", "number", "department", "state", "extension", "reopened", "class_code", "urgency", "region", "place")
_MOMENTS = ("at", "sign_by", "signed_at", "done_at", "changed_at")
_WORK = (
    *("happened", "place", "cause", "course", "text", "kind", "class_code", "urgency", "region", "longitude"),
    *("latitude", "tags", "contact", "confidential", "name", "caller"),
)
_NAMED = {"zh": "工单（{department}，{number}）：", "en": "Work order ({department}, {number}): "}
DECIDES = "order_extended"  # a supervisor's
REOPENS = "order_reopened"


class OrderConfidentialError(HotlineError):
    def __init__(self) -> None:
        message = "the caller wishes to stay unnamed: the hotline passes on what has to be said"
        super().__init__("order_confidential", message, status=403)


class OrderNotOpenError(HotlineError):
    def __init__(self, order: str) -> None:
        super().__init__("order_not_open", REASONS["order_not_open"], {"order": order}, 409)


class NoCallBackError(HotlineError):
    def __init__(self) -> None:
        message = "nobody rings this caller (in danger, or no call back wished): the hotline says what has to be said"
        super().__init__("order_no_call_back", message, status=403)


def by(asked: Asked) -> str:
    """As events name who acts: `department/user`, or somebody of the desk."""
    own = _department(asked)
    return f"{own}/{cases.who(asked)}" if own else cases.who(asked)


def _department(asked: Asked) -> str:
    return asked.who.department if asked.who is not None else ""


async def mine(asked: Asked) -> Row:
    """The order that the path names. Raises UnknownOrderError, for that of another department too."""
    row = await asked.services.work_orders.get(asked.path["id"])
    own = _department(asked)
    if own and own not in (row["department"], *row["joint"].split()):
        raise UnknownOrderError(asked.path["id"])
    return row


# --- finding ----------------------------------------------------------------------------------------------------------


async def listed(asked: Asked) -> dict[str, Any]:
    """Open ones by their end, all others the newest first; `next` is the place of the page after."""
    query, now = dict(asked.query), datetime.now(UTC)
    if own := _department(asked):
        query["department"] = own
    wanted = Wanted(**query)
    found = await asked.services.work_orders.search(wanted, now)
    next_ = found[-1]["serial"] if len(found) == wanted.limit else None
    return {"orders": [_row(asked, row, now) for row in found], "next": next_}


def _row(asked: Asked, row: Row, now: datetime) -> dict[str, Any]:
    told: Any = plain({name: row[name] for name in (*_LISTED, *_MOMENTS, "line", "confidential")})
    shown = light(row["since"], row["due"], now, asked.services.work_orders.lights) if row["state"] in OPEN else None
    joint = row["joint"].split()
    return {**told, "case": row["case_id"], "joint": joint, "due_at": instant(row["due"]), "light": shown}


async def shown(asked: Asked) -> dict[str, Any]:
    row = await mine(asked)
    await lookups.looked(asked, (await asked.services.cases.get(row["case_id"])).case)
    return await _told(asked, row)


async def _told(asked: Asked, row: Row) -> dict[str, Any]:
    case, now = (await asked.services.cases.get(row["case_id"])).case, datetime.now(UTC)
    order = order_of(case, asked.services.cases.desk, row["id"])
    if order is None:
        raise UnknownOrderError(row["id"])
    matter: Any = plain({name: getattr(case.matter, name) for name in _WORK})
    whole: Any = plain(asdict(order))
    return {
        "order": {
            **whole,
            **{name: value for name, value in _row(asked, row, now).items() if name not in whole},
            "case_state": case.state,
            "matter": cases_told.personal(asked, case, matter),
            "history": [_entry(case, entry) for entry in _history(case, order)],
            "may": sorted(_may(asked, case, order)),
        }
    }


def _history(case: Case, order: WorkOrder) -> list[Any]:
    return [
        entry
        for entry in case.history
        if not entry.void and entry.event.origin == order.desk and entry.event.data.get("order") == order.id
    ]


def _entry(case: Case, entry: Any) -> dict[str, Any]:
    event = entry.event
    told: Any = plain({"at": event.at, "by": event.by, "kind": event.kind, "data": dict(event.data)})
    return dict(told)


def _may(asked: Asked, case: Case, order: WorkOrder) -> set[str]:
    kinds = set(possible(case, order, by(asked)))
    if not _supervises(asked):
        kinds.discard(DECIDES)
    if order.state in OPEN and case.emergency is None:
        kinds.add("escalated")
    return kinds


def _supervises(asked: Asked) -> bool:
    return asked.who is not None and bool(asked.who.roles & FOR_OTHERS)


async def departments(asked: Asked) -> dict[str, Any]:
    """Each with what waits there; a person of one is told its own numbers only."""
    site, own = asked.services.site, _department(asked)
    counts = await asked.services.work_orders.counts(datetime.now(UTC))
    told = []
    for key, one in site.departments.items():
        count = counts.get(key) if own in {"", key} else None
        numbers = {name: getattr(count, name, 0) for name in ("open", "unsigned", "overdue", "asked")}
        told.append({"key": key, "name": dict(one.name), "phone": one.phone, **numbers})
    return {"departments": told}


def files_of(row: Row) -> Place:
    """Where the files of an order lie."""
    return Place(row["case_id"], row["id"])


# --- doing ------------------------------------------------------------------------------------------------------------


async def acted(asked: Asked) -> dict[str, Any]:
    """One event of the order; what was done already by the same person in the same words is done once."""
    row, kind, data = await mine(asked), asked.body["kind"], dict(asked.body.get("data", {}))
    if kind == DECIDES and not _supervises(asked):
        raise ForbiddenError(asked.who.role if asked.who is not None else "")
    for name in ("due", "until", "sign_by"):
        if name in data:
            in_reach(time(data[name], f"data.{name}"), datetime.now(UTC), f"data.{name}")
    if "files" in data:
        kept = await asked.services.attachments.of(files_of(row), [one["id"] for one in data["files"]])
        data["files"] = [asdict(one) for one in kept]
    if kind == "escalated":
        await _escalate(asked, row, data)
    else:
        await _act(asked, row, kind, {"order": row["id"], **data})
    return await _told(asked, await asked.services.work_orders.get(row["id"]))


async def _act(asked: Asked, row: Row, kind: str, data: Mapping[str, Any]) -> None:
    who, case = by(asked), (await asked.services.cases.get(row["case_id"])).case
    if _is_again(_last(asked, case, row), who, kind, data):
        return  # the answer was lost
    more = {"sign_by": await ordering.sign_by(asked, case, data["due"])} if kind == REOPENS else {}
    try:
        await asked.services.cases.act(row["case_id"], who, kind, {**more, **data})
    except Refused as refusal:
        last = _last(asked, (await asked.services.cases.get(row["case_id"])).case, row)
        if _is_again(last, who, kind, data):
            return  # both were under way at once
        if last is not None:
            facts = {"order": row["id"], "last": last.kind, "by": last.by, "at": instant(last.at)}
            refusal.details = {**refusal.details, **facts}
        raise


def _last(asked: Asked, case: Case, row: Row) -> Event | None:
    """What was done to the order last."""
    order = order_of(case, asked.services.cases.desk, row["id"])
    return _history(case, order)[-1].event if order is not None else None


def _is_again(last: Event | None, who: str, kind: str, data: Mapping[str, Any]) -> bool:
    """By the same person in the same words, whatever was added to them here."""
    return last is not None and (last.by, last.kind) == (who, kind) and {**last.data, **data} == last.data


async def _escalate(asked: Asked, row: Row, data: Mapping[str, Any]) -> None:
    """A dispute sharpens, or order is in danger: 110 has the case at once, with the order named (R27)."""
    site = asked.services.site
    language = site.hotline.languages[0]
    name = site.departments[row["department"]].name[language] if row["department"] in site.departments else ""
    order = _NAMED.get(language, _NAMED["en"]).format(department=name or row["department"], number=row["number"])
    words = f"{order}{data['words']}"
    danger, who = data.get("danger", "public"), by(asked)
    flag = (await asked.services.cases.get(row["case_id"])).case.emergency
    if flag is None or (flag.by, flag.words) != (who, words):
        await asked.services.cases.act(row["case_id"], who, "emergency", {"danger": danger, "words": words})


async def caller(asked: Asked) -> dict[str, Any]:
    """Whom to ring about the work, once it is on record who wanted to know; at the hotline as of a call.

    A department has no need of it once its work is over. Raises ForbiddenError, OrderNotOpenError,
    OrderConfidentialError, NoCallBackError (R56).
    """
    row = await mine(asked)
    if not _department(asked):
        may_uncover(asked)
    elif row["state"] not in OPEN:
        raise OrderNotOpenError(row["id"])
    matter = (await asked.services.cases.get(row["case_id"])).case.matter
    if matter.confidential:
        raise OrderConfidentialError
    if "in_danger" in matter.tags or matter.contact == "no_call_back":
        raise NoCallBackError
    role = asked.who.role if asked.who is not None else ""
    await Audit(asked.services.store).note(by(asked), role, "order.caller", row["id"], "")
    return {"caller": {"order": row["id"], "number": matter.caller, "contact": matter.contact}}

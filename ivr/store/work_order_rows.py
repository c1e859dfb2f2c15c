"""The rows of work orders, made of their cases' events in the transaction that adds these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from ivr.desks.case import Case
from ivr.desks.work_order import OPEN, USUAL, Lights, WorkOrder, moments
from ivr.store import tables

_ORDER, _FILE = tables.work_order.c, tables.attachment.c


def project(  # noqa: PLR0917
    connection: Connection, serial: int, line: str, case: Case, now: datetime, lights: Lights | None = None
) -> None:
    """Write what the case's events make of its orders. `serial`, `line`: the case's; `now` by this machine's clock.

    `lights`: None where these events say nothing new, so that nothing of an order's moments changes.
    """
    if any(entry.event.kind == "ordered" and entry.void for entry in case.history):
        _without_effect(connection, serial, case)
    for order in case.orders:
        same = (_ORDER.case_serial == serial) & (_ORDER.desk == order.desk) & (_ORDER.id == order.id)
        known = connection.execute(select(_ORDER.serial, _ORDER.told_until).where(same)).first()
        told = known.told_until if known is not None else min(order.since, order.sign_by, order.due)
        at = moments(order.since, order.sign_by, order.due, signed=order.state != "sent", lights=lights or USUAL)
        row = {**_row(order), **_moments(order, at, told), **_of_case(case, serial, line), "changed_at": now}
        if known is not None:
            if lights is None:
                row = {name: value for name, value in row.items() if name not in _MOMENTS}
            connection.execute(update(tables.work_order).where(_ORDER.serial == known.serial), row)
        else:
            new = (connection.execute(select(func.max(_ORDER.serial))).scalar() or 0) + 1
            connection.execute(tables.work_order.insert(), {"serial": new, **row})
            parts = [{"department": one, "serial": new} for one in order.departments]
            connection.execute(tables.work_order_part.insert(), parts)
        files = [one.id for one in (*order.files, *(file for part in order.parts for file in part.files))]
        if files:
            named = update(tables.attachment).where(_FILE.id.in_(files), _FILE.case_id == case.id)
            connection.execute(named.values(used=True))


def _without_effect(connection: Connection, serial: int, case: Case) -> None:
    """An event that came late, and is earlier, may take an order's effect: its rows go."""
    there = connection.execute(select(_ORDER.serial, _ORDER.desk, _ORDER.id).where(_ORDER.case_serial == serial))
    made = {(order.desk, order.id) for order in case.orders}
    gone = [row.serial for row in there if (row.desk, row.id) not in made]
    connection.execute(delete(tables.work_order_part).where(tables.work_order_part.c.serial.in_(gone)))
    connection.execute(delete(tables.work_order).where(_ORDER.serial.in_(gone)))


_MOMENTS = frozenset({"yellow_at", "red_at", "told_until", "next_at"})


def _moments(order: WorkOrder, at: Mapping[str, datetime], told: datetime) -> dict[str, Any]:
    """`told`: until then its moments were told to whoever must know."""
    coming = [moment for moment in at.values() if moment >= told] if order.state in OPEN else []
    return {
        "yellow_at": at["yellow"],
        "red_at": at["red"],
        "told_until": told,
        "next_at": min(coming, default=None),
    }


def _row(order: WorkOrder) -> dict[str, Any]:
    return {
        "id": order.id,
        "desk": order.desk,
        "department": order.department,
        "joint": " ".join(order.joint),
        "state": order.state,
        "extension": order.extension.state if order.extension is not None else "",
        "reopened": order.reopened,
        "at": order.at,
        "since": order.since,
        "sign_by": order.sign_by,
        "due": order.due,
        "signed_at": order.signed_at,
        "done_at": order.done_at,
    }


def _of_case(case: Case, serial: int, line: str) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "case_serial": serial,
        "number": case.number,
        "class_code": case.matter.class_code,
        "urgency": case.matter.urgency,
        "region": case.matter.region,
        "place": case.matter.place,
        "line": line,
        "confidential": case.matter.confidential,
    }

"""What a city's own system hears of a case's event: JSON as the Standard Webhooks specification shapes it. Pure.

Numbers are masked unless the settings let this system see them; who asked to stay unnamed is named to nobody (R60).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ivr.calls.numbers import masked
from ivr.desks.case_model import Case, Event
from ivr.desks.exchange import instant, told

HIDDEN = "***"
PREFIX = "case."  # of an event's type: case.opened, case.handled …
TEST = "hotline.test"


def body(case: Case, event: Event, *, numbers: bool, hidden: bool = False) -> bytes:
    """Of one event; `case` as it was with it. `hidden`: he asked to stay unnamed since."""
    matter, hidden = case.matter, hidden or case.matter.confidential
    said = told(event)
    if event.kind == "written":
        said["data"] = _personal(said["data"], hidden=hidden, numbers=numbers)
    void = next((entry.void for entry in case.history if entry.event == event), "")
    row = {
        "id": case.id,
        "number": case.number,
        "state": case.state,
        "first": case.first,
        "owners": list(case.owners),
        "channel": case.channel,
        "kind": matter.kind,
        "class_code": matter.class_code,
        "urgency": matter.urgency,
        "region": matter.region,
        "place": matter.place,
        "opened_at": instant(case.opened_at) if case.opened_at else None,
        "closed_at": instant(case.closed_at) if case.closed_at else None,
        "confidential": hidden,
        "caller": _number(matter.caller, hidden=hidden, numbers=numbers),
    }
    return _written(PREFIX + event.kind, instant(event.at), {"event": {**said, "void": void}, "case": row})


def test_body(at: str) -> bytes:
    """For whoever wants to know whether the system hears and believes us."""
    return _written(TEST, at, {})


def _written(type: str, at: str, data: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"type": type, "timestamp": at, "data": data})


def _personal(said: Mapping[str, Any], *, hidden: bool, numbers: bool) -> dict[str, Any]:
    shown = dict(said)
    if shown.get("caller"):
        shown["caller"] = _number(shown["caller"], hidden=hidden, numbers=numbers)
    if shown.get("name") and hidden:
        shown["name"] = HIDDEN
    return shown


def _number(number: str, *, hidden: bool, numbers: bool) -> str:
    if hidden and number:
        return HIDDEN
    return number if numbers else masked(number)

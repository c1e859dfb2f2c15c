"""What the journal's user events (docs/contracts.md) add to a running call, as AMI repeats them in `CEL` events.

The live state does without them: they add what no channel shows, above all a transfer's mode and why it failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from ivr.calls.live_records import Call, Transfer
from ivr.calls.live_views import LiveStep, when

NOTED = ("CALL", "REQUEUED", "STEP", "SUPERVISION", "TRANSFER_")  # how the names begin of the events that `note` heeds
_REMEMBERED_TRANSFERS = 50  # a call
_REMEMBERED_STEPS = 30  # a call


def facts(extra: str) -> dict[str, str]:
    """CEL's `{"extra": "id=…&call=…"}` → its keys; anything else is no fact."""
    try:
        return dict(parse_qsl(json.loads(extra)["extra"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def note(call: Call, name: str, facts: Mapping[str, str], at: float) -> None:
    """Take the user event `name` of `call` in. An event that came twice, or late, changes nothing."""
    if name == "CALL":
        call.number = facts.get("caller", "")
        call.handed_over_by = facts.get("handed_over_by") or None
        call.language = facts.get("language") or None
    elif name == "REQUEUED":
        call.requeued = facts.get("reason")
        call.handed_over_by = facts.get("by") or call.handed_over_by
    elif name == "STEP":
        _step(call, LiveStep(when(at), facts.get("step", ""), facts.get("value", "")))
    elif name == "SUPERVISION":
        call.supervision[facts.get("supervisor", "")] = facts.get("mode", "")
    elif name.startswith("TRANSFER_"):
        _transfer(call, name, facts, at)


def _step(call: Call, step: LiveStep) -> None:
    if step.step and step not in call.steps and len(call.steps) < _REMEMBERED_STEPS:
        call.steps.append(step)
        call.steps.sort(key=lambda one: one.at)


def _transfer(call: Call, name: str, facts: Mapping[str, str], at: float) -> None:
    id = facts.get("id", "")
    transfer = call.transfers.get(id)
    if transfer is None:
        if len(call.transfers) >= _REMEMBERED_TRANSFERS:
            return
        transfer = call.transfers[id] = Transfer(id, "", "asked", at)
    if name == "TRANSFER_ASK":  # may come second
        transfer.target, transfer.mode, transfer.trigger = (
            facts.get("target", ""),
            facts.get("mode"),
            facts.get("trigger"),
        )
    if transfer.state == "ended":
        return
    if name == "TRANSFER_DIAL":
        route = facts.get("route", "")
        transfer.route = max(int(route), transfer.route or 0) if route.isdecimal() else transfer.route
        if transfer.state == "asked":
            transfer.state, transfer.since = "dialling", at
    elif name == "TRANSFER_ROUTE_FAILED":
        transfer.result = facts.get("result")
    elif name == "TRANSFER_JOINED" and transfer.state != "joined":
        transfer.state, transfer.since, transfer.result = "joined", at, None
    elif name == "TRANSFER_REFUSED":
        transfer.state, transfer.since, transfer.result, transfer.reason = "ended", at, "refused", facts.get("reason")
    elif name == "TRANSFER_END":
        transfer.state, transfer.since, transfer.result = "ended", at, facts.get("result")
        transfer.reason = facts.get("reason")

"""A message between desks as JSON: an EIDO document (`ivr.desks.eido`) with the case's events in an extension of ours.

The extension `hotline` is what counts; a desk that has another system reads it, or the EIDO around it, as it likes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from ivr.desks.case_kinds import CASE_ID, DESK, KINDS, LINE
from ivr.desks.case_model import Case, Event
from ivr.desks.eido import components
from ivr.desks.exchange import MOST_EVENTS, Message, instant, told
from ivr.errors import HotlineError
from ivr.schema import TIME, InvalidRequestError, Schema, array, check, integer, mapping, obj, one_of, string

VERSION = "1.0"
EXTENSION = "hotline-exchange-1"  # the EIDO extension's id
MOST_CLOCK = 10_000_000  # events of one case; a desk that counts beyond it is broken
MOST_BODY = 1024 * 1024  # bytes of a message
DEEPEST = 8  # levels of an event's data

_COUNT = integer(1, MOST_CLOCK)
EVENT: Schema = obj(
    {
        "origin": DESK,
        "seq": _COUNT,
        "clock": _COUNT,
        "at": TIME,
        "by": string(LINE, 200, description="who did it there, one line"),
        "kind": string(r"[a-z_]{1,32}", 32),
        "data": {
            **mapping({}),
            "description": "of a kind or in a shape that its receiver does not know it is taken and kept all the "
            "same; it has its effect there once it is understood",
        },
    }
)
HOTLINE: Schema = {
    **obj(
        {
            "version": string(r"1\.[0-9]{1,3}", 5, description="a new minor number only adds"),
            "message": CASE_ID,
            "from": DESK,
            "to": DESK,
            "case": CASE_ID,
            "sent": TIME,
            "events": {**array(EVENT), "minItems": 1, "maxItems": MOST_EVENTS},
        },
        {
            "decide_seconds": {
                **integer(1, 86_400),
                "description": "desks that negotiate about a case of the sender's agree within so long, or it accepts",
            }
        },
    ),
    "additionalProperties": {},  # of a newer minor version
}
_OBJECT = mapping({})
_OBJECTS = array(_OBJECT)
DOCUMENT: Schema = {
    "type": "object",
    "properties": {
        "$id": string(None, 64),
        "eidoVersion": one_of("1.0"),
        "eidoExtensionId": array(string(None, 64)),
        "issuingElementIdentification": DESK,
        "lastUpdateTimeStamp": TIME,
        "updatedByAgencyReference": _OBJECT,
        "incidentComponent": _OBJECT,
        "agencyComponent": _OBJECTS,
        "agentComponent": _OBJECTS,
        "callComponent": _OBJECTS,
        "callbackComponent": _OBJECTS,
        "personComponent": _OBJECTS,
        "locationComponent": _OBJECTS,
        "notesComponent": _OBJECTS,
        "hotline": HOTLINE,
    },
    "required": ["$id", "eidoVersion", "issuingElementIdentification", "hotline"],
    "additionalProperties": {},  # EIDO's other components
}
ANSWER: Schema = obj({"message": CASE_ID, "state": one_of("taken", "waiting", "known"), "have": integer(0, MOST_CLOCK)})


class BadMessageError(HotlineError):
    def __init__(self, field: str, expected: str) -> None:
        message = f"{field}: expected {expected}; /exchange/v1/schema.json tells what a message is"
        super().__init__("exchange_message", message, {"field": field, "expected": expected}, 422)


def written(message: Message, case: Case) -> bytes:
    """The message's body; `case` as its sender knows it now."""
    document = {
        **components(case, message.sender, message.to, message.events),
        "eidoExtensionId": [EXTENSION],
        "hotline": {
            "version": VERSION,
            "message": message.id,
            "from": message.sender,
            "to": message.to,
            "case": message.case,
            "sent": instant(message.made_at),
            "events": [told(event) for event in message.events],
            **({"decide_seconds": message.decide_seconds} if message.decide_seconds is not None else {}),
        },
    }
    return orjson.dumps(document)


def read(body: bytes, sender: str, own: str) -> Message:
    """The message of `sender` to us (`own`). Raises BadMessageError."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as failure:
        raise BadMessageError("body", f"JSON ({failure})") from None
    try:
        check(DOCUMENT, document)
    except InvalidRequestError as refusal:
        raise BadMessageError(str(refusal.details["field"]), str(refusal.details["expected"])) from None
    found = document["hotline"]
    if found["from"] != sender:
        raise BadMessageError("hotline.from", f"{sender}, whose key signed it")
    if found["to"] != own:
        raise BadMessageError("hotline.to", f"{own}, which this desk is")
    events = tuple(_events(found, sender))
    limit = found.get("decide_seconds")
    return Message(found["message"], sender, own, found["case"], _time(found["sent"]), events, limit)


def _events(found: dict[str, Any], sender: str) -> list[Event]:
    events = [event(found["case"], one) for one in found["events"]]
    for number, one in enumerate(events):
        where = f"hotline.events[{number}]"
        if _is_deeper(one.data, DEEPEST):
            raise BadMessageError(f"{where}.data", f"at most {DEEPEST} levels")
        if one.origin != sender:
            raise BadMessageError(f"{where}.origin", f"{sender}: a desk sends its own events only")
        if number and (one.seq != events[0].seq + number or one.clock <= events[number - 1].clock):
            raise BadMessageError(f"{where}.seq", "one more than the one before, with a greater clock")
        if one.clock < one.seq:
            raise BadMessageError(f"{where}.clock", "at least the event's own number")
    return events


def event(case: str, one: dict[str, Any]) -> Event:
    """As `exchange.told` told it."""
    return Event(
        case, one["origin"], int(one["seq"]), int(one["clock"]), _time(one["at"]), one["by"], one["kind"], one["data"]
    )


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [
            part
            for one in level
            for part in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def schema() -> dict[str, Any]:
    """The JSON Schema of a message, with the shape of every kind of event, for whoever builds a partner."""
    kinds = [
        {"if": {"properties": {"kind": {"const": kind}}}, "then": {"properties": {"data": shape}}}
        for kind, shape in KINDS.items()
    ]
    events = {**HOTLINE["properties"]["events"], "items": {**EVENT, "allOf": kinds}}
    hotline = {**HOTLINE, "properties": {**HOTLINE["properties"], "events": events}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hotline:exchange:{VERSION}",
        "title": f"Message between desks, version {VERSION}",
        **DOCUMENT,
        "properties": {**DOCUMENT["properties"], "hotline": hotline},
    }

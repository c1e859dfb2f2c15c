"""What may happen to a case, and the shape of what each event says: one JSON Schema a kind.

The same schemas judge one's own events, are told in openapi.json, and are published to the other desk.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.desks import case_letters, work_order
from ivr.desks.case_shapes import CASE_ID, DESK, ID, LINE, RESULTS, line, said, written
from ivr.schema import BOOLEAN, TIME, Schema, array, nullable, obj, one_of, string

__all__ = ("CASE_ID", "DESK", "FACTS", "KINDS", "LINE", "MATTER")

MATTER_KINDS = ("consultation", "complaint", "help", "report", "suggestion", "praise")
URGENCIES = ("general", "urgent", "very_urgent")  # 一般 紧急 特急
CONTACTS = ("phone", "sms_only", "no_call_back")
TAGS = ("minor", "elder", "disabled", "hearing", "foreigner", "pregnant", "veteran", "repeated", "in_danger")
STEPS = ("received", "accepted", "ordered", "extended", "handled", "rate")  # of a matter, as its citizen is told them
CHANNELS = ("phone", "web", "email", "sms", "wechat", "weibo", "app", "desk")  # of ours; another desk may have more
DANGERS = ("life", "property", "public")
MODES = ("transfer", "conference", "consult", "suspend", "blind", "")


_OWNERS = {**array(DESK), "minItems": 1, "maxItems": 4}

MATTER: Mapping[str, Schema] = {
    "happened": line(),
    "name": line(),
    "place": line(),
    "cause": written(4000),
    "course": written(8000),
    "text": written(8000),
    "caller": string(r"[+*#0-9A-Za-z._-]*", 64),
    "kind": one_of("", *MATTER_KINDS),
    "class_code": string(r"[0-9A-Za-z.]*", 16),
    "scope": string(r"[0-9A-Za-z._/-]*", 100),
    "urgency": one_of(*URGENCIES),
    "region": string(r"[0-9A-Za-z.-]*", 32),
    "longitude": nullable({"type": "number", "minimum": -180, "maximum": 180}),
    "latitude": nullable({"type": "number", "minimum": -90, "maximum": 90}),
    "tags": {**array(one_of(*TAGS)), "maxItems": len(TAGS)},
    "contact": one_of("", *CONTACTS),
    "confidential": BOOLEAN,
    "neither": BOOLEAN,
}

KINDS: Mapping[str, Schema] = {
    "opened": obj({"number": line(64), "channel": string(r"[a-z][a-z_]{0,15}", 16)}, {"respond_by": TIME}),
    "written": obj({}, MATTER),  # only what changed
    "called": obj({"call": ID}),
    "offered": obj({"to": DESK, "way": one_of("voice", "online")}, {"transfer": ID, "mode": one_of(*MODES)}),
    "voice_failed": obj({"transfer": ID}, {"cause": line(64)}),
    "proposed": obj({"whose": one_of("ours", "yours", "both")}),
    "decided": obj({"owner": DESK, "reason": one_of("first_received")}),
    "emergency": obj({"danger": one_of(*DANGERS)}, {"words": written(2000)}),
    "accepted": obj({}),
    "refused": obj({"reason": said()}),
    "returned": obj({"reason": said()}),
    "handled": obj({"result": one_of(*RESULTS)}, {"words": written(8000)}),
    "closed": obj({}),
    "guided": obj({"basis": said(), "words": said()}),
    "merged": obj({}, {"into": CASE_ID, "from": CASE_ID}),  # one of the two
    "split": obj({}, {"into": CASE_ID, "from": CASE_ID}),
    "told": obj(
        {
            "to": one_of("caller"),
            "way": one_of("sms", "voice", "web", "email"),
            "step": one_of(*STEPS, case_letters.ANSWER),
        },
        {"words": written(2000), "state": one_of("sent", "failed")},
    ),
    "consultation": obj(
        {"participants": array(line()), "minutes": said(20000), "owners": _OWNERS},
        {"norm": obj({"id": ID, "version": ID, "class_code": MATTER["class_code"], "from": TIME}, {"until": TIME})},
    ),
    **work_order.KINDS,
    **case_letters.KINDS,
}

TALK = frozenset({"written", "called", "told", "received", "attached"})
"""What may come without end: where a case is full, these alone are refused."""

FACTS = frozenset({"written", "called", "voice_failed", "emergency", "told", "received", "attached", *work_order.FACTS})
"""What has happened already, or must never be kept out: taken in every state of an opened case."""

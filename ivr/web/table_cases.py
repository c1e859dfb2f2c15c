"""The routes of cases."""

from __future__ import annotations

from dataclasses import fields

from ivr.desks.case_kinds import CHANNELS, KINDS, MATTER, MATTER_KINDS, URGENCIES
from ivr.desks.case_letters import PAPERS
from ivr.desks.case_model import STATES
from ivr.desks.case_shapes import ID
from ivr.desks.suggest import BY
from ivr.desks.work_order import ACTS, DEPARTMENT, file_of
from ivr.settings.classes import Class
from ivr.web import attachments, cases, shapes
from ivr.web.routes import Route, words
from ivr.web.schema import (
    BOOLEAN,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    array,
    by_word,
    integer,
    mapping,
    nullable,
    obj,
    one_of,
    string,
)

V1 = "/api/v1"
_CASE = f"{V1}/cases/{{id}}"
_ANY: Schema = {}
_OWN_ACCORD = {"opened", "merged", "split", "called", "decided", "voice_failed", "told", "received", "attached", *ACTS}
_FOR_PEOPLE = tuple(kind for kind in KINDS if kind not in _OWN_ACCORD)

ROW = obj(
    {
        "id": TEXT,
        "number": TEXT,
        "state": one_of(*STATES),
        "channel": TEXT,
        "kind": TEXT,
        "class_code": TEXT,
        "urgency": one_of(*URGENCIES),
        "region": TEXT,
        "place": TEXT,
        "line": TEXT,
        "confidential": BOOLEAN,
        "opened_at": TIME,
        "changed_at": TIME,
        "closed_at": shapes.MOMENT,
        "respond_by": shapes.MOMENT,
        "responded_at": shapes.MOMENT,
        "revision": shapes.COUNT,
        "first": TEXT,
        "owners": array(TEXT),
        "caller": TEXT,
    }
)
_MATTER = obj(
    {
        **{name: TEXT for name, schema in MATTER.items() if schema.get("type") == "string"},
        "longitude": nullable(NUMBER),
        "latitude": nullable(NUMBER),
        "tags": array(TEXT),
        "confidential": BOOLEAN,
        "neither": BOOLEAN,
    }
)
FILE = obj({**dict.fromkeys(("id", "name", "type", "sha256"), TEXT), "bytes": shapes.COUNT})
_EXTENSION = obj(
    {
        **dict.fromkeys(("reason", "by", "state", "words", "decided_by"), TEXT),
        "until": TIME,
        "at": TIME,
        "decided_at": shapes.MOMENT,
    }
)
_PART = obj({**dict.fromkeys(("department", "state", "words", "by"), TEXT), "files": array(FILE), "at": shapes.MOMENT})
_WORK_ORDER_TEXTS = (
    *("id", "desk", "department", "by", "task", "state", "signed_by", "done_by", "result", "words", "why_reopened"),
)
WORK_ORDER = obj(
    {
        **dict.fromkeys(_WORK_ORDER_TEXTS, TEXT),
        "joint": array(TEXT),
        **dict.fromkeys(("due", "sign_by", "at", "since"), TIME),
        **dict.fromkeys(("signed_at", "done_at"), shapes.MOMENT),
        "files": array(FILE),
        "extension": nullable(_EXTENSION),
        "reopened": shapes.COUNT,
        "parts": array(_PART),
    }
)
_CALL_BACK = obj({**dict.fromkeys(("desk", "satisfied", "words", "by"), TEXT), "reached": BOOLEAN, "at": TIME})
_DECISION = obj({"owners": array(TEXT), "reason": TEXT, "at": TIME, "by": array(TEXT)})
_OFFER = obj(
    {
        **dict.fromkeys(("origin", "to", "way", "mode", "transfer", "by", "state", "reason", "voice"), TEXT),
        "at": TIME,
    }
)
CASE = obj(
    {
        **dict.fromkeys(("id", "number", "desk", "first", "channel", "opened_by", "owner"), TEXT),
        "opened_at": TIME,
        "respond_by": shapes.MOMENT,
        "responded_at": shapes.MOMENT,
        "letters": array(obj({"way": one_of("in", "out"), "words": TEXT, "at": TIME, "by": TEXT})),
        "files": array(obj({**file_of(*PAPERS)["properties"], "name": TEXT, "desk": TEXT, "at": TIME})),
        "closed_at": shapes.MOMENT,
        "state": one_of(*STATES),
        "revision": shapes.COUNT,
        "clock": shapes.COUNT,
        "matter": _MATTER,
        "owners": array(TEXT),
        "decision": nullable(_DECISION),
        "negotiation": nullable(
            obj(
                {
                    "desks": array(TEXT),
                    "began_at": TIME,
                    "ends_at": shapes.MOMENT,
                    "decided": BOOLEAN,
                    "proposals": mapping(obj({"owners": array(TEXT), "whose": TEXT, "at": TIME, "by": TEXT})),
                }
            )
        ),
        "emergency": nullable(obj({"desk": TEXT, "danger": TEXT, "words": TEXT, "at": TIME, "by": TEXT})),
        "offers": array(_OFFER),
        "calls": array(obj({"desk": TEXT, "call": TEXT, "at": TIME, "by": TEXT})),
        "results": mapping(obj({"result": TEXT, "words": TEXT, "at": TIME, "by": TEXT})),
        "guidance": nullable(obj({"basis": TEXT, "words": TEXT})),
        "returns": shapes.COUNT,
        "consultations": array(mapping(_ANY)),
        **dict.fromkeys(("merged_into", "split_from"), TEXT),
        **dict.fromkeys(("merged_from", "split_into", "may"), array(TEXT)),
        "orders": array(WORK_ORDER),
        "call_backs": array(_CALL_BACK),
        "suggestion": nullable(
            obj(
                {
                    "owners": array(TEXT),
                    "by": one_of(*BY),
                    "id": TEXT,
                    "version": TEXT,
                    "reason": obj({"zh": TEXT, "en": TEXT}),
                }
            )
        ),
        "untold": array(obj({"desk": TEXT, "seconds": NUMBER})),
        "answer_to": TEXT,
        "others": array(TEXT),
        "history": array(
            obj(
                {
                    **dict.fromkeys(("origin", "by", "kind", "void"), TEXT),
                    "seq": shapes.COUNT,
                    "clock": shapes.COUNT,
                    "at": TIME,
                    "data": mapping(_ANY),
                }
            )
        ),
    }
)
_ONE = obj({"case": CASE})
_REVISION = {"revision": integer(0, 2**53, description="of the case as it was seen: nobody overwrites another's words")}
_ORDERED = obj(
    {},
    {
        "department": {**DEPARTMENT, "description": "left out: that of the case's class"},
        **{name: schema for name, schema in KINDS["ordered"]["properties"].items() if name in {"words", "joint"}},
        "order": {**ID, "description": "of the new work order; whoever sends it again makes no second one"},
        "due": {**TIME, "description": "left out: by the limits of class and urgency"},
        "sign_by": {**TIME, "description": "left out: by the limit for signing"},
    },
)
_ACT = by_word(
    "kind",
    {
        kind: obj({"data": data}, _REVISION) if data["required"] else obj({}, {"data": data, **_REVISION})
        for kind, data in {**{kind: KINDS[kind] for kind in _FOR_PEOPLE}, "ordered": _ORDERED}.items()
    },
)
_SOME_MATTER = obj({}, MATTER)
_NAMED = string(r"[0-9A-Za-z-]+", 64, description="a case's id or number")

CONDITIONS: dict[str, Schema] = {
    "q": string(longest=100, description="words, all of which it says; Chinese by any two characters"),
    "place": string(longest=100),
    "number": _NAMED,
    "class_code": string(r"[0-9]{2,16}", 16, description="a class or one above it"),
    "region": string(r"[0-9A-Za-z.-]{2,32}", 32, description="a region or one above it"),
    "kind": one_of(*MATTER_KINDS),
    "state": one_of(*STATES),
    "urgency": one_of(*URGENCIES),
    "owner": string(r"[0-9A-Za-z_-]+", 32, description="a desk"),
    "first": string(r"[0-9A-Za-z_-]+", 32, description="the desk that first received it"),
    "partner": string(r"[0-9A-Za-z_-]+", 32, description="a desk that it went to, or came from"),
    "caller": string(r"\+?[0-9]{2,20}", 21, description="the whole number"),
    "since": TIME,
    "until": TIME,
}

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{V1}/cases",
        cases.listed,
        words("查找诉求，新的在前", "Cases that fit, the newest first"),
        obj({"cases": array(ROW), "next": nullable(shapes.COUNT)}),
        access="desk",
        query={
            **CONDITIONS,
            "limit": integer(1, 500, default=50),
            "before": integer(1, 2**53, description="`next` of the page before"),
        },
    ),
    Route(
        "POST",
        f"{V1}/cases",
        cases.opened,
        words("新建一件不经电话的诉求", "Open a case that came without a call"),
        _ONE,
        201,
        access="desk",
        body=obj({"channel": one_of(*CHANNELS), "matter": _SOME_MATTER}),
        headers=shapes.KEY,
    ),
    Route(
        "GET",
        f"{V1}/cases/classes",
        cases.of_classes,
        words("诉求分类", "The classes of cases"),
        obj({"classes": array(obj(dict.fromkeys((field.name for field in fields(Class)), TEXT)))}),
        access="orders",
    ),
    Route(
        "GET",
        _CASE,
        cases.shown,
        words("一件诉求及其全部经过", "One case with its whole history"),
        _ONE,
        access="desk",
    ),
    Route(
        "GET",
        f"{_CASE}/files/{{attachment}}",
        attachments.of_case,
        words("来件所附的一个文件（下载记录在案）", "A file that hung on a letter; who takes it is on record"),
        access="desk",
        media="application/octet-stream",
    ),
    Route(
        "POST",
        f"{_CASE}/events",
        cases.done,
        words("对诉求的一个操作；不允许时返回 409 和原因", "Do something to a case; 409 says why it may not be now"),
        _ONE,
        201,
        access="desk",
        body=_ACT,
        headers=shapes.KEY,
    ),
    Route(
        "POST",
        f"{_CASE}/merge",
        cases.merged,
        words("并入另一件诉求（并单）", "Make it part of another case"),
        _ONE,
        201,
        access="desk",
        body=obj({"into": _NAMED}),
    ),
    Route(
        "POST",
        f"{_CASE}/split",
        cases.split,
        words("拆分出一件新诉求", "Make a new case of a part of it"),
        _ONE,
        201,
        access="desk",
        body=obj({"matter": _SOME_MATTER}),
        headers=shapes.KEY,
    ),
    Route(
        "GET",
        f"{V1}/calls/{{id}}/case",
        cases.of_call,
        words("一通电话的诉求，尚无时为 null", "The case of a call; null while there is none"),
        obj({"case": nullable(CASE)}),
        access="desk",
    ),
    Route(
        "POST",
        f"{V1}/calls/{{id}}/case",
        cases.done_in_call,
        words(
            "对本通电话诉求的一个操作，尚无诉求时先建立",
            "Do something to the call's case, opening it where there is none",
        ),
        _ONE,
        201,
        access="desk",
        body=_ACT,
        headers=shapes.KEY,
    ),
)

"""The routes of work orders."""

from __future__ import annotations

from ivr.desks.case_kinds import DANGERS
from ivr.desks.case_shapes import said
from ivr.desks.work_order import ACTS, DEPARTMENT, EXTENSIONS, KINDS, LARGEST, STATES
from ivr.web import attachments, ordering, shapes, work_orders
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
from ivr.web.table_cases import FILE, WORK_ORDER

V1 = "/api/v1"
_ORDER = f"{V1}/orders/{{id}}"
LIGHTS = ("green", "yellow", "red", "overdue")

_OF_ROW = {
    **dict.fromkeys(("id", "case", "number", "department", "class_code", "urgency", "region", "place", "line"), TEXT),
    "joint": array(TEXT),
    "state": one_of(*STATES),
    "extension": one_of("", *EXTENSIONS),
    "reopened": shapes.COUNT,
    "confidential": BOOLEAN,
    **dict.fromkeys(("at", "due_at", "sign_by", "changed_at"), TIME),
    **dict.fromkeys(("signed_at", "done_at"), shapes.MOMENT),
    "light": nullable(one_of(*LIGHTS)),
}
_MATTER = obj(
    {
        **dict.fromkeys(
            ("happened", "name", "place", "cause", "course", "text", "caller", "kind", "class_code", "urgency"), TEXT
        ),
        **dict.fromkeys(("region", "contact"), TEXT),
        "longitude": nullable(NUMBER),
        "latitude": nullable(NUMBER),
        "tags": array(TEXT),
        "confidential": BOOLEAN,
    }
)
_ENTRY = obj({"at": TIME, "by": TEXT, "kind": TEXT, "data": mapping({})})
_ONE = obj(
    {
        "order": obj(
            {
                **_OF_ROW,
                **WORK_ORDER["properties"],
                "case_state": TEXT,
                "matter": _MATTER,
                "history": array(_ENTRY),
                "may": array(TEXT),
            }
        )
    }
)


def _without_order(schema: Schema) -> Schema:
    """The path names the order."""
    parts = {name: part for name, part in schema["properties"].items() if name != "order"}
    return {**schema, "properties": parts, "required": [name for name in schema["required"] if name != "order"]}


def _act(schema: Schema) -> Schema:
    return obj({"data": schema}) if schema["required"] else obj({}, {"data": schema})


_ACTS: dict[str, Schema] = {kind: _act(_without_order(KINDS[kind])) for kind in KINDS if kind in ACTS}
_ACTS["escalated"] = _act(obj({"words": said(1500)}, {"danger": one_of(*DANGERS)}))

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{V1}/orders",
        work_orders.listed,
        words("查找工单：未办结的按时限先后，其余新的在前", "Work orders: open ones by their end, else new ones first"),
        obj({"orders": array(obj(_OF_ROW)), "next": nullable(shapes.COUNT)}),
        access="orders",
        query={
            "q": string(longest=100, description="words that the case says; Chinese by any two characters"),
            "department": {**DEPARTMENT, "description": "that leads or joins; a person of one sees its own only"},
            "state": one_of("open", *STATES),
            "light": one_of(*LIGHTS),
            "extension": one_of(*EXTENSIONS),
            "case": string(r"[0-9a-f-]{36}", 36, description="a case's id"),
            "limit": integer(1, 500, default=50),
            "before": integer(1, 2**53, description="`next` of the page before"),
        },
    ),
    Route(
        "GET",
        _ORDER,
        work_orders.shown,
        words("一张工单：要办什么、办到哪一步、现在可以做什么", "One work order: what is wanted, done and possible"),
        _ONE,
        access="orders",
    ),
    Route(
        "POST",
        f"{_ORDER}/acts",
        work_orders.acted,
        words(
            "签收、退回、申请延期、审批延期、办结、重新办理、转 110；不允许时返回 409，说明谁已做了什么",
            "Sign, return, ask for or decide about more time, report, open again, take to 110; 409 says who did what",
        ),
        _ONE,
        201,
        access="orders",
        body=by_word("kind", _ACTS),
    ),
    Route(
        "POST",
        f"{_ORDER}/caller",
        work_orders.caller,
        words("查看联系电话（记录在案；来电人要求保密的不提供）", "The caller's number, on record; of nobody unnamed"),
        obj({"caller": obj({"order": TEXT, "number": TEXT, "contact": TEXT})}),
        access="orders",
    ),
    Route(
        "POST",
        f"{_ORDER}/files",
        attachments.sent,
        words("上传照片或 PDF（正文为文件内容）", "Send a photograph or a PDF: its bytes are the body"),
        obj({"file": FILE}),
        201,
        access="orders",
        upload=LARGEST,
        query={"name": string(r"[^\x00-\x1f\x7f\u2028\u2029]*", 120, description="what the file is called")},
    ),
    Route(
        "GET",
        f"{_ORDER}/files/{{attachment}}",
        attachments.shown,
        words("一张照片或一份 PDF", "A photograph or a PDF"),
        access="orders",
        media="application/octet-stream",
    ),
    Route(
        "GET",
        f"{V1}/departments",
        work_orders.departments,
        words("承办单位及其待办工单数", "The departments, and what waits there"),
        obj(
            {
                "departments": array(
                    obj(
                        {
                            "key": TEXT,
                            "name": mapping(TEXT),
                            "phone": TEXT,
                            **dict.fromkeys(("open", "unsigned", "overdue", "asked"), shapes.COUNT),
                        }
                    )
                )
            }
        ),
        access="orders",
    ),
    Route(
        "GET",
        f"{V1}/cases/{{id}}/order",
        ordering.proposed,
        words("按分类和紧急程度建议的承办单位和时限", "Whom a work order of the case would go to, and until when"),
        obj({"proposal": obj({"department": TEXT, "joint": array(TEXT), "due": TIME, "sign_by": TIME})}),
        access="desk",
    ),
)

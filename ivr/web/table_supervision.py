"""Routes of supervision."""

from __future__ import annotations

from ivr.web import shapes, supervision
from ivr.web.routes import Route, words
from ivr.web.schema import array, obj, one_of, string

V1 = "/api/v1"
MODES = ("listen", "whisper", "barge", "join")

_SUPERVISOR = string(r"[0-9]{2,15}", 15, description="a supervisor's number, where it is not one's own")
_SKILL = string(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", 32, description="a skill of the site")

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{V1}/calls/{{id}}/supervision",
        supervision.begin,
        words(
            "监听、密语、强插或加入通话；再次请求即切换方式",
            "Listen to a call, whisper, barge in or join; again: another mode",
        ),
        shapes.SUPERVISED,
        202,
        access="room",
        body=obj({"mode": one_of(*MODES)}, {"supervisor": _SUPERVISOR}),
    ),
    Route(
        "DELETE",
        f"{V1}/calls/{{id}}/supervision",
        supervision.end,
        words("结束监听", "Leave the call"),
        shapes.SUPERVISED,
        202,
        access="room",
        body=obj({}, {"supervisor": _SUPERVISOR}),
    ),
    Route(
        "PUT",
        f"{V1}/operators/{{number}}/skills",
        supervision.skills,
        words("调整坐席技能，立即生效", "Move an operator between skills, at once"),
        shapes.SKILLS,
        access="room",
        body=obj({"skills": array(_SKILL)}),
    ),
)

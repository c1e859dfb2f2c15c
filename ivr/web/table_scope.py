"""The routes of who accepts what: scope lists, norms and consultations."""

from __future__ import annotations

from ivr.desks.norms import STATES
from ivr.web import scope, shapes
from ivr.web.routes import Route, words
from ivr.web.schema import TEXT, TIME, array, integer, nullable, obj, one_of, string

V1 = "/api/v1"
_BOTH = {"zh": TEXT, "en": TEXT}

_ITEM = obj(
    {
        **dict.fromkeys(("code", "desk", "zh", "en", "list", "version", "reference", "class_code"), TEXT),
        "group": obj(_BOTH),
    }
)
_LIST = obj(
    {
        **dict.fromkeys(("id", "desk", "version", "zh", "en"), TEXT),
        "from": string(description="its first day, in the site's zone"),
        "until": nullable(string(description="its last day")),
        "state": one_of(*STATES),
        "items": shapes.COUNT,
        "groups": array(obj({**_BOTH, "items": shapes.COUNT})),
    }
)
_NORM = obj(
    {
        **dict.fromkeys(("id", "version", "class_code", "origin", "case"), TEXT),
        "owners": array(TEXT),
        "from": TIME,
        "until": shapes.MOMENT,
        "at": TIME,
        "state": one_of(*STATES),
    }
)
_CONSULTATION = obj(
    {
        **dict.fromkeys(("case", "number", "line", "class_code", "origin", "by", "minutes"), TEXT),
        "at": TIME,
        "owners": array(TEXT),
        "participants": array(TEXT),
        "norm": nullable(obj({"id": TEXT, "version": TEXT})),
    }
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{V1}/scope",
        scope.searched,
        words("在受理范围清单中查找事项", "Find matters in the scope lists"),
        obj({"items": array(_ITEM)}),
        access="desk",
        query={
            "q": string(longest=200, description="what is typed: words, a code, or what the caller says"),
            "desk": string(r"[0-9A-Za-z_-]+", 32, description="which accepts them"),
            "at": TIME,
            "limit": integer(1, 500, default=20),
        },
    ),
    Route(
        "GET",
        f"{V1}/scope/lists",
        scope.lists,
        words("受理范围清单及其各版本", "The scope lists in all their versions"),
        obj({"lists": array(_LIST)}),
        access="desk",
    ),
    Route(
        "GET",
        f"{V1}/norms",
        scope.of_norms,
        words("会商规范及其各版本", "The norms that consultations made, in all their versions"),
        obj({"norms": array(_NORM)}),
        access="desk",
    ),
    Route(
        "GET",
        f"{V1}/consultations",
        scope.consultations,
        words("会商记录，新的在前", "Consultations of the desks, the newest first"),
        obj({"consultations": array(_CONSULTATION), "next": nullable(shapes.COUNT)}),
        access="desk",
        query={"limit": integer(1, 200, default=50), "skip": integer(0, 1_000_000, default=0)},
    ),
)

"""The routes of what operators write about calls."""

from __future__ import annotations

from ivr.store.notes import FIELDS
from ivr.web import notes, shapes
from ivr.web.routes import Route, words
from ivr.web.schema import TEXT, TIME, array, integer, nullable, obj, string

_CALL = "/api/v1/calls/{id}"
_LONGEST = {"cause": 4000, "course": 8000, "text": 8000}  # characters; the others are of one line
_WRITTEN = {
    name: string(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*", _LONGEST.get(name, 200), description="no control characters")
    for name in FIELDS
}
_NOTE = obj(
    {
        "call_id": TEXT,
        "revision": shapes.COUNT,
        "at": nullable(TIME),
        "by": TEXT,
        **dict.fromkeys(FIELDS, TEXT),
    }
)
_EARLIER = obj(
    {
        "id": TEXT,
        "entered_at": TIME,
        "outcome": shapes.WORD,
        "operators": array(TEXT),
        "targets": array(TEXT),
        "note": TEXT,
    }
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_CALL}/note",
        notes.shown,
        words("一通电话的记录（五要素和补充）", "What is written about a call"),
        obj({"note": _NOTE}),
        access="desk",
    ),
    Route(
        "PUT",
        f"{_CALL}/note",
        notes.put,
        words("保存记录；他人已改动时返回 409 和新内容", "Save it; 409 with the newer one where somebody was faster"),
        obj({"note": _NOTE}),
        access="desk",
        body=obj({"revision": integer(0, 2**53)}, _WRITTEN),
    ),
    Route(
        "GET",
        f"{_CALL}/history",
        notes.history,
        words("来电人以前的来电，新的在前", "The caller's earlier calls, newest first"),
        obj({"history": array(_EARLIER)}),
        access="desk",
    ),
)

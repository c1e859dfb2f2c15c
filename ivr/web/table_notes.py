"""The routes of what operators write about calls."""

from __future__ import annotations

from ivr.store.notes import FIELDS
from ivr.web import notes, shapes
from ivr.web.routes import Route, words
from ivr.web.schema import TEXT, TIME, array, nullable, obj

_CALL = "/api/v1/calls/{id}"
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
        "GET",
        f"{_CALL}/history",
        notes.history,
        words("来电人以前的来电，新的在前", "The caller's earlier calls, newest first"),
        obj({"history": array(_EARLIER)}),
        access="desk",
    ),
)

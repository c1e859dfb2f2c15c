"""The routes of the board of linkage."""

from __future__ import annotations

from ivr.desks.case_kinds import DESK
from ivr.desks.linkage import STATES
from ivr.desks.work_order import SATISFIED
from ivr.store.case_sheets import MOST_ROWS
from ivr.store.linkage import DECIDED
from ivr.web import board, bulk, case_messages, shapes
from ivr.web.exports import MEDIA
from ivr.web.routes import Route, words
from ivr.web.schema import BOOLEAN, NUMBER, TEXT, TIME, Schema, array, integer, mapping, nullable, obj, one_of, string
from ivr.web.table_cases import CONDITIONS, ROW
from ivr.web.table_exchange import STATES as EXCHANGED

_COUNT, _SECONDS = shapes.COUNT, nullable(NUMBER)
_COUNTS: dict[str, Schema] = {
    **dict.fromkeys(("handovers", "cases", "conferences", "waiting", "accepted", "refused", "returned"), _COUNT),
    **dict.fromkeys(("kept", "lapsed", "overdue", "voice_failed"), _COUNT),
    **dict.fromkeys(("p50", "p90"), _SECONDS),
}
_GRADES: dict[str, Schema] = {
    **dict.fromkeys(("asked", "reached", *SATISFIED), _COUNT),
    "share": nullable({**NUMBER, "description": "of the satisfied among those who said what they think; 0 to 1"}),
}
FIGURES = obj(
    {
        "figures": obj(
            {
                **dict.fromkeys(("at", "since", "until"), TIME),
                "desk": TEXT,
                "accept_minutes": _COUNT,
                "total": obj(_COUNTS),
                "ways": array(obj({"from": TEXT, "to": TEXT, **_COUNTS})),
                "classes": array(obj({"class_code": TEXT, "zh": TEXT, "en": TEXT, **_COUNTS})),
                "days": array(obj({"day": TEXT, "counts": array(_COUNT)})),
                "hours": array(obj({"from": TEXT, "to": TEXT, "counts": array(_COUNT)})),
                "decided": mapping(_COUNT),
                "call_backs": obj(_GRADES),
                "departments": array(obj({"department": TEXT, "zh": TEXT, "en": TEXT, **_GRADES})),
            }
        )
    }
)
_HANDOVER = obj(
    {
        **dict.fromkeys(("from", "to", "way", "mode", "state", "decided"), TEXT),
        "at": TIME,
        "voice_failed": BOOLEAN,
        "answered_after": _SECONDS,
        "accepted_after": _SECONDS,
    }
)
_MESSAGE = obj(
    {
        "serial": _COUNT,
        "direction": one_of("in", "out"),
        "desk": TEXT,
        "kinds": array(TEXT),
        "state": one_of(*EXCHANGED),
        "tries": _COUNT,
        "made_at": TIME,
        "answered_at": shapes.MOMENT,
        "next_at": shapes.MOMENT,
        "case": nullable(
            obj({**dict.fromkeys(("id", "number", "line", "state", "urgency"), TEXT), "owners": array(TEXT)})
        ),
        "trouble": nullable(one_of("refused", "unreached", "early")),
        "why": TEXT,
    }
)
_SPAN: dict[str, Schema] = {
    "since": {**TIME, "description": "handed over at or after; 30 days before `until` where it is left out"},
    "until": {**TIME, "description": "handed over before; the end of today where it is left out"},
}
_YES = one_of("true")

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/board",
        board.shown,
        words("联动看板：诉求在各平台之间的流转", "The board: how cases went between desks"),
        FIGURES,
        access="board",
        query=_SPAN,
    ),
    Route(
        "GET",
        "/api/v1/board/cases",
        board.cases,
        words("看板数字所含的诉求，新的在前", "The cases behind a figure of the board, newest first"),
        obj({"cases": array(obj({**ROW["properties"], "handover": _HANDOVER})), "next": nullable(_COUNT)}),
        access="board",
        query={
            **_SPAN,
            "from": DESK,
            "to": DESK,
            "state": one_of(*STATES),
            "decided": one_of("any", *DECIDED),
            "class_code": string(
                r"[0-9A-Za-z.]{1,16}", 16, description="a class or one above it; none: cases without one"
            ),
            "overdue": _YES,
            "voice_failed": _YES,
            "limit": integer(1, 500, default=50),
            "skip": integer(0, 1_000_000, default=0, description="`next` of the page before"),
        },
    ),
    Route(
        "GET",
        "/api/v1/cases/export",
        bulk.cases,
        words(f"导出诉求，最多 {MOST_ROWS} 件（记入审计）", f"Cases as a sheet, {MOST_ROWS} at most; on record"),
        access="board",
        query={**CONDITIONS, "format": one_of("xlsx", "csv")},
        media=f"{MEDIA['xlsx']}, {MEDIA['csv']}",
    ),
    Route(
        "GET",
        "/api/v1/cases/messages",
        case_messages.listed,
        words("与其他平台互告的诉求消息，新的在前", "What the desks told each other about cases, newest first"),
        obj({"desks": array(TEXT), "messages": array(_MESSAGE), "next": nullable(_COUNT)}),
        access="desk",
        query={
            "desk": DESK,
            "direction": one_of("in", "out"),
            "state": one_of(*EXCHANGED),
            "limit": integer(1, 200, default=50),
            "before": integer(1, 2**53, description="`next` of the page before"),
        },
    ),
    Route(
        "GET",
        "/api/v1/bulletin",
        bulk.bulletin,
        words("某月的联动通报", "The bulletin of a month"),
        access="board",
        query={
            "month": string(
                r"20[0-9]{2}-(0[1-9]|1[0-2])", 7, description="such as 2026-11; last month where it is left out"
            ),
            "format": one_of("xlsx", "pdf"),
        },
        media=f"{MEDIA['xlsx']}, {MEDIA['pdf']}",
    ),
)

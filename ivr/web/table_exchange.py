"""The routes of what desks tell each other about cases."""

from __future__ import annotations

from ivr.desks.case_kinds import CASE_ID, DESK
from ivr.desks.exchange_wire import ANSWER, DOCUMENT, MOST_BODY
from ivr.web import exchange, shapes
from ivr.web.routes import Route, words
from ivr.web.schema import TEXT, TIME, array, integer, mapping, nullable, obj, one_of

DOOR = "/exchange/v1"
TRACE = "/api/v1/exchange"
STATES = ("pending", "delivered", "refused", "taken", "waiting")

_PARTNER = obj(
    {
        "desk": TEXT,
        "pending": shapes.COUNT,
        "refused": shapes.COUNT,
        "oldest": nullable(TIME),
        "reached": nullable(TIME),
        "trouble": nullable(TEXT),
    }
)
_MESSAGE = obj(
    {
        "serial": shapes.COUNT,
        "direction": one_of("in", "out"),
        "id": TEXT,
        "desk": TEXT,
        "case": TEXT,
        "first": shapes.COUNT,
        "last": shapes.COUNT,
        "kinds": array(TEXT),
        "state": one_of(*STATES),
        "digest": TEXT,
        "tries": shapes.COUNT,
        "status": nullable(integer(0, 999)),
        "answer": nullable(mapping({})),
        "made_at": TIME,
        "tried_at": nullable(TIME),
        "answered_at": nullable(TIME),
        "next_at": nullable(TIME),
    }
)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{DOOR}/messages",
        exchange.messages,
        words("另一平台的消息（须签名，见 docs/exchange.md）", "A message of another desk, signed: docs/exchange.md"),
        ANSWER,
        access="signed",
        upload=MOST_BODY,
        takes=DOCUMENT,
    ),
    Route(
        "GET",
        f"{DOOR}/schema.json",
        exchange.schema,
        words("平台间消息的 JSON Schema", "The JSON Schema of a message between desks"),
        shapes.ANY,
        access="open",
    ),
    Route(
        "GET",
        TRACE,
        exchange.partners,
        words("各平台的待发消息和连接情况", "What each desk has not been told yet, and whether it answers"),
        obj({"desk": TEXT, "partners": array(_PARTNER)}),
        access="calls",
    ),
    Route(
        "GET",
        f"{TRACE}/messages",
        exchange.trace,
        words("平台间消息及其应答，新的在前", "Messages between desks with their answers, newest first"),
        obj({"messages": array(_MESSAGE)}),
        access="calls",
        query={
            "case": CASE_ID,
            "desk": DESK,
            "state": one_of(*STATES),
            "before": integer(1, 2**53),
            "limit": integer(1, 500, default=100),
        },
    ),
    Route(
        "POST",
        f"{TRACE}/messages/{{message}}/retry",
        exchange.retry,
        words("立即重发一条消息（all 为全部）", "Send a message again now; `all`: every one that waits"),
        obj({"retried": shapes.COUNT}),
        access="room",
    ),
)

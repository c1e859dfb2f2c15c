"""Every route of the server, in one table."""

from __future__ import annotations

from ivr.web import (
    calls,
    directory,
    house,
    openapi,
    orders,
    pages,
    phone,
    screening,
    shapes,
    stream,
    table_accounts,
    table_board,
    table_calls,
    table_cases,
    table_channels,
    table_desk,
    table_dialplans,
    table_exchange,
    table_health,
    table_notes,
    table_notices,
    table_progress,
    table_prompts,
    table_room,
    table_scope,
    table_settings,
    table_supervision,
    table_work_orders,
)
from ivr.web.routes import BY, CALLER, Route, words
from ivr.web.schema import TIME, Schema, integer, obj, one_of, string

V1 = "/api/v1"
_CALL = f"{V1}/calls/{{id}}"
_OPERATOR = f"{V1}/operators/{{number}}"

_TARGET: Schema = string(r"[0-9A-Za-z_-]+", 32, description="a target's key")
_TRANSFER = obj(
    {"target": _TARGET, "mode": one_of(*shapes.MODES)},
    {"operator": string(r"[0-9]{1,20}", 20, description="who asks, where several operators are in the call")},
)
_PAUSE = obj({}, {"reason": string(r"[^\x00-\x1f\x7f]*", 64, description="up to 64 characters, none of control")})
_REASON = string(r"[^\x00-\x1f\x7f]+", 500, description="why, on one line")
_BLOCK = obj(
    {"number": CALLER, "reason": _REASON},
    {
        "by": BY,
        "until": {**TIME, "description": "when it ends; this or hours"},
        "hours": integer(1, 8760, description="how long it holds; at most [screening] block_hours"),
    },
)
_STATES = {"state": one_of("open", "all"), "limit": integer(1, 5000, default=500)}


ROUTES: tuple[Route, ...] = (
    Route("GET", f"{V1}/live", calls.live, words("当前状态", "What goes on now"), shapes.LIVE, access="room"),
    Route(
        "GET",
        f"{V1}/live/stream",
        stream.stream,
        words("当前状态的实时推送（WebSocket）", "What goes on now, followed over a WebSocket"),
        access="own",
        status=101,
        media="application/websocket",
    ),
    *table_calls.ROUTES,
    *table_channels.ROUTES,
    Route(
        "POST",
        f"{_CALL}/transfers",
        orders.transfer,
        words("转接到目标", "Bring a target in"),
        shapes.ORDERED_TRANSFER,
        202,
        access="desk",
        body=_TRANSFER,
        headers=shapes.KEY,
    ),
    Route(
        "DELETE",
        f"{_CALL}/transfers/current",
        orders.cancel,
        words("取消进行中的转接", "Cancel the running transfer"),
        shapes.ORDERED,
        202,
        access="desk",
    ),
    Route(
        "POST",
        f"{_CALL}/take-back",
        orders.take_back,
        words("收回来电人", "Take the caller back"),
        shapes.ORDERED,
        202,
        access="desk",
    ),
    Route(
        "POST",
        f"{_CALL}/join",
        orders.join,
        words("请来电人加入通话转", "Bring the caller into a consult"),
        shapes.ORDERED,
        202,
        access="desk",
    ),
    Route(
        "GET",
        f"{V1}/operators",
        directory.operators,
        words("坐席及其状态", "Operators and their states"),
        shapes.OPERATORS,
        access="room",
    ),
    Route(
        "POST", f"{_OPERATOR}/ready", orders.ready, words("示闲", "Ready for calls"), shapes.ORDERED, 202, access="desk"
    ),
    Route(
        "POST",
        f"{_OPERATOR}/pause",
        orders.pause,
        words("示忙", "Pause"),
        shapes.ORDERED,
        202,
        body=_PAUSE,
        access="desk",
    ),
    Route(
        "POST",
        f"{_OPERATOR}/wrap-up",
        orders.wrap_up,
        words("话后整理", "After-call work"),
        shapes.ORDERED,
        202,
        access="desk",
    ),
    *(
        Route(
            method,
            f"{V1}/phone/{{token}}/{{action}}",
            phone.press,
            words("话机可编程按键的网址", "The URL of a desk phone's programmable key"),
            access="phone",
            media="text/plain",
        )
        for method in ("GET", "POST")
    ),
    Route(
        "GET",
        f"{V1}/targets",
        directory.targets,
        words("转接目标及其可达性", "Targets and whether they can be reached"),
        shapes.TARGETS,
        access="desk",
    ),
    Route(
        "GET",
        f"{V1}/screening/blocks",
        screening.blocks,
        words("限制来电的号码，新的在前", "Blocked numbers, newest first"),
        shapes.BLOCKS,
        access="room",
        query={**_STATES, "number": CALLER},
    ),
    Route(
        "POST",
        f"{V1}/screening/blocks",
        screening.block,
        words("限制一个号码来电（须写明决定人、原因和期限）", "Block a number: by whom, why and until when"),
        shapes.BLOCKED,
        201,
        access="room",
        body=_BLOCK,
    ),
    Route(
        "DELETE",
        f"{V1}/screening/blocks/{{caller}}",
        screening.unblock,
        words("解除限制（记录保留）", "Lift a block; its record stays"),
        shapes.BLOCKED,
        access="room",
        body=obj({}, {"by": BY}),
    ),
    Route(
        "GET",
        f"{V1}/screening/reviews",
        screening.reviews,
        words("频繁来电、待人工复核的号码", "Numbers that call very often, for a person to look at"),
        shapes.REVIEWS,
        access="room",
        query=_STATES,
    ),
    Route(
        "POST",
        f"{V1}/screening/reviews/{{caller}}/reviewed",
        screening.reviewed,
        words("复核完毕", "A person has looked"),
        shapes.REVIEWED,
        access="room",
        body=obj({}, {"by": BY}),
    ),
    *table_accounts.ROUTES,
    *table_prompts.ROUTES,
    *table_notices.ROUTES,
    *table_desk.ROUTES,
    *table_board.ROUTES,
    *table_cases.ROUTES,
    *table_scope.ROUTES,
    *table_work_orders.ROUTES,
    *table_notes.ROUTES,
    *table_supervision.ROUTES,
    *table_dialplans.ROUTES,
    *table_room.ROUTES,
    *table_exchange.ROUTES,
    *table_progress.ROUTES,
    *table_health.ROUTES,
    *table_settings.ROUTES,
    Route(
        "GET", f"{V1}/openapi.json", openapi.document, words("接口说明", "This description"), shapes.ANY, access="open"
    ),
    Route(
        "GET",
        "/healthz",
        house.health,
        words("运行是否正常：200 或 503", "Is everything well: 200 or 503"),
        shapes.HEALTH,
        access="open",
    ),
    Route(
        "GET",
        "/metrics",
        house.metrics,
        words("运行指标", "Numbers for Prometheus"),
        access="open",
        media="text/plain; version=0.0.4",
    ),
    *(
        Route("GET", address, pages.shell, words("网页", "A page for people"), access="open", media="text/html")
        for address in pages.ADDRESSES
    ),
    Route(
        "GET",
        "/static/{asset}",
        pages.static,
        words("网页的文件", "A file of the pages"),
        access="open",
        media="text/javascript",
    ),
)

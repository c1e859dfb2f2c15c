"""The routes of an operator's desk."""

from __future__ import annotations

from ivr.calls.live_views import CALL_STATES, OPERATOR_STATES, TRANSFER_STATES
from ivr.web import desk, desk_stream, desk_summary, shapes, sip_proxy
from ivr.web.routes import Route, words
from ivr.web.schema import BOOLEAN, NUMBER, TEXT, TIME, array, mapping, nullable, obj, one_of, string

V1 = "/api/v1"
_LEG = f"{V1}/calls/{{id}}/legs/{{leg}}"
_PAUSE = obj({"reason": string(r"[a-z0-9-]+", 32, description="an id of [desk] pause_reasons")})

CASE = nullable(obj({"id": TEXT, "number": TEXT, "revision": shapes.COUNT}))
CALL = obj(
    {
        "id": TEXT,
        "caller": TEXT,
        "region": nullable(shapes.BOTH_LANGUAGES),
        "state": one_of("ringing", *CALL_STATES),
        "since": TIME,
        "entered_at": TIME,
        "waited": nullable(NUMBER),
        "language": shapes.WORD,
        "handed_over_by": shapes.WORD,
        "requeued": shapes.WORD,
        "choices": array(shapes.STEP),
        "case": CASE,
        "legs": array(
            obj(
                {
                    "id": TEXT,
                    "role": TEXT,
                    "party": TEXT,
                    "name": nullable(shapes.BOTH_LANGUAGES),
                    "state": TEXT,
                    "since": TIME,
                    "bridge": shapes.WORD,
                    "speaking": BOOLEAN,
                    "muted": BOOLEAN,
                    "held": BOOLEAN,
                    "mine": BOOLEAN,
                }
            )
        ),
        "transfer": nullable(
            obj(
                {
                    "id": shapes.WORD,
                    "target": TEXT,
                    "mode": shapes.WORD,
                    "state": one_of(*TRANSFER_STATES),
                    "since": TIME,
                    "route": nullable(shapes.COUNT),
                    "routes": nullable(shapes.COUNT),
                    "ring": nullable(shapes.COUNT),
                    "reason": shapes.WORD,
                    "result": shapes.WORD,
                }
            )
        ),
    }
)
VIEW = obj(
    {
        "at": TIME,
        "connected": BOOLEAN,
        "phone": one_of("browser", "desk"),
        "me": obj(
            {
                "number": TEXT,
                "name": TEXT,
                "state": one_of(*OPERATOR_STATES),
                "since": TIME,
                "reason": shapes.WORD,
                "skills": array(TEXT),
                "own_skills": array(TEXT),
                "wrap_up_until": shapes.MOMENT,
                "last_call": shapes.WORD,
                "last_case": CASE,
            }
        ),
        "call": nullable(CALL),
        "queues": array(
            obj({"name": TEXT, "skill": TEXT, "waiting": shapes.COUNT, "longest_since": shapes.MOMENT}),
        ),
        "targets": array(
            obj(
                {
                    "key": TEXT,
                    "name": shapes.BOTH_LANGUAGES,
                    "emergency": BOOLEAN,
                    "role": TEXT,
                    "reachable": nullable(BOOLEAN),
                    "modes": array(one_of(*shapes.MODES)),
                    "critical_contact": shapes.WORD,
                    "keys": mapping(TEXT),
                }
            )
        ),
        "pause_reasons": array(obj({"id": TEXT, "zh": TEXT, "en": TEXT})),
        "ready_operators": shapes.COUNT,
    }
)

PHONE = obj(
    {"kind": one_of("browser", "desk")},
    {
        "uri": TEXT,
        "user": TEXT,
        "password": TEXT,
        "socket": TEXT,
        "ice": array(TEXT),
        "back": nullable(TEXT),
    },
)

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{V1}/desk/phone",
        sip_proxy.credentials,
        words(
            "本人网页话机的登记信息，密码每次新发",
            "What my browser phone registers with, new each time",
        ),
        obj({"phone": PHONE}),
        access="desk",
    ),
    Route(
        "GET",
        "/ws",
        sip_proxy.sip,
        words(
            "网页话机的 SIP 信令（WebSocket，子协议 sip）",
            "My browser phone's SIP (WebSocket, subprotocol sip)",
        ),
        access="desk",
        status=101,
        media="application/websocket",
    ),
    Route(
        "GET",
        f"{V1}/desk",
        desk.shown,
        words("本坐席的工作台", "The operator's own desk"),
        obj({"desk": VIEW}),
        access="desk",
    ),
    Route(
        "GET",
        f"{V1}/desk/stream",
        desk_stream.stream,
        words("工作台的实时推送（WebSocket）", "The operator's own desk, followed over a WebSocket"),
        access="desk",
        status=101,
        media="application/websocket",
    ),
    Route(
        "PUT",
        f"{V1}/desk/skills",
        desk.skills,
        words("本人今天的技能，立即生效", "My skills of today, at once"),
        obj({"operator": obj({"number": TEXT, "skills": array(TEXT)})}),
        access="desk",
        body=obj({"skills": array(string(longest=32))}),
    ),
    Route(
        "GET",
        f"{V1}/desk/summary",
        desk_summary.shown,
        words("本人本班小结（最近 12 小时）", "My shift in figures: the last twelve hours"),
        obj({"summary": desk_summary.SUMMARY}),
        access="desk",
    ),
    *(
        Route("POST", f"{V1}/desk/{path}", handler, told, shapes.ORDERED, 202, access="desk", body=body)
        for path, handler, told, body in (
            ("ready", desk.ready, words("本人示闲", "I am ready"), None),
            ("pause", desk.pause, words("本人示忙，须选原因", "I pause, with a reason"), _PAUSE),
            ("wrap-up", desk.wrap_up, words("本人话后整理", "I do after-call work"), None),
            ("answer", desk.answer, words("让本人话机接听", "Let my desk phone answer"), None),
            ("hold", desk.hold, words("让本人话机保持或取回", "Hold or resume on my phone"), obj({"held": BOOLEAN})),
        )
    ),
    Route(
        "POST",
        f"{_LEG}/mute",
        desk.mute,
        words("对一方静音或取消静音", "Mute one party, or take it back"),
        shapes.ORDERED,
        202,
        access="desk",
        body=obj({"muted": BOOLEAN}),
    ),
    Route(
        "DELETE",
        _LEG,
        desk.remove,
        words("请一方退出；本人一方即为离开", "Remove one party; one's own: leave"),
        shapes.ORDERED,
        202,
        access="desk",
    ),
)

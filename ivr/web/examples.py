"""Examples for openapi.json: what a first request says, and what it may be refused for, by method and path.

A route that is not named here is described by its schemas alone. `tests/web/test_examples.py` sends every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Example = Mapping[str, Any]

_V1 = "/api/v1"
_MATTER = {
    "cause": "路灯不亮",
    "place": "朝阳路 3 号院门前",
    "name": "王女士",
    "caller": "13800138000",
    "class_code": "010101",
}

REQUESTS: Mapping[str, Mapping[str, Example]] = {
    f"POST {_V1}/cases": {
        "matter": {"channel": "app", "matter": _MATTER},
        "unnamed": {"channel": "web", "matter": {"text": "夜间施工噪音", "confidential": True, "contact": "sms_only"}},
    },
    f"POST {_V1}/cases/{{id}}/events": {
        "written": {"kind": "written", "data": {"urgency": "urgent", "course": "昨晚起三盏都不亮"}},
        "offered": {"kind": "offered", "data": {"to": "110", "way": "online"}},
        "responded": {"kind": "responded", "data": {"words": "已派人去看，明天答复您"}},
        "ordered": {"kind": "ordered", "data": {"department": "chengguan", "words": "请今天修复"}},
        "called_back": {"kind": "called_back", "data": {"reached": True, "satisfied": "yes"}},
        "handled": {"kind": "handled", "data": {"result": "solved", "words": "已更换灯泡"}},
        "closed": {"kind": "closed"},
    },
    f"POST {_V1}/cases/{{id}}/merge": {"into": {"into": "12345-20261127-000123"}},
    f"POST {_V1}/cases/{{id}}/split": {"another": {"matter": {"cause": "同一路口井盖破损", "place": "朝阳路"}}},
    f"POST {_V1}/calls/{{id}}/case": {
        "written": {"kind": "written", "data": {"cause": "楼下有人打架", "place": "和平路 1 号"}},
        "emergency": {"kind": "emergency", "data": {"danger": "life", "words": "有人受伤"}},
    },
    f"POST {_V1}/orders/{{id}}/acts": {
        "signed": {"kind": "order_signed"},
        "more_time": {
            "kind": "order_extension",
            "data": {"until": "2026-12-10T10:00:00Z", "reason": "等待配件"},
        },
        "done": {"kind": "order_done", "data": {"result": "solved", "words": "已更换灯泡"}},
    },
    f"POST {_V1}/channels/{{channel}}": {
        "message": {
            "type": "message",
            "data": {
                "sender": "openid-of-the-person",
                "words": "路灯不亮",
                "phone": "13800138000",
                "place": "朝阳路 3 号",
                "thread": "conversation-7",
            },
        }
    },
}

_CASE = {404: ("unknown_case",), 409: ("case_changed", "case_closed", "case_merged")}
_ACT = {
    403: ("norm_not_yours",),
    404: ("unknown_case",),
    409: (
        *("case_changed", "case_closed", "case_merged", "case_full", "case_consulting", "case_decided"),
        *("case_not_yours", "case_not_offered", "case_not_accepted", "case_ping_pong", "case_nobody_to_ask"),
        *("case_not_handled", "case_no_guidance", "case_orders_open", "order_open_already", "order_known"),
    ),
    422: ("invalid_request", "no_department", "bad_end"),
}
_ORDER = {404: ("unknown_order",)}
REFUSALS: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    f"POST {_V1}/cases": {422: ("invalid_request",)},
    f"GET {_V1}/cases/{{id}}": {404: ("unknown_case",)},
    f"POST {_V1}/cases/{{id}}/events": _ACT,
    f"POST {_V1}/cases/{{id}}/merge": _CASE,
    f"POST {_V1}/cases/{{id}}/split": _CASE,
    f"POST {_V1}/calls/{{id}}/case": {**_ACT, 404: ("unknown_call",)},
    f"GET {_V1}/orders/{{id}}": _ORDER,
    f"POST {_V1}/orders/{{id}}/acts": {
        **_ORDER,
        409: (
            *("order_not_open", "order_signed_already", "order_lead_only", "order_no_extension", "order_not_done"),
            "order_not_later",
        ),
        422: ("invalid_request", "bad_end"),
    },
    f"POST {_V1}/orders/{{id}}/caller": {**_ORDER, 403: ("order_confidential", "order_no_call_back")},
    f"POST {_V1}/orders/{{id}}/files": {
        **_ORDER,
        409: ("order_not_open", "too_many_files"),
        413: ("attachment_too_large",),
        415: ("bad_file",),
        507: ("no_room",),
    },
    f"GET {_V1}/orders/{{id}}/files/{{attachment}}": {404: ("unknown_order", "unknown_file")},
    f"POST {_V1}/channels/{{channel}}": {
        401: ("webhook_signature",),
        422: ("invalid_request",),
        503: ("channel_secret", "database_unavailable"),
    },
    f"GET {_V1}/progress": {429: ("too_many_tries",)},
    "POST /exchange/v1/messages": {
        401: ("exchange_signature",),
        409: ("exchange_altered", "exchange_replayed", "exchange_not_yet", "exchange_full"),
        422: ("exchange_message",),
        429: ("exchange_busy",),
    },
}

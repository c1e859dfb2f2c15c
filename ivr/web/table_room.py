"""The wallboard's routes."""

from __future__ import annotations

from ivr.web import room
from ivr.web.routes import Route, words
from ivr.web.schema import NUMBER, TEXT, TIME, Schema, array, integer, mapping, nullable, obj, one_of

_COUNT = integer(0, 2**53)
_RATE: Schema = nullable(NUMBER)
_ALARMS = array(
    obj(
        {
            "id": TEXT,
            "since": TIME,
            "kind": TEXT,
            "about": TEXT,
            "severity": one_of("bad", "warn"),
            "message": mapping(TEXT),
            "mend": mapping(TEXT),
        }
    )
)
ALARMS = obj({"alarms": _ALARMS})
FIGURES = obj(
    {
        "figures": obj(
            {
                "at": TIME,
                "day": obj(
                    {
                        "offered": _COUNT,
                        "answered": _COUNT,
                        "answered_in_time": _COUNT,
                        "connect_rate": _RATE,
                        "in_time_rate": _RATE,
                        "abandoned": _COUNT,
                        "longest_wait": _RATE,
                        "average_wait": _RATE,
                        "waiting": _COUNT,
                        "emergency": _COUNT,
                        "diverted": _COUNT,
                        "screened": _COUNT,
                    }
                ),
                "hours": array(
                    obj({"from": TIME, "offered": _COUNT, "answered": _COUNT, "in_time": _COUNT, "abandoned": _COUNT})
                ),
                "transfers": array(
                    obj(
                        {
                            "target": TEXT,
                            "asked": _COUNT,
                            "completed": _COUNT,
                            "failed": _COUNT,
                            "press_to_in_p90": _RATE,
                        }
                    )
                ),
                "targets": obj({"connect_rate": NUMBER, "in_time_seconds": _COUNT}),
            }
        ),
        "alarms": _ALARMS,
    }
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/room/figures",
        room.shown,
        words("值班大屏：近 24 小时指标与告警", "The wallboard: figures of the last 24 hours, and alarms"),
        FIGURES,
        access="room",
    ),
    Route(
        "GET",
        "/api/v1/room/alarms",
        room.alarms,
        words("告警（数据库不可用时也可读取）", "Alarms alone, there without the database too"),
        ALARMS,
        access="room",
    ),
)

"""The route of the administrator's page of health."""

from __future__ import annotations

from ivr.web import checkup
from ivr.web.routes import Route, words
from ivr.web.schema import BOOLEAN, NUMBER, TEXT, TIME, array, mapping, nullable, obj, one_of
from ivr.web.shapes import BOTH_LANGUAGES, COUNT, MOMENT, WORD

_FINDING = obj(
    {
        "id": TEXT,
        "level": one_of("ok", "warning", "problem"),
        "words": BOTH_LANGUAGES,
        "mend": nullable(BOTH_LANGUAGES),
    }
)
_PROCESS = obj({"name": TEXT, "pid": nullable(COUNT), "since": MOMENT, "memory": nullable(COUNT)})
_TARGET = obj(
    {
        "key": TEXT,
        "name": BOTH_LANGUAGES,
        "emergency": BOOLEAN,
        "reachable": nullable(BOOLEAN),
        "routes": mapping(BOOLEAN),
    }
)
CHECKUP = obj(
    {
        "checkup": obj(
            {
                "at": TIME,
                "seconds": NUMBER,
                "findings": array(_FINDING),
                "processes": array(_PROCESS),
                "versions": mapping(WORD),
                "disks": array(obj({"name": TEXT, "path": TEXT, "free": COUNT, "size": COUNT})),
                "certificates": array(obj({"path": TEXT, "begins": MOMENT, "ends": MOMENT})),
                "connected": BOOLEAN,
                "journal": obj({"lag_seconds": NUMBER, "refused": COUNT}),
                "trunks": array(obj({"key": TEXT, "match": array(TEXT)})),
                "targets": array(_TARGET),
            }
        )
    }
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/health/findings",
        checkup.shown,
        words(
            "运行状况：ivr doctor 的结论及进程、版本、磁盘等",
            "Health: what `ivr doctor` says; processes, versions, disks",
        ),
        CHECKUP,
    ),
)

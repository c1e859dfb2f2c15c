"""The routes of hotline.toml."""

from __future__ import annotations

from ivr.web import settings
from ivr.web.routes import BY, Route, words
from ivr.web.schema import BOOLEAN, TEXT, TIME, Schema, array, integer, mapping, obj, string
from ivr.web.shapes import ANY

SETTINGS = "/api/v1/settings"
_REVISION = string(r"[0-9a-f]{64}", 64, description="the revision that the change is made from")
_WHY = string(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", 500, description="why, on one line")
_KEY = string(r"[^\x00-\x1f\x7f]+", 64)
_CHANGE: Schema = obj(
    {
        "path": {
            **array(_KEY),
            "description": 'keys from the outside in, people by number: ["operators", "1001", "name"]; "+": one more',
        },
        "value": {},  # what it is then, a whole table too; null: it is taken out
    }
)
_CHANGES = array(_CHANGE)
_PROBLEMS = array(obj({"path": TEXT, "message": mapping(TEXT)}))
_NOW = obj(
    {
        "settings": obj(
            {
                "file": TEXT,
                "revision": TEXT,
                "values": {**ANY, "description": "what the file says; secrets are not told"},
                "defaults": {**ANY, "description": "what holds where the file says nothing"},
                "choices": ANY,
                "skills": array(TEXT),
                "languages": array(TEXT),
                "writable": BOOLEAN,
                "in_force": BOOLEAN,
                "since": {**TIME, "description": "when this controller began: another one has read them anew"},
                "waiting": {**array(TEXT), "description": "keys that come into force at Asterisk's next start"},
                "problems": _PROBLEMS,
            }
        )
    }
)
_DRAFT = obj({"draft": obj({"diff": TEXT, "problems": _PROBLEMS})})
_APPLIED = obj({"applied": obj({"files": array(TEXT), "waiting": array(TEXT), "renewed": BOOLEAN})})
_KEPT = obj(
    {
        "number": integer(1, 2**53),
        "at": TIME,
        "by": TEXT,
        "why": TEXT,
        "before": TEXT,
        "after": TEXT,
        "diff": TEXT,
    }
)

ROUTES: tuple[Route, ...] = (
    Route("GET", SETTINGS, settings.current, words("设置（hotline.toml）", "The settings (hotline.toml)"), _NOW),
    Route(
        "PUT",
        SETTINGS,
        settings.change,
        words("修改设置文件，注释保留；另行生效", "Change the file, its comments kept; it comes into force by apply"),
        _NOW,
        body=obj({"revision": _REVISION, "changes": _CHANGES, "why": _WHY}, {"by": BY}),
    ),
    Route(
        "POST",
        f"{SETTINGS}/draft",
        settings.try_out,
        words("试改设置：差异和问题，不保存", "Try a change: its difference and its problems; nothing is written"),
        _DRAFT,
        body=obj({"revision": _REVISION, "changes": _CHANGES}),
    ),
    Route(
        "POST",
        f"{SETTINGS}/apply",
        settings.apply,
        words("使设置生效，通话不中断", "Bring the settings into force; no call is touched"),
        _APPLIED,
        202,
        body=obj({"revision": _REVISION}, {"why": string(r"[^\x00-\x1f\x7f]*", 500), "by": BY}),
    ),
    Route(
        "GET",
        f"{SETTINGS}/history",
        settings.history,
        words("设置的修改记录，新的在前", "Changes of the settings, the newest first"),
        obj({"changes": array(_KEPT)}),
    ),
)

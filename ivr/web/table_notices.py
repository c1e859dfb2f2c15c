"""The routes about notices, and about words that are heard before anything is done with them."""

from __future__ import annotations

from ivr.web import notices, shapes
from ivr.web.routes import BY, Route, words
from ivr.web.schema import TIME, mapping, obj, one_of, string

NOTICES = "/api/v1/notices"
_NOTICE = f"{NOTICES}/{{notice}}"
_MAY = "dialplan_admin"
_TEXT = string(r"[^\x00-\x1f\x7f]*", 500, description="what is said")
_WHY = string(r"[^\x00-\x1f\x7f]*", 500, description="why, on one line")
_LANGUAGE = string(r"[a-z]{2,3}", 3, description="a language of the site")
_WHEN = {"place": one_of(*notices.PLACES), "until": {**TIME, "description": "when it ends, by itself"}}
_MORE = {"from": {**TIME, "description": "when it begins; otherwise now"}, "why": _WHY, "by": BY}

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        NOTICES,
        notices.listed,
        words("通知，新的在前", "Notices, the newest first"),
        shapes.NOTICES,
        access=_MAY,
        query={"state": one_of("open", "all")},
    ),
    Route(
        "POST",
        NOTICES,
        notices.say,
        words("发布一条通知（合成语音），几秒内生效", "Say something to every caller, within seconds"),
        shapes.NOTICE_ALONE,
        201,
        access=_MAY,
        body=obj({**_WHEN, "texts": {**mapping(_TEXT), "description": "language → words"}}, _MORE),
    ),
    Route(
        "POST",
        f"{NOTICES}/recording",
        notices.record,
        words("用录音发布一条通知（任何声音文件）", "The same by a sound file of any kind"),
        shapes.NOTICE_ALONE,
        201,
        access=_MAY,
        query={**_WHEN, **_MORE},
        upload=notices.LARGEST,
    ),
    Route(
        "DELETE",
        _NOTICE,
        notices.end,
        words("立即结束一条通知（记录保留）", "End a notice now; its record stays"),
        shapes.NOTICE_ALONE,
        access=_MAY,
        body=obj({}, {"why": _WHY, "by": BY}),
    ),
    Route(
        "GET",
        f"{_NOTICE}/sound",
        notices.hear,
        words("通知的声音（wav）", "A notice's sound (wav)"),
        access=_MAY,
        query={"language": _LANGUAGE},
        media="audio/wav",
    ),
    Route(
        "GET",
        "/api/v1/speech",
        notices.preview,
        words("试听合成语音，不保存", "Hear how words are spoken; nothing is kept"),
        access=_MAY,
        query={"language": _LANGUAGE, "text": _TEXT},
        media="audio/wav",
    ),
)

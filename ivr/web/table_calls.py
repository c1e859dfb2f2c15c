"""The routes of the call log: search, one call's ladder, its recording, exports."""

from __future__ import annotations

from ivr.web import calls, exports, recordings, shapes, shapes_calls
from ivr.web.routes import Route, words
from ivr.web.schema import BOOLEAN, TIME, Schema, integer, obj, one_of, string

_V1 = "/api/v1"
_CALL = f"{_V1}/calls/{{id}}"
_EXPORT = f"{_V1}/exports/{{export}}"
REASON = string(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", 500, description="why, on one line")
_RESULTS = ("completed", "not_completed", "failed", "dropped", "cancelled", "refused", "abandoned", "interrupted")
_CONDITIONS: dict[str, Schema] = {
    "caller": string(longest=64, description="the caller's number; `*` stands for any characters"),
    "number": string(longest=64, description="the number that was dialled; `*` stands for any characters"),
    "outcome": one_of(*shapes.OUTCOMES),
    "operator": string(r"[0-9]{1,20}", 20, description="the number of an operator who was called to it"),
    "target": string(r"[0-9A-Za-z_-]+", 32, description="a target's key: it was asked for"),
    "transfer_result": one_of(*_RESULTS),
    "text": string(
        r"[^\x00-\x1f\x7f]*", 100, description="words that stand in the call's note; who may not read it, 403"
    ),
    "since": {**TIME, "description": "entered at or after"},
    "until": {**TIME, "description": "entered before"},
}
_PAGE: dict[str, Schema] = {
    "limit": integer(1, 500, default=50),
    "before": string(r"[0-9A-Za-z._-]+", 128, description="the page after this call (`next` of the page before)"),
}
_TICKET: dict[str, Schema] = {
    "ticket": string(r"[0-9a-f.]+", 128, description="of the answer to `listening`"),
    "without": string(r"[0-9A-Za-z._,-]+", 2000, description="legs that are left out, with commas between"),
}

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_V1}/calls",
        calls.listed,
        words("通话记录，新的在前", "The call log, newest first"),
        shapes_calls.FOUND,
        access="calls",
        query={**_PAGE, **_CONDITIONS},
    ),
    Route(
        "GET",
        _CALL,
        calls.shown,
        words("一通电话的全部记录", "All that is on record of one call"),
        shapes.CALLS,
        access="calls",
    ),
    Route(
        "GET",
        f"{_CALL}/ladder",
        calls.ladder,
        words("一通电话的过程图", "One call as a ladder"),
        shapes_calls.LADDER,
        access="calls",
    ),
    Route(
        "POST",
        f"{_CALL}/unmask",
        calls.unmask,
        words("查看完整号码（须写明原因，记入审计）", "A caller's whole number: with a reason, on record"),
        shapes_calls.UNMASKED,
        access="calls",
        body=obj({"reason": REASON}),
    ),
    Route(
        "POST",
        f"{_CALL}/listening",
        recordings.listen,
        words("听录音（须写明原因，记入审计）", "Listen to a recording: with a reason, on record"),
        shapes_calls.LISTENING,
        access="listen",
        body=obj({"reason": REASON}),
    ),
    Route(
        "GET",
        f"{_CALL}/sound",
        recordings.sound,
        words("录音的声音，可按范围读取", "A recording's sound, any range of it"),
        access="listen",
        query=_TICKET,
        media="audio/wav",
    ),
    Route(
        "POST",
        f"{_V1}/exports",
        exports.ask,
        words("导出通话记录", "Export calls to a sheet"),
        shapes_calls.EXPORT,
        202,
        access="calls",
        body=obj(
            {"format": one_of("xlsx", "csv")}, {"filters": obj({}, _CONDITIONS), "full": BOOLEAN, "reason": REASON}
        ),
    ),
    Route(
        "GET", _EXPORT, exports.shown, words("导出的进度", "How far an export is"), shapes_calls.EXPORT, access="calls"
    ),
    Route(
        "GET",
        f"{_EXPORT}/file",
        exports.file,
        words("导出的文件", "The exported sheet"),
        access="calls",
        media="application/octet-stream",
    ),
    Route(
        "DELETE",
        _EXPORT,
        exports.drop,
        words("停止或删除导出", "Stop an export, or take it away"),
        shapes_calls.EXPORT,
        access="calls",
    ),
)

"""The routes of dialplans and of the audit log."""

from __future__ import annotations

from ivr.web import dialplans, shapes
from ivr.web.routes import Route, words
from ivr.web.schema import BOOLEAN, TIME, Schema, integer, mapping, obj, one_of, string

V1 = "/api/v1"
_D = f"{V1}/dialplans"
_ADMIN, _AUDITOR = "dialplan_admin", "auditor"

_WHY: Schema = string(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", 500, description="why, on one line")
_BY: Schema = string(
    r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", 64, description="who; a token with a name needs none"
)
_IF_MATCH = {"If-Match": string(r'"?([0-9a-f]{64}|new)"?', 66, description="the hash that was read; new: no such file")}
_TEXT: Schema = string(None, 60_000, description="the whole file")
_NUMBER = integer(1, 10**9)
_UNSAVED = {**mapping(_TEXT), "description": "file → text, as if it were saved"}
_TRY = obj(
    {},
    {
        "unsaved": _UNSAVED,
        "from": string(r"[0-9+]{1,20}", 20, description="the caller's number"),
        "to": string(r"[0-9]{1,20}", 20, description="what is dialled; otherwise the hotline"),
        "press": string(r"((w[0-9]{1,2}|[0-9*#]{1,8})( (w[0-9]{1,2}|[0-9*#]{1,8})){0,20})?", 200),
        "at": {**TIME, "description": "plays it at this time"},
        "controller": one_of("up", "down"),
        "operator": one_of("free", "busy", "silent", "none"),
        "seconds": integer(1, 60, description="then the caller hangs up"),
    },
)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _D,
        dialplans.overview,
        words("拨号方案概况：生效版本、草稿、核心", "What is in force, the draft, and core"),
        shapes.DIALPLANS,
        access=_ADMIN,
    ),
    Route(
        "GET",
        f"{_D}/draft/{{file}}",
        dialplans.draft_file,
        words("草稿的一个文件", "A file of the draft"),
        shapes.DIALPLAN_FILE,
        access=_ADMIN,
    ),
    Route(
        "PUT",
        f"{_D}/draft/{{file}}",
        dialplans.save,
        words("保存草稿的一个文件（须带所读版本的校验值）", "Save a file of the draft, over what was read"),
        shapes.DIALPLAN_FILE,
        access=_ADMIN,
        body=obj({"text": _TEXT}, {"by": _BY, "why": _WHY}),
        headers=_IF_MATCH,
    ),
    Route(
        "DELETE",
        f"{_D}/draft/{{file}}",
        dialplans.remove,
        words("删除草稿的一个文件", "Remove a file of the draft"),
        shapes.DIALPLAN_DRAFT,
        access=_ADMIN,
        body=obj({}, {"by": _BY, "why": _WHY}),
        headers=_IF_MATCH,
    ),
    Route(
        "GET",
        f"{_D}/core/{{file}}",
        dialplans.core_file,
        words("核心的一个文件（只读）", "A file of core, which is not edited"),
        shapes.DIALPLAN_FILE,
        access=_ADMIN,
    ),
    Route(
        "POST",
        f"{_D}/submit",
        dialplans.submit,
        words("提交草稿（成为其作者）", "Hand the draft in and be its author"),
        shapes.DIALPLAN_DRAFT,
        access=_ADMIN,
        body=obj({}, {"by": _BY, "why": _WHY}),
    ),
    Route(
        "POST",
        f"{_D}/check",
        dialplans.check,
        words("检查草稿（可含尚未保存的文字）", "Check the draft, or what it would be with unsaved texts"),
        shapes.FINDINGS,
        access=_ADMIN,
        body=obj({}, {"unsaved": _UNSAVED, "quick": {**BOOLEAN, "description": "without Asterisk's own words"}}),
    ),
    Route(
        "POST",
        f"{_D}/test",
        dialplans.test,
        words("运行草稿的剧情测试", "Play the draft's stories"),
        shapes.STORIES,
        access=_ADMIN,
    ),
    Route(
        "POST",
        f"{_D}/try",
        dialplans.try_,
        words("用草稿试拨一通电话", "Play one call through the draft"),
        shapes.TRIAL,
        access=_ADMIN,
        body=_TRY,
    ),
    Route(
        "GET",
        f"{_D}/picture",
        dialplans.picture,
        words("草稿的来电流程图（SVG）", "The draft's way of a call, as a picture (SVG)"),
        access=_ADMIN,
        query={"language": one_of("zh", "en")},
        media="image/svg+xml",
    ),
    Route(
        "POST",
        f"{_D}/picture",
        dialplans.picture_of,
        words("含未保存文字的来电流程图（SVG）", "The same with unsaved texts"),
        shapes.PICTURE,
        access=_ADMIN,
        body=obj({}, {"unsaved": _UNSAVED}),
    ),
    Route(
        "GET",
        f"{_D}/vocabulary",
        dialplans.vocabulary,
        words("可用的名称及其说法", "Names that may be written, with their words"),
        shapes.VOCABULARY,
        access=_ADMIN,
        query={"language": one_of("zh", "en")},
    ),
    Route(
        "GET",
        f"{_D}/publishing",
        dialplans.progress,
        words("正在进行的发布到了哪一步", "How far a publish under way has come"),
        shapes.PUBLISHING,
        access=_ADMIN,
    ),
    Route(
        "GET",
        f"{_D}/versions",
        dialplans.history,
        words("已发布的版本，新的在前", "Published versions, the newest first"),
        shapes.VERSIONS,
        access=_ADMIN,
    ),
    Route(
        "GET",
        f"{_D}/versions/{{version}}",
        dialplans.version,
        words("一个版本", "A version"),
        shapes.VERSION_WITH_FILES,
        access=_ADMIN,
    ),
    Route(
        "GET",
        f"{_D}/versions/{{version}}/{{file}}",
        dialplans.version_file,
        words("一个版本的一个文件", "A file of a version"),
        shapes.DIALPLAN_FILE,
        access=_ADMIN,
    ),
    Route(
        "GET",
        f"{_D}/diff",
        dialplans.diff,
        words("两个版本之间、或版本与草稿之间的差别", "What changed between versions, or since one in the draft"),
        shapes.DIFF,
        access=_ADMIN,
        query={"old": _NUMBER, "new": _NUMBER},
    ),
    Route(
        "POST",
        f"{_D}/publish",
        dialplans.publish_,
        words("发布草稿：检查、测试、立即生效、核对", "Publish the draft: check, test, switch, verify"),
        shapes.VERSION,
        201,
        access=_ADMIN,
        body=obj({"why": _WHY}, {"by": _BY}),
    ),
    Route(
        "POST",
        f"{_D}/rollback",
        dialplans.rollback,
        words("恢复以前的版本（作为新版本）", "Bring an earlier version back, as a new one"),
        shapes.VERSION,
        201,
        access=_ADMIN,
        body=obj({"why": _WHY}, {"by": _BY, "version": _NUMBER}),
    ),
    Route(
        "GET",
        f"{V1}/audit",
        dialplans.audit,
        words("审计记录，新的在前；任何人都不能修改", "The audit log, newest first; nobody can change it"),
        shapes.AUDIT,
        access=_AUDITOR,
        query={
            "limit": integer(1, 1000, default=100),
            "what": string(r"[a-z_.]+", 64, description="such as dialplan.publish; dialplan. for all that begin so"),
            "since": {**TIME, "description": "at or after"},
            "before": {**TIME, "description": "before"},
        },
    ),
)

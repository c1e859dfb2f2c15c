"""What `ivr calls` says, in the person's language: tables, a rebuild's report, hints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from ivr.calls.ladder_text import shown
from ivr.calls.ladder_words import OUTCOMES, Language
from ivr.calls.model import Call
from ivr.cli import language as terminal
from ivr.cli.text import table
from ivr.store.export import as_dict
from ivr.store.rebuild import Report

WORDS = {
    "headings": (
        "呼叫|进入时间|来电号码|拨打号码|秒|结果|接听方",
        "call|entered|caller|dialled|seconds|outcome|answered by",
    ),
    "none": ("没有通话记录。", "No calls."),
    "running": ("进行中", "running"),
    "ahead": (
        "流水中还有 {bytes:,} 字节未入库，且没有控制器在读取：请运行 ivr up，或 ivr calls rebuild。",
        "The journal holds {bytes:,} bytes that are not in the log yet, and no controller reads them: "
        "start it with `ivr up`, or run `ivr calls rebuild`.",
    ),
    "imported": ("已导入 {count} 个通话，节点名 {node}。", "{count} calls imported as {node}."),
    "found": ("找到 {count} 个通话，未保存。", "{count} calls found, none saved."),
    "change": ("{id}：{what}", "{id}: {what}"),
    "fault": ("{id}：流水本身有矛盾：{what}", "{id}: the journal contradicts itself: {what}"),
    "unknown": ("{id}：库中有、流水中没有，已保留", "{id}: is in the log, not in the journal; kept"),
    "unreadable": ("流水中有 {count} 条记录无法读取。", "{count} records of the journal cannot be read."),
    "left": (
        "{count} 个通话留给正在运行的控制器写入。",
        "{count} calls are left to the controller, which is writing them.",
    ),
    "erased": (
        "{count} 个通话的数据（或其流水）已按保存期限清除，保持原样。",
        "{count} calls stay as they are: they, or their journal, have been erased.",
    ),
    "changed": (
        "从流水读出 {count} 个通话，更正 {changed} 个。",
        "{count} calls read from the journal, {changed} changed.",
    ),
    "differ": (
        "从流水读出 {count} 个通话，{changed} 个不一致。",
        "{count} calls read from the journal, {changed} differ.",
    ),
}


def language() -> Language:
    return "zh" if terminal.language() == "zh" else "en"


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)


def calls(found: Sequence[Call], zone: tzinfo) -> str:
    """A table, times in `zone`. Ids are cut as far as they still tell these calls apart."""
    if not found:
        return _say("none")
    short = _shortest(sorted({call.id for call in found}))
    rows = [
        (
            call.id[:short],
            f"{call.entered_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            call.caller,
            call.number,
            f"{(call.ended_at - call.entered_at).total_seconds():.0f}" if call.ended_at else "…",
            _outcome(call),
            " ".join(dict.fromkeys(leg.party for leg in call.legs if leg.answered_at and leg.role != "caller")),
        )
        for call in found
    ]
    return table(_say("headings").split("|"), rows)


def _outcome(call: Call) -> str:
    """In English the word that `--outcome` takes."""
    if call.outcome is None:
        return _say("running")
    return OUTCOMES[call.outcome][0] if language() == "zh" and call.outcome in OUTCOMES else call.outcome


def _shortest(ids: Sequence[str]) -> int:
    """Letters, 8 or more, that tell the ids apart."""
    length = 8
    while len({id[:length] for id in ids}) < len(ids):
        length += 1
    return length


def ahead(bytes_: int) -> str:
    return _say("ahead", bytes=bytes_)


def imported(count: int, node: str, dry_run: bool) -> str:
    return _say("found" if dry_run else "imported", count=count, node=shown(node))


def report(found: Report) -> dict[str, Any]:
    """JSON of a rebuild: the calls that differed, each with its `differences` in words."""
    return {
        "calls": [as_dict(change.call) | {"differences": list(change.differences)} for change in found.changes],
        "read": found.calls,
        "faults": {id: list(faults) for id, faults in found.faults.items()},
        "unknown": found.unknown,
        "unreadable": found.unreadable,
        "left": found.left,
        "erased": found.erased,
    }


def report_in_words(found: Report, check: bool) -> str:
    lines = [_say("change", id=change.call.id, what="; ".join(change.differences)) for change in found.changes]
    lines += [_say("fault", id=id, what="; ".join(faults)) for id, faults in found.faults.items()]
    lines += [_say("unknown", id=id) for id in found.unknown]
    if found.unreadable:
        lines.append(_say("unreadable", count=found.unreadable))
    if found.left:
        lines.append(_say("left", count=found.left))
    if found.erased:
        lines.append(_say("erased", count=found.erased))
    lines.append(_say("differ" if check else "changed", count=found.calls, changed=len(found.changes)))
    return "\n".join(map(shown, lines))

"""Findings that a file allows, with a reason: `;! allow CODE: reason`, at the end of the line or on the line above."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ivr.dialplan.codes import CODES, found
from ivr.dialplan.findings import Finding, Report, Suppressed
from ivr.dialplan.model import At, Comment, Dialplan

_MARK = re.compile(r"!\s*allow\b(.*)", re.IGNORECASE)
_WHOLE = re.compile(r"\s+([a-z0-9-]+)\s*(?::\s*(.*))?")


@dataclass(frozen=True, slots=True)
class _Permission:
    at: At  # of the comment
    line: int  # whose findings are allowed
    code: str
    reason: str


def sift(dialplan: Dialplan, findings: Iterable[Finding]) -> Report:
    """The findings without those that are allowed; permissions that are wrong or unused are findings themselves."""
    given, wrong = _permissions(dialplan)
    by_place = {(one.at.file, one.line, one.code): one for one in given}
    stay, allowed, used = list(wrong), [], set()
    for finding in findings:
        permission = by_place.get((finding.file, finding.line, finding.code))
        if permission is None:
            stay.append(finding)
        else:
            allowed.append(Suppressed(finding, permission.reason))
            used.add(permission)
    stay += [found(one.at, "allow-unused", code=one.code) for one in given if one not in used]
    return Report(tuple(sorted(stay, key=_order)), tuple(sorted(allowed, key=lambda one: _order(one.finding))))


def _order(finding: Finding) -> tuple[str, int, str]:
    return str(finding.file), finding.line, finding.code


def _permissions(dialplan: Dialplan) -> tuple[list[_Permission], list[Finding]]:
    code_lines = _code_lines(dialplan)
    comment_lines = {(comment.at.file, comment.at.line) for comment in dialplan.comments}
    given, wrong = [], []
    for comment in dialplan.comments:
        marked = _MARK.match(comment.text)
        if marked is None:
            continue
        problem = _problem(comment, marked[1])
        if problem is not None:
            wrong.append(problem)
            continue
        whole = _WHOLE.fullmatch(marked[1])
        assert whole is not None
        line = comment.at.line
        while (comment.at.file, line) not in code_lines and (comment.at.file, line) in comment_lines:
            line += 1
        given.append(_Permission(comment.at, line, whole[1], whole[2].strip()))
    return given, wrong


def _problem(comment: Comment, rest: str) -> Finding | None:
    whole = _WHOLE.fullmatch(rest)
    if whole is None:
        return found(comment.at, "allow-wrong", text=comment.text)
    code, reason = whole[1], (whole[2] or "").strip()
    if code not in CODES:
        near = difflib.get_close_matches(code, CODES, 1)
        return found(comment.at, "allow-unknown", code=code, like=f" ({near[0]}?)" if near else "")
    if CODES[code].guard:
        return found(comment.at, "allow-guard", code=code)
    return None if reason else found(comment.at, "allow-no-reason", code=code)


def _code_lines(dialplan: Dialplan) -> set[tuple[object, int]]:
    """Lines that hold something other than a comment."""

    def places() -> Iterator[At]:
        for context in dialplan.contexts.values():
            for part in (context.sections, context.steps, context.includes, context.hints):
                yield from (one.at for one in part)
        yield from (one.at for one in dialplan.globals.values())
        yield from (fault.at for fault in dialplan.faults)

    return {(at.file, at.line) for at in places()}

"""`ivr dialplan check`: is a draft, or any dialplan, fit to be published?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.dialplan import gather
from ivr.dialplan.check import check as judge
from ivr.dialplan.codes import CODES
from ivr.dialplan.findings import Finding, Report, Suppressed
from ivr.dialplan.said import asterisk_says
from ivr.dialplan.sarif import sarif
from ivr.errors import HotlineError
from ivr.pbx import render

Files = Annotated[
    list[Path] | None, typer.Argument(help="Files or folders of a site's dialplans; none: the whole draft.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Sarif = Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for editors and code hosts.")]
Foreign = Annotated[
    bool | None,
    typer.Option(
        "--foreign/--site-draft",
        help="Judge the files by themselves, as any Asterisk's dialplan, or together with core as a site's draft. "
        "Otherwise: by themselves if they have [general] or [globals] and no context site-….",
    ),
]
Asterisk = Annotated[
    bool, typer.Option("--asterisk/--no-asterisk", help="Ask a scratch Asterisk too; it is kept warm for some minutes.")
]
Codes = Annotated[bool, typer.Option("--codes", help="List every code that a finding can have, and check nothing.")]

WORDS = {
    "guard": ("，不能许可", ", cannot be allowed"),
    "none": ("没有发现问题。", "Nothing found."),
    "counts": ("错误 {error}，警告 {warning}，提示 {note}", "errors: {error}, warnings: {warning}, notes: {note}"),
    "allowed": ("已许可：", "allowed:"),
    "foreign": ("这些文件单独检查，不与核心一起。", "Judged by themselves, without core."),
}


def check(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    files: Files = None,
    json: Json = False,
    sarif_: Sarif = False,
    foreign: Foreign = None,
    asterisk: Asterisk = True,
    codes: Codes = False,
) -> None:
    """Check dialplans: each finding with file, line, a stable code, what is wrong, and how to mend it.

    A finding that is meant is allowed in the file: `;! allow CODE: reason`, at the end of the line or on the line
    above. Exit code 0: no error; 1: errors; 2: could not check.

    Example: ivr dialplan check dialplans/site/notice.conf
    """
    if codes:
        typer.echo(_as_json(_codes()) if json else "\n".join(_code_lines()))
        return
    try:
        report, alone = _report(context.obj, files or [], foreign, asterisk)
    except HotlineError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from error
    if json or sarif_:
        told = sarif(report, language(), Path.cwd()) if sarif_ else as_dict(report)
        typer.echo(_as_json(told))
    else:
        typer.echo("\n".join([*([_say("foreign")] if alone else []), *_lines(report)]))
    if report.errors:
        raise typer.Exit(1)


def _report(start: Context, paths: list[Path], foreign: bool | None, asterisk: bool) -> tuple[Report, bool]:
    """The report, with files named as they were given, and whether they were judged by themselves."""
    given = gather.files(paths)
    if given and (gather.is_foreign(given) if foreign is None else foreign):
        report, alone = judge(gather.foreign(given)), True
    else:
        own = given or gather.files([render.own_dialplans(start.site)])
        checked = gather.site_draft(start.site, start.var, own)
        says = asterisk_says(start.site, start.var, gather.CORE, own, checked.dialplan) if asterisk else ()
        report, alone = judge(checked, says), False
    return _named(report, {path.absolute(): path for path in given}), alone


def _named(report: Report, given: dict[Path, Path]) -> Report:
    def named(finding: Finding) -> Finding:
        return replace(finding, file=given.get(finding.file) or _short(finding.file))

    return Report(
        tuple(map(named, report.findings)),
        tuple(Suppressed(named(one.finding), one.reason) for one in report.suppressed),
    )


def _short(file: Path) -> Path:
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def as_dict(report: Report) -> dict[str, Any]:
    return {
        "findings": [_as_dict(one) for one in report.findings],
        "suppressed": [_as_dict(one.finding) | {"reason": one.reason} for one in report.suppressed],
    }


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "file": str(finding.file),
        "line": finding.line,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message[language()],
        "mend": finding.mend[language()],
    }


def _as_json(told: Mapping[str, Any]) -> str:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()


def _codes() -> dict[str, Any]:
    told = (
        {
            "code": code,
            "severity": kind.severity,
            "guard": kind.guard,
            "message": kind.message[language()],
            "mend": kind.mend[language()],
        }
        for code, kind in sorted(CODES.items())
    )
    return {"codes": list(told)}


def _code_lines() -> Iterator[str]:
    for code, kind in sorted(CODES.items()):
        guard = _say("guard") if kind.guard else ""
        yield f"{code}  {_severity(kind.severity).strip()}{guard}"
        yield f"    {kind.message[language()]}"
        yield f"    → {kind.mend[language()]}"


def _lines(report: Report) -> Iterator[str]:
    for file, findings in groupby(report.findings, key=lambda one: one.file):
        yield str(file)
        for one in findings:
            severity = _severity(one.severity)
            yield f"  {one.line:>4}  {severity}  {one.code}  {one.message[language()]}"
            yield f"        → {one.mend[language()]}"
    if report.suppressed:
        yield _say("allowed")
    for allowed in report.suppressed:
        yield f"  {allowed.finding.file}:{allowed.finding.line}  {allowed.finding.code}: {allowed.reason}"
    counts = Counter(one.severity for one in report.findings)
    kinds = {kind: counts[kind] for kind in ("error", "warning", "note")}
    yield _say("counts", **kinds) if report.findings else _say("none")


def _severity(word: str) -> str:
    return {"error": "错误", "warning": "警告", "note": "提示"}[word] if language() == "zh" else f"{word:<7}"


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)

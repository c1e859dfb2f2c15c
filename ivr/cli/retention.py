"""`ivr retention`: erase what is older than the settings allow, show and check the proofs, hold a call."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr.calls.ladder_text import shown
from ivr.cli.context import PROBLEM, Context
from ivr.cli.language import language
from ivr.cli.run import the_call, with_store
from ivr.cli.text import table
from ivr.store import erasure
from ivr.store.export import as_json, plain
from ivr.store.retention import Job, Report

app = typer.Typer(
    help="How long what is kept: run, proofs, verify, hold, release, holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")]
By = Annotated[str | None, typer.Option(help="Who wants it; the user of this machine where not given.")]
Why = Annotated[str, typer.Option(help="Why: stands on record.")]
Id = Annotated[str, typer.Argument(metavar="CALL", help="The call's id, or the beginning of it.")]

KINDS = {
    erasure.RECORDINGS: ("录音", "recordings of calls"),
    erasure.PERSONAL: ("来电号码", "callers' numbers"),
    erasure.CALL: ("通话记录", "calls (they stay in the statistics)"),
    erasure.JOURNAL: ("流水文件", "files of the journal"),
}


@app.command()
def run(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Erase what [retention] in hotline.toml no longer allows to keep; a running controller does it every day.

    Exit code 1: a file could not be deleted; the next run tries again.

    Example: ivr retention run --dry-run
    """
    start: Context = context.obj
    site = start.site
    report = with_store(
        start,
        lambda store: Job(store, start.var, site.hotline.node, site.retention, by=by or getpass.getuser()).run(dry_run),
    )
    typer.echo(as_json(plain(asdict(report))) if json else _in_words(report, ZoneInfo(site.hotline.timezone)))
    if report.problems:
        raise typer.Exit(PROBLEM)


@app.command()
def proofs(context: typer.Context, json: Json = False) -> None:
    """List what has been erased: when, how much, by which rule and whom.

    Example: ivr retention proofs --json
    """
    found = with_store(context.obj, erasure.proofs)
    if json:
        typer.echo(as_json({"proofs": [plain(asdict(proof)) for proof in found]}))
        return
    zone = ZoneInfo(context.obj.site.hotline.timezone)
    rows = [
        (
            str(proof.id),
            _day(proof.at, zone),
            _say(*KINDS[proof.kind]),
            str(proof.count),
            _span(proof.oldest, proof.newest, zone),
            proof.rule,
            proof.by,
        )
        for proof in found
    ]
    heading = _say("编号|时间|种类|数量|最早至最晚|规则|执行者", "proof|at|what|how many|from … to|rule|by")
    typer.echo(table(heading.split("|"), rows) if rows else _say("尚未清除任何数据。", "Nothing has been erased yet."))


@app.command()
def verify(context: typer.Context, json: Json = False) -> None:
    """Check that every proof fits the one before, and that what it says is gone is gone. Exit code 1 where not.

    Example: ivr retention verify
    """
    found = with_store(context.obj, erasure.broken)
    if json:
        typer.echo(as_json({"broken": found}))
    else:
        good = _say("所有清除证明完好，所清除的数据均已不在。", "Every proof holds, and what was erased is gone.")
        typer.echo("\n".join(map(shown, found)) or good)
    if found:
        raise typer.Exit(PROBLEM)


@app.command()
def hold(context: typer.Context, id: Id, reason: Why, by: By = None) -> None:
    """Keep everything of a call, whatever its age, until it is released: for a court, a complaint, an inquiry.

    Example: ivr retention hold 5d0e7c --by 'Li Si' --reason 'complaint 2026-118'
    """
    call = the_call(context.obj, id)
    who = by or getpass.getuser()
    with_store(context.obj, lambda store: erasure.hold(store, call.id, datetime.now(UTC), who, reason))
    typer.echo(_say(f"呼叫 {call.id} 已保全。", f"Call {call.id} is held."))


@app.command()
def release(context: typer.Context, id: Id, reason: Why, by: By = None) -> None:
    """End a hold: the call is erased when its time has come.

    Example: ivr retention release 5d0e7c --by 'Li Si' --reason 'complaint 2026-118 is closed'
    """
    call = the_call(context.obj, id)
    who = by or getpass.getuser()
    with_store(context.obj, lambda store: erasure.release(store, call.id, datetime.now(UTC), who, reason))
    typer.echo(_say(f"呼叫 {call.id} 已解除保全。", f"Call {call.id} is no longer held."))


@app.command()
def holds(context: typer.Context, json: Json = False) -> None:
    """List the calls that are or were held, the newest first.

    Example: ivr retention holds
    """
    found = with_store(context.obj, erasure.holds)
    if json:
        typer.echo(as_json({"holds": [plain(asdict(one)) for one in found]}))
        return
    zone = ZoneInfo(context.obj.site.hotline.timezone)
    rows = [
        (one.call_id, _day(one.placed_at, zone), one.placed_by, one.reason, _day(one.released_at, zone))
        for one in found
    ]
    heading = _say("呼叫|保全时间|经办人|原因|解除时间", "call|held at|by|reason|released at")
    typer.echo(table(heading.split("|"), rows, longest=60) if rows else _say("没有保全的呼叫。", "No call is held."))


def _in_words(report: Report, zone: ZoneInfo) -> str:
    rows: Sequence[Sequence[str]] = [
        (
            _say(*KINDS[kind]),
            _day(report.before[kind], zone),
            str(erased.count),
            _span(erased.oldest, erased.newest, zone),
        )
        for kind, erased in report.kinds.items()
    ]
    heading = (
        _say("种类|早于|将清除|最早至最晚", "what|older than|would go|from … to")
        if report.dry_run
        else _say("种类|早于|已清除|最早至最晚", "what|older than|erased|from … to")
    )
    lines = [table(heading.split("|"), rows, longest=60)]
    if report.held:
        lines.append(_say(f"{report.held} 个呼叫因保全而保留。", f"{report.held} calls are held and stay."))
    lines += [
        _say(f"无法删除，下次再试：{problem}", f"could not be deleted, the next run tries again: {problem}")
        for problem in map(shown, report.problems)
    ]
    return "\n".join(lines)


def _say(zh: str, en: str) -> str:
    return zh if language() == "zh" else en


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""


def _span(oldest: Any, newest: Any, zone: ZoneInfo) -> str:
    return f"{oldest.astimezone(zone):%Y-%m-%d} … {newest.astimezone(zone):%Y-%m-%d}" if oldest and newest else ""

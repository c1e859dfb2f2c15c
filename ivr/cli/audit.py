"""`ivr audit`: who changed what, when and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.store.audit import Audit
from ivr.store.export import as_json

app = typer.Typer(help="Who changed what, when and why.", invoke_without_command=True)
HEAD = ("时间|人|身份|操作|对象|原因", "when|who|role|what|about|why")
WHOLE = (
    "审计记录完整：{entries} 条，末条摘要 {digest}",
    "the audit log is whole: {entries} entries, the last digest {digest}",
)
GONE = (
    "审计记录第 {broken} 条缺失：之前的 {entries} 条完整",
    "entry {broken} of the audit log is missing; the {entries} before it are whole",
)
CHANGED = (
    "审计记录第 {broken} 条被改动或插入：之前的 {entries} 条完整",
    "entry {broken} of the audit log was changed or put in; the {entries} before it are whole",
)
NONE = ("没有记录。", "Nothing is on record.")


@app.callback()
def audit(
    context: typer.Context,
    what: Annotated[str | None, typer.Option(help="Only this, such as dialplan.publish, or all of `dialplan.`")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")] = False,
) -> None:
    """Every change that was made, the newest first. Nobody, whatever his role, can change this log.

    Example: ivr audit --what dialplan. --limit 20
    """
    if context.invoked_subcommand is not None:
        return
    start: Context = context.obj
    entries = with_store(start, lambda store: Audit(store).listed(what=what, limit=limit))
    if json:
        typer.echo(as_json({"entries": [entry.as_dict() for entry in entries]}))
        return
    zone, chosen = ZoneInfo(start.site.hotline.timezone), 0 if language() == "zh" else 1
    rows = [
        (f"{one.at.astimezone(zone):%Y-%m-%d %H:%M:%S}", one.who, one.role, one.what, one.about, one.why)
        for one in entries
    ]
    typer.echo(table(HEAD[chosen].split("|"), rows) if rows else NONE[chosen])


@app.command()
def verify(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Follow the log's chain of digests; the first row that was changed, added or taken away is named (exit code 1).

    Write the number and digest that it prints where nobody of the database's can: a later look must still find them.

    Example: ivr audit verify
    """
    verdict = with_store(context.obj, lambda store: Audit(store).verify())
    if json:
        typer.echo(as_json({"audit": asdict(verdict)}))
    else:
        words = WHOLE if not verdict.broken else GONE if verdict.why == "missing" else CHANGED
        typer.echo(words[0 if language() == "zh" else 1].format(**asdict(verdict)))
    if verdict.broken:
        raise typer.Exit(1)

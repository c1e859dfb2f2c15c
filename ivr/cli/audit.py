"""`ivr audit`: who changed what, when and why."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.store.audit import Audit
from ivr.store.export import as_json

HEAD = ("时间|人|身份|操作|对象|原因", "when|who|role|what|about|why")
NONE = ("没有记录。", "Nothing is on record.")


def audit(
    context: typer.Context,
    what: Annotated[str | None, typer.Option(help="Only this, such as dialplan.publish, or all of `dialplan.`")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")] = False,
) -> None:
    """Every change that was made, the newest first. Nobody, whatever his role, can change this log.

    Example: ivr audit --what dialplan. --limit 20
    """
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

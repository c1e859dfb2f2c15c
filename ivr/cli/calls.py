"""`ivr calls`: look at the call log, draw one call, compute the log anew, take another Asterisk's calls in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from ivr.calls import ladder
from ivr.calls.model import Call
from ivr.calls.projection import project
from ivr.cli import calls_told as told
from ivr.cli.context import PROBLEM, Context
from ivr.cli.run import the_call, with_store
from ivr.pbx import foreign, journal
from ivr.store import Store
from ivr.store.erasure import respected
from ivr.store.export import as_dict, as_json
from ivr.store.rebuild import rebuild
from ivr.store.writer import has_writer

app = typer.Typer(rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many calls, the newest first.")]


@app.callback(invoke_without_command=True)
def calls(context: typer.Context, json: Json = False, limit: Limit = 50) -> None:
    """The call log: list, show, rebuild, import. Without a subcommand: list the newest calls.

    Example: ivr calls --limit 10
    """
    if context.invoked_subcommand is None:
        _list(context.obj, json, limit=limit)


@app.command("list")
def list_(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    limit: Limit = 50,
    before: Annotated[str | None, typer.Option(help="Id of the last call seen: the page after it.")] = None,
    caller: Annotated[str | None, typer.Option(help="The caller's number; * stands for anything.")] = None,
    number: Annotated[str | None, typer.Option(help="The number dialled; * stands for anything.")] = None,
    outcome: Annotated[str | None, typer.Option(help="answered, transferred, emergency, abandoned, …")] = None,
    since: Annotated[datetime | None, typer.Option(help="Entered at or after; the site's time.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Entered before; the site's time.")] = None,
    words: Annotated[str | None, typer.Option(help="Words that all stand in the call's note.")] = None,
    json: Json = False,
) -> None:
    """List calls, the newest first.

    Example: ivr calls list --caller '138*' --outcome transferred --since 2026-11-22
    """
    zone = _zone(context.obj)
    first, last = (moment.replace(tzinfo=zone) if moment else None for moment in (since, until))
    wanted = {"before": before, "caller": caller, "number": number, "outcome": outcome, "since": first, "until": last}
    wanted["text"] = words
    _list(context.obj, json, limit=limit, **wanted)


@app.command()
def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The call's id, or the beginning of it.")],
    json: Json = False,
) -> None:
    """Draw one call as a ladder: parties as columns, time downwards.

    Example: ivr calls show 5d0e7c
    """
    call = the_call(context.obj, id)
    if json:
        typer.echo(as_json({"calls": [as_dict(call)]}))
    else:
        columns = shutil.get_terminal_size().columns
        typer.echo(ladder.draw(call, columns, told.language(), _zone(context.obj)))


@app.command("rebuild")
def rebuild_(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare; change nothing, exit 1 if they differ.")
    ] = False,
    json: Json = False,
) -> None:
    """Compute the call log anew from the journal and say what changed.

    Exit code 1: the journal holds what cannot be read or understood (or, with --check, the log differs).

    Example: ivr calls rebuild --check
    """
    start: Context = context.obj
    node = start.site.hotline.node
    report = with_store(start, lambda store: rebuild(store, start.journal, node, mend=not check))
    typer.echo(as_json(told.report(report)) if json else told.report_in_words(report, check))
    if report.faults or report.unreadable or (check and report.changes):
        raise typer.Exit(PROBLEM)


@app.command("import")
def import_(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with one CEL event a record.")],
    columns: Annotated[
        str | None,
        typer.Option(
            help="Names in the file's order, empty for what is not needed; or ours=theirs for a header's words."
        ),
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Of times that tell none; the site's where not given.")] = None,
    node: Annotated[str, typer.Option(help="The name that the other system's calls get.")] = "import",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the calls, save nothing.")] = False,
    json: Json = False,
) -> None:
    """Take another Asterisk's CEL file into the call log. Done twice, it changes nothing.

    Example: ivr calls import cel.csv --columns eventtype,eventtime,cid_num,channame,uniqueid,linkedid,extra
    """
    start: Context = context.obj
    if node == start.site.hotline.node:
        raise typer.BadParameter("is this site's own name; give the other system another one", param_hint="--node")
    try:
        zone = ZoneInfo(timezone) if timezone else _zone(start)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise typer.BadParameter("is no time zone such as Asia/Shanghai", param_hint="--timezone") from error
    try:
        found = project(foreign.read(file, columns, zone, node), foreign=True)
    except foreign.ColumnsError as error:
        raise typer.BadParameter(error.message, param_hint="--columns") from error
    if not dry_run:
        with_store(start, lambda store: _take_in(store, found))
    if json:
        typer.echo(as_json({"calls": [as_dict(call) for call in found]}))
    else:
        typer.echo(told.calls(found, zone))
        typer.echo(told.imported(len(found), node, dry_run))


async def _take_in(store: Store, found: Iterable[Call]) -> None:
    """What has been erased of them does not come back."""
    await store.save((await respected(store, found)).values())


def _zone(context: Context) -> ZoneInfo:
    return ZoneInfo(context.site.hotline.timezone)


def _list(context: Context, json: bool, **wanted: Any) -> None:
    async def read(store: Store) -> tuple[list[Call], int]:
        return await store.calls(**wanted), await _ahead(store, context.journal, context.site.hotline.node)

    found, ahead = with_store(context, read)
    typer.echo(as_json({"calls": [as_dict(call) for call in found]}) if json else told.calls(found, _zone(context)))
    if ahead:
        typer.echo(told.ahead(ahead), err=True)


async def _ahead(store: Store, directory: Path, node: str) -> int:
    """Bytes of the journal that wait for a controller; 0 while one runs."""
    if has_writer(directory):
        return 0
    position = await store.position(node)
    return journal.ahead(directory, journal.Place.of(position.file, position.offset) if position else None)

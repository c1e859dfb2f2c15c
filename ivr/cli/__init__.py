"""`ivr …`: one command line for whoever runs the hotline. Each command's words stand in a file of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli import (
    account,
    apply,
    audit,
    bulletin,
    ca,
    calls,
    db,
    dialplan,
    drain,
    exchange,
    notice,
    prompts,
    recordings,
    retention,
    screening,
    service,
    statistics,
    webhooks,
)
from ivr.cli.context import Context
from ivr.errors import HotlineError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(calls.app, name="calls")
app.add_typer(recordings.app, name="recordings")
app.add_typer(screening.app, name="screening")
app.add_typer(retention.app, name="retention")
app.add_typer(db.app, name="db")
app.add_typer(dialplan.app, name="dialplan")
app.add_typer(prompts.app, name="prompts")
app.add_typer(notice.app, name="notice")
app.command("up")(service.up)
app.command("fetch")(service.fetch_asterisk)
app.command("controller", hidden=True)(service.controller)
app.command("drain")(drain.drain)
app.command("apply")(apply.apply)
app.command("bulletin")(bulletin.bulletin)
app.command("statistics")(statistics.statistics)
app.command("console")(service.console)
app.add_typer(audit.app, name="audit")
app.add_typer(exchange.app, name="exchange")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(account.app, name="account")
app.add_typer(ca.app, name="ca")
app.command("doctor")(service.doctor)


@app.callback()
def root(
    context: typer.Context,
    site: Annotated[Path, typer.Option(envvar="IVR_SITE", help="The site's settings.")] = Path("hotline.toml"),
    var: Annotated[Path, typer.Option(envvar="IVR_VAR", help="Where this system's own files go.")] = Path("var"),
) -> None:
    """The hotline: run it, look at its calls, see whether it is well.

    Exit code 0: done, and well. 1: it could not be done, or something is wrong with what was looked at; stderr or the
    answer says what, and how to mend it. 2: wrong usage. What else a command may end with, its own help says.

    Example: ivr --site city/hotline.toml --var /srv/hotline up
    """
    context.obj = Context(site.absolute(), var.absolute())


def main() -> None:
    """The `ivr` command. An error of ours is one sentence on stderr and exit code 1, never a traceback."""
    try:
        app(prog_name="ivr")
    except HotlineError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(1)

"""`ivr …`: one command line for whoever runs the hotline. Each command's words stand in a file of its own."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ivr.cli.context import Context
from ivr.errors import HotlineError

# Every command, and what it is: a function or a group of a module beside this one.
COMMANDS = {
    "up": "service.up",
    "fetch": "service.fetch_asterisk",
    "controller": "service.controller",
    "drain": "drain.drain",
    "apply": "apply.apply",
    "bulletin": "bulletin.bulletin",
    "statistics": "statistics.statistics",
    "console": "service.console",
    "doctor": "service.doctor",
    "calls": "calls.app",
    "recordings": "recordings.app",
    "screening": "screening.app",
    "retention": "retention.app",
    "db": "db.app",
    "dialplan": "dialplan.app",
    "prompts": "prompts.app",
    "notice": "notice.app",
    "audit": "audit.app",
    "exchange": "exchange.app",
    "webhooks": "webhooks.app",
    "account": "account.app",
    "ca": "ca.app",
}
HIDDEN = {"controller"}  # `ivr up` starts it
LOOKS: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


class Commands(TyperGroup):
    """A command's module is loaded when it is asked for: to load all takes longer than most commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = dict.fromkeys(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            self.commands[cmd_name] = _command(cmd_name)
        return super().get_command(ctx, cmd_name)


def _command(name: str) -> Any:
    module, _, what = COMMANDS[name].partition(".")
    found = getattr(import_module(f"{__name__}.{module}"), what)
    alone = typer.Typer(**LOOKS)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name)
        return typer.main.get_group(alone).commands[name]
    alone.command(name, hidden=name in HIDDEN)(found)
    return typer.main.get_command(alone)


app = typer.Typer(no_args_is_help=True, cls=Commands, **LOOKS)


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

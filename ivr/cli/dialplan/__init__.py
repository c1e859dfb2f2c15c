"""`ivr dialplan …`: change what happens to calls without fear. Each command stands in a file of its own."""

from __future__ import annotations

import typer

from ivr.cli.dialplan import check, drawing, publishing, trying

app = typer.Typer(
    help="What happens to a call: check it, try it, publish it, take it back, draw it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("check")(check.check)
app.command("draw")(drawing.draw)
app.command("try")(trying.try_)
app.command("test")(trying.test)
app.command("publish")(publishing.publish_)
app.command("rollback")(publishing.rollback)
app.command("submit")(publishing.submit)
app.command("history")(publishing.history)
app.command("diff")(publishing.diff)

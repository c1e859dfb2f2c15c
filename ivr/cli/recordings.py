"""`ivr recordings`: what was recorded of a call, and one file of all of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ivr.calls.ladder_text import shown
from ivr.calls.model import Call
from ivr.cli.context import Context
from ivr.cli.run import the_call
from ivr.cli.text import table
from ivr.errors import HotlineError
from ivr.store.export import as_json, instant
from ivr.store.recordings import Track, mix, tracks

app = typer.Typer(help="A call's recordings: list, mix.", no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(metavar="CALL", help="The call's id, or the beginning of it.")]


class NoRecordingError(HotlineError):
    """Nothing was recorded of a call."""

    def __init__(self, id: str) -> None:
        words = f"Call {id} has no recording: nobody was recorded, or it ended before anybody spoke."
        super().__init__("no_recording", words, {"call": id}, 404)


class UnwritableError(HotlineError):
    """The mix cannot be written there."""

    def __init__(self, target: Path, error: OSError) -> None:
        words = f"{target} cannot be written: {error.strerror}. Give another file with --out."
        super().__init__("unwritable", words, {"file": str(target)})


class Channels(StrEnum):
    each = "each"
    all = "all"


@app.command("list")
def list_(
    context: typer.Context, id: Id, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """The files of one call: whose voice, from when, how long.

    Example: ivr recordings list 5d0e7c
    """
    found = _tracks(context.obj, the_call(context.obj, id))
    if json:
        entries = [
            {
                "leg": track.leg.id,
                "role": track.leg.role,
                "party": track.leg.party,
                "from": instant(track.begins),
                "seconds": track.seconds,
                "file": str(track.path),
            }
            for track in found
        ]
        typer.echo(as_json({"recordings": entries}))
    else:
        rows = [
            (track.leg.role, track.leg.party, instant(track.begins), f"{track.seconds:.1f}", str(track.path))
            for track in found
        ]
        typer.echo(table(("role", "party", "from (UTC)", "seconds", "file"), rows, longest=200))


@app.command("mix")
def mix_(
    context: typer.Context,
    id: Id,
    out: Annotated[Path | None, typer.Option(help="The wav to write; <call>.wav here where not given.")] = None,
    channels: Annotated[Channels, typer.Option(help="A channel for each party, or all on one.")] = Channels.each,
) -> None:
    """Make one wav of a call: each party on a channel of its own, or all together.

    Example: ivr recordings mix 5d0e7c --channels all --out call.wav
    """
    call = the_call(context.obj, id)
    found = _tracks(context.obj, call)
    target = out or Path(f"{Path(call.id).name}.wav")
    try:
        parties = mix(found, target, together=channels is Channels.all)
    except OSError as error:
        raise UnwritableError(target, error) from error
    names = [f"{role} {party}" for role, party in parties]
    told = (
        " + ".join(names) if channels is Channels.all else ", ".join(f"{n}: {name}" for n, name in enumerate(names, 1))
    )
    typer.echo(shown(f"{target} ({told})"))


def _tracks(context: Context, call: Call) -> list[Track]:
    found = tracks(call, context.recordings)
    if not found:
        raise NoRecordingError(call.id)
    return found

"""`ivr dialplan draw`: a call's way as a picture."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import orjson
import typer

from ivr.cli.context import Context
from ivr.cli.language import language as own_language
from ivr.cli.run import with_store
from ivr.dialplan import draw_svg, draw_text, gather, pictures
from ivr.dialplan.draw_model import Drawing
from ivr.dialplan.draw_traffic import Traffic
from ivr.dialplan.traffic import days, of_days
from ivr.dialplan.versions import VersionError, Versions
from ivr.errors import HotlineError


def draw(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Files or folders; none: the whole draft.")] = None,
    published: Annotated[
        str | None, typer.Option(help="Draw what is published instead of the draft: a version's number, or current.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Write the picture there (SVG), instead of into the terminal.")
    ] = None,
    start: Annotated[
        list[str] | None,
        typer.Option(
            "--from", help="Contexts in which calls come in; otherwise entry-public (files alone: all doors)."
        ),
    ] = None,
    traffic: Annotated[
        str | None, typer.Option(help="Calls as widths, from the call log: yesterday, DATE or DATE..DATE.")
    ] = None,
    language: Annotated[
        Literal["zh", "en"] | None, typer.Option(help="Of the words; otherwise the terminal's.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Fold nothing: helper legs, and contexts that only prepare something.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print boxes and arrows as JSON.")] = False,
) -> None:
    """Draw the way of a call: what happens to it, what the caller hears, when it goes where.

    Exit code 0: drawn; 2: could not be drawn.

    Example: ivr dialplan draw --svg way.svg --language zh
    """
    words = language or own_language()
    try:
        counted = _traffic(context.obj, traffic, words) if traffic else None
        wish = pictures.Wish(words, tuple(start or ()), everything, counted)
        drawing = _drawing(context.obj, files or [], published, wish)
        if svg is not None:
            svg.write_text(draw_svg.draw(drawing), encoding="utf-8")
    except (HotlineError, OSError) as error:
        typer.echo(error.message if isinstance(error, HotlineError) else f"{svg}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    if json:
        typer.echo(orjson.dumps(asdict(drawing), option=orjson.OPT_INDENT_2, default=str).decode())
    elif svg is None:
        typer.echo(draw_text.draw(drawing, shutil.get_terminal_size().columns, Path.cwd()))


def _drawing(start: Context, paths: list[Path], published: str | None, wish: pictures.Wish) -> Drawing:
    if published is not None:
        folder = _version(Versions(start.var), published)
        return pictures.of_site(start.site, start.var, wish, gather.files([folder / "site"]), folder / "core")
    files = gather.files(paths) if paths else None
    if files and gather.is_foreign(files):
        return pictures.of_files(files, wish)
    return pictures.of_site(start.site, start.var, wish, files)


def _version(versions: Versions, wanted: str) -> Path:
    """Raises VersionError."""
    number = versions.current if wanted == "current" else int(wanted) if wanted.isdecimal() else None
    if number is None:
        there = ", ".join(map(str, versions.numbers)) or "-"
        words = f"没有已发布的版本 {wanted}；现有：{there} / no published version {wanted}; there are: {there}"
        raise VersionError("no_such_version", words, {"version": wanted}, 404)
    return versions.path(versions.get(number).number)


def _traffic(start: Context, period: str, language: str) -> Traffic:
    zone = ZoneInfo(start.site.hotline.timezone)
    first, after = days(period, datetime.now(zone).date())
    last = after - timedelta(days=1)
    when = f"{first}" if first == last else f"{first} – {last}"
    words = f"{when} 来电数" if language == "zh" else f"calls of {when}"
    return with_store(start, lambda store: of_days(store, first, after, zone, words))

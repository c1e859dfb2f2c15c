"""`ivr bulletin`: a month's linkage as a sheet or on paper."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ivr.bulletin.job import FORMATS, job
from ivr.cli.context import Context
from ivr.cli.language import language


def bulletin(
    context: typer.Context,
    month: Annotated[str, typer.Option(help="2026-11; the month before this one by default.")] = "",
    out: Annotated[Path | None, typer.Option(help="The file: its ending, .xlsx or .pdf, says which form.")] = None,
) -> None:
    """Write the bulletin of a month: how cases went between desks, calls, departments, norms.

    Example: ivr bulletin --month 2026-11 --out bulletin-2026-11.pdf
    """
    from ivr.bulletin.made import write  # fonts and pictures take a second to load: nobody else waits for them  # noqa: PLC0415

    start: Context = context.obj
    zone = ZoneInfo(start.site.hotline.timezone)
    of = month or f"{datetime.now(zone).replace(day=1) - timedelta(days=1):%Y-%m}"
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", of):
        raise typer.BadParameter(f"expected a month such as 2026-11, found {of}", param_hint="--month")
    file = out or Path(f"bulletin-{of}.xlsx")
    form = file.suffix.removeprefix(".")
    if form not in FORMATS:
        raise typer.BadParameter(f"expected a file that ends in .xlsx or .pdf, found {file}", param_hint="--out")
    try:
        write(job(start.site, start.site.database_url, file, form, language(), of))
    except OSError as failure:
        raise typer.BadParameter(f"{file} cannot be written: {failure}", param_hint="--out") from failure
    typer.echo(str(file))

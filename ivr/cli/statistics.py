"""`ivr statistics`: calls counted by time, those that have been erased among them (R50)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.store.export import as_json
from ivr.store.statistics import statistics as counted

HEADINGS = {
    "zh": "时段|来电|接通|15秒内|放弃|三方|转接",
    "en": "from|offered|answered|within 15 s|abandoned|three-party|transfers",
}


class By(StrEnum):
    quarter = "quarter"
    hour = "hour"
    day = "day"
    month = "month"


def statistics(
    context: typer.Context,
    since: Annotated[
        datetime | None, typer.Option(help="From then on; the site's time. A week ago by default.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Before then; now by default.")] = None,
    by: Annotated[By, typer.Option(help="A line for each of these.")] = By.day,
    json: Annotated[bool, typer.Option("--json", help="Print every count as JSON.")] = False,
) -> None:
    """Count calls: offered, answered, within 15 s, abandoned, waits, transfers. What was erased is counted too.

    Example: ivr statistics --since 2026-11-01 --by day
    """
    start: Context = context.obj
    zone = ZoneInfo(start.site.hotline.timezone)
    last = (until or datetime.now(zone)).replace(tzinfo=zone)
    first = since.replace(tzinfo=zone) if since else (last - timedelta(days=7)).replace(hour=0, minute=0)
    found: Counter[tuple[str, str, str]] = Counter()
    for measure, amount in with_store(start, lambda store: counted(store, first, last)).items():
        found[_period(measure.quarter.astimezone(zone), by), measure.name, measure.detail] += amount
    if json:
        rows = [
            {"from": period, "name": name, "detail": detail, "amount": amount}
            for (period, name, detail), amount in sorted(found.items())
        ]
        typer.echo(as_json({"by": str(by), "statistics": rows}))
        return
    lines = [
        [
            period[:16].replace("T", " "),
            *(
                str(
                    sum(amount for (when, of, detail), amount in found.items() if when == period and wanted(of, detail))
                )
                for wanted in COLUMNS
            ),
        ]
        for period in sorted({period for period, _, _ in found})
    ]
    typer.echo(table(HEADINGS[language()].split("|"), lines))


COLUMNS = (
    lambda name, _: name == "offered",
    lambda name, _: name == "answered",
    lambda name, _: name == "answered_in_time",
    lambda name, detail: (name, detail) == ("outcome", "abandoned"),
    lambda name, _: name == "three_party",
    lambda name, _: name == "transfer",
)


def _period(moment: datetime, by: By) -> str:
    """The beginning, in the site's time with its zone (ISO 8601)."""
    if by is not By.quarter:
        moment = moment.replace(minute=0)
    if by in {By.day, By.month}:
        moment = moment.replace(hour=0)
    if by is By.month:
        moment = moment.replace(day=1)
    return moment.isoformat()

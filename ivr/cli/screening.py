"""`ivr screening`: numbers that are blocked, and numbers that call so often that a person should look (R53)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.store import Store
from ivr.store.blocks import Block, Blocks
from ivr.store.export import as_json
from ivr.store.reviews import Review, Reviews

app = typer.Typer(
    help="Numbers that are blocked or stand for review: list, block, unblock, reviewed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")]
Number = Annotated[str, typer.Argument(help="The caller's number, such as 13800138000 or +8613800138000.")]
By = Annotated[str, typer.Option(help="Who decides, by name.")]

WORDS = {
    "blocks": ("号码|限制期限|决定人|原因|状态", "number|blocked until|by|reason|state"),
    "reviews": ("号码|次数|首次|最近|复核人", "number|calls|since|last|reviewed by"),
    "no_blocks": ("没有被限制的号码。", "No number is blocked."),
    "no_reviews": ("没有待复核的号码。", "No number stands for review."),
    "holds": ("生效中", "holds"),
    "over": ("已到期", "over"),
    "lifted": ("已由 {by} 解除", "lifted by {by}"),
    "blocked": (
        "{number} 已限制至 {until}；紧急键仍可接通。控制器运行时两秒内生效。",
        "{number} is blocked until {until}; its emergency key still works. "
        "A running controller puts it in force within two seconds.",
    ),
    "unblocked": ("{number} 的限制已解除，记录保留。", "{number} is blocked no more; the record stays."),
    "reviewed": ("{number} 已复核。", "{number} has been looked at."),
}


@app.command("list")
def list_(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", help="Also blocks that are over, reviews that are done.")] = False,
    json: Json = False,
) -> None:
    """Blocked numbers, and numbers that stand for review.

    Example: ivr screening list --all --json
    """
    start: Context = context.obj
    rules, now = start.site.screening, datetime.now(UTC)

    async def read(store: Store) -> tuple[list[Block], list[Review]]:
        return await Blocks(store, rules).listed(now=now, holding=not all), await Reviews(store, rules).listed(all=all)

    blocks, reviews = with_store(start, read)
    if json:
        told: dict[str, Any] = {"blocks": [block.as_dict(now) for block in blocks]}
        typer.echo(as_json(told | {"reviews": [review.as_dict() for review in reviews]}))
        return
    zone = _zone(start)
    typer.echo(
        table(
            _say("blocks").split("|"),
            [(one.number, _time(one.until, zone), one.by, one.reason, _state(one, now)) for one in blocks],
        )
        if blocks
        else _say("no_blocks")
    )
    typer.echo()
    typer.echo(
        table(
            _say("reviews").split("|"),
            [
                (
                    one.number,
                    str(one.calls),
                    _time(one.flagged_at, zone),
                    _time(one.last_at, zone),
                    one.reviewed_by or "",
                )
                for one in reviews
            ],
        )
        if reviews
        else _say("no_reviews")
    )


@app.command("block")
def block_(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    number: Number,
    by: By,
    reason: Annotated[str, typer.Option(help="Why, on one line.")],
    until: Annotated[datetime | None, typer.Option(help="When it ends; the site's time.")] = None,
    hours: Annotated[float | None, typer.Option(min=0.001, help="How long it holds, instead of --until.")] = None,
    json: Json = False,
) -> None:
    """Do not take calls from a number for a time; its emergency key still works. A named person decides.

    Example: ivr screening block 13800138000 --by 王芳 --reason 一日拨打300次辱骂话务员 --hours 72
    """
    start: Context = context.obj
    rules, now = start.site.screening, datetime.now(UTC)
    if (until is None) == (hours is None):
        raise typer.BadParameter("a block needs an end: give one of the two", param_hint="--until or --hours")
    end = until.replace(tzinfo=_zone(start)) if until else now + timedelta(hours=hours or 0)
    made = with_store(start, lambda store: Blocks(store, rules).block(number, by, reason, end, now))
    words = _say("blocked", number=made.number, until=_time(made.until, _zone(start)))
    typer.echo(as_json({"block": made.as_dict(now)}) if json else words)


@app.command("unblock")
def unblock(context: typer.Context, number: Number, by: By, json: Json = False) -> None:
    """Lift the block of a number; what was decided stays on record.

    Example: ivr screening unblock 13800138000 --by 李强
    """
    start: Context = context.obj
    rules, now = start.site.screening, datetime.now(UTC)
    lifted = with_store(start, lambda store: Blocks(store, rules).lift(number, by, now))
    typer.echo(as_json({"block": lifted.as_dict(now)}) if json else _say("unblocked", number=lifted.number))


@app.command("reviewed")
def reviewed(context: typer.Context, number: Number, by: By) -> None:
    """Say that a person has looked at a number that stands for review.

    Example: ivr screening reviewed 13800138000 --by 李强
    """
    start: Context = context.obj
    with_store(start, lambda store: Reviews(store, start.site.screening).done(number, by, datetime.now(UTC)))
    typer.echo(_say("reviewed", number=number))


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)


def _zone(context: Context) -> ZoneInfo:
    return ZoneInfo(context.site.hotline.timezone)


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _state(block: Block, now: datetime) -> str:
    if block.lifted_at is not None:
        return _say("lifted", by=block.lifted_by)
    return _say("holds" if block.holds(now) else "over")

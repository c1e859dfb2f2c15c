"""`ivr exchange`: the keys of this desk and what it tells other desks about cases."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr import credentials
from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.desks import signatures
from ivr.store.audit import Audit
from ivr.store.exchange import Messages
from ivr.store.export import as_json, plain
from ivr.store.store import Store

WIDEST = 40  # cells of a column: an id is whole
SHELL = "shell"  # the role of whoever may run commands here

WORDS = {
    "key": (
        "本平台（{desk}）的公钥，请填入对方 hotline.toml 的 [exchange.{desk}] key：",
        "The public key of this desk ({desk}), for the other desk's [exchange.{desk}] key:",
    ),
    "head": (
        "编号|方向|平台|诉求|事件|状态|次数|生成或收到|应答",
        "message|way|desk|case|events|state|tries|made or came|answer",
    ),
    "none": ("没有消息。", "There is no message."),
    "partners": ("平台|待发|被拒|最早一条", "desk|pending|refused|oldest"),
    "no_partner": (
        "没有设置 [exchange.…]，设置方法见 docs/exchange.zh.md。",
        "No [exchange.…] is set; docs/exchange.md tells how.",
    ),
    "retried": ("{count} 条消息将立即重发。", "{count} messages are sent again now."),
}

app = typer.Typer(help="What this desk tells other desks about cases: keys, backlog, trace.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")]


@app.command()
def keys(context: typer.Context, json: Json = False) -> None:
    """The public key of this desk, for the other desk's settings; made with the other secrets where it is missing.

    Example: ivr exchange keys
    """
    start: Context = context.obj
    secrets, _ = credentials.ensure(start.var, start.site)
    desk, key = start.site.hotline.desk, signatures.public_text(secrets.exchange_key)
    if json:
        typer.echo(as_json({"desk": desk, "key": key}))
        return
    typer.echo(_say("key", desk=desk), err=True)
    typer.echo(key)


@app.command()
def status(context: typer.Context, json: Json = False) -> None:
    """How much each desk has not been told yet.

    Example: ivr exchange status
    """
    start: Context = context.obj
    found = with_store(start, lambda store: _messages(start, store).backlog(start.site.exchange))
    if json:
        typer.echo(as_json(plain({"partners": [asdict(one) for one in found.values()]})))
        return
    rows = [
        (one.desk, f"{one.pending}", f"{one.refused}", _time(start, one.oldest.isoformat() if one.oldest else None))
        for one in found.values()
    ]
    typer.echo(table(_say("partners").split("|"), rows) if rows else _say("no_partner"))


@app.command()
def trace(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    case: Annotated[str | None, typer.Option(help="Only this case, by its id.")] = None,
    desk: Annotated[str | None, typer.Option(help="Only what this desk was told, or told us.")] = None,
    state: Annotated[str | None, typer.Option(help="pending, delivered, refused; taken, waiting.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 50,
    json: Json = False,
) -> None:
    """Each message with its answer, the newest first.

    Example: ivr exchange trace --state refused
    """
    start: Context = context.obj

    async def read(store: Store) -> list[dict[str, Any]]:
        return await _messages(start, store).trace(limit=limit, case=case, desk=desk, state=state)

    found = with_store(start, read)
    if json:
        typer.echo(as_json({"messages": found}))
        return
    typer.echo(table(_say("head").split("|"), [_row(start, one) for one in found], WIDEST) if found else _say("none"))


@app.command()
def retry(
    context: typer.Context,
    message: Annotated[str, typer.Argument(help="A message's id, or `all`: every one that waits or was refused.")],
    why: Annotated[str, typer.Option("--why", "-m", help="Why, on one line.")] = "",
) -> None:
    """Send a refused message again, or one that pauses at once.

    Example: ivr exchange retry all -m "110 has our new key"
    """
    start: Context = context.obj

    async def again(store: Store) -> int:
        count = await _messages(start, store).retry(message)
        await Audit(store).note(SHELL, SHELL, "exchange.retry", message, why, {"count": count})
        return count

    typer.echo(_say("retried", count=with_store(start, again)))


def _messages(start: Context, store: Store) -> Messages:
    return Messages(store, start.site.hotline.desk, start.site.exchange)


def _row(start: Context, one: dict[str, Any]) -> tuple[str, ...]:
    span = f"{one['first']}-{one['last']} {' '.join(one['kinds'])}"
    answer = one["answer"] or {}
    error = answer.get("error")
    said = error.get("id", "") if isinstance(error, dict) else answer.get("state", "")
    way = {"in": "←", "out": "→"}[one["direction"]]
    status = f"{one['status'] or ''} {said}".strip()
    when = _time(start, one["made_at"])
    return (one["id"], way, one["desk"], one["case"], span, one["state"], f"{one['tries']}", when, status)


def _time(start: Context, text: str | None) -> str:
    if text is None:
        return ""
    zone = ZoneInfo(start.site.hotline.timezone)
    return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)

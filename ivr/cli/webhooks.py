"""`ivr webhooks`: what a city's systems and the gateway of texts have not been told, and whether they believe us."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer

from ivr import credentials, posting
from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.desks.exchange import instant
from ivr.settings.channels import answered
from ivr.settings.telling import by_name
from ivr.store.audit import Audit
from ivr.store.export import as_json, plain
from ivr.store.store import Store
from ivr.store.tellings import Tellings
from ivr.telling import letters
from ivr.telling.teller import headers

SHELL = "shell"  # the role of whoever may run commands here

WORDS = {
    "head": ("名称|地址|待发|停发|最早一条", "name|address|pending|given up|oldest"),
    "none": (
        "没有设置 [webhooks.…]、[sms] 或邮箱的 send，设置方法见 docs/telling.zh.md。",
        "No [webhooks.…], no [sms] and no mailbox's send is set; docs/telling.md tells how.",
    ),
    "gone": ("（设置中已没有）", "(not in the settings any more)"),
    "retried": ("{count} 条将立即重发。", "{count} messages are sent again now."),
    "unknown": (
        "设置中没有 {name}；有：{known}",
        "the settings name no {name}; they have: {known}",
    ),
    "well": (
        "{name} 应答 {status}：地址、证书和密钥都对。",
        "{name} answers {status}: address, certificate and secret are right.",
    ),
    "ill": ("{name} 没有接受测试消息：{why}", "{name} did not take the test message: {why}"),
}

app = typer.Typer(
    help="What a city's systems and citizens are told of cases: what waits, what was given up.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")]


@app.command()
def status(context: typer.Context, json: Json = False) -> None:
    """How much each receiver has not been told yet, and what was given up.

    Example: ivr webhooks status
    """
    start: Context = context.obj
    found = with_store(start, lambda store: Tellings(store, start.site).waiting())
    if json:
        typer.echo(as_json(plain({"receivers": [asdict(one) for one in found.values()]})))
        return
    known = {name: one.url for name, one in by_name(start.site).items()}
    known |= {name: one.send for name, one in answered(start.site.channels).items()}
    zone = ZoneInfo(start.site.hotline.timezone)
    rows = [
        (
            name,
            known.get(name) or _say("gone"),
            f"{one.pending}",
            f"{one.dead}",
            f"{one.oldest.astimezone(zone):%Y-%m-%d %H:%M:%S}" if one.oldest else "",
        )
        for name, one in found.items()
    ]
    typer.echo(table(_say("head").split("|"), rows) if rows else _say("none"))


@app.command()
def retry(
    context: typer.Context,
    which: Annotated[str, typer.Argument(help="A receiver's name, a message's id, or `all`.")],
    why: Annotated[str, typer.Option("--why", "-m", help="Why, on one line.")] = "",
) -> None:
    """Send what was given up again, and at once what pauses.

    Example: ivr webhooks retry records -m "its disk has room again"
    """
    start: Context = context.obj

    async def again(store: Store) -> int:
        count = await Tellings(store, start.site).retry(which)
        await Audit(store).note(SHELL, SHELL, "webhooks.retry", which, why, {"count": count})
        return count

    typer.echo(_say("retried", count=with_store(start, again)))


@app.command()
def test(
    context: typer.Context, name: Annotated[str, typer.Argument(help="A name of [webhooks.NAME], or sms.")]
) -> None:
    """Send one signed message of type hotline.test now; exit code 1 where it is not taken. It names no case.

    Example: ivr webhooks test records
    """
    start: Context = context.obj
    known = by_name(start.site)
    if name not in known:
        typer.echo(_say("unknown", name=name, known=", ".join(known) or "—"), err=True)
        raise typer.Exit(2)
    secrets, _ = credentials.ensure(start.var, start.site)
    now = datetime.now(UTC)
    body = letters.test_body(instant(now))
    signed = headers(f"msg_{uuid4().hex}", body, secrets.webhook_secrets(name), now)

    async def once() -> posting.Answer:
        async with posting.session(posting.context(start.site, everybody=True)) as http:
            return await posting.post(http, known[name].url, body, signed)

    answer = asyncio.run(once())
    if answer.status is not None and 200 <= answer.status < 300:
        typer.echo(_say("well", name=name, status=answer.status))
        return
    typer.echo(_say("ill", name=name, why=answer.why), err=True)
    raise typer.Exit(1)


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)

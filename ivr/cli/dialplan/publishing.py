"""`ivr dialplan publish`, `rollback`, `submit`, `history`, `diff`: drafts come into force, and are taken back."""

from __future__ import annotations

import asyncio
import getpass
import json as json_words
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import structlog
import typer

from ivr import credentials, system
from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.text import table
from ivr.dialplan import drafts, publish
from ivr.dialplan.publish import Publication, PublishError
from ivr.dialplan.versions import Version, Versions, difference, story
from ivr.pbx import drain
from ivr.store import Store
from ivr.store.audit import Audit
from ivr.store.writer import has_writer

By = Annotated[str | None, typer.Option(help="Who does it, by name; otherwise this system user.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

T = TypeVar("T")

WORDS = {
    "published": ("版本 {number} 已生效（{hash}）。", "Version {number} is in force ({hash})."),
    "planned": (
        "版本 {number} 已保存；Asterisk 未运行，下次启动时生效。",
        "Version {number} is saved; no Asterisk runs, the next one starts with it.",
    ),
    "watched": (
        "此后 {minutes} 分钟内若通话失败增多，将自动恢复上一版本。",
        "If calls fail more often in the next {minutes} minutes, the version before comes back by itself.",
    ),
    "running": ("进行中的通话仍按原版本走完。", "Running calls finish on the version that they began with."),
    "draft_stays": (
        "草稿未改动；修正后再发布。",
        "The draft is as it was: mend it before you publish again.",
    ),
    "submitted": ("草稿已提交，作者：{by}。", "The draft is handed in; its author is {by}."),
    "head": ("版本|时间|发布人|作者|校验值|状态|原因", "version|when|by|author|hash|state|why"),
    "none": ("还没有发布过版本；首次 ivr up 会发布版本 1。", "Nothing is published yet: the first `ivr up` does."),
    "same": ("没有差别。", "No difference."),
}
STATES = {
    "in_force": ("生效中", "in force"),
    "was_in_force": ("曾生效", "was in force"),
    "failed": ("未生效", "failed"),
    "abandoned": ("中断", "abandoned"),
    "rolled_back": ("已回退", "taken back"),
    "never": ("未生效", "never in force"),
}


def publish_(
    context: typer.Context,
    why: Annotated[str, typer.Option("--message", "-m", help="Why, on one line.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Check the draft, give it a number that is for good, bring it into force at once, and ask Asterisk whether it is.

    New calls run on it from then on; running calls finish on what they began with. If anything goes wrong the version
    before is back within seconds. Exit code 0: in force; 1: it is not, and the words say why.

    Example: ivr dialplan publish -m 今晚暴雨，排队时播放转移通知 --by 王芳
    """
    _publish(context.obj, by, why, None, json)


def rollback(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(help="The version to bring back; otherwise the one before.")] = None,
    why: Annotated[str, typer.Option("--message", "-m", help="Why, on one line.")] = "rollback",
    by: By = None,
    json: Json = False,
) -> None:
    """Bring an earlier version's content back into force, as a new version. The draft stays as it is.

    Example: ivr dialplan rollback 6 -m 通知内容有误 --by 李强
    """
    start: Context = context.obj
    _publish(start, by, why, publish.to_bring_back(Versions(start.var), number), json)


def submit(context: typer.Context, by: By = None) -> None:
    """Hand the draft in: from now on you are its author. With [dialplans] two_person somebody else publishes it.

    Example: ivr dialplan submit --by 王芳
    """
    start: Context = context.obj
    draft = drafts.of_site(start.site)

    async def hand_in(audit: Audit) -> drafts.Submitted:
        await audit.note(person(by), publish.ROLE, "dialplan.submit", draft.digest[:12])
        return drafts.submit(draft, Versions(start.var).folder, person(by), datetime.now(UTC))

    typer.echo(_say("submitted", by=_with_audit(start, hand_in).by))


def history(context: typer.Context, json: Json = False) -> None:
    """Every version, the newest first: when, by whom, why, and what became of it.

    Example: ivr dialplan history
    """
    start: Context = context.obj
    versions = Versions(start.var)
    told = [(version, *story(version, versions)) for version in versions.all()]
    if json:
        rows = [version.as_dict() | {"state": state, "reason": reason} for version, state, reason in told]
        typer.echo(json_words.dumps({"versions": rows, "current": versions.current}, ensure_ascii=False))
        return
    zone = ZoneInfo(start.site.hotline.timezone)
    rows_ = [
        (
            str(version.number),
            datetime.fromisoformat(version.at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            version.by,
            version.author,
            version.hash,
            STATES[state][0 if language() == "zh" else 1],
            f"{version.why}{f' ({reason})' if reason else ''}",
        )
        for version, state, reason in told
    ]
    typer.echo(table(_say("head").split("|"), rows_) if rows_ else _say("none"))


def diff(
    context: typer.Context,
    old: Annotated[str | None, typer.Argument(help="A version's number; otherwise the one in force.")] = None,
    new: Annotated[str | None, typer.Argument(help="A version's number, or `draft`; otherwise the draft.")] = None,
    core: Annotated[bool, typer.Option("--core", help="Also core's files.")] = False,
    json: Json = False,
) -> None:
    """What changed between two versions, or since a version in the draft (unified diff). Exit code 1: there is one.

    Example: ivr dialplan diff 6 7
    """
    start: Context = context.obj
    lines = [line for kind in (("core", "site") if core else ("site",)) for line in _diff(start, old, new, kind)]
    if json:
        typer.echo(json_words.dumps({"diff": lines}, ensure_ascii=False))
    else:
        typer.echo("\n".join(lines).encode("utf-8", "replace").decode() if lines else _say("same"))
    if lines:
        raise typer.Exit(1)


def _diff(start: Context, old: str | None, new: str | None, kind: str) -> Iterator[str]:
    versions = Versions(start.var)

    def side(word: str | None, otherwise: str) -> tuple[str, drafts.Files]:
        word = word or otherwise
        if word == "draft":
            draft = drafts.of_site(start.site)
            return word, draft.core_files if kind == "core" else draft.files
        if not word.isdecimal():
            raise typer.BadParameter(f"{word!r} is neither a version's number nor `draft`")
        return f"v{word}", versions.files(int(word), kind)

    (old_name, before), (new_name, after) = side(old, str(versions.current or "draft")), side(new, "draft")
    return difference(before, after, f"{old_name}/{kind}", f"{new_name}/{kind}")


# — work ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


def _publish(start: Context, by: str | None, why: str, content_of: int | None, json: bool) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # our words, not AMI's
    runs = system.find_asterisk(start.var) is not None

    async def work(audit: Audit) -> Version:
        async with AsyncExitStack() as stack:
            asterisk = None
            if runs:
                secrets = credentials.load(start.var)
                asterisk = await stack.enter_async_context(drain.manager(start.site, start.var, secrets))
            kind = "publish" if content_of is None else "rollback"
            return await publish.run(
                Publication(start.site, start.var, asterisk, audit, person(by), why, kind=kind, content_of=content_of)
            )

    try:
        made = _with_audit(start, work)
    except PublishError as error:
        for found in (error.details.get("findings"), error.details.get("stories")):
            if isinstance(found, list):
                typer.echo("\n".join(map(str, found)), err=True)
        raise
    if json:
        typer.echo(json_words.dumps({"version": made.as_dict()}, ensure_ascii=False))
        return
    typer.echo(_say("published" if runs else "planned", number=made.number, hash=made.hash))
    if runs:
        typer.echo(_say("running"))
    if runs and start.site.dialplans.watch_minutes and content_of is None:
        typer.echo(_say("watched", minutes=start.site.dialplans.watch_minutes))
    if content_of is not None:
        typer.echo(_say("draft_stays"))


def _with_audit(start: Context, work: Callable[[Audit], Awaitable[T]]) -> T:
    start.var.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def opened() -> T:
        store = Store(start.site.database_url)
        await store.open(may_migrate=not has_writer(start.journal))
        try:
            return await work(Audit(store))
        finally:
            await store.close()

    return asyncio.run(opened())


def person(by: str | None) -> str:
    return by if by is not None else getpass.getuser()


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)

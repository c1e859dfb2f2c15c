"""`ivr notice`: tonight's word to every caller, in force within seconds, which ends by itself."""

from __future__ import annotations

import asyncio
import getpass
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from typer.core import TyperGroup

from ivr import credentials, system
from ivr.cli.context import Context
from ivr.cli.language import language as of_terminal
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.errors import HotlineError
from ivr.pbx import drain, notices
from ivr.pbx.notices import Notice, NoticeError
from ivr.store.audit import Audit
from ivr.store.export import as_json

LONGEST_DAYS = 31
SHELL = "shell"  # the role of whoever may run commands here
DEFAULT = "say"  # the command that need not be written

WORDS = {
    "head": ("编号|状态|位置|开始|结束|时长|操作人|内容", "number|state|where|from|until|seconds|by|words"),
    "none": ("没有通知。", "There is no notice."),
    "planned": ("待播", "planned"),
    "playing": ("播放中", "playing"),
    "over": ("已结束", "over"),
    "before-greeting": ("欢迎词之前", "before the greeting"),
    "while-waiting": ("排队等待时", "while waiting"),
    "sound": ("（录音）", "(a recording)"),
    "made": (
        "通知 {id} 已登记：{where}，{begins} 至 {ends}，长 {seconds} 秒；来电人按任意键可跳过。",
        "Notice {id} is made: {where}, {begins} until {ends}, {seconds} s; any key of the caller skips it.",
    ),
    "ended": ("通知 {id} 已结束。", "Notice {id} has ended."),
    "now": ("已对运行中的系统生效。", "The running system has it."),
    "later": (
        "目前没有运行中的 Asterisk；启动后几秒内生效。",
        "No Asterisk runs now: it holds some seconds after the next start.",
    ),
}


class _SaysByDefault(TyperGroup):
    """`ivr notice "text" --until …` is `ivr notice say "text" --until …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, "--help"}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_SaysByDefault,
    help="""Tell every caller something for some hours: ivr notice "TEXT" --until "2026-11-28 06:00".

    The words are spoken (or a sound file is played) before the greeting or while waiting, and end by themselves, also
    without the controller and over restarts. `ivr notice say --help` has every option.
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")]
By = Annotated[str, typer.Option(help="Who decides, by name; without it, the name of your login.")]
Why = Annotated[str, typer.Option("--why", "-m", help="Why, on one line.")]


@app.command(DEFAULT)
def say_(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    until: Annotated[
        str, typer.Option(help='When it ends, the site\'s time: "2026-11-28 06:00", or the next "06:00".')
    ],
    text: Annotated[str, typer.Argument(help="What is said.")] = "",
    begins: Annotated[str, typer.Option("--from", help="When it begins; without it, now.")] = "",
    zh: Annotated[str, typer.Option(help="The words for callers in Chinese.")] = "",
    en: Annotated[str, typer.Option(help="The words for callers in English.")] = "",
    language: Annotated[str, typer.Option(help="The text's language; without it, the site's first.")] = "",
    wav: Annotated[Path | None, typer.Option(help="A sound file (any kind) instead of words.")] = None,
    where: Annotated[str, typer.Option(help=f"{' or '.join(notices.PLACES)}.")] = notices.PLACES[0],
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Say something to every caller until a time. A caller's key skips it, and the emergency key works as ever.

    Words of one language are said to callers of every language; --zh and --en say it in both.

    Example: ivr notice "城东水管爆裂正在抢修，预计明早六点恢复供水。" --until 06:00 --by 王芳 -m 抢修通报
    """
    start: Context = context.obj
    site, now = start.site, int(time.time())
    zone = ZoneInfo(site.hotline.timezone)
    if where not in notices.PLACES:
        raise typer.BadParameter(f"expected one of {', '.join(notices.PLACES)}", param_hint="--where")
    texts = _texts(site.hotline.languages, [(language or site.hotline.languages[0], text), ("zh", zh), ("en", en)])
    if (wav is None) != bool(texts):
        raise typer.BadParameter("give words (TEXT, --zh, --en) or --wav, one of the two", param_hint="TEXT")
    start_at = moment(begins, now, zone, "--from") if begins else now
    ends_at = moment(until, now, zone, "--until")
    if not max(now, start_at) < ends_at <= now + LONGEST_DAYS * 86400:
        told = f"it must end after it begins, and within {LONGEST_DAYS} days: what stays longer is a prompt of the site"
        raise typer.BadParameter(told, param_hint="--until")
    by = by or getpass.getuser()
    draft = Notice(0, where, start_at, ends_at, texts, wav is not None, 0.0, by, why, now)
    made = notices.say(site, start.var, draft, lambda one: _record(start, "notice.say", by, why, one), wav)
    told = _say(
        "made",
        id=made.id,
        where=_say(made.place),
        begins=_time(made.begins, zone),
        ends=_time(made.ends, zone),
        seconds=made.seconds,
    )
    _finish(start, made, told, json)


@app.command("end")
def end_(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The notice's number, as `ivr notice list` shows it.")],
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """End a notice now; its record stays.

    Example: ivr notice end 3 --by 李强 -m 已恢复供水
    """
    start: Context = context.obj
    by = by or getpass.getuser()
    ended = notices.end(start.var, number, by, int(time.time()), lambda one: _record(start, "notice.end", by, why, one))
    _finish(start, ended, _say("ended", id=number), json)


@app.command("list")
def list_(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: Json = False,
) -> None:
    """The notices that are playing or planned.

    Example: ivr notice list --all --json
    """
    start: Context = context.obj
    now = time.time()
    zone = ZoneInfo(start.site.hotline.timezone)
    found = [one for one in notices.read(start.var) if all or one.state(now) != "over"]
    if json:
        typer.echo(as_json({"notices": [one.as_dict(now) for one in found]}))
    elif found:
        typer.echo(table(_say("head").split("|"), [_row(one, now, zone) for one in found]))
    else:
        typer.echo(_say("none"))


def moment(text: str, now: int, zone: ZoneInfo, option: str) -> int:
    """`2026-11-28 06:00` or the next `06:00` in this zone, as seconds (epoch). Raises BadParameter."""
    if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        today = datetime.fromtimestamp(now, zone)
        hour, minute = map(int, text.split(":"))
        found = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return int((found if found > today else found + timedelta(days=1)).timestamp())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f'expected a time such as "2026-11-28 06:00" or "06:00", found {text!r}', param_hint=option
        ) from None
    return int((found if found.tzinfo else found.replace(tzinfo=zone)).timestamp())


def _texts(languages: tuple[str, ...], given: list[tuple[str, str]]) -> dict[str, str]:
    """Language → what was written. Raises BadParameter for a language that the site has not, or that is there twice."""
    texts: dict[str, str] = {}
    for code, words in given:
        if not words.strip():
            continue
        if code not in languages:
            known = ", ".join(languages)
            raise typer.BadParameter(f"{code!r} is no language of this site ({known})", param_hint="--language")
        if code in texts:
            raise typer.BadParameter(f"the words in {code!r} are there twice", param_hint=f"--{code}")
        texts[code] = " ".join(words.split())
    return texts


def _finish(start: Context, notice: Notice, told: str, json: bool) -> None:
    running = asyncio.run(_publish(start))
    if json:
        typer.echo(as_json({"notice": notice.as_dict(time.time()), "in_force": running}))
        return
    typer.echo(told)
    typer.echo(_say("now" if running else "later"))


async def _publish(start: Context) -> bool:
    """Tell the Asterisk that runs from this folder, if one does: nobody waits for the controller."""
    if system.find_asterisk(start.var) is None:
        return False
    try:
        async with drain.manager(start.site, start.var, credentials.load(start.var)) as ami:
            await notices.publish(ami, notices.read(start.var), time.time())
    except HotlineError as failure:
        told = f"the notice is written down, but Asterisk was not told: {failure.message}"
        raise NoticeError("notice_not_published", told, status=503) from failure
    return True


def _record(start: Context, what: str, by: str, why: str, notice: Notice) -> None:
    """Who does it and why, where no role can change it."""
    about, details = f"notice {notice.id}", notice.as_dict(time.time())
    with_store(start, lambda store: Audit(store).note(by, SHELL, what, about, why, details))


def _row(one: Notice, now: float, zone: ZoneInfo) -> tuple[str, ...]:
    words = " / ".join(one.texts.values()) if one.texts else _say("sound")
    place, state = _say(one.place), _say(one.state(now))
    return (str(one.id), state, place, _time(one.begins, zone), _time(one.ends, zone), f"{one.seconds}", one.by, words)


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if of_terminal() == "zh" else en).format(**facts)


def _time(seconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%d %H:%M")

"""`ivr dialplan try` and `ivr dialplan test`: real calls through a draft, in an Asterisk of their own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.dialplan import gather
from ivr.dialplan.load import load
from ivr.dialplan.scratch import scratch
from ivr.dialplan.stories import StoryResult, ahead, run_stories
from ivr.dialplan.story import PRESS, TIME, moment
from ivr.dialplan.trial import trial
from ivr.dialplan.trial_model import NUMBER, SECONDS, Controller, Operators, Trial, Wish
from ivr.dialplan.trial_phones import MANNERS, Manner
from ivr.dialplan.trial_told import as_dict, lines, standing
from ivr.pbx import render
from ivr.store.export import as_json

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Draft = Annotated[
    Path | None,
    typer.Option(
        "--draft", exists=True, file_okay=False, help="Folder of the site's dialplans, instead of the site's draft."
    ),
]

WORDS = {
    "head": (
        "试拨：{caller} 拨打 {number}（控制器：{controller}，坐席：{operator}{at}）",
        "Trial: {caller} dials {number} (controller {controller}, operators {operator}{at})",
    ),
    "passed": ("通过", "passed"),
    "failed": ("失败", "FAILED"),
    "none": (
        "没有剧情测试；在 {folder} 写 *.toml。",
        "There are no stories; write *.toml into {folder}.",
    ),
    "counts": ("剧情 {all} 个，失败 {failed} 个", "stories: {all}, failed: {failed}"),
}


def try_(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    caller: Annotated[str, typer.Option("--from", help="The caller's number.")] = NUMBER,
    number: Annotated[str | None, typer.Option("--to", help="What is dialled; the hotline unless told.")] = None,
    origin: Annotated[str, typer.Option(help="Trunk or target (110) that the call comes from.")] = "",
    press: Annotated[str, typer.Option(help='Keys, each group once the call asks; w5 waits 5 s: "1 w5 0".')] = "",
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="Play it at this hour of today.")] = None,
    at: Annotated[str | None, typer.Option(help='Play it at this time of the site: "2026-10-01 10:00".')] = None,
    controller: Annotated[Controller, typer.Option(help="Is it up, down, or hung?")] = "up",
    operator: Annotated[Operators, typer.Option(help="How the operators' phones are.")] = "free",
    operator_press: Annotated[str, typer.Option(help='Keys of the operator who has the call: "*1".')] = "",
    desk: Annotated[
        list[str] | None, typer.Option(help=f"How a target answers, such as 110=busy: {', '.join(MANNERS)}.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="After these the caller hangs up.")] = SECONDS,
    draft: Draft = None,
    brief: Annotated[bool, typer.Option("--brief", help="Leave out core's own steps and variables.")] = False,
    json: Json = False,
) -> None:
    """Play one real call through the draft: every step, every variable, every prompt, and where the caller stands.

    Nothing of the running hotline is touched: an Asterisk of its own plays it, with phones of its own. The trial ends
    when the caller talks with somebody, waits, or is gone.

    Example: ivr dialplan try --press "1 w5 0" --operator busy
    """
    start: Context = context.obj
    try:
        when = moment(start.site, datetime.now(UTC), hour, at)
    except ValueError:
        raise typer.BadParameter(f'{at!r}; expected "2026-10-01 10:00"', param_hint="--at") from None
    for option, keys in (("--press", press), ("--operator-press", operator_press)):
        if not PRESS.fullmatch(keys):
            raise typer.BadParameter(f'{keys!r}; expected keys and waits, such as "1 w5 0"', param_hint=option)
    wish = Wish(
        caller=caller,
        number=number or start.site.hotline.number,
        origin=origin,
        press=press,
        at=when,
        controller=controller,
        operator=operator,
        operator_press=operator_press,
        desks=dict(map(_desk, desk or [])),
        seconds=seconds,
    )
    played = asyncio.run(_play(start, draft or render.own_dialplans(start.site), wish))
    if json:
        typer.echo(as_json(as_dict(played)))
        return
    shown = f", {wish.at.strftime(TIME)}" if wish.at else ""
    facts = {"controller": controller, "operator": operator, "at": shown}
    typer.echo(_say("head", caller=caller, number=wish.number, **facts))
    typer.echo("\n".join(lines(played, language(), Path.cwd(), brief=brief)))


async def _play(start: Context, own: Path, wish: Wish) -> Trial:
    core, files = render.DIALPLANS / "core", gather.files([own])
    async with scratch(start.site, start.var, ahead(wish.at)) as running:
        loaded = await running.load(gather.files([core]), files)
        if not loaded.taken:
            typer.echo("\n".join(line for line in loaded.lines if "ERROR" in line or "WARNING" in line), err=True)
        return await trial(running, load(running.site, running.var, core, files), wish)


def _desk(told: str) -> tuple[str, Manner]:
    key, _, manner = told.partition("=")
    for known in MANNERS:
        if manner == known:
            return key, known
    raise typer.BadParameter(f"{told!r}; expected 110=busy ({', '.join(MANNERS)})", param_hint="--desk")


def test(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(exists=True, help="Files of stories; none: all of the draft's tests folder.")
    ] = None,
    draft: Draft = None,
    json: Json = False,
) -> None:
    """Play the draft's stories (dialplans/site/tests/*.toml) and judge each. Exit code 1 if one fails.

    Example: ivr dialplan test dialplans/site/tests/hotline.toml
    """
    start: Context = context.obj
    own = draft or render.own_dialplans(start.site)
    results = asyncio.run(run_stories(start.site, start.var, render.DIALPLANS / "core", own, files or None))
    if json:
        typer.echo(as_json({"stories": [result.as_dict() for result in results]}))
    elif not results:
        typer.echo(_say("none", folder=own / "tests"))
    else:
        typer.echo("\n".join(line for result in results for line in _told(result)))
        failed = sum(not result.passed for result in results)
        typer.echo(_say("counts", all=len(results), failed=failed))
    if not all(result.passed for result in results):
        raise typer.Exit(1)


def _told(result: StoryResult) -> list[str]:
    story = result.story
    file = story.file.relative_to(Path.cwd()) if story.file.is_relative_to(Path.cwd()) else story.file
    stands = standing(result.trial.stands, language()) if result.trial else ""
    head = f"{_say('passed' if result.passed else 'failed')}  {file}:{story.line}  {story.name}"
    if result.passed:
        return [head]
    return [
        head,
        *(f"    {failure[language()]}" for failure in result.failures),
        *([f"    ({stands})"] if stands else []),
    ]


def _say(word: str, **facts: Any) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)

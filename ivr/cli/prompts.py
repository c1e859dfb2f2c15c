"""`ivr prompts`: what callers hear: list, say, import, revert, check, make."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.context import PROBLEM, Context
from ivr.cli.language import language as terminal
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.dialplan import heard
from ivr.errors import HotlineError
from ivr.pbx import prompts as pbx_prompts
from ivr.pbx.prompts import book, categories, change, judge
from ivr.pbx.prompts.book import Entry
from ivr.pbx.prompts.change import Change
from ivr.store.audit import Audit
from ivr.store.export import as_json
from ivr.web import messages

app = typer.Typer(
    help="What callers hear: list, say, import, revert, check, make.", no_args_is_help=True, rich_markup_mode=None
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, both languages.")]
Name = Annotated[str, typer.Argument(help="The prompt's name, such as greeting or site-flood.")]
Language = Annotated[str, typer.Option(help="zh or en: the language of the recording.")]
Category = Annotated[
    str | None, typer.Option(help=f"What a new prompt is for: {', '.join(categories.CATEGORIES)}. No advertising (R5).")
]
By = Annotated[str | None, typer.Option(help="Who decides, by name; else the name of the login.")]

SHELL = "shell"  # the role of whoever may run commands here

WORDS = {
    "columns": (
        "提示音|语言|类别|来源|秒|LUFS|播放之处|文字",
        "prompt|language|category|kind|seconds|LUFS|played at|words",
    ),
    "recorded": ("录音", "recorded"),
    "tone": ("音", "tone"),
    "generated": ("合成", "generated"),
    "unused": ("（无处播放）", "(unused)"),
    "more": (" 等 {count} 处", " and {count} more"),
    "waiting": ("{kind}，待生成", "{kind}, to be made"),
    "well": ("全部 {count} 条提示音正常。", "All {count} prompts are well."),
    "sum": ("问题 {problem}，警告 {warning}", "problems: {problem}, warnings: {warning}"),
    "made": (
        "生成 {count} 条；正在运行的系统下次播放即用新音。",
        "Made {count}; a running system plays them from now on.",
    ),
    "done": ("{prompt}（{language}）：{seconds:.1f} 秒", "{prompt} ({language}): {seconds:.1f} s"),
    "nothing": ("请给出文字：--zh 或 --en", "give its words: --zh or --en"),
}


@app.command("list")
def list_(
    context: typer.Context,
    language: Annotated[str | None, typer.Option(help="Of one language alone.")] = None,
    unused: Annotated[bool, typer.Option("--unused", help="Those that nothing plays.")] = False,
    json: Json = False,
) -> None:
    """Every prompt: its language, what it is for, recorded or generated, length, loudness, and where it is played.

    Example: ivr prompts list --language zh
    """
    start: Context = context.obj
    entries = [
        entry
        for entry in book.book(start.site, start.var, heard.in_draft(start.site, start.var).places)
        if language in {None, entry.language} and not (unused and entry.played)
    ]
    if json:
        typer.echo(as_json({"prompts": [entry.as_dict() for entry in entries]}))
        return
    typer.echo(table(_say("columns").split("|"), [_row(entry) for entry in entries], longest=48))


@app.command("say")
def say(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    name: Name,
    zh: Annotated[str | None, typer.Option(help="Its words in Chinese.")] = None,
    en: Annotated[str | None, typer.Option(help="Its words in English.")] = None,
    category: Category = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Give a prompt words of the site's own; the synthesiser speaks them. {number} stands for the hotline's number.

    Example: ivr prompts say greeting --zh "您好，{number}热线。" --en "Hello, this is {number}."
    """
    start: Context = context.obj
    words = {code: text for code, text in (("zh", zh), ("en", en)) if text is not None}
    if not words:
        raise typer.BadParameter(_say("nothing"), param_hint="--zh, --en")
    with _in_their_language():
        _change(start, change.say(start.site, start.var, name, words, category), by, json)


@app.command("import")
def import_(  # noqa: PLR0917  typer passes by name
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(help="A sound file of any kind: wav, mp3, m4a, flac, ogg …")],
    language: Language,
    category: Category = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Bring a recording in: converted to 8 kHz, its ends trimmed, as loud as every prompt (−23 LUFS).

    Example: ivr prompts import greeting 问候语.mp3 --language zh
    """
    start: Context = context.obj
    with _in_their_language():
        _change(start, change.bring_in(start.site, start.var, name, language, file, category=category), by, json)


@app.command("revert")
def revert(
    context: typer.Context,
    name: Name,
    language: Language,
    by: By = None,
    json: Json = False,
) -> None:
    """Take a recording out again: the text is spoken from then on; the recording is kept as NAME.wav.previous.

    Example: ivr prompts revert greeting --language zh
    """
    start: Context = context.obj
    played = book.played(start.site, name, lambda one: heard.anywhere(start.site, start.var, one))
    with _in_their_language():
        _change(start, change.take_out(start.site, start.var, name, language, played), by, json)


@app.command("check")
def check(
    context: typer.Context,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 for warnings too.")] = False,
    json: Json = False,
) -> None:
    """Is every prompt there in every language, and fit for a telephone? Exit code 1 where there is a problem.

    Missing files and languages, clipping, silence at the ends or inside, loudness, length (a greeting: 5 s).

    Example: ivr prompts check --strict --json
    """
    start: Context = context.obj
    plays = heard.in_draft(start.site, start.var)
    entries = book.book(start.site, start.var, plays.places)
    faults = judge.check(entries, start.site.hotline.languages, plays.named)
    counts = {word: sum(fault.severity == word for fault in faults) for word in (judge.PROBLEM, judge.WARNING)}
    if json:
        typer.echo(as_json({"findings": [fault.as_dict() for fault in faults]}))
    else:
        code = terminal()
        marks = {judge.PROBLEM: "✗", judge.WARNING: "!"}
        for fault in faults:
            typer.echo(f"{marks[fault.severity]} {fault.prompt} ({fault.language}): {fault.message[code]}")
            typer.echo(f"    → {fault.mend[code]}")
        typer.echo(_say("sum", **counts) if faults else _say("well", count=len(entries)))
    if counts[judge.PROBLEM] or (strict and faults):
        raise typer.Exit(PROBLEM)


@app.command("make")
def make(context: typer.Context, json: Json = False) -> None:
    """Speak what has changed since in texts and recordings; a running system plays it from the next time on.

    Example: ivr prompts make
    """
    start: Context = context.obj
    count = pbx_prompts.ensure(start.site, start.var, lambda _: None)
    typer.echo(as_json({"made": count}) if json else _say("made", count=count))


@contextmanager
def _in_their_language() -> Iterator[None]:
    """What is refused is refused in the language of whoever sits there."""
    try:
        yield
    except HotlineError as error:
        raise HotlineError(error.id, messages.said(error, terminal()), error.details, error.status) from error


def _row(entry: Entry) -> Sequence[str]:
    code, facts = terminal(), entry.measured
    kind = _say(entry.kind)
    played = entry.played[0] if entry.played else _say("unused")
    if len(entry.played) > 1:
        played += _say("more", count=len(entry.played) - 1)
    return (
        entry.name,
        entry.language,
        categories.CATEGORIES[entry.category][code] if entry.category else "?",
        _say("waiting", kind=kind) if entry.waiting else kind,
        f"{facts.seconds:.1f}" if facts else "",
        f"{facts.lufs:.1f}" if facts and facts.lufs is not None else "",
        played,
        entry.text,
    )


def _change(start: Context, wish: Change, by: str | None, json: bool) -> None:
    """On record, then done: what cannot be noted is not done."""
    start.var.mkdir(parents=True, exist_ok=True, mode=0o700)
    person = by or getpass.getuser()
    with_store(start, lambda store: Audit(store).note(person, SHELL, wish.what, wish.prompt, details=wish.details))
    done = wish.do()
    if json:
        typer.echo(as_json({"prompts": [one.as_dict() for one in done]}))
        return
    for one in done:
        typer.echo(_say("done", prompt=one.prompt, language=one.language, seconds=one.seconds))
        for sentence in one.done:
            typer.echo(f"  {sentence[terminal()]}")


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if terminal() == "zh" else en).format(**facts)

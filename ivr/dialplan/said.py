"""What Asterisk itself says of a draft: a scratch Asterisk loads it, and each of its warnings becomes a finding.

Asterisk's own words: main/config.c, pbx/pbx_config.c, main/pbx.c. `findings` is pure.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import At, Dialplan
from ivr.dialplan.scratch import Loaded, scratch
from ivr.errors import HotlineError
from ivr.settings import Site

_LINE = re.compile(r"\[[^\]]*\] (WARNING|ERROR)\[\d+\](?:\[[^\]]*\])? [\w.]+: (.*)")
_AT = re.compile(r"(?:,? *(?:at|in|on)? )line (\d+) (?:of|in) (\S+?)[.:]?(?= |$)")
_CONTEXT = re.compile(r"Context '([^']*)' tries to include nonexistent context '([^']*)'")
_STEP = re.compile(r"[Ee]xtension '([^']*)' priority (\d+) in '([^']*)'")
# Said once more, with its line, by whoever asked for it.
_TWICE = ("Unable to register extension '", "Maximum PBX stack")

# What it says → how to mend it (Chinese, English); the first that fits.
_MEND: tuple[tuple[str, str, str], ...] = (
    (
        "Unable to register extension",
        "删去重复的一行，或给它另一个优先级。",
        "Delete one of the two, or give it another priority.",
    ),
    (
        "tries to include nonexistent context",
        "写出这个上下文，或删去 include。",
        "Write that context, or delete the include.",
    ),
    (
        "No closing parenthesis",
        "补上右括号。",
        "Close the bracket.",
    ),
    (
        "Invalid priority/label",
        "优先级写数字、n 或 s；跳转目标写已有的标签。",
        "Write a number, n or s as the priority, or a label that is there.",
    ),
    (
        "No '=' (equal sign)",
        "写成 exten => 或 same =>。",
        "Write `exten =>` or `same =>`.",
    ),
    (
        "no closing ']'",
        "补上 ]；否则后面的行都属于上一个上下文。",
        "Add the ]; otherwise what follows belongs to the context above.",
    ),
    (
        "Unknown directive",
        "只能用 exten、same、include、switch、ignorepat。",
        "Only exten, same, include, switch and ignorepat can stand here.",
    ),
    (
        "strongly discouraged",
        "改用 _X. 或更窄的号码模式。",
        "Use _X. or a narrower pattern.",
    ),
    (
        "already in use",
        "每个标签在一个分机里只能用一次；改一个名字。",
        "A label stands once in an extension: give one of the two another name.",
    ),
    (
        "#include but it does not exist",
        "改正文件名，或删去这一行。",
        "Correct the file's name, or delete the line.",
    ),
    (
        "Can't use 'next' priority",
        "第一行要用 1，其后才用 n。",
        "The first line needs 1; n comes after it.",
    ),
)
_OTHERWISE = ("按 Asterisk 说的改正这一行。", "Mend the line as Asterisk says.")


def findings(loaded: Loaded, dialplan: Dialplan) -> Iterator[Finding]:
    """What it said while it read the draft, at file and line; where it names none, the first file's first line."""
    first = At(dialplan.files[-1], 1) if dialplan.files else At(Path("extensions.conf"), 1)
    last = None
    for line in loaded.lines:
        matched = _LINE.match(line)
        if matched is None:
            continue
        said = matched[2].strip()
        if said.startswith(_TWICE) and _AT.search(said) is None:
            continue
        at = _place(said, dialplan)
        last = said
        mend = next((cure for words, *cure in _MEND if words in said), _OTHERWISE)
        words = _AT.sub("", said).replace("-- IGNORING!!!", "").replace("==!!== ", "").strip()
        yield found(at or first, "asterisk-says", said=words, mend_zh=mend[0], mend_en=mend[1])
    if not loaded.taken:
        yield found(first, "asterisk-refuses", said=last or "?")


def _place(said: str, dialplan: Dialplan) -> At | None:
    if (named := _AT.search(said)) is not None:
        return At(Path(named[2]), int(named[1]))
    if (missing := _CONTEXT.search(said)) is not None and (context := dialplan.contexts.get(missing[1])) is not None:
        return next((one.at for one in context.includes if one.name == missing[2]), context.at)
    if (step := _STEP.search(said)) is not None and (context := dialplan.contexts.get(step[3])) is not None:
        of_it = [one.at for one in context.steps if one.extension == step[1] and one.priority == int(step[2])]
        return of_it[-1] if of_it else context.at
    return None


def asterisk_says(site: Site, var: Path, core: Path, own: Sequence[Path], dialplan: Dialplan) -> list[Finding]:
    """Ask a scratch Asterisk (blocking; the first time it starts one). A note where none can be asked."""
    try:
        with ThreadPoolExecutor(1) as pool:  # the caller may stand in an event loop of its own
            loaded = pool.submit(asyncio.run, _load(site, var, sorted(core.glob("*.conf")), own)).result()
    except (HotlineError, OSError, TimeoutError) as failure:
        first = At(own[0] if own else core, 1)
        return [found(first, "asterisk-not-asked", why=str(failure).splitlines()[0])]
    return list(findings(loaded, dialplan))


async def _load(site: Site, var: Path, core: Sequence[Path], own: Sequence[Path]) -> Loaded:
    async with scratch(site, var) as running:
        return await running.load(core, [path.absolute() for path in own])

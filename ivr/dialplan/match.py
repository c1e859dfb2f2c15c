"""Which extension of a context takes a number, as Asterisk decides it (main/pbx.c: ext_cmp, _extension_match_core)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ivr.dialplan.model import Context, Dialplan, Step

_SETS = {"X": "0-9", "Z": "1-9", "N": "2-9"}
_DEEP = 128  # AST_PBX_MAX_STACK: so many contexts may include one another


def is_pattern(extension: str) -> bool:
    return extension.startswith("_")


def matches(extension: str, number: str) -> bool:
    """Does an extension or pattern take this number? A pattern that cannot be understood takes none."""
    if not is_pattern(extension):
        return extension == number
    compiled = _compiled(extension)
    return compiled is not None and compiled.fullmatch(number) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile("".join(regex for regex, _ in _letters(pattern)), re.DOTALL)
    except re.error:
        return None


def _letters(pattern: str) -> Iterator[tuple[str, int]]:
    """Each place of a pattern as a regular expression, and how many letters it takes (many: `.` and `!`)."""
    text, at = pattern[1:], 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter in "- ":
            continue
        if letter == "[":
            inside, bracket, _ = text[at:].partition("]")
            at += len(inside) + len(bracket)
            choice = "".join(re.escape(one) if one != "-" else "-" for one in inside)
            yield f"[{choice}]", _count(inside)
        elif letter.upper() in _SETS:
            span = _SETS[letter.upper()]
            yield f"[{span}]", _count(span)
        elif letter == ".":
            yield ".+", 500
            return
        elif letter == "!":
            yield ".*", 501
            return
        else:
            yield re.escape(letter), 1


def _count(inside: str) -> int:
    spans = re.findall(r"(.)-(.)", inside)
    return sum(max(0, ord(last) - ord(first) + 1) for first, last in spans) + len(re.sub(".-.", "", inside))


def order(extension: str) -> tuple[int, ...]:
    """What Asterisk tries first sorts first: a plain number, then the pattern whose places take fewer letters."""
    if not is_pattern(extension):
        return ()
    return tuple(count for _, count in _letters(extension)) or (502,)


def extension_for(context: Context, number: str) -> str | None:
    """The extension of this context, its includes left out, that takes the number."""
    taking = [one for one in context.extensions() if matches(one, number)]
    return min(taking, key=order) if taking else None


def reached(dialplan: Dialplan, context: str) -> Iterator[Context]:
    """The context and what it includes, in the order in which Asterisk looks; each once."""
    seen: set[str] = set()
    waiting = [context]
    while waiting:
        name = waiting.pop()
        found = dialplan.contexts.get(name)
        if name in seen or found is None or len(seen) >= _DEEP:
            continue
        seen.add(name)
        yield found
        waiting += [one.name.split(",")[0] for one in reversed(found.includes) if one.kind == "include"]


def find(dialplan: Dialplan, context: str, number: str, where: int | str = 1) -> Step | None:
    """The step at a place: `where` is a priority or a label. None where there is none."""
    for one in reached(dialplan, context):
        extension = extension_for(one, number)
        for step in one.steps:
            if step.extension == extension and where in (step.priority, step.label):
                return step
    return None

"""Patterns: those that take emergency numbers, those that are taken by others, those that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ivr.dialplan import match
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.model import Context, Step
from ivr.dialplan.rules.site import entrances

EMERGENCY = ("110", "119", "120", "122")
_SETS = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_REST = frozenset({".", "!"})
_MEANT = re.compile(r"(?=.*[XNZ])[0-9XNZ.!]{2,}|[0-9XNZ]*\[[0-9-]+\][0-9XNZ.!]*|\d+[.!]")
_MANY = 500  # patterns of one context; beyond it nobody wrote them by hand


def patterns_that_swallow(checked: Checked) -> Iterator[Finding]:
    """A site's pattern that takes 110, 119, 120, 122 or the hotline's own number."""
    numbers = (*EMERGENCY, checked.site.hotline.number) if checked.site else EMERGENCY
    explicit = {name: set(context.extensions()) & set(numbers) for name, context in checked.contexts.items()}
    for context, step in _firsts(checked):
        if not checked.of_site(step.at) or not match.is_pattern(step.extension):
            continue
        wanted = [one for one in dict.fromkeys(numbers) if one not in explicit[context.name]]
        taken = [one for one in wanted if match.matches(step.extension, one)]
        if taken and len(places(step.extension)) > 0 and not _is_one_number(step.extension):
            yield found(step.at, "pattern-swallows", pattern=step.extension, numbers=", ".join(taken))


def numbers_that_are_taken(checked: Checked) -> Iterator[Finding]:
    """A site's own number is none of those, and its own key not the emergency key."""
    assert checked.site is not None
    key = checked.contexts.get(f"site-key-{checked.site.hotline.emergency_key}")
    if key is not None and checked.of_site(key.at):
        yield found(key.at, "key-taken", key=checked.site.hotline.emergency_key)
    for name, context in checked.contexts.items():
        number = re.fullmatch(r"site-number-(\d+)", name)
        if number and checked.of_site(context.at) and number[1] in (*EMERGENCY, checked.site.hotline.number):
            yield found(context.at, "number-taken", number=number[1])


def patterns_that_are_wrong(checked: Checked) -> Iterator[Finding]:
    """Letters that make no pattern, and numbers that look like a pattern whose `_` was forgotten."""
    for _, step in _firsts(checked):
        extension = step.extension
        if match.is_pattern(extension):
            problem = _problem(extension[1:])
            if problem is not None:
                yield found(step.at, "pattern-wrong", pattern=extension, **problem)
        elif _MEANT.fullmatch(extension):
            yield found(step.at, "no-pattern", extension=extension)


def extensions_that_are_shadowed(checked: Checked) -> Iterator[Finding]:
    """Two patterns of one context that take the same numbers: the second is never asked."""
    for context in checked.contexts.values():
        first: dict[tuple[frozenset[str], ...], str] = {}
        for extension, step in _first_steps(context).items():
            shape = places(extension)
            if not shape:
                continue
            if shape in first:
                yield found(step.at, "shadowed", extension=extension, by=first[shape])
            else:
                first[shape] = extension


def extensions_that_an_include_hides(checked: Checked) -> Iterator[Finding]:
    """A context's own pattern takes a number before the contexts that it includes are asked for it.

    Only where there is no other way into the included context.
    """
    entered = entrances(checked)
    for context in checked.contexts.values():
        own = [one for one in _first_steps(context) if match.is_pattern(one)][:_MANY]
        for included in match.reached(checked.dialplan, context.name) if own else ():
            if included.name == context.name or entered(included.name) or not checked.of_site(included.at):
                continue
            for extension, step in islice(_first_steps(included).items(), _MANY):
                by = next((one for one in own if one != extension and covers(one, extension)), None)
                if by is not None:
                    yield found(step.at, "hidden", extension=extension, by=by, context=context.name)


def _firsts(checked: Checked) -> Iterator[tuple[Context, Step]]:
    """The first step of each extension as it is written."""
    for context in checked.contexts.values():
        yield from ((context, step) for step in _first_steps(context).values())


def _first_steps(context: Context) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for step in context.steps:
        if step.caller is None:
            steps.setdefault(step.extension, step)
    return steps


def _problem(text: str) -> dict[str, str] | None:
    if not text:
        return {"zh": "它是空的", "en": "it is empty"}
    if text.count("[") != text.count("]"):
        return {"zh": "方括号没有成对", "en": "a square bracket is not closed"}
    for inside in re.findall(r"\[([^\]]*)\]", text):
        if not inside:
            return {"zh": "[] 里什么也没有", "en": "there is nothing in []"}
        if any(first > last for first, last in re.findall(r"(.)-(.)", inside)):
            return {"zh": f"[{inside}] 的范围颠倒了", "en": f"the range in [{inside}] runs backwards"}
    bare = re.sub(r"\[[^\]]*\]", "", text)
    if re.search(r"[.!].", bare):
        return {"zh": ". 和 ! 之后的内容会被忽略", "en": "what follows . or ! is ignored"}
    return None


def places(extension: str) -> tuple[frozenset[str], ...]:
    """What each place of an extension takes; `.` and `!` are one place with that letter. Empty: not understood."""
    if not match.is_pattern(extension):
        return tuple(frozenset((letter,)) for letter in extension)
    found, text, at = list[frozenset[str]](), extension[1:], 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "[":
            inside, bracket, _ = text[at:].partition("]")
            if not bracket:
                return ()
            at += len(inside) + 1
            found.append(_choice(inside))
        elif letter in _REST:
            return (*found, frozenset((letter,)))
        elif letter.upper() in _SETS:
            found.append(frozenset(_SETS[letter.upper()]))
        elif letter not in "- ":
            found.append(frozenset((letter,)))
    return tuple(found)


def _choice(inside: str) -> frozenset[str]:
    letters = set(re.sub(".-.", "", inside))
    for first, last in re.findall(r"(.)-(.)", inside):
        letters |= {chr(code) for code in range(ord(first), min(ord(last), ord(first) + 0x100) + 1)}
    return frozenset(letters)


def _is_one_number(extension: str) -> bool:
    return all(len(place) == 1 and not place & _REST for place in places(extension))


def covers(pattern: str, extension: str) -> bool:
    """Does the pattern take every number that the extension takes? False where that is not plain."""
    if not match.is_pattern(extension):
        return extension not in {"s", "h", "i", "t", "T", "e", "o", "a"} and match.matches(pattern, extension)
    wide, narrow = places(pattern), places(extension)
    if not wide or not narrow:
        return False
    for at, place in enumerate(wide):
        if place == {"!"}:
            return True
        if place == {"."}:
            return at < len(narrow) and narrow[at] != {"!"}
        if at >= len(narrow) or narrow[at] & _REST or not narrow[at] <= place:
            return False
    return len(wide) == len(narrow)

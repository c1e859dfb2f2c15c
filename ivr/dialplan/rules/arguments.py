"""Arguments: too few, too many, options that the application does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan import words
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import found
from ivr.dialplan.findings import Finding
from ivr.dialplan.names import Application
from ivr.dialplan.parts import expressions, options, split

# application → what must stand in its arguments for it to do anything
_SHAPES = {"set": "=", "gotoif": "?", "gosubif": "?", "gotoiftime": "?", "execif": "?", "execiftime": "?"}


def arguments(checked: Checked) -> Iterator[Finding]:
    for step in checked.dialplan.steps():
        for call in words.calls(step.application, step.arguments):
            known = checked.names.application(call.application)
            if known is None:
                continue
            for code, facts in _judge(known, call.arguments):
                yield found(step.at, code, application=known.name, **facts)


def _judge(known: Application, text: str) -> Iterator[tuple[str, dict[str, object]]]:
    separator = _SHAPES.get(known.name.lower())
    if separator is not None:
        if separator not in text and (words.is_literal(text) or not _may_hold_more([text])):
            yield "arguments-shape", {"separator": separator}
        return
    parts = split(text) if text.strip() else []
    missing = [place for place in known.required if place >= len(parts) or not parts[place].strip()]
    if missing and not _may_hold_more(parts):
        yield "too-few-arguments", {"number": missing[0] + 1}
    if known.most is not None and len(parts) > known.most:
        yield "too-many-arguments", {"most": known.most, "number": len(parts)}
    for place, names in known.options.items():
        if place < len(parts):
            for option in _unknown(parts[place], names):
                yield "no-such-option", {"option": option, "known": " ".join(dict.fromkeys(map(_letter, names)))}


def _may_hold_more(parts: list[str]) -> bool:
    """A part that is nothing but `${…}` may come to several arguments."""
    return any(part.strip() and not words.literal_part(part).strip() for part in parts)


def _unknown(text: str, names: tuple[str, ...]) -> Iterator[str]:
    known = {_letter(name) for name in names}
    if any(len(name) > 1 for name in known):  # words, as Playback has them
        said = re.split(r"\W+", words.literal_part(text))
        yield from (word for word in said if word and word.lower() not in known)
        return
    for letter in options(words.literal_part(text)):
        if letter not in known and not letter.isspace():
            yield letter


def _letter(name: str) -> str:
    """`L(x[:y][:z])` is option L."""
    return name.partition("(")[0]


def expressions_that_are_open(checked: Checked) -> Iterator[Finding]:
    """A `${` or `$[` that is never closed, a quote that is never ended: Asterisk takes what is left for text."""
    for step in checked.dialplan.steps():
        if "$" not in step.arguments:
            continue
        if opening := _open(step.arguments):
            yield found(step.at, "expression-open", opening=opening)
        elif any(one.raw.replace('\\"', "").count('"') % 2 for one in expressions(step.arguments)):
            yield found(step.at, "quote-open")


def _open(text: str) -> str | None:
    """What is left open when all that is closed is taken away, from the inside out."""
    for _ in range(_DEEP):
        closed = _CLOSED.sub("", text)
        if closed == text:
            break
        text = closed
    found = _OPENING.search(text)
    return found[0] if found else None


_DEEP = 64
_CLOSED = re.compile(r"\$?\{[^{}\[\]]*\}|\$?\[[^{}\[\]]*\]")
_OPENING = re.compile(r"\$[{\[]")

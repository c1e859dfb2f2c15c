"""What stands within a step: arguments, `${…}`, applications inside applications. Pure.

As Asterisk takes them apart: main/app.c (separate_args), main/pbx_variables.c, apps/app_exec.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
DEEP = 64  # expressions within expressions; what goes deeper is not looked at

# application → does it run others: where its condition ends
_RUNNERS = {"execif": True, "execiftime": True, "exec": False, "tryexec": False}


@dataclass(frozen=True, slots=True)
class Expression:
    """`${name}` or `${name(arguments)}`; either may hold expressions itself."""

    name: str
    arguments: str | None  # None: a variable
    text: str  # all of it, `${` and `}` included

    @property
    def is_function(self) -> bool:
        return self.arguments is not None


@dataclass(frozen=True, slots=True)
class Call:
    """An application with its arguments: a step's own, or one that ExecIf and its like run."""

    application: str
    arguments: str


def split(text: str, separator: str = ",", most: int = -1) -> list[str]:
    """The parts between separators; brackets and quotes keep theirs together. `most` parts: the last has the rest."""
    parts: list[str] = []
    depth, quoted, begun, at = 0, False, 0, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth = max(0, depth - 1)
        elif letter == separator and depth == 0 and not quoted and (most < 0 or len(parts) < most - 1):
            parts.append(text[begun:at])
            begun = at + 1
        at += 1
    return [*parts, text[begun:]]


def expressions(text: str) -> Iterator[Expression]:
    """Each `${…}`, the outer before those inside it, to a depth of `DEEP`."""
    waiting = [(text, 0)]
    while waiting:
        inside, depth = waiting.pop()
        for start, end in spans(inside):
            expression = _expression(inside[start:end])
            yield expression
            if depth < DEEP:
                waiting.append((expression.text[2:-1], depth + 1))


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each outermost `${…}` begins and ends; one that is never closed is none."""
    depth, start = 0, 0
    for found in re.finditer(r"\$\{|\{|\}", text):
        if found[0] == "}":
            depth = max(0, depth - 1)
            if depth == 0 and start >= 0 and text.startswith("${", start) and found.start() > start:
                yield start, found.end()
                start = -1
        elif found[0] == "${" or depth:
            if depth == 0:
                start = found.start()
            depth += 1


def _expression(text: str) -> Expression:
    inside = text[2:-1]
    head = re.match(r"[^(:]*", inside)
    assert head is not None
    # `${A${B(x)}}`: the bracket belongs to a variable's own expression.
    if inside[head.end() : head.end() + 1] != "(" or "{" in head[0]:
        return Expression(_up_to_colon(inside), None, text)
    arguments = inside[head.end() + 1 :]
    end = _closing(arguments)
    return Expression(head[0].strip(), arguments[:end], text)


def _up_to_colon(text: str) -> str:
    return split(text, ":", 2)[0].strip()


def _closing(text: str) -> int:
    """Where the bracket closes that was opened before this text."""
    depth = 0
    for at, letter in enumerate(text):
        if letter == "(":
            depth += 1
        elif letter == ")":
            if depth == 0:
                return at
            depth -= 1
    return len(text)


def without_expressions(text: str, instead: str = "") -> str:
    """The text with each `${…}` replaced."""
    parts, last = [], 0
    for start, end in spans(text):
        parts += [text[last:start], instead]
        last = end
    return "".join([*parts, text[last:]])


def is_literal(text: str) -> bool:
    """Does it stand for itself, whatever the call?"""
    return "${" not in text and "$[" not in text


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text may come to: its literal parts in their order, with anything in place of `${…}` and `$[…]`."""

    parts: tuple[str, ...]

    def fits(self, text: str) -> bool:
        first, *rest = self.parts
        if not rest:
            return text == first
        *middle, last = rest
        if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            found = text.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


def shape(text: str) -> Shape:
    marked = re.sub(r"\$\[.*\]", "\0", without_expressions(text, "\0"), flags=re.DOTALL)
    return Shape(tuple(marked.split("\0")))


def calls(application: str, arguments: str) -> Iterator[Call]:
    """The application itself, then what it runs: `ExecIf(…?Set(A=1):Goto(x))` gives ExecIf, Set and Goto."""
    waiting, deep = [Call(application, arguments)], 0
    while waiting and deep < DEEP:
        call, deep = waiting.pop(0), deep + 1
        yield call
        conditional = _RUNNERS.get(call.application.lower())
        if conditional is None:
            continue
        branches = split(split(call.arguments, "?", 2)[-1], ":", 2) if conditional else [call.arguments]
        waiting += [inner for branch in branches if (inner := _call(branch)) is not None]


def _call(text: str) -> Call | None:
    name, bracket, rest = text.strip().partition("(")
    if not name.strip() or not is_literal(name):
        return None
    inside, closing, _ = rest.rpartition(")")
    return Call(name.strip(), inside if closing or not bracket else rest)


@dataclass(frozen=True, slots=True)
class Option:
    letter: str
    argument: str | None


def options(text: str) -> Iterator[Option]:
    """`gU(x^s^1)i` → g, U with its argument, i (main/app.c: parse_options). A letter that `${…}` gives is not seen."""
    ends = dict(spans(text))
    at = 0
    while at < len(text):
        if at in ends:
            at = ends[at]
            continue
        letter = text[at]
        at += 1
        if at < len(text) and text[at] == "(":
            end = at + 1 + _closing(text[at + 1 :])
            yield Option(letter, text[at + 1 : end])
            at = end + 1
        else:
            yield Option(letter, None)


def assignment(text: str) -> tuple[str, str] | None:
    """What Set assigns: `NAME=value`, `FUNCTION(arguments)=value`; None where there is no `=`."""
    parts = split(text, "=", 2)
    return (parts[0].strip(), parts[1]) if len(parts) == 2 else None

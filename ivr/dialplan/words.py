"""What a text of a dialplan may come to, and the applications that a step runs. Pure; `parts` takes texts apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.dialplan.parts import Plain, call, parse, split

DEEP = 64  # applications within applications; what goes deeper is not looked at

# application → does a condition stand before what it runs?
_RUNNERS = {"execif": True, "execiftime": True, "exec": False, "tryexec": False}


@dataclass(frozen=True, slots=True)
class Call:
    """An application with its arguments: a step's own, or one that ExecIf and its like run."""

    application: str
    arguments: str


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
    parts = [""]
    for one in parse(text):
        if isinstance(one, Plain):
            parts[-1] += one.text
        else:
            parts.append("")
    return Shape(tuple(parts))


def is_literal(text: str) -> bool:
    """Does it stand for itself, whatever the call?"""
    return "${" not in text and "$[" not in text


def literal_part(text: str) -> str:
    """The text without its `${…}` and `$[…]`."""
    return "".join(one.text for one in parse(text) if isinstance(one, Plain))


def calls(application: str, arguments: str) -> Iterator[Call]:
    """The application itself, then what it runs: `ExecIf(…?Set(A=1):Goto(x))` gives ExecIf, Set and Goto."""
    waiting, done = [Call(application, arguments)], 0
    while waiting and done < DEEP:
        one, done = waiting.pop(0), done + 1
        yield one
        conditional = _RUNNERS.get(one.application.lower())
        if conditional is None:
            continue
        branches = split(split(one.arguments, "?", 2)[-1], ":", 2) if conditional else [one.arguments]
        inner = (Call(*call(branch)) for branch in branches)
        waiting += [one for one in inner if one.application and is_literal(one.application)]


def assignment(text: str) -> tuple[str, str] | None:
    """What Set assigns: `NAME=value`, `FUNCTION(arguments)=value`; None where there is no `=`."""
    parts = split(text, "=", 2)
    return (parts[0].strip(), parts[1]) if len(parts) == 2 else None

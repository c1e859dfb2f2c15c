"""The applications that a step runs: its own, and those that ExecIf, TryExec and their like run for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ivr.dialplan.model import Step
from ivr.dialplan.parts import call, options, split

_DEEP = 4


@dataclass(frozen=True, slots=True)
class Run:
    """`application` in small letters; `text` is all of its arguments, `arguments` the same taken apart."""

    application: str
    text: str
    arguments: tuple[str, ...]

    def argument(self, index: int) -> str:
        return self.arguments[index].strip() if index < len(self.arguments) else ""


def runs(step: Step) -> tuple[Run, ...]:
    """Every application that the step may run, its own first."""
    return _all(step.application, step.arguments)


@lru_cache(maxsize=20_000)
def _all(application: str, text: str) -> tuple[Run, ...]:
    return tuple(_runs(application, text, 0))


def _runs(application: str, text: str, deep: int) -> Iterator[Run]:
    name = application.lower()
    yield Run(name, text, tuple(split(text)))
    if deep >= _DEEP:
        return
    if name in {"exec", "tryexec"}:
        yield from _runs(*call(text), deep + 1)
    elif name in {"execif", "execiftime"}:
        question = split(text, "?", 2)
        for inner in split(question[1], ":", 2) if len(question) > 1 else ():
            yield from _runs(*call(inner), deep + 1)


def assigned(step: Step) -> tuple[tuple[str, str | None], ...]:
    """Each variable that a step sets and the text of its value, None where a person or a program gives it.

    Names are as written: `__CALLER`, `SHARED(FAR,${CALLER})`, `GLOBAL(X)`. Variables of new legs (Originate) too.
    """
    return _assigned(step.application, step.arguments)


@lru_cache(maxsize=20_000)
def _assigned(application: str, text: str) -> tuple[tuple[str, str | None], ...]:
    return tuple(_assignments(_all(application, text)))


def _assignments(found: tuple[Run, ...]) -> Iterator[tuple[str, str | None]]:
    for run in found:
        if run.application == "set":
            yield from _equations((run.text,))
        elif run.application in {"mset", "array"}:
            yield from _equations(run.arguments)
        elif run.application in {"read", "readexten"}:
            yield run.argument(0), None
        elif run.application == "originate":
            yield from _equations(options(run.argument(6)).get("v", "").split("^"))


def _equations(texts: tuple[str, ...] | list[str]) -> Iterator[tuple[str, str | None]]:
    for text in texts:
        parts = split(text, "=", 2)
        if len(parts) > 1:
            yield parts[0].strip(), parts[1]


def bare(name: str) -> str:
    """A variable's name as it is read: no underscores of inheritance, `GLOBAL(X)` as X, `SHARED(X,…)` `SHARED(X)`."""
    name = name.strip()
    head, bracket, rest = name.partition("(")
    if head.upper() == "GLOBAL" and bracket:
        return rest.removesuffix(")")
    if head.upper() == "SHARED" and bracket:
        return f"SHARED({split(rest.removesuffix(')'))[0]})"
    return name.lstrip("_") if name.startswith("_") else name

"""The text of an argument as Asterisk will take it apart: plain words, `${…}` and `$[…]`, as deep as they nest. Pure.

Asterisk's own reading: main/pbx_variables.c (pbx_substitute_variables_helper_full), main/app.c (ast_app_separate_args).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_DEEP = 40  # what nests deeper stands as plain text: no person writes it


@dataclass(frozen=True, slots=True)
class Plain:
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`${NAME}`, `${NAME:1:2}` or `${FUNCTION(arguments)}`; the name itself may hold references: `${TARGET_${KEY}}`."""

    raw: str
    name: tuple[Part, ...]
    arguments: tuple[Part, ...] | None  # None: a variable
    slice: tuple[Part, ...]

    @property
    def literal(self) -> str | None:
        """The name, where no reference is part of it."""
        return "".join(one.text for one in self.name if isinstance(one, Plain)) if self.fixed else None

    @property
    def fixed(self) -> bool:
        return all(isinstance(one, Plain) for one in self.name)


@dataclass(frozen=True, slots=True)
class Expression:
    """`$[…]`"""

    raw: str
    inside: tuple[Part, ...]


Part = Plain | Reference | Expression


@lru_cache(maxsize=20_000)
def parse(text: str) -> tuple[Part, ...]:
    """Never raises; what is not closed goes to the end of the text."""
    if "$" not in text:
        return (Plain(text),) if text else ()
    return _Reader(text).read("", 0)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self, stops: str, deep: int) -> tuple[Part, ...]:
        """Up to one of `stops` outside of brackets that were opened here."""
        text, parts, plain, opened = self._text, list[Part](), list[str](), 0
        closing = {"": "", ")": "(", "]": "[", "}": "{"}.get(stops[-1:], "")
        while self._at < len(text):
            letter = text[self._at]
            nested = letter == "$" and deep < _DEEP and text[self._at + 1 : self._at + 2]
            if nested in {"{", "["}:
                if plain:
                    parts.append(Plain("".join(plain)))
                    plain.clear()
                parts.append(self._reference(deep + 1) if nested == "{" else self._expression(deep + 1))
                continue
            if letter in stops and opened == 0:
                break
            opened += (letter == closing) - (letter == stops[-1:])
            plain.append(letter)
            self._at += 1
        if plain:
            parts.append(Plain("".join(plain)))
        return tuple(parts)

    def _reference(self, deep: int) -> Reference:
        begun = self._at
        self._at += 2
        name = self.read("(:}", deep)
        arguments = None
        if self._here() == "(":
            self._at += 1
            arguments = self.read(")", deep)
            self._at += 1
        self._at += self._here() == ":"
        rest = self.read("}", deep)
        self._at += 1
        return Reference(self._text[begun : self._at], name, arguments, rest)

    def _expression(self, deep: int) -> Expression:
        begun = self._at
        self._at += 2
        inside = self.read("]", deep)
        self._at += 1
        return Expression(self._text[begun : self._at], inside)

    def _here(self) -> str:
        return self._text[self._at : self._at + 1]


def text_of(parts: Iterable[Part]) -> str:
    """As it was written."""
    return "".join(one.text if isinstance(one, Plain) else one.raw for one in parts)


@lru_cache(maxsize=20_000)
def references(text: str) -> tuple[Reference, ...]:
    """Every `${…}` of a text, those within others too."""
    return tuple(_within(parse(text)))


def _within(parts: Iterable[Part]) -> Iterator[Reference]:
    for one in parts:
        if isinstance(one, Expression):
            yield from _within(one.inside)
        elif isinstance(one, Reference):
            yield one
            for inner in (one.name, one.arguments or (), one.slice):
                yield from _within(inner)


def expressions(text: str) -> Iterator[Expression]:
    """Every `$[…]` of a text, those within others too."""
    waiting = list(parse(text))
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Expression):
            yield one
            waiting += one.inside
        elif isinstance(one, Reference):
            waiting += (*one.name, *(one.arguments or ()), *one.slice)


def split(text: str, separator: str = ",", most: int = 0) -> list[str]:
    """Arguments: brackets of every kind and quotes keep their insides together. `most` (0: any) parts at most."""
    if separator not in text:
        return [text]
    parts, word = list[str](), list[str]()
    depth, quoted, at = 0, False, 0
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            word.append(text[at : at + 2])
            at += 2
            continue
        if letter == '"' and depth == 0:
            quoted = not quoted
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth = max(0, depth - 1)
        if letter == separator and depth == 0 and not quoted and (not most or len(parts) + 1 < most):
            parts.append("".join(word))
            word.clear()
        else:
            word.append(letter)
        at += 1
    return [*parts, "".join(word)]


def call(text: str) -> tuple[str, str]:
    """`Name(arguments)` as ExecIf, TryExec and Exec take it → the two."""
    name, bracket, rest = text.strip().partition("(")
    inside, closing, _ = rest.rpartition(")")
    return name.strip(), (inside if closing else rest) if bracket else ""


def options(text: str) -> dict[str, str]:
    """An application's option letters → what stands in their brackets: `giU(a^s^1)` → {g: "", i: "", U: "a^s^1"}."""
    found, at = dict[str, str](), 0
    while at < len(text):
        letter, at = text[at], at + 1
        inside = ""
        if text[at : at + 1] == "(":
            depth, begun = 1, at + 1
            at = begun
            while at < len(text) and depth:
                depth += (text[at] == "(") - (text[at] == ")")
                at += 1
            inside = text[begun : at - (depth == 0)]
        found[letter] = inside
    return found

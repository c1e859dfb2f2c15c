"""What `$[…]` comes to, as far as it can be known before a call: a word, or None. Pure (Asterisk: ast_expr2.y)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ivr.dialplan.parts import Expression, Part, Plain, Reference

Known = Callable[[Reference], str | None]  # what a reference stands for; None: nobody can know

_TOKEN = re.compile(r"\s*(\|\||&&|!=|<=|>=|==|=~|~~|[|&=<>+*/%?:()!-]|[^\s|&=<>+*/%?:()!\"-]+)")
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("|", "||"),
    ("&", "&&"),
    ("=", "==", "!=", "<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_DEEP = 30


class _UnreadableError(Exception):
    pass


def truth(condition: tuple[Part, ...], known: Known) -> bool | None:
    """Does the condition of a GotoIf or ExecIf hold? None where that depends on the call."""
    value = value_of(condition, known)
    return None if value is None else bool(value) and not re.fullmatch(r"\s*[-+]?0*\s*", value)


def value_of(parts: tuple[Part, ...], known: Known) -> str | None:
    words = []
    for one in parts:
        word = _evaluate(one, known) if isinstance(one, Expression) else _word(one, known)
        if word is None:
            return None
        words.append(word)
    return "".join(words)


def _word(part: Part, known: Known) -> str | None:
    if isinstance(part, Plain):
        return part.text
    if isinstance(part, Expression):
        return _evaluate(part, known)
    return known(part)


def _evaluate(expression: Expression, known: Known) -> str | None:
    try:
        reader = _Evaluator(_Tokens(expression.inside, known).found)
        return reader.whole()
    except _UnreadableError:
        return None


_Token = tuple[str, str | None]  # ("operator" | "word", text; None: a word that nobody can know)


class _Tokens:
    """A reference is part of the word that it touches; quotes keep a word together and fall away."""

    def __init__(self, parts: tuple[Part, ...], known: Known) -> None:
        self.found: list[_Token] = []
        self._quoted: list[str | None] | None = None
        self._touching = False
        for part in parts:
            if isinstance(part, Plain):
                self._plain(part.text)
            elif self._quoted is not None:
                self._quoted.append(_word(part, known))
            else:
                self._add(_word(part, known))

    def _add(self, word: str | None) -> None:
        if self._touching and self.found and self.found[-1][0] == "word":
            word = _joined([self.found.pop()[1], word])
        self.found.append(("word", word))
        self._touching = True

    def _plain(self, text: str) -> None:
        at = 0
        while at < len(text):
            if self._quoted is not None:
                at = self._in_quotes(self._quoted, text, at)
            elif text[at] == '"':
                self._quoted, at = [], at + 1
            elif text[at].isspace():
                self._touching, at = False, at + 1
            elif (found := _TOKEN.match(text, at)) is None:
                raise _UnreadableError
            else:
                at = found.end()
                if re.fullmatch(r"[|&=<>+*/%?:()!~-]+", found[1]):
                    self.found.append(("operator", found[1]))
                    self._touching = False
                else:
                    self._add(found[1])

    def _in_quotes(self, quoted: list[str | None], text: str, at: int) -> int:
        end = text.find('"', at)
        quoted.append(text[at:] if end < 0 else text[at:end])
        if end < 0:
            return len(text)
        self.found.append(("word", _joined(quoted)))
        self._quoted = None
        return end + 1


def _joined(words: list[str | None]) -> str | None:
    return None if None in words else "".join(word for word in words if word is not None)


class _Evaluator:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> str | None:
        value = self.level(0, 0)
        if self._at != len(self._tokens):
            raise _UnreadableError
        return value

    def level(self, level: int, deep: int) -> str | None:
        if deep > _DEEP:
            raise _UnreadableError
        if level == len(_LEVELS):
            return self._single(deep)
        left = self.level(level + 1, deep)
        while (operator := self._operator()) in _LEVELS[level]:
            self._at += 1
            left = _apply(operator or "", left, self.level(level + 1, deep))
        return left

    def _operator(self) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "operator":
            return self._tokens[self._at][1]
        return None

    def _single(self, deep: int) -> str | None:
        if self._at >= len(self._tokens):
            raise _UnreadableError
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "word":
            return text
        if text == "(":
            value = self.level(0, deep + 1)
            if self._operator() != ")":
                raise _UnreadableError
            self._at += 1
            return value
        if text == "!":
            value = self._single(deep + 1)
            return None if value is None else "0" if _true(value) else "1"
        if text == "-":
            return _apply("-", "0", self._single(deep + 1))
        raise _UnreadableError


def _true(value: str) -> bool:
    return value not in {"", "0"}


def _apply(operator: str, left: str | None, right: str | None) -> str | None:
    if operator in {"&", "&&"}:
        false = any(side is not None and not _true(side) for side in (left, right))
        return "0" if false else None if right is None else left
    if operator in {"|", "||"}:
        true = [side for side in (left, right) if side is not None and _true(side)]
        return true[0] if true else None if left is None else right
    if left is None or right is None:
        return None
    if operator in _COMPARE:
        one, two = _number(left), _number(right)
        order = (left > right) - (left < right) if one is None or two is None else (one > two) - (one < two)
        return "1" if order in _COMPARE[operator] else "0"
    return _calculated(operator, _number(left), _number(right))


_COMPARE: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"=": (0,), "==": (0,), "!=": (-1, 1), "<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}
)


def _calculated(operator: str, one: float | None, two: float | None) -> str | None:
    if one is None or two is None or (operator in {"/", "%"} and two == 0):
        return None
    results = {"+": one + two, "-": one - two, "*": one * two}
    value = results[operator] if operator in results else one / two if operator == "/" else one % two
    return f"{value:.10g}"


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[-+]?\d{1,15}(\.\d{1,9})?", text.strip()) else None

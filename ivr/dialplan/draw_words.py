"""What a dialplan's names and conditions are called in words: `words.toml`, the product's and the site's own over it.

    [contexts]             name → what happens there
    [when.VARIABLE]        value → what it means that the variable has it; "*": any other value than those named and ""
    [conditions]           a whole condition as it is written → what it means; not: what it means that it does not hold
    [steps]                step of the call log (ivr_step) → what happens at the place that writes it
    [keys]                 context in which keys are looked up → what a {key} there is called
    [hooks]                name of a hook → when core asks for it
    [asks]                 variable by which a site's hook asks core for something → what it asks; {value}: its value

What has no words there is told by the rule of its form: `x is y`. A context without words has the first sentence of the
comment above its heading.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ivr.dialplan.model import Context, Dialplan
from ivr.errors import HotlineError
from ivr.settings import Text

PROJECT = Path(__file__).resolve().parents[2] / "dialplans" / "words.toml"
NAME = "words.toml"

_COMPARISON = re.compile(r'"?(.*?)"?\s*(!=|<=|>=|=|<|>)\s*"?([^"]*)"?', re.DOTALL)
_REFERENCE = re.compile(r"\$\{(.*)\}", re.DOTALL)
_OTHER_WAY = {"=": "!=", "!=": "=", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
_TOLD = {"<": ("小于", "below"), ">": ("大于", "above"), "<=": ("不大于", "at most"), ">=": ("不小于", "at least")}
_SENTENCE = re.compile(r"(.+?[.。;；!！?？](?=\s|$)|.+)")
_LONGEST = 60  # letters of what is told of a condition that nobody has found words for


class WordsError(HotlineError):
    """A words.toml is wrong."""


Table = Mapping[str, Text]


@dataclass(frozen=True)
class Words:
    """`language`: zh or en. A word that the language lacks is told in the other."""

    language: str
    contexts: Table = field(default_factory=dict)
    when: Mapping[str, Table] = field(default_factory=dict)
    conditions: Mapping[str, Mapping[str, Text | str]] = field(default_factory=dict)
    steps: Table = field(default_factory=dict)
    keys: Table = field(default_factory=dict)
    hooks: Table = field(default_factory=dict)
    asks: Table = field(default_factory=dict)

    @cached_property
    def zh(self) -> bool:
        return self.language == "zh"

    def pick(self, text: Mapping[str, str]) -> str:
        return text.get(self.language) or next(iter(text.values()), "")

    def say(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def context(self, context: Context, dialplan: Dialplan) -> str:
        if context.name in self.contexts:
            return self.pick(self.contexts[context.name])
        return _comment_above(context, dialplan) or context.name

    def condition(self, text: str, holds: bool = True) -> str:
        """What it means that the condition of a GotoIf or ExecIf holds, or does not."""
        inside = text.strip()
        if inside.startswith("$[") and inside.endswith("]"):
            inside = inside[2:-1].strip()
        whole = self.conditions.get(inside)
        if whole is not None:
            negative = whole.get("not")
            if holds or not isinstance(negative, Mapping):
                told = self.pick({key: word for key, word in whole.items() if isinstance(word, str)})
                return told if holds else self.say(f"不是：{told}", f"not: {told}")
            return self.pick(negative)
        return self._parts(inside, holds)

    def _parts(self, text: str, holds: bool) -> str:
        for separator, both in (("|", False), ("&", True)):
            parts = list(_split(text, separator))
            if len(parts) > 1:
                told = list(dict.fromkeys(self.condition(part, holds) for part in parts))
                together = both == holds  # not (a and b) = not a or not b
                return self.say("且" if together else "或", " and " if together else " or ").join(told)
        return self._comparison(text, holds)

    def _comparison(self, text: str, holds: bool) -> str:
        found = _COMPARISON.fullmatch(text.strip())
        if found is None:
            reference = _REFERENCE.fullmatch(text.strip())
            return self._value(reference[1], "", "!=" if holds else "=") if reference else self._raw(text, holds)
        left, sign, value = found[1].strip(), found[2], found[3].strip()
        sign = sign if holds else _OTHER_WAY[sign]
        reference = _REFERENCE.fullmatch(left.removeprefix("0"))
        if reference is None:
            return self._raw(text, holds)
        if sign in _TOLD:
            return f"{self._named(reference[1])} {self.say(*_TOLD[sign])} {self._plain(value)}"
        return self._value(reference[1], value, sign)

    def _value(self, variable: str, value: str, sign: str) -> str:
        table = self.when.get(variable, {})
        if sign == "=" and value in table:
            return self.pick(table[value])
        if sign == "!=" and f"!{value}" in table:
            return self.pick(table[f"!{value}"])
        if sign == "!=" and value == "" and "*" in table:
            return self.pick(table["*"])
        name, told = self._named(variable), self._plain(value)
        if value == "":
            return self.say(f"{'无' if sign == '=' else '有'}{name}", f"{'no ' if sign == '=' else ''}{name}")
        if value in {"0", "1"} and variable.startswith(("CHANNEL_EXISTS(", "DIALPLAN_EXISTS(", "DB_EXISTS(", "STAT(")):
            there = (value == "1") == (sign == "=")
            return self.say(f"{name}{'在' if there else '不在'}", f"{name} is {'' if there else 'not '}there")
        known = table.get(value)
        told = self.pick(known) if known else told
        return self.say(
            f"{name}{'为' if sign == '=' else '不为'}{told}", f"{name} is {'' if sign == '=' else 'not '}{told}"
        )

    def _named(self, variable: str) -> str:
        """A variable in words: `[when.X]` may have a `name`; else its own name without its brackets' insides."""
        table = self.when.get(variable, {})
        if "name" in table:
            return self.pick(table["name"])
        while (inner := _REFERENCE.search(variable)) is not None:
            variable = variable[: inner.start()] + inner[1] + variable[inner.end() :]
        return variable

    def _plain(self, value: str) -> str:
        reference = _REFERENCE.fullmatch(value)
        return self._named(reference[1]) if reference else value

    def _raw(self, text: str, holds: bool) -> str:
        short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        return short if holds else self.say(f"不是：{short}", f"not: {short}")


def load(language: str, *folders: Path) -> Words:
    """The product's words, and over them those of each folder's `words.toml`. Raises WordsError."""
    words = Words(language)
    for path in (PROJECT, *(folder / NAME for folder in folders)):
        if path.exists():
            words = _over(words, path)
    return words


def _over(words: Words, path: Path) -> Words:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise WordsError("words", f"{path} cannot be read: {failure}") from failure
    for table in found.values():
        for name, told in table.items() if isinstance(table, dict) else [("", None)]:
            if not isinstance(told, dict):
                raise WordsError("words", f'{path}: {name}: expected {{zh = "…", en = "…"}}')
    when = {**words.when}
    for name, table in found.get("when", {}).items():
        when[name] = {**when.get(name, {}), **table}
    return Words(
        words.language,
        {**words.contexts, **found.get("contexts", {})},
        when,
        {**words.conditions, **found.get("conditions", {})},
        {**words.steps, **found.get("steps", {})},
        {**words.keys, **found.get("keys", {})},
        {**words.hooks, **found.get("hooks", {})},
        {**words.asks, **found.get("asks", {})},
    )


def _comment_above(context: Context, dialplan: Dialplan) -> str:
    """The first sentence of the comment lines right above the heading, or in the line of the heading itself."""
    lines = {one.at.line: one.text for one in dialplan.comments if one.at.file == context.at.file}
    first = context.at.line
    if first in lines:
        return lines[first]
    while first - 1 in lines:
        first -= 1
    text = " ".join(lines[line] for line in range(first, context.at.line)).strip(" -=*#")
    found = _SENTENCE.match(text)
    return found[1].rstrip(".。;；").strip() if found else ""


def _split(text: str, separator: str) -> Iterator[str]:
    """Outside of quotes and brackets."""
    depth, quoted, begun = 0, False, 0
    for at, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == separator and depth == 0 and not quoted:
            yield text[begun:at].strip()
            begun = at + 1
    yield text[begun:].strip()

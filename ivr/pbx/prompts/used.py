"""Which prompts do the dialplans play, and is each there in each language? Asterisk only warns, in mid-call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# application → which of its arguments names files (`a&b`), counted from 0
PLAYERS = {"Playback": 0, "BackGround": 0, "Background": 0, "Read": 1, "ControlPlayback": 0, "Queue": 3}
_APPLICATION = re.compile(rf"\b({'|'.join(PLAYERS)})\(")
_CHOICE = re.compile(r"[?:]([a-z0-9][a-z0-9/-]*)")  # what ${IF(…?a:b)} may come to
_LITERAL = re.compile(r"[a-z0-9][a-z0-9/_-]*")


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a dialplan plays a prompt. `name` is a regular expression where a variable is part of it."""

    file: Path
    line: int
    name: str
    literal: bool


def uses(dialplan: Path) -> Iterator[Use]:
    """Every prompt that the .conf files below a folder play."""
    for file in sorted(dialplan.rglob("*.conf")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            code = re.split(r"(?<!\\);", line, maxsplit=1)[0]
            for found in _APPLICATION.finditer(code):
                arguments = split(code[found.end() :], ",")
                at = PLAYERS[found[1]]
                for word in split(arguments[at], "&") if at < len(arguments) else []:
                    yield from (Use(file, number, name, literal) for name, literal in names(word.strip()))


def names(word: str) -> Iterator[tuple[str, bool]]:
    """A file argument → what it may stand for: itself, the branches of an IF, a pattern where it has a variable."""
    if _LITERAL.fullmatch(word):
        yield word, True
    elif word.startswith("${IF("):
        yield from ((choice, True) for choice in _CHOICE.findall(word))
    elif "${" in word:
        parts = re.split(r"\$\{[^{}]*\}", word)
        if any(re.search("[a-z0-9]", part) for part in parts):
            yield ".+".join(map(re.escape, parts)), False


def missing(dialplan: Path, var: Path, languages: Iterable[str], also: Iterable[str] = ()) -> list[str]:
    """One sentence for each prompt that a dialplan plays, or the settings name (`also`), and a language lacks."""
    problems = []
    for language in languages:
        folder = var / "prompts" / language
        there = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.wav")}
        named = [Use(Path("hotline.toml"), 0, name, True) for name in also]
        for use in (*uses(dialplan), *named):
            found = use.name in there if use.literal else any(re.fullmatch(use.name, name) for name in there)
            if not found:
                mend = f"add it to prompts/{language}.toml or as prompts/recorded/{language}/{use.name}.wav"
                problems.append(f"{use.file}:{use.line}: no prompt {use.name} in {language!r}; {mend}")
    return problems


def split(text: str, separator: str) -> list[str]:
    """The arguments up to the application's closing bracket; brackets of every kind keep their insides together."""
    parts, depth, word = [], 0, ""
    for letter in text:
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if depth == 0:
                break
            depth -= 1
        if letter == separator and depth == 0:
            parts.append(word)
            word = ""
        else:
            word += letter
    return [*parts, word]

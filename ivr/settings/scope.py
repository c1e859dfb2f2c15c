"""The scope lists: which matters each desk accepts, as the city has agreed (R31). Data, in versions with their days.

A file of the city's own, named in `[desk] scope`, or the sample that ships. Several versions of a list may stand side
by side; which one is in force on a day is judged by `ivr.desks.scope`.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from ivr.settings import classes
from ivr.settings.model import Site
from ivr.settings.read import MISSING, Reader

SAMPLE = Path(__file__).with_suffix(".toml")
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_CODE = re.compile(r"[0-9A-Za-z]{1,16}")


@dataclass(frozen=True, slots=True)
class _Item:
    code: str
    zh: str
    en: str
    words: tuple[str, ...] = ()
    class_code: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    code: str
    zh: str
    en: str
    items: tuple[_Item, ...]
    class_code: str = ""


@dataclass(frozen=True, slots=True)
class _List:
    id: str
    desk: str
    version: str
    since: str
    zh: str
    en: str
    classes: tuple[_Group, ...]
    until: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    lists: tuple[_List, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One matter of a list. `words`: how callers call it; `class_code`: of the class tree, "" where none is said."""

    code: str
    zh: str
    en: str
    words: tuple[str, ...]
    class_code: str
    group: tuple[str, str]  # the class of the list that it stands in: zh, en


@dataclass(frozen=True, slots=True)
class ScopeList:
    """One version of one list. In force from `since` to `until`, both days included, in the site's zone."""

    id: str
    desk: str  # which accepts these matters
    version: str
    since: date
    until: date | None
    zh: str
    en: str
    items: tuple[Item, ...]


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    try:
        lists = read(file_of(site))
    except ValueError as wrong:
        yield from (f"desk.scope: {line}" for line in str(wrong).splitlines())
        return
    if not site.desk.scope:
        return  # the sample's classes are those of the sample, whatever a city's are
    try:
        known = {one.code for one in classes.read(classes.file_of(site))}
    except ValueError:
        return  # `classes` says so
    for each in lists:
        of_list = f"desk.scope: {file_of(site)}: list {each.id} {each.version}"
        for code in sorted({item.class_code for item in each.items} - known - {""}):
            yield f"{of_list}: there is no class {code} in desk.classes"


def file_of(site: Site) -> Path:
    return Path(site.path).parent / site.desk.scope if site.desk.scope else SAMPLE


def of(site: Site) -> tuple[ScopeList, ...]:
    """The lists of a site, read once a process. Raises ValueError, but not for settings that were checked."""
    return _kept(file_of(site))


@cache
def _kept(path: Path) -> tuple[ScopeList, ...]:
    return read(path)


def read(path: Path) -> tuple[ScopeList, ...]:
    """In the order of the file. Raises ValueError: everything that is wrong, a line each, with file and key."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise ValueError(f"{path} cannot be read: {failure}") from failure
    reader = Reader()
    found = reader.build(_File, tables, "")
    if found is not MISSING:
        _judge(reader, found.lists)
    if reader.problems:
        raise ValueError("\n".join(f"{path}: {problem}" for problem in reader.problems))
    return tuple(_of(each) for each in found.lists)


def _of(each: _List) -> ScopeList:
    items = [
        Item(item.code, item.zh, item.en, item.words, item.class_code or group.class_code, (group.zh, group.en))
        for group in each.classes
        for item in group.items
    ]
    until = date.fromisoformat(each.until) if each.until else None
    return ScopeList(
        each.id, each.desk, each.version, date.fromisoformat(each.since), until, each.zh, each.en, tuple(items)
    )


def _judge(reader: Reader, lists: tuple[_List, ...]) -> None:
    for at, each in enumerate(lists):
        where = f"lists[{at}]"
        for name in ("id", "desk", "version"):
            if not _NAME.fullmatch(getattr(each, name)):
                reader.note(f"{where}.{name}", f"expected letters, digits, . - or _, found {getattr(each, name)!r}")
        since, until = _day(reader, f"{where}.since", each.since), None
        if each.until:
            until = _day(reader, f"{where}.until", each.until)
        if since and until and until < since:
            reader.note(f"{where}.until", f"{each.until} is before since = {each.since}")
        _named(reader, where, each.zh, each.en)
        _codes(reader, where, each)
    for what in ("version", "since"):
        for (id, value), times in Counter((each.id, getattr(each, what)) for each in lists).items():
            if times > 1:
                reader.note("lists", f"{id}: {what} {value} is there {times} times; every version has its own")


def _codes(reader: Reader, where: str, each: _List) -> None:
    for place, group in enumerate(each.classes):
        at = f"{where}.classes[{place}]"
        _named(reader, at, group.zh, group.en)
        for row, item in enumerate(group.items):
            here = f"{at}.items[{row}]"
            _named(reader, here, item.zh, item.en)
            if not _CODE.fullmatch(item.code):
                reader.note(f"{here}.code", f"expected up to 16 letters or digits, found {item.code!r}")
            if not all(word.strip() for word in item.words):
                reader.note(f"{here}.words", "expected words, found an empty one")
    codes = Counter(item.code for group in each.classes for item in group.items)
    for code in (code for code, times in codes.items() if times > 1):
        reader.note(where, f"item {code} is there {codes[code]} times; every item has its own code")


def _named(reader: Reader, where: str, zh: str, en: str) -> None:
    for name, words in (("zh", zh), ("en", en)):
        if not words.strip():
            reader.note(f"{where}.{name}", "expected words, found none")


def _day(reader: Reader, where: str, said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        reader.note(where, f'expected a day such as "2026-01-01", found {said!r}')
        return None

"""Changing `hotline.toml` from a form: comments, order and whatever else a person wrote stay as they are.

A change is made in memory; only a text that loads whole takes the file's place, at once, and the file as it was is
kept in `var/settings/`. So a typing error changes nothing, and whoever edits by hand meanwhile loses nothing.
"""

from __future__ import annotations

import contextlib
import copy
import difflib
import hashlib
import itertools
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Table

from ivr.errors import HotlineError
from ivr.settings.load import SettingsError, read
from ivr.settings.model import Site

CLOSED = ("database", "tls")  # they name this machine's files and secrets: a person's own hand changes them
LISTS = {"operators": "number", "supervisors": "number"}  # lists of tables, and what names one of them
NEW = "+"  # in place of a name: one more entry of a list
INLINE = ("name", "keys", "desk_keys", "language_keys")  # a table inside a table that stands on one line


class StaleError(HotlineError):
    """The form was made from another text than the file has now."""

    def __init__(self, file: str, revision: str, changed: str | None) -> None:
        message = f"{file} was changed by somebody else; read it again"
        super().__init__(
            "settings_changed", message, {"file": file, "revision": revision, "changed": changed or ""}, 409
        )


class BadChangeError(HotlineError):
    """A change whose path leads nowhere; `details["problems"]` has one sentence that opens with the key."""

    def __init__(self, path: Sequence[str], why: str) -> None:
        self.problems = [f"{'.'.join(path)}: {why}"]
        super().__init__("bad_setting", self.problems[0], {"key": ".".join(path)}, 422)


class UnreadableFileError(HotlineError):
    def __init__(self, file: str, why: str) -> None:
        super().__init__("settings_unreadable", f"{file} cannot be read: {why}", {"file": file, "why": why}, 409)


class NotWrittenError(HotlineError):
    def __init__(self, file: Path, failure: OSError) -> None:
        message = f"{file} cannot be written ({failure.strerror}): let the hotline's user write into its folder"
        super().__init__("site_read_only", message, {"folder": str(file.parent)}, 409)


@dataclass(frozen=True, slots=True)
class Change:
    """`path`: keys from the outside in, an operator by number: ("operators", "1001", "name"). None: take it out."""

    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Draft:
    """What a file would become; `problems` are told as `ivr up` would tell them. Nothing is written yet."""

    before: str
    after: str
    problems: tuple[str, ...]
    site: Site | None

    @property
    def diff(self) -> str:
        return difference(self.before, self.after)


def revision(text: str) -> str:
    """What a form is made from."""
    return hashlib.sha256(text.encode()).hexdigest()


def difference(before: str, after: str) -> str:
    """The changed lines under the names of their tables, without neighbours: those may hold a secret."""
    old, new = before.splitlines(), after.splitlines()
    told: list[str] = []
    heading = ""
    for what, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        lines, place = (new, j1) if j2 > j1 else (old, i1)
        before_it, heading = heading, _heading(lines, place)
        told += [f" {heading}"] if heading not in ("", before_it) else []
        told += [*(f"-{line}" for line in old[i1:i2]), *(f"+{line}" for line in new[j1:j2])]
    return "\n".join(told)


def _heading(lines: Sequence[str], place: int) -> str:
    """The table that a line stands in, a person with the number; nothing where the line opens a table itself."""
    start = next((n for n in range(place, -1, -1) if n < len(lines) and lines[n].startswith("[")), None)
    if start is None or start == place:
        return ""
    rest = itertools.takewhile(lambda line: not line.startswith("["), lines[start + 1 :])
    number = next((line for line in rest if lines[start].startswith("[[") and line.startswith("number")), "")
    return " ".join(part.partition("#")[0].strip() for part in (lines[start], number)).strip()


def draft(path: Path, var: Path, text: str, changes: Sequence[Change]) -> Draft:
    """The text with the changes in it, judged by the loader. Raises BadChangeError, UnreadableFileError."""
    after = changed(text, changes, path.name)
    try:
        site = read(after, path, var)
    except SettingsError as refusal:
        return Draft(text, after, tuple(refusal.problems), None)
    return Draft(text, after, (), site)


def changed(text: str, changes: Sequence[Change], file: str = "hotline.toml") -> str:
    """The text with the changes in it, comments and all. Raises BadChangeError, UnreadableFileError."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as failure:
        raise UnreadableFileError(file, str(failure)) from failure
    plain = tomllib.loads(text)
    known, known_plain = _people(document), _people(plain)
    for change in changes:
        if not change.path or change.path[0] in CLOSED:
            raise BadChangeError(change.path or ("?",), f"{', '.join(CLOSED)} are changed in the file alone")
        _change(plain, change, known_plain)
        _change(document, change, known)
    after = tomlkit.dumps(document)
    try:
        same = _filled(tomllib.loads(after)) == _filled(plain)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:  # never a file that says something else than was asked
        raise BadChangeError(changes[0].path, f"cannot be written among what {file} has; change it there by hand")
    return after


def _filled(tables: Mapping[str, Any]) -> dict[str, Any]:
    """An empty table at the top is none."""
    return {name: table for name, table in tables.items() if table not in ({}, [])}


def write(path: Path, text: str, after: str) -> None:
    """`after` takes the place of `text`, whole or not at all, durably. Raises StaleError, NotWrittenError."""
    path = path.resolve()  # a link stays one
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as failure:
        raise NotWrittenError(path, failure) from failure
    made = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        _like(made, path)
        now = path.read_text(encoding="utf-8")
        if now != text:
            raise StaleError(path.name, revision(now), difference(text, now))
        made.replace(path)
        _sync(path.parent)
    except OSError as failure:
        raise NotWrittenError(path, failure) from failure
    finally:
        with contextlib.suppress(FileNotFoundError):
            made.unlink()


def _like(made: Path, path: Path) -> None:
    """The new file is readable by whom the old one was."""
    found = path.stat()
    made.chmod(found.st_mode & 0o777)
    if (found.st_uid, found.st_gid) != (os.getuid(), os.getgid()):
        with contextlib.suppress(PermissionError):
            os.chown(made, found.st_uid, found.st_gid)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- one change, in a plain document or in one with comments


People = Mapping[tuple[str, str], Any]
"""(list, name) → the entry that had this name before any change: two may take each other's numbers."""


def _people(document: Any) -> People:
    found: dict[tuple[str, str], Any] = {}
    for name, key in LISTS.items():
        for entry in document.get(name, ()):
            if isinstance(entry, Mapping):
                found.setdefault((name, str(entry.get(key))), entry)
    return found


def _change(document: Any, change: Change, people: People) -> None:
    table = document
    *outside, last = change.path
    for depth, name in enumerate(outside):
        table = _inner(table, name, change, depth, people)
    if isinstance(table, list):
        _change_entry(table, last, change, people)
    elif change.value is None:
        if last not in table:
            raise BadChangeError(change.path, "is not there")
        table.pop(last)
    else:
        _put(table, last, change.value)


def _inner(table: Any, name: str, change: Change, depth: int, people: People) -> Any:
    if isinstance(table, list):
        return table[_place(table, name, change, people)]
    if name not in table:
        if change.value is None:
            raise BadChangeError(change.path, "is not there")
        table[name] = ([] if depth == 0 and name in LISTS else {}) if type(table) is dict else _fresh(name, depth)
    inner = table[name]
    if not isinstance(inner, Mapping) and not (isinstance(inner, AoT) or type(inner) is list):
        raise BadChangeError(change.path, f"{name} is no table")
    return inner


def _fresh(name: str, depth: int) -> Any:
    if depth == 0 and name in LISTS:
        return tomlkit.aot()
    return tomlkit.inline_table() if name in INLINE else tomlkit.table(is_super_table=depth == 0 and name == "targets")


def _place(entries: Any, name: str, change: Change, people: People) -> int:
    wanted = people.get((change.path[0], name))
    found = next((n for n, one in enumerate(entries) if one is wanted), None)
    if found is None:
        raise BadChangeError(change.path, f"there is no {name}")
    return found


def _change_entry(entries: Any, name: str, change: Change, people: People) -> None:
    """A whole entry of a list of tables: put in, changed, or taken out."""
    if isinstance(change.value, Mapping) and name == NEW:
        entries.append(copy.deepcopy(dict(change.value)) if type(entries) is list else _table(change.value))
    elif change.value is None:
        del entries[_place(entries, name, change, people)]
    elif isinstance(change.value, Mapping):
        _merge(entries[_place(entries, name, change, people)], change.value)
    else:
        raise BadChangeError(change.path, "expected a table")


def _put(table: Any, key: str, value: Any) -> None:
    there = table.get(key)
    if isinstance(value, Mapping) and isinstance(there, Mapping):
        _merge(there, value)
    elif type(table) is dict:
        table[key] = copy.deepcopy(value)
    elif there is None or _plain(there) != value:
        table[key] = _item(key, value, there)


def _merge(table: Any, wanted: Mapping[str, Any]) -> None:
    """What is not wanted goes; what is as it was stays as it stands."""
    for gone in [key for key in table if key not in wanted]:
        table.pop(gone)
    for key, value in wanted.items():
        _put(table, key, value)


def _table(value: Mapping[str, Any]) -> Table:
    made = tomlkit.table()
    for key in sorted(value, key=lambda key: isinstance(value[key], Mapping) and key not in INLINE):  # tables last
        made[key] = _item(key, value[key], None)
    return made


def _item(key: str, value: Any, there: Any) -> Any:
    if isinstance(value, Mapping):
        if key not in INLINE:
            return _table(value)
        inline: InlineTable = tomlkit.inline_table()
        inline.update(value)
        return inline
    if isinstance(value, list):
        if value and all(isinstance(one, Mapping) for one in value):
            tables = tomlkit.aot()
            for one in value:
                tables.append(_table(one))
            return tables
        array = tomlkit.array()
        array.extend(value)
        return array.multiline(isinstance(there, Array) and "\n" in there.as_string())
    return value


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item

"""Another Asterisk's CEL file: a CSV whose columns are named by the person who has it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from ivr.calls.model import Row
from ivr.calls.rows import parse
from ivr.errors import HotlineError

# Our columns in the journal's order, each with the names that cel_custom, cel_odbc, cel_pgsql and AMI give it.
NAMES: Mapping[str, tuple[str, ...]] = {
    "event": ("event", "eventenum", "eventtype", "eventname"),
    "at": ("at", "eventtime", "time"),
    "num": ("num", "cidnum", "calleridnum"),
    "name": ("name", "cidname", "calleridname"),
    "exten": ("exten", "extension"),
    "context": ("context",),
    "channel": ("channel", "channame", "channelname"),
    "app": ("app", "appname", "application"),
    "data": ("data", "appdata", "applicationdata"),
    "uniqueid": ("uniqueid",),
    "linkedid": ("linkedid",),
    "peer": ("peer", "bridgepeer"),
    "user_event": ("userevent", "userdeftype", "userdefinedtype"),
    "extra": ("extra", "eventextra"),
}
NEEDED = ("event", "at", "channel", "uniqueid", "linkedid")
OURS = {name: ours for ours, names in NAMES.items() for name in names}


class ColumnsError(HotlineError):
    """The columns of a file are not told, or not told well."""

    def __init__(self, problem: str) -> None:
        super().__init__("columns", problem)


class ForeignFileError(HotlineError):
    """A record that cannot be read."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__("foreign_file", f"{path}, line {line}: {problem}", {"file": str(path), "line": line})


def read(path: Path, columns: str | None, zone: tzinfo, node: str) -> Iterator[Row]:
    """The file's rows. Times without a zone are `zone`'s; ids get `node` before them.

    `columns` is None (the file's header names them), names in the file's order (`eventtype,eventtime,,…`; empty ones
    are passed over), or `ours=theirs` pairs for names that the header has. Raises ColumnsError, ForeignFileError.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        records = csv.reader(file)
        places: dict[str, int] | None = None
        for record in records:
            if places is None:
                places = _places(record, columns)
                if _is_header(record, places):
                    continue
            if not any(record):
                continue
            try:
                yield _row(record, places, zone, node)
            except ValueError as error:
                raise ForeignFileError(path, records.line_num, str(error)) from error


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _places(first: Sequence[str], columns: str | None) -> dict[str, int]:
    """Which of our columns stands where, told by `columns`, or else by the file's first line."""
    told = [part.strip() for part in columns.split(",")] if columns else list(first)
    if any("=" in name for name in told) and columns:
        header = {_plain(name): at for at, name in enumerate(first)}
        places = _named(header) | dict(_pair(pair, header) for pair in told if pair)
    else:
        places = _named({_plain(name): at for at, name in enumerate(told)})
    if missing := [name for name in NEEDED if name not in places]:
        known = "; ".join(f"{ours}: {', '.join(NAMES[ours])}" for ours in missing)
        where = "--columns" if columns else "the file's first line; name the columns in their order with --columns"
        raise ColumnsError(f"No column for {', '.join(missing)} in {where}. Names that are understood: {known}")
    return places


def _named(header: Mapping[str, int]) -> dict[str, int]:
    return {OURS[name]: at for name, at in header.items() if name in OURS}


def _pair(pair: str, header: Mapping[str, int]) -> tuple[str, int]:
    ours, _, theirs = (_plain(part) for part in pair.partition("="))
    if theirs not in header and ours in header:
        ours, theirs = theirs, ours
    if ours not in OURS or theirs not in header:
        raise ColumnsError(f"{pair}: expected ours=theirs, a name of ours and a name that the file's first line has")
    return OURS[ours], header[theirs]


def _is_header(record: Sequence[str], places: Mapping[str, int]) -> bool:
    """A header has no time where the time stands."""
    return not any(letter.isdigit() for letter in _cell(record, places, "at"))


def _cell(record: Sequence[str], places: Mapping[str, int], ours: str) -> str:
    at = places.get(ours)
    return record[at] if at is not None and at < len(record) else ""


def _row(record: Sequence[str], places: Mapping[str, int], zone: tzinfo, node: str) -> Row:
    cells = {ours: _cell(record, places, ours) for ours in NAMES}
    cells["at"] = _instant(cells["at"].strip(), zone).strftime("%Y-%m-%d %H:%M:%S.%f")
    return parse(list(cells.values()), node)


def _instant(text: str, zone: tzinfo) -> datetime:
    """Seconds since 1970 with a fraction (CEL's default), or a date and time."""
    if re.fullmatch(r"\d{9,11}(\.\d{1,9})?", text):
        seconds, _, fraction = text.partition(".")
        return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(fraction[:6].ljust(6, "0")))
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

"""The journal's bytes → records → rows.

The journal is Asterisk's "dsv" (cel_custom.conf): every field quoted, quotes doubled. A quoted field may hold a raw
CR LF, so a record is not a line. Whatever a caller types can change the text that is shown, and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from sys import intern
from typing import NamedTuple
from urllib.parse import unquote

from ivr.calls.ids import hide, public_id, run_of, split
from ivr.calls.model import Row

COLUMNS = (
    *("EventEnum", "EventTime", "Num", "Name", "Exten", "Context", "ChanName", "AppName", "AppData"),
    *("UniqueID", "LinkedID", "Peer", "UserDefType", "EventExtra"),
)
LIMIT = 1 << 20  # bytes; no record is this long
_YEARS = (1970, 9000)

# The first two fields cannot look like this inside another field, where quotes are doubled: reading can resume here.
_HEAD = rb'"\w+","\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?"'
_FIELD = rb'"(?:[^"]++|"")*+"'
_FIELDS_LEFT = len(COLUMNS) - 2
_FIELDS = re.compile(r'"((?:[^"]++|"")*+)"(?:,|\Z)')
_HEADER = re.compile(_HEAD)
_RECORD = re.compile(rb"%b(?:,%b){%d}" % (_HEAD, _FIELD, _FIELDS_LEFT))
_LINE_END = re.compile(rb"\r?\n")
# What may still become a record: its last field open or not begun, or a head of which the end is missing.
_BEGUN = re.compile(rb'%b(?:,%b){0,%d}(?:,(?:"(?:[^"]++|"")*+"?+)?)?\r?\Z' % (_HEAD, _FIELD, _FIELDS_LEFT))
_HEAD_BEGUN = re.compile(rb'"\w*+(?:"(?:,(?:"[\d :.-]*+"?)?)?)?\Z')
_HEAD_LENGTH = 80  # bytes, no head is longer


class RowError(ValueError):
    """A record that is no CEL row. The message says which field, what it holds and what was expected."""


class RawRecord(NamedTuple):
    """A record as it stood in the journal: its fields, unquoted; its bytes are `data[begin:end]`, line end included."""

    fields: Sequence[str]
    begin: int
    end: int


def split_records(data: bytes, final: bool = False) -> tuple[list[RawRecord], bytes]:
    """Every whole record in `data`, in order, and the rest: the beginning of one that is still being written.

    What can never become a record (torn by a crash, zeros of a disk) is given out as a record of one field, so that
    `parse` tells of it; reading resumes at the next good one. `final`: nothing will follow, so nothing is left over.
    """
    records: list[RawRecord] = []
    at, size = 0, len(data)
    while at < size:
        found = _RECORD.match(data, at)
        if found and (line_end := _LINE_END.match(data, found.end())):
            end = line_end.end()
            records.append(RawRecord(_unquoted(found[0]), at, end))
        elif not final and size - at < LIMIT and (_BEGUN.match(data, at) or _HEAD_BEGUN.match(data, at)):
            break
        else:
            end = _next_head(data, at, final)
            whole = _RECORD.fullmatch(data, at, end)  # only its line end is lost
            if whole or data[at:end].strip():
                records.append(RawRecord(_unquoted(whole[0]) if whole else [_text(data[at:end][:200])], at, end))
        at = end
    return records, data[at:]


def _next_head(data: bytes, at: int, final: bool) -> int:
    """Where reading can resume after what is broken at `at`: the next head, or one that may have begun in the end."""
    ahead = _HEADER.search(data, at + 1)
    if not ahead and not final:
        ahead = _HEAD_BEGUN.search(data, max(at + 1, len(data) - _HEAD_LENGTH))
    return ahead.start() if ahead else len(data)


def _unquoted(record: bytes) -> list[str]:
    """The fields of a whole record. Splitting at `","` is fast and right, unless a field's own text holds `","`."""
    text = _text(record)
    fields = []
    for field in text[1:-1].split('","'):
        if '"' not in field:
            fields.append(field)
        elif '"' in field.replace('""', ""):
            return [field.replace('""', '"') for field in _FIELDS.findall(text)]
        else:
            fields.append(field.replace('""', '"'))
    return fields


def _text(raw: bytes) -> str:
    """What is no UTF-8 (a phone that speaks GBK), and NUL, which no database takes, show as U+FFFD."""
    return raw.decode("utf-8", "replace").replace("\0", "\ufffd")


def parse(fields: Sequence[str], node: str) -> Row:
    """One record's 14 fields (`COLUMNS`) → a row with public ids. Raises RowError."""
    if len(fields) != len(COLUMNS):
        begins = fields[0][:80] if fields else ""
        raise RowError(f"A record has {len(fields)} fields, expected {len(COLUMNS)}. It begins: {begins!r}")
    event, at, num, name, exten, context, channel, app, data, uniqueid, linkedid, peer, user_event, extra = fields
    if not (event and uniqueid and linkedid):
        raise RowError(f"A record lacks its EventEnum, UniqueID or LinkedID: {event!r}, {uniqueid!r}, {linkedid!r}")
    mark = split(uniqueid)[0]
    if mark and (mark in data or mark in extra or mark in f"{num}{name}{exten}{channel}{peer}"):
        num, name, exten, channel, data, peer, extra = (
            hide(text, mark, node) for text in (num, name, exten, channel, data, peer, extra)
        )
    return Row(
        event=intern(event),
        at=_instant(at),
        num=num,
        name=name,
        exten=exten,
        context=intern(context),
        channel=intern(channel),
        app=intern(app),
        data=data,
        uniqueid=public_id(uniqueid, node),
        linkedid=public_id(linkedid, node),
        peer=peer,
        user_event=user_event,
        extra=_unfold(extra, event == "USER_DEFINED") if extra else {},
        run=run_of(mark),
    )


def _instant(text: str) -> datetime:
    """`2026-11-22 12:54:30.688096` is UTC (Asterisk runs with TZ=UTC); a zone is heeded where one is told."""
    try:
        moment = datetime.fromisoformat(f"{text}+00:00" if text[-6:].isdigit() else text)
    except ValueError:
        moment = datetime.min
    if not _YEARS[0] < moment.year < _YEARS[1]:
        wanted = "expected YYYY-mm-dd HH:MM:SS.ffffff (dateformat in cel.conf)"
        raise RowError(f"A record's EventTime is {text[:40]!r}, {wanted}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _unfold(extra: str, of_user: bool) -> dict[str, str]:
    """EventExtra is JSON. What cannot be read is kept as it is: the row's time and channel still count."""
    try:
        values = json.loads(extra)
    except (ValueError, RecursionError):
        return {"unreadable": extra}
    if not isinstance(values, dict):
        return {"unreadable": extra}
    if of_user:
        text = values.get("extra")
        return _query(text) if isinstance(text, str) else {}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _query(text: str) -> dict[str, str]:
    """`key=value&key=value`, values by Asterisk's URIENCODE (RFC 3986: a plus is a plus). The first of a key counts."""
    found: dict[str, str] = {}
    for pair in text.split("&"):
        key, _, value = pair.partition("=")
        if key:
            found.setdefault(key, unquote(value) if "%" in value else value)
    return found

"""A call as JSON: what `--json`, the API and an export say, in one shape."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ivr.calls.model import Call

# Control characters and those that turn the direction of text: what a caller typed must not steer a terminal.
UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds: `2026-11-22T08:00:00.123456Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def as_dict(call: Call) -> dict[str, Any]:
    """The columns of `call`, and `legs`, `talks`, `transfers` (with `attempts`) and `steps` as lists."""
    told = plain(dataclasses.asdict(call))
    assert isinstance(told, dict)
    return told


def plain(value: object) -> object:
    """As JSON takes it: times as text, tuples as lists."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def as_json(document: object) -> str:
    """JSON that is safe in a terminal: Chinese stays readable, what could steer the terminal is escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return "\n".join(UNSHOWABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in text.split("\n"))

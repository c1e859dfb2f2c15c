"""A time zone as Asterisk's STRFTIME takes it on a machine without tzdata: as the rule itself (POSIX TZ)."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from pathlib import Path


def rule(name: str) -> str:
    """`Asia/Shanghai` → `CST-8`. A zone with summer time keeps its name: its rule has commas, which end an argument."""
    for folder in zoneinfo.TZPATH:
        if (path := Path(folder) / name).is_file():
            return _last_line(path.read_bytes()) or name
    try:
        return _last_line(importlib.resources.files("tzdata.zoneinfo").joinpath(name).read_bytes()) or name
    except (ModuleNotFoundError, OSError):
        return name


def _last_line(data: bytes) -> str:
    """The rule for the time to come is the last line of a zone's file (RFC 8536 3.3)."""
    found = data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")
    return "" if "," in found or not found.isprintable() else found

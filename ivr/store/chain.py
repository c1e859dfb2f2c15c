"""Rows that seal each other: each carries a digest of everything in it and of the row before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime


def digest(words: Iterable[str]) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()


def word(value: object) -> str:
    """A value as it is sealed: times in UTC with microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)

"""Time as a test sets it."""

from __future__ import annotations

from datetime import UTC, datetime

START = datetime(2026, 11, 27, 8, tzinfo=UTC)


class Clock:
    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

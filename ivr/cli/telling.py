"""What `ivr up` says: to the terminal or journald, and with its time into a log of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROTATE_AT = 1024 * 1024  # bytes; one older file is kept
CRITICAL = "<2>"  # sd-daemon(3): how journald is told a line's priority


class Telling:
    """`say` what happens; `alarm` what a person must hear of at once."""

    def __init__(self, log: Path, tell: Callable[[str], None]) -> None:
        self._log, self._tell = log, tell

    def say(self, words: str) -> None:
        self._note(words)
        self._tell(words)

    def alarm(self, words: str) -> None:
        words = f"ALARM 告警: {words}"
        self._note(words)
        self._tell(f"{CRITICAL}{words}" if "JOURNAL_STREAM" in os.environ else words)

    def _note(self, words: str) -> None:
        """A disk that is full stops nobody."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._log.exists() and self._log.stat().st_size > ROTATE_AT:
                self._log.replace(self._log.with_name(f"{self._log.name}.1"))
            with self._log.open("a", encoding="utf-8") as file:
                file.write("".join(f"{now} {line}\n" for line in words.splitlines()))
        except OSError:
            return

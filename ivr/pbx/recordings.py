"""When Asterisk last wrote a voice: what a killed run leaves behind says how long it lived."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ivr.pbx import state

DAYS = 2  # a call may have begun before midnight


def last_recorded(var: Path) -> datetime | None:
    """When a recording last grew before the running Asterisk was started; None where there is no recording."""
    started = state.path_in(var).stat().st_mtime
    newest = max((at for at in _grown(var / "recordings") if at <= started), default=None)
    return datetime.fromtimestamp(newest, UTC) if newest is not None else None


def _grown(recordings: Path) -> Iterator[float]:
    days = sorted(recordings.glob("[0-9]*/[0-9]*/[0-9]*"))[-DAYS:]
    for call in (entry for day in days for entry in os.scandir(day) if entry.is_dir()):
        for file in os.scandir(call.path):
            yield file.stat().st_mtime

"""An SQLite file that other processes read, and close, while one writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ivr.store import Store
from tests.unit.stories import transferred

LOOK = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM call').fetchone()[0])"


def seen_from_outside(database: Path) -> int:
    """How many calls a process sees that comes, looks and goes."""
    command = [sys.executable, "-c", LOOK, str(database)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


async def test_given_a_new_database_when_others_look_and_go_then_each_sees_what_was_saved_before(
    tmp_path: Path,
) -> None:
    """Closing a file by hand lets go of a process's locks on it: the next who goes deletes the write-ahead log."""
    database = tmp_path / "ivr.db"
    first, second = Store(f"sqlite+aiosqlite:///{database}"), Store(f"sqlite+aiosqlite:///{database}")
    await first.open()
    await second.open()
    for n in range(1, 4):
        await first.save([transferred(f"c-{n}", start=100.0 * n)])
        assert seen_from_outside(database) == n
    await second.close()
    await first.close()

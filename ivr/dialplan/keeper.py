"""Keeps one scratch Asterisk for as long as it is used: `python -m ivr.dialplan.keeper FOLDER SECONDS COMMAND…`.

It ends what it keeps when nobody has touched `FOLDER/used` for so many seconds, or when it is told to end; the kernel
ends it (setpriv's parent death signal) if the keeper itself is killed. Standard library only: it lives for minutes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOK = 0.5  # seconds between two looks


def keep(folder: Path, idle: float, command: list[str]) -> None:
    """Until the process ends, is idle, or we are told to end."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as child:  # noqa: S603
        try:
            while child.poll() is None and not told:
                if _unused(folder, idle) and _alone(folder):
                    break
                time.sleep(LOOK)
        finally:
            child.kill()  # it has nothing to save


def _unused(folder: Path, idle: float) -> bool:
    """For so long, or its folder is gone."""
    try:
        return time.time() - (folder / "used").stat().st_mtime > idle
    except OSError:
        return True


def _alone(folder: Path) -> bool:
    """Nobody uses it at this moment; from now on nobody begins to, for the lock is ours until we have ended."""
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return True
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    os.close(handle)
    return False


if __name__ == "__main__":
    keep(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])

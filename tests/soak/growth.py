"""Does the controller grow? Its descriptors, threads and resident memory, looked at while it has no call."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import psutil

# A life is measured from its second look on (it warms up: caches, pools, the first pages of code) to its last one.
DESCRIPTORS = 12  # that may come to stay: database connections, a live reader
THREADS = 6  # that may: SQLite's, the resolver's
MEMORY_MB = 24.0  # that may: allocator's arenas
MEMORY_MB_A_CALL = 0.05  # that a finished call may leave: what the live state and the counters remember of it


@dataclass(frozen=True, slots=True)
class Look:
    at: float
    pid: int
    calls: int  # that were placed until now
    descriptors: int
    threads: int
    memory_mb: float


def look(pid: int | None, at: float, calls: int) -> Look | None:
    with contextlib.suppress(psutil.Error):
        if pid:
            process = psutil.Process(pid)
            with process.oneshot():
                memory = process.memory_info().rss / 2**20
                found = Look(at, pid, calls, process.num_fds(), process.num_threads(), memory)
            return found if found.memory_mb else None  # it has just died
    return None


def grown(looks: list[Look]) -> tuple[list[str], list[tuple[Look, Look]]]:
    """Differences in words, and each life's first and last look that were compared."""
    found, lives = [], []
    for pid in dict.fromkeys(one.pid for one in looks):
        life = [one for one in looks if one.pid == pid][1:]
        if len(life) < 2:
            continue
        first, last = life[0], life[-1]
        lives.append((first, last))
        allowed = MEMORY_MB + MEMORY_MB_A_CALL * (last.calls - first.calls)
        for what, before, after, most in (
            ("descriptors", first.descriptors, last.descriptors, DESCRIPTORS),
            ("threads", first.threads, last.threads, THREADS),
            ("MB of memory", first.memory_mb, last.memory_mb, allowed),
        ):
            if after - before > most:
                found.append(
                    f"the controller (pid {pid}) grew from {before:.0f} to {after:.0f} {what} in "
                    f"{last.at - first.at:.0f} s and {last.calls - first.calls} calls"
                )
    return found, lives

"""Processes that outlive whoever started them: known by pid and birth, found again by pid file, watched in /proc."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from ivr import notify

LOOK = 0.1  # seconds between two looks at a process
GRACE = 6.0  # seconds that a process has for its end before it is killed


@dataclass(slots=True)
class Process:
    """A running process: our child, or one that an earlier supervisor left (then `child` is None)."""

    pid: int
    child: subprocess.Popen[bytes] | None = None
    _born: str | None = field(init=False)

    def __post_init__(self) -> None:
        self._born = birth(self.pid)

    @property
    def alive(self) -> bool:
        if self.child is not None:
            return self.child.poll() is None
        with contextlib.suppress(ChildProcessError):  # ours after all: we were another program when we started it
            os.waitpid(self.pid, os.WNOHANG)
        return self._born is not None and birth(self.pid) == self._born

    @property
    def how_it_ended(self) -> str:
        """`by SIGSEGV`, `with exit code 1`; empty where that is not known."""
        code = self.child.poll() if self.child is not None else None
        if code is None:
            return ""
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"

    def stands_still(self, seconds: float) -> bool:
        """Not one of its threads runs in this time (blocking): it is stopped, or stuck as a whole."""
        before = _switches(self.pid)
        time.sleep(seconds)
        return self.alive and _switches(self.pid) == before

    async def end(self, grace: float = GRACE) -> None:
        """SIGTERM, and SIGKILL when the grace (seconds) is over."""
        for word, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, GRACE)):
            if not self.alive:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, word)
            for _ in range(int(patience / LOOK)):
                if not self.alive:
                    return
                await asyncio.sleep(LOOK)


def birth(pid: int) -> str | None:
    """When the process began, in clock ticks since boot (proc(5)), which tells a pid from its reuse.

    None if it has ended, a zombie included.
    """
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if words[0] in {"Z", "X"} else words[19]


def _switches(pid: int) -> int:
    """How often its threads have been given a processor (proc(5), /proc/pid/task/tid/status)."""
    count = 0
    for status in Path(f"/proc/{pid}/task").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            lines = status.read_text(encoding="utf-8", errors="replace").splitlines()
            count += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return count


def left_running(pid_file: Path, *marks: str) -> Process | None:
    """The process that a pid file names, if it lives and its command line holds all of `marks`."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8").strip())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "surrogateescape").split("\0")
    except (OSError, ValueError):
        return None
    found = Process(pid)
    return found if found.alive and set(marks) <= set(arguments) else None


def launch(command: list[str], log: Path, cwd: Path) -> Process:
    """Start a service in a session of its own (Ctrl-C in our terminal is not for it), with UTC as its time zone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(  # noqa: S603
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**notify.without(os.environ), "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
        )
    return Process(child.pid, child)


def python_module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ivr", *arguments]

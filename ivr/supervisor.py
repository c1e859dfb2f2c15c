"""`ivr up`: Asterisk and the controller, each kept running on its own, neither because of the other.

Both are detached, so that calls outlive this process too: the next `ivr up` on the same var folder finds them by their
pid files and goes on with them. Only Ctrl-C or SIGTERM ends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ivr.errors import HotlineError

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a service that ended is started again; doubled each time
STEADY = 60.0  # seconds; a service that ran so long starts again with the first wait
LOOK = 0.1  # seconds between two looks at a service
GRACE = 6.0  # seconds that a service has for its end before it is killed
DESCRIPTORS = 65536  # 1,000 calls want about 2,040 threads and many descriptors


class AlreadyUpError(HotlineError):
    """Another supervisor holds this var folder."""


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
        return self._born is not None and birth(self.pid) == self._born

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
            env={**os.environ, "TZ": "UTC", "PYTHONUNBUFFERED": "1"},
        )
    return Process(child.pid, child)


@dataclass(slots=True)
class Service:
    """`start` makes ready and starts; `find` looks for one left running; `log` has the words that explain its end."""

    name: str
    log: Path
    start: Callable[[], Process]
    find: Callable[[], Process | None]
    process: Process | None = None


class Supervisor:
    def __init__(self, services: list[Service], say: Callable[[str], None]) -> None:
        self._services, self._say = services, say
        self._stop = asyncio.Event()

    async def run(self, ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Keep the services until Ctrl-C, SIGTERM or SIGHUP; `announce` once `ready` holds.

        Raises HotlineError where a service cannot be started at all.
        """
        loop = asyncio.get_running_loop()
        for word in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(word, self._stop.set)
        try:
            for service in self._services:
                service.process = service.find()
                if service.process is not None:
                    self._say(f"{service.name} still runs (pid {service.process.pid}); going on with it")
                else:
                    service.process = service.start()
            keepers = [asyncio.create_task(self._keep(service)) for service in self._services]
            keepers.append(asyncio.create_task(self._tell(ready, announce)))
            await self._stop.wait()
            await asyncio.gather(*keepers)
        finally:
            self._say("stopping …")
            for service in self._services:  # Asterisk first: the controller still writes down how the calls ended
                if service.process is not None:
                    await service.process.end()

    async def _keep(self, service: Service) -> None:
        wait = FIRST_WAIT
        while not self._stop.is_set():
            began = time.monotonic()
            while service.process is not None and service.process.alive:
                if await self._stopped_within(LOOK):
                    return
            if time.monotonic() - began > STEADY:
                wait = FIRST_WAIT
            words = last_words(service.log)
            self._say(f"{service.name} has ended; starting it again in {wait:g} s. Its last words: {words}")
            if await self._stopped_within(wait):
                return
            wait = min(wait * 2, LONGEST_WAIT)
            try:
                service.process = service.start()
            except (HotlineError, OSError) as failure:
                service.process = None
                self._say(f"{service.name} cannot be started: {failure}")
            else:
                self._say(f"{service.name} runs again (pid {service.process.pid})")

    async def _tell(self, ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        began, told = time.monotonic(), False
        while not await asyncio.to_thread(ready):
            if await self._stopped_within(LOOK):
                return
            if not told and time.monotonic() - began > 20:
                told = True
                logs = ", ".join(str(service.log) for service in self._services)
                self._say(f"not ready yet; `ivr doctor` tells what is missing, and so may {logs}")
        announce()

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        return self._stop.is_set()


@contextlib.contextmanager
def alone(run: Path) -> Iterator[None]:
    """One supervisor a var folder. Raises AlreadyUpError, naming the other."""
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (run / "supervisor.pid").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as failure:
            file.seek(0)
            other = file.read().strip()
            message = f"{run.parent} is run by another `ivr up` (pid {other}); stop that one first"
            raise AlreadyUpError("already_up", message) from failure
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def keeper_of(run: Path) -> int | None:
    """The pid of the supervisor that holds this folder now."""
    with contextlib.suppress(OSError, ValueError), (run / "supervisor.pid").open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(file.read())
    return None


def raise_limits() -> None:
    """As many descriptors as we may have, for us and what we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def last_words(log: Path) -> str:
    """The last line of a log that is not empty."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace")[-4000:].splitlines()
    except OSError:
        return "none"
    return next((line.strip() for line in reversed(lines) if line.strip()), "none")


def python_module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ivr", *arguments]

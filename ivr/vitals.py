"""How Asterisk and the controller show that they live, why one ended, and whom a restart would hurt."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr import ports
from ivr.errors import HotlineError
from ivr.pbx import console, state
from ivr.processes import Process
from ivr.settings import Address, Site

ANSWER = 3.0  # seconds for Asterisk to answer on its control socket
STILL = 5.0  # seconds in which not one thread runs: Asterisk is frozen, no voice passes
DEAF = 5  # looks without its SIP port before that is told: a start takes a few seconds
FULL = 16 * 2**20  # bytes; below that a disk is full for a service that starts
READ = 64 * 1024  # bytes of a log's end that are searched for errors
WORDS = 3  # of its errors that are told


def beat_file(var: Path) -> Path:
    """The controller's event loop touches it as long as it turns."""
    return var / "run/controller.beat"


def beat(var: Path) -> None:
    """Works on a full disk too: no block is needed."""
    with contextlib.suppress(OSError):
        beat_file(var).touch()


@dataclass(slots=True)
class ControllerPulse:
    """Whether the controller's event loop has turned since the last question; its clock may be anything."""

    var: Path
    web_answers: Callable[[], bool]  # asked where the beat is silent: a disk may have become read-only
    _last: int = 0

    def answers(self) -> bool:
        turned = False
        with contextlib.suppress(OSError):
            now = beat_file(self.var).stat().st_mtime_ns
            turned, self._last = now != self._last, now
        return turned or self.web_answers()

    @staticmethod
    def show_stacks(process: Process) -> None:
        """Its stacks go into its log (faulthandler), for whoever must find out why."""
        with contextlib.suppress(OSError):
            os.kill(process.pid, signal.SIGUSR2)
            time.sleep(0.3)


@dataclass(slots=True)
class AsteriskPulse:
    """Whether Asterisk answers on its control socket, how many channels it had when it last did."""

    var: Path
    site: Site
    channels: int | None = None  # None: never asked with success
    _log_read: int = 0
    _deaf: int = 0

    def begins(self, messages: Path) -> None:
        """Called before each start: what stands in its log until now is of another run."""
        self.channels, self._deaf = None, 0
        self._log_read = _size(messages)

    def answers(self) -> bool:
        try:
            run = Path(state.read(self.var).run_dir)
        except HotlineError:
            return False
        found = console.channels(run / "asterisk.ctl", ANSWER)
        self.channels = self.channels if found is None else found
        return found is not None

    def spare(self, process: Process) -> str | None:
        """Voices may pass though nothing answers any more. None where nobody can be hurt: it never got as far as a
        call, had none, or stands still as a whole.
        """
        if self.channels == 0 or (self.channels is None and process.child is not None):
            return None
        if process.stands_still(STILL):
            return None
        up = "it is not known how many" if self.channels is None else f"{self.channels} when it last answered"
        return (
            f"Calls may be up ({up}) and may still be heard, so it is left alone; new calls may not get in. "
            f"Listen to a call; if nobody is heard, end it with `kill -9 {process.pid}`: it is started again at once"
        )

    def complain(self, process: Process) -> str | None:
        """Asterisk runs on without a SIP port that somebody else holds. With no call it is worth another start."""
        address = self.site.listen.sip
        if ports.held_by(process.pid, address.port, ports.UDP):
            self._deaf = 0
            return None
        self._deaf += 1
        if self._deaf < DEAF:
            return None
        where = f"{address.host}:{address.port}/udp"
        if not ports.is_free(address, ports.UDP):
            who = ports.holder(address.port, ports.UDP) or "somebody we cannot see"
            return f"Asterisk runs, but SIP {where} is held by {who}: no call can come in. Stop that one"
        if self.channels == 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            return f"Asterisk did not listen on SIP {where}, which is free now: starting it again"
        return f"Asterisk does not listen on SIP {where}: no call can come in; it is started again when no call is up"

    def explain(self) -> str:
        """Why it ended, as far as the machine tells: ports, disk, the errors of this run's log."""
        listen, log = self.site.listen, self.var / "log/asterisk/messages.log"
        wanted = {"sip": (listen.sip, ports.UDP), "ami": (listen.ami, ports.TCP)}
        if listen.ari is not None:
            wanted["ari"] = (listen.ari, ports.TCP)
        found = [*_taken(wanted), *_full(self.var), *errors_since(log, self._log_read)]
        return "; ".join(found)


def _taken(wanted: Mapping[str, tuple[Address, int]]) -> Iterator[str]:
    for name, (address, kind) in wanted.items():
        if not ports.is_free(address, kind):
            who = ports.holder(address.port, kind) or "nobody we see (or it is no address of this machine)"
            yield f"listen.{name}: {address.host}:{address.port} is held by {who}"


def _full(var: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(var).free
        if free < FULL:
            yield f"the disk of {var} is full ({free // 1024} KB left)"


def errors_since(log: Path, offset: int) -> list[str]:
    """The first errors in a log from `offset` on, each once, without Asterisk's time and thread."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        offset = offset if offset <= _size(log) else 0  # it was rotated
        file.seek(max(offset, _size(log) - READ))
        lines = file.read().decode("utf-8", "replace").splitlines()
        found = dict.fromkeys(
            line.partition("ERROR")[2].partition(" ")[2].strip() for line in lines if "ERROR[" in line
        )
        return list(found)[:WORDS]
    return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

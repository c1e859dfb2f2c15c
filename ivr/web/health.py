"""Is the hotline whole? Every check is one function that returns what is wrong, or None.

Healthy means: AMI is up and its picture complete, the journal flows into a database that answers, Asterisk writes the
journal at all, the disk has room, every task of the controller runs.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

from ivr.calls.live import Live
from ivr.errors import HotlineError
from ivr.store import Store
from ivr.store.attachments import DISK_LIMIT

LAG_LIMIT = 10.0  # seconds that the call log may be behind the journal
REMEMBERED = 2.0  # seconds that a check's result is good for, however often it is asked
CEL_REMEMBERED = 10.0
LOOK_SECONDS = 5.0  # that a check may take: a busy machine is not a broken one

DRAIN = "drain"  # the check that fails while new calls are turned away, though all is well

Problem = HotlineError | None
Check = Callable[[], Awaitable[Problem]]


class Manager(Protocol):
    @property
    def state(self) -> str: ...
    async def action(self, headers: Mapping[str, str]) -> list[dict[str, str]]: ...


class Log(Protocol):
    """`ivr.store.writer.Writer`."""

    @property
    def lag_seconds(self) -> float: ...
    @property
    def refused(self) -> Collection[str]: ...
    @property
    def last_error(self) -> str | None: ...


class Health:
    """`checks` may be extended; `stopped` names tasks of the controller that do not run, `draining` tells whether new
    calls are turned away.
    """

    def __init__(
        self,
        ami: Manager,
        live: Live,
        store: Store,
        log: Log,
        *,
        node: str,
        var: Path,
        stopped: Callable[[], list[str]],
        draining: Callable[[], bool],
    ) -> None:
        self._ami, self._live, self._store, self._log = ami, live, store, log
        self._node, self._var, self._stopped = node, var, stopped
        self._draining = draining
        self.checks: dict[str, tuple[Check, float]] = {
            "ami": (self._check_ami, 0.0),
            "live": (self._check_live, 0.0),
            "journal": (self._check_journal, 0.0),
            "database": (self._check_database, REMEMBERED),
            "cel": (self._check_cel, CEL_REMEMBERED),
            "disk": (self._check_disk, REMEMBERED),
            "tasks": (self._check_tasks, 0.0),
            DRAIN: (self._check_drain, 0.0),
        }
        self._known: dict[str, tuple[float, Problem]] = {}
        self._lock = asyncio.Lock()

    @property
    def lag_seconds(self) -> float:
        """That the call log is behind the journal."""
        return self._log.lag_seconds

    @property
    def refused(self) -> int:
        """Calls that the database did not take."""
        return len(self._log.refused)

    async def problems(self) -> dict[str, Problem]:
        """Check → what is wrong with it, or None. A check that fails by itself is a problem too."""
        async with self._lock:  # many who ask at once cost one look
            return {name: await self._look(name, check, good) for name, (check, good) in self.checks.items()}

    async def _look(self, name: str, check: Check, good: float) -> Problem:
        now = time.monotonic()
        known = self._known.get(name)
        if known is not None and known[1] is None and now - known[0] < good:
            return None
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                problem = await check()
        except HotlineError as error:
            problem = error
        except Exception as error:
            problem = HotlineError("check_failed", f"{name} could not be checked: {error!r}", {"check": name}, 503)
        self._known[name] = (now, problem)
        return problem

    async def _check_ami(self) -> Problem:
        if self._ami.state == "up":
            return None
        message = f"AMI is {self._ami.state}: is Asterisk running? `ivr doctor` tells"
        return HotlineError("ami_down", message, {"state": self._ami.state}, 503)

    async def _check_live(self) -> Problem:
        if self._live.snapshot().connected:
            return None
        return HotlineError("live_stale", "the live state is not in step with Asterisk yet", status=503)

    async def _check_journal(self) -> Problem:
        lag = round(self._log.lag_seconds, 1)
        if lag > LAG_LIMIT:
            message = f"the call log is {lag} s behind the journal, {LAG_LIMIT:g} s are allowed: {self._log.last_error}"
            return HotlineError("journal_behind", message, {"seconds": lag, "limit": LAG_LIMIT}, 503)
        if self._log.refused:
            message = f"the database refused {len(self._log.refused)} calls; the controller's log names them"
            return HotlineError("calls_refused", message, {"count": len(self._log.refused)}, 503)
        return None

    async def _check_database(self) -> Problem:
        await self._store.position(self._node)
        if self._log.last_error is None:
            return None
        return HotlineError("database_down", self._log.last_error, status=503)

    async def _check_cel(self) -> Problem:
        if self._ami.state != "up":
            return HotlineError("cel_off", "nothing is known of CEL while AMI is down", {"said": "AMI"}, 503)
        frames = await self._ami.action({"Action": "Command", "Command": "cel show status"})
        said = frames[0].get("Output", "")
        if "Logging: Enabled" in said and "CEL Event Subscriber" in said:
            return None
        message = f"Asterisk does not write the journal: {said!r}; look at cel.conf, and for the word CEL in its log"
        return HotlineError("cel_off", message, {"said": said}, 503)

    async def _check_disk(self) -> Problem:
        """Journal and recordings may have disks of their own."""
        for place in (self._var, self._var / "journal", self._var / "recordings"):
            there = place if place.exists() else self._var
            free = (await asyncio.to_thread(shutil.disk_usage, there)).free
            if free < DISK_LIMIT:
                message = f"the disk of {place} has {free} bytes left: make room, or the call log ends"
                return HotlineError("disk_full", message, {"path": str(place), "free": free}, 503)
        return None

    async def _check_tasks(self) -> Problem:
        stopped = self._stopped()
        if not stopped:
            return None
        message = f"{', '.join(stopped)} does not run; the controller's log says why"
        return HotlineError("task_stopped", message, {"task": ", ".join(stopped)}, 503)

    async def _check_drain(self) -> Problem:
        if not self._draining():
            return None
        message = "new calls are turned away: the hotline is being emptied; `ivr drain --cancel` lets them in again"
        return HotlineError("draining", message, status=503)

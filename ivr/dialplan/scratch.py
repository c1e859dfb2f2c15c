"""A scratch Asterisk: loads drafts and plays trial calls, with a folder, addresses and a clock of its own.

Started when somebody needs it and kept warm; it ends by itself after some idle minutes (ivr.dialplan.keeper). Found
again by its pid file. One user at a time; others wait their turn. Nothing of the running hotline is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr import credentials, ports, processes
from ivr.dialplan.scratch_site import Plan, scratch_site
from ivr.errors import HotlineError
from ivr.pbx import fetch, prompts, render, routing, state
from ivr.pbx.manager import AmiError, AmiManager
from ivr.processes import Process
from ivr.settings import Site

IDLE = 600.0  # seconds without use, then it ends
START_SECONDS = 40.0
TURN_SECONDS = 120.0  # how long one waits for another user's turn to end
QUIET = 0.3  # seconds without a line: Asterisk has said what it had to say

Sink = Callable[[dict[str, str]], None]


class ScratchError(HotlineError):
    """No scratch Asterisk: it cannot be started, or others use it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How a draft was taken: what Asterisk wrote while it read it, and whether it runs now."""

    lines: tuple[str, ...]
    taken: bool


class Scratch:
    """One that runs, while it is ours."""

    def __init__(self, var: Path, site: Site, plan: Plan, ami: AmiManager) -> None:
        self.var, self.site, self.plan, self.ami = var, site, plan, ami
        self.log = var / "log/asterisk/messages.log"
        self.sink: Sink | None = None  # who hears AMI's events
        self.doubts: list[str] = []

    async def command(self, line: str) -> str:
        """What Asterisk's console answers."""
        answer = await self.ami.send_action({"Action": "Command", "Command": line})
        return answer[0].get("Output", "")

    async def load(self, core: Sequence[Path], own: Sequence[Path]) -> Loaded:
        """Make it run these files; raises nothing for what stands in them."""
        mark = f"scratch-{time.time_ns()}"
        text = render.extensions(self.site, self.var, [*core, *own], fetch.find(fetch=False).version)
        # The last line of all: Asterisk complains about it when it has read everything else.
        path = self.var / "etc/extensions.conf"
        path.write_text(f"{text}\n[{mark}]\ninclude => {mark}-end\n", encoding="utf-8")
        read_from = self.log.stat().st_size if self.log.exists() else 0
        with contextlib.suppress(AmiError):  # how it went stands in the log
            await self.command("dialplan reload")
        lines = await self._said(read_from, f"{mark}-end")
        taken = any(f"{mark}-end" in line for line in lines)
        return Loaded(tuple(line for line in lines if mark not in line), taken)

    async def _said(self, read_from: int, last: str) -> list[str]:
        """The log's lines from there to the one that names `last`, or until Asterisk is quiet."""
        size, since = -1, time.monotonic()
        while True:
            text = _tail(self.log, read_from)
            if last in text and text.endswith("\n"):
                return text.splitlines()
            if len(text) != size:
                size, since = len(text), time.monotonic()
            elif time.monotonic() - since > QUIET:
                return text.splitlines()
            await asyncio.sleep(0.01)

    def said_since(self, read_from: int) -> list[str]:
        return _tail(self.log, read_from).splitlines()


def folder(var: Path, clock: float = 0.0) -> Path:
    """Where the scratch Asterisk stands: one with the machine's clock, one for another time."""
    return var / "scratch" / ("then" if clock else "now")


@contextlib.asynccontextmanager
async def scratch(site: Site, var: Path, clock: float = 0.0) -> AsyncIterator[Scratch]:
    """A running scratch Asterisk, ours until the block ends.

    `clock`: seconds that its clock is ahead of the machine's. Raises ScratchError, AsteriskError or PackageError.
    """
    var = var.absolute()
    here = folder(var, clock)
    here.mkdir(parents=True, exist_ok=True, mode=0o700)
    asterisk = await asyncio.to_thread(fetch.find, fetch=False)
    with await _turn(here / "lock"):
        (here / "used").touch()
        plan = await asyncio.to_thread(_running, site, here, clock, asterisk)
        if plan is None:
            plan = await _start(site, var, here, clock, asterisk)
        else:
            await asyncio.to_thread(_speak, site, var)
        made = scratch_site(site, plan)
        ami = AmiManager(
            state.read(here).mark,
            lambda event: using.sink(event) if using.sink is not None else None,
            lambda why: using.doubts.append(why),
            60.0,
            host=made.listen.ami.host,
            port=made.listen.ami.port,
            username="hotline",
            secret=credentials.load(here).ami_secret,
        )
        using = Scratch(here, made, plan, ami)
        try:
            await ami.open()
        except (OSError, AmiError) as failure:
            raise ScratchError("scratch", f"the scratch Asterisk does not answer ({failure}); see {using.log}") from None
        try:
            yield using
        finally:
            ami.close()
            with contextlib.suppress(OSError):
                (here / "used").touch()


async def stop(var: Path) -> None:
    """End what runs; who needs it starts it again."""
    for clock in (0.0, 1.0):
        keeper = _keeper(folder(var.absolute(), clock))
        if keeper is not None:
            await keeper.end()


@contextlib.contextmanager
def _held(handle: int) -> AsyncIterator[None]:  # type: ignore[misc]
    try:
        yield
    finally:
        os.close(handle)


async def _turn(path: Path) -> contextlib.AbstractContextManager[None]:
    """The lock, once it is ours; the kernel gives it back when we end, however we end."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + TURN_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(handle)
                message = f"somebody else has used the scratch Asterisk for {TURN_SECONDS:g} s; try again ({path})"
                raise ScratchError("scratch_busy", message, status=503) from None
            await asyncio.sleep(0.05)
        else:
            return _held(handle)


def _running(site: Site, here: Path, clock: float, asterisk: fetch.Installation) -> Plan | None:
    """The plan of the one that runs, if it is what this site needs now."""
    try:
        wanted, shown = (here / "made").read_text(encoding="utf-8").split("\n", 1)
        plan = Plan.from_json((here / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    alive = _keeper(here) is not None and _asterisk(here) is not None
    fits = wanted == _fingerprint(site, asterisk) and abs(float(shown) - clock) < 30
    return plan if alive and fits else None


def _keeper(here: Path) -> Process | None:
    return processes.left_running(here / "keeper.pid", str(here), "ivr.dialplan.keeper")


def _asterisk(here: Path) -> Process | None:
    with contextlib.suppress(state.StateError):
        run = Path(state.read(here).run_dir)
        return processes.left_running(run / "asterisk.pid", "-C", str(here / "etc/asterisk.conf"))
    return None


def _fingerprint(site: Site, asterisk: fetch.Installation) -> str:
    """Of all that the scratch Asterisk's files are made from, dialplans left out."""
    templates = b"".join(path.read_bytes() for path in sorted(render.TEMPLATES.glob("*.j2")))
    return hashlib.sha256(f"{site}{asterisk.version}{sys.executable}".encode() + templates).hexdigest()


async def _start(site: Site, var: Path, here: Path, clock: float, asterisk: fetch.Installation) -> Plan:
    """Start it anew, whatever is left of an earlier one. Raises ScratchError."""
    left = [process for process in (_keeper(here), _asterisk(here)) if process is not None]
    for process in left:
        await process.end(2.0)
    await asyncio.to_thread(_speak, site, var)
    for stale in ("log", "journal", "recordings", "lib", "spool", "etc"):
        shutil.rmtree(here / stale, ignore_errors=True)
    plan = Plan.free(site, here)
    made = scratch_site(site, plan)
    run = state.run_dir(here)
    for old in ("asterisk.ctl", "asterisk.pid"):
        (run / old).unlink(missing_ok=True)
    now = state.State(state.new_mark(), ports.any_free(), str(run), "")
    secrets, _ = credentials.ensure(here, made)
    for shared in ("prompts", "moh"):
        link = here / shared
        if not link.is_symlink():
            link.symlink_to(Path("..") / shared)
    conf = render.render(made, here, asterisk, secrets, now.mark, now.ari_port, run, scratch=True)
    state.write(here, now)
    routing.publish(made, here)
    (here / "plan.json").write_text(plan.as_json(), encoding="utf-8")
    (here / "made").write_text(f"{_fingerprint(site, asterisk)}\n{clock}", encoding="utf-8")
    command = [*_with_clock(clock), *_ends_with_us(), *asterisk.command, "-C", str(conf), "-f"]
    keeper = processes.launch(
        [sys.executable, "-m", "ivr.dialplan.keeper", str(here), str(IDLE), *command], here / "console.log", here
    )
    (here / "keeper.pid").write_text(str(keeper.pid), encoding="utf-8")
    until = time.monotonic() + START_SECONDS
    while ports.is_free(made.listen.ami, ports.TCP) or _asterisk(here) is None:
        if not keeper.alive or time.monotonic() > until:
            said = _tail(here / "console.log", 0)[-600:] + _tail(here / "log/asterisk/messages.log", 0)[-600:]
            raise ScratchError("scratch", f"the scratch Asterisk did not start:\n{said}")
        await asyncio.sleep(0.02)
    return plan


def _speak(site: Site, var: Path) -> None:
    """The draft's prompts, beside those of the running hotline, from which they are copied to begin with."""
    root = var / "scratch"
    if not (root / "prompts").is_dir() and (var / "prompts").is_dir():
        shutil.copytree(var / "prompts", root / "prompts")
    prompts.ensure(site, root, lambda _: None)


def _with_clock(clock: float) -> list[str]:
    if not clock:
        return []
    return ["env", f"LD_PRELOAD={_faketime()}", f"FAKETIME={clock:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def _faketime() -> Path:
    """Raises PackageError."""
    from ivr.pbx.tools import faketime  # noqa: PLC0415

    return faketime()


def _ends_with_us() -> list[str]:
    """The kernel ends Asterisk when its keeper is killed (prctl(2), PR_SET_PDEATHSIG)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _tail(path: Path, read_from: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(read_from)
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""

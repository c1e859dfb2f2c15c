"""A scratch Asterisk: loads drafts and plays trial calls, with a folder, addresses and a clock of its own.

Started when somebody needs it and kept warm; it ends by itself after some idle minutes (ivr.dialplan.keeper). Found
again by its pid file. There are a few of them, each for one user at a time. Nothing of the running hotline is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr import credentials
from ivr.dialplan import scratch_run
from ivr.dialplan.scratch_run import ScratchError, tail
from ivr.dialplan.scratch_site import Plan, scratch_site
from ivr.pbx import fetch, render, state
from ivr.pbx.manager import AmiError, AmiManager
from ivr.settings import Site

TURN_SECONDS = 120.0  # how long one waits for another user's turn to end
QUIET = 0.3  # seconds without a line: Asterisk has said what it had to say

Sink = Callable[[dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How a draft was taken: what Asterisk wrote while it read it, and whether it runs now."""

    lines: tuple[str, ...]
    taken: bool


class Ears:
    """Who hears AMI's events."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self.doubts: list[str] = []  # why frames were not believed

    def hear(self, event: dict[str, str]) -> None:
        if self.sink is not None:
            self.sink(event)


class Scratch:
    """One that runs, while it is ours."""

    def __init__(self, var: Path, site: Site, plan: Plan, ami: AmiManager, ears: Ears) -> None:
        self.var, self.site, self.plan, self.ami, self.ears = var, site, plan, ami, ears
        self.log = var / "log/asterisk/messages.log"

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

    async def speak(self) -> None:
        """Make what callers hear, as the site tells it now. Raises PromptError, TextError or SpeechError."""
        if await asyncio.to_thread(scratch_run.speak, self.site, self.var.parents[1]):
            await self.command("moh reload")

    async def _said(self, read_from: int, last: str) -> list[str]:
        """The log's lines from there to the one that names `last`, or until Asterisk is quiet."""
        size, since = -1, time.monotonic()
        while True:
            text = tail(self.log, read_from)
            if last in text and text.endswith("\n"):
                return text.splitlines()
            if len(text) != size:
                size, since = len(text), time.monotonic()
            elif time.monotonic() - since > QUIET:
                return text.splitlines()
            await asyncio.sleep(0.01)

    def said_since(self, read_from: int) -> list[str]:
        return tail(self.log, read_from).splitlines()


@contextlib.asynccontextmanager
async def scratch(site: Site, var: Path, clock: float = 0.0) -> AsyncIterator[Scratch]:
    """A running scratch Asterisk, ours until the block ends.

    `clock`: seconds that its clock is ahead of the machine's. Raises ScratchError, AsteriskError or PackageError.
    """
    asterisk = await asyncio.to_thread(fetch.find, fetch=False)
    here, handle = await _turn(site, var, clock, asterisk)
    with _held(handle):
        (here / "used").touch()
        plan = await asyncio.to_thread(scratch_run.running, site, here, clock, asterisk)
        if plan is None:
            plan = await scratch_run.start(site, var, here, clock, asterisk)
        made = scratch_site(site, plan)
        ears = Ears()
        ami = AmiManager(
            state.read(here).mark,
            ears.hear,
            ears.doubts.append,
            60.0,
            host=made.listen.ami.host,
            port=made.listen.ami.port,
            username="hotline",
            secret=credentials.load(here).ami_secret,
        )
        using = Scratch(here, made, plan, ami, ears)
        try:
            await ami.open()
        except (OSError, AmiError) as failure:
            raise ScratchError(
                "scratch", f"the scratch Asterisk does not answer ({failure}); see {using.log}"
            ) from None
        try:
            yield using
        finally:
            ami.close()
            with contextlib.suppress(OSError):
                (here / "used").touch()


async def stop(var: Path) -> None:
    """End what runs; who needs one starts it again."""
    for here in scratch_run.folders(var):
        keeper = scratch_run.keeper(here)
        if keeper is not None:
            await keeper.end()


@contextlib.contextmanager
def _held(handle: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(handle)


async def _turn(site: Site, var: Path, clock: float, asterisk: fetch.Installation) -> tuple[Path, int]:
    """One that nobody uses, and its lock, which the kernel gives back when we end, however we end."""
    lanes = scratch_run.folders(var)
    until = time.monotonic() + TURN_SECONDS
    while time.monotonic() < until:
        for here in scratch_run.cheapest(lanes, site, clock, asterisk):
            handle = os.open(here / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
            else:
                return here, handle
        await asyncio.sleep(0.05)
    message = f"others have used every scratch Asterisk for {TURN_SECONDS:g} s; try again ({lanes[0].parent})"
    raise ScratchError("scratch_busy", message, status=503)

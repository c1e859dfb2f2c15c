"""Emptying the hotline: new calls are turned away, running ones are served to their end (dialplans/core/drain.conf).

The dialplan's global DRAIN decides, so the controller may be dead. `run/drain` keeps it beyond a crash of Asterisk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from ivr.credentials import Credentials
from ivr.errors import HotlineError
from ivr.pbx import state
from ivr.pbx.ami import Ami
from ivr.settings import Site

USER = "hotline"  # of manager.conf
CONNECT_SECONDS = 5.0


class Stage(IntEnum):
    """The values of the dialplan's DRAIN."""

    OPEN = 0
    DIVERT = 1  # new callers to the neighbour, or refused
    REFUSE = 2  # new callers refused
    SHUT = 3  # everybody refused, partner desks too


@dataclass(frozen=True, slots=True)
class Running:
    """Calls at this moment: here, of these in a queue without an operator, and those that the neighbour has taken."""

    calls: int
    waiting: int
    diverted: int

    @property
    def none(self) -> bool:
        return not self.calls and not self.diverted


class Manager(Protocol):
    async def action(self, headers: Mapping[str, str]) -> list[dict[str, str]]: ...


def path_in(var: Path) -> Path:
    return var / "run/drain"


def kept(var: Path) -> int:
    """The stage that an Asterisk which starts now must have; 0 where nothing is being emptied."""
    try:
        return Stage(int(path_in(var).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return Stage.OPEN


def keep(var: Path, stage: Stage) -> None:
    path_in(var).unlink(missing_ok=True)
    if stage:
        path_in(var).write_text(f"{stage}\n", encoding="utf-8")


async def tell(ami: Manager, stage: Stage) -> None:
    await ami.action({"Action": "Setvar", "Variable": "DRAIN", "Value": str(int(stage))})


async def stage_of(ami: Manager) -> Stage:
    """What the dialplan does now, whoever told it. Raises AmiError."""
    said = (await ami.action({"Action": "Getvar", "Variable": "DRAIN"}))[0].get("Value", "")
    try:
        return Stage(int(said))
    except ValueError:
        return Stage.OPEN


async def running(ami: Manager) -> Running:
    frames = await ami.action({"Action": "CoreShowChannels"})
    return count(frame for frame in frames if frame.get("Event") == "CoreShowChannel")


def count(channels: Iterable[Mapping[str, str]]) -> Running:
    """Calls by the CALL_ID of their channels (items of CoreShowChannels); a phone's code without a call is none."""
    calls: dict[str, list[Mapping[str, str]]] = {}
    for channel in channels:
        id = channel.get("ChanVariable", "").partition("CALL_ID=")[2]
        if id:
            calls.setdefault(id, []).append(channel)
    diverted = sum(
        any(one.get("Channel", "").startswith("PJSIP/desk-neighbour-") for one in call) for call in calls.values()
    )
    waiting = sum(
        any(one.get("Application") == "Queue" and not one.get("BridgeId") for one in call) for call in calls.values()
    )
    return Running(len(calls) - diverted, waiting, diverted)


@asynccontextmanager
async def manager(site: Site, var: Path, secrets: Credentials) -> AsyncIterator[Ami]:
    """AMI of the Asterisk that runs now. Raises StateError where none was started, HotlineError where it is silent."""
    now = await asyncio.to_thread(state.read, var)
    ami = Ami(site.listen.ami, USER, secrets.ami_secret, now.mark, node=site.hotline.node)
    await ami.start()
    deaf = asyncio.create_task(_discard(ami))
    try:
        with suppress(TimeoutError):
            await ami.wait_up(CONNECT_SECONDS)
        if ami.state != "up":
            words = f"Asterisk's AMI does not answer on {site.listen.ami.host}:{site.listen.ami.port}; see `ivr doctor`"
            raise HotlineError("pbx_unreachable", words, status=503)
        yield ami
    finally:
        deaf.cancel()
        await ami.stop()


async def _discard(ami: Ami) -> None:
    """Nobody listens to events here, and a full queue would stop answers too."""
    while True:
        await ami.events.get()

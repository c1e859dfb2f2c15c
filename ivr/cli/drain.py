"""`ivr drain`: stop without dropping a call."""

from __future__ import annotations

import asyncio
import json as json_words
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import structlog
import typer

from ivr import credentials, supervisor, system
from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.errors import HotlineError
from ivr.pbx import drain as emptying
from ivr.pbx.drain import Running, Stage
from ivr.pbx.manager import AmiError

LOOK = 0.5  # seconds between two looks
CALM = 2  # looks without a call, the doors shut, before the end: a call may be between two channels
STOP_SECONDS, BLINK = 30.0, 0.1  # for both services to end, and between two looks at that
CALLS_REMAIN = 3  # exit code: the time is over, calls still run, and no new ones come in


@dataclass(frozen=True, slots=True)
class Report:
    """`state`: open (calls come in), draining (none come in, some still run), stopped."""

    state: str
    calls: int = 0
    waiting: int = 0
    diverted: int = 0


class NotRunningError(HotlineError):
    def __init__(self, var: Path) -> None:
        super().__init__("not_running", f"no Asterisk runs from {var}: there is nothing to empty")


def drain(
    context: typer.Context,
    wait: Annotated[
        float | None, typer.Option(min=0, help="Seconds to wait at most; without it, as long as calls run.")
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Let calls come in again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the end as JSON; progress goes to stderr.")] = False,
) -> None:
    """Stop without dropping a call: new ones are turned away, running ones are served to their end.

    New callers go to the [neighbour] of hotline.toml where there is one; otherwise they are refused (SIP 503), so that
    the carrier takes another way. Callers who wait already are served, and so is whom a partner desk hands over. When
    the last call has ended, Asterisk and the controller stop. Ctrl-C ends only the waiting.

    Exit code 0: stopped (or cancelled). 3: the time is over and calls still run; nothing was stopped, new calls are
    still turned away. 1: it could not be done.

    Example: ivr drain --wait 900
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # our words, not AMI's
    start: Context = context.obj
    if system.find_asterisk(start.var) is None:
        raise NotRunningError(start.var)
    work = _Drain(start, lambda words: typer.echo(words, err=json))
    try:
        report = asyncio.run(work.cancel() if cancel else work.empty(wait))
    except KeyboardInterrupt:
        work.say("仍在停止接入；ivr drain --cancel 可恢复", "new calls are still turned away; --cancel ends that")
        raise typer.Exit(130) from None
    if json:
        typer.echo(json_words.dumps(asdict(report)))
    if report.state == "draining":
        raise typer.Exit(CALLS_REMAIN)


class _Drain:
    def __init__(self, start: Context, tell: Callable[[str], None]) -> None:
        self._site, self._var, self._tell = start.site, start.var, tell
        self._secrets = credentials.load(start.var)
        self._chinese = language() == "zh"

    def say(self, zh: str, en: str) -> None:
        self._tell(zh if self._chinese else en)

    async def cancel(self) -> Report:
        emptying.keep(self._var, Stage.OPEN)
        async with emptying.manager(self._site, self._var, self._secrets) as ami:
            await emptying.tell(ami, Stage.OPEN)
            now = await emptying.running(ami)
        self.say("已恢复接入", "calls come in again")
        return Report("open", now.calls, now.waiting, now.diverted)

    async def empty(self, wait: float | None) -> Report:
        until = None if wait is None else time.monotonic() + wait
        emptying.keep(self._var, Stage.DIVERT)
        while True:
            try:
                async with emptying.manager(self._site, self._var, self._secrets) as ami:
                    await emptying.tell(ami, Stage.DIVERT)
                    left = await self._watch(ami, until)
                    break
            except AmiError as failure:  # Asterisk died meanwhile: the next one begins with what `run/drain` says
                self.say(f"Asterisk 暂无应答：{failure.message}", f"Asterisk is silent: {failure.message}")
                await asyncio.sleep(LOOK)
        if not left.none:
            self.say(
                f"时间已到，{_zh(left)}；未停止任何服务，仍不接入新来电",
                f"the time is over, {_en(left)}; nothing was stopped, new calls are still turned away",
            )
            return Report("draining", left.calls, left.waiting, left.diverted)
        await self._stop()
        self.say("全部通话已结束，系统已停止", "every call has ended, and the system has stopped")
        return Report("stopped")

    async def _watch(self, ami: emptying.Manager, until: float | None) -> Running:
        """Until nobody is left, or the time is over. Calls that the neighbour has taken run through us: when only they
        are left no more are sent there, or a busy hour would never end.
        """
        stage, calm, told = Stage.DIVERT, 0, None
        while True:
            now = await emptying.running(ami)
            if now != told:
                self.say(_zh(now), _en(now))
                told = now
            calm = calm + 1 if now.none and stage is Stage.SHUT else 0
            if calm == CALM or (until is not None and time.monotonic() >= until and not now.none):
                return now
            wanted = Stage.DIVERT if now.calls else Stage.REFUSE if now.diverted else Stage.SHUT
            if wanted is not stage:
                await emptying.tell(ami, wanted)
                stage = wanted
            await asyncio.sleep(LOOK)

    async def _stop(self) -> None:
        """`ivr up` ends both; where none runs, they are ended here."""
        keeper = supervisor.keeper_of(self._var / "run")
        if keeper is not None:
            os.kill(keeper, signal.SIGTERM)
            for _ in range(int(STOP_SECONDS / BLINK)):
                if supervisor.keeper_of(self._var / "run") is None:
                    break
                await asyncio.sleep(BLINK)
        for process in (system.find_asterisk(self._var), system.find_controller(self._var)):
            if process is not None:
                await process.end()
        with suppress(OSError):
            emptying.keep(self._var, Stage.OPEN)


def _zh(now: Running) -> str:
    diverted = f"，邻近热线代接 {now.diverted} 个" if now.diverted else ""
    return f"进行中 {now.calls} 个通话，其中 {now.waiting} 个在等待{diverted}"


def _en(now: Running) -> str:
    calls = f"{now.calls} call{'' if now.calls == 1 else 's'}"
    diverted = f", {now.diverted} with the neighbour" if now.diverted else ""
    return f"{calls}, {now.waiting} waiting{diverted}"

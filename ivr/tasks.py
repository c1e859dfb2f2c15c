"""Tasks that never end by themselves: one that fails is logged and started again, the others go on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds before a task that failed begins again; doubled each time
STEADY = 60.0  # seconds; a task that ran so long begins again after the first pause
AGAIN = 0.5  # seconds between two cancellations of a task that went on

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Once all have. A cancellation that comes while a library turns it into an error of its own is lost: so again."""
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=AGAIN)


class Keeper:
    """`keep` adds a task, `stopped` names those that wait to begin again, `await close()` ends all."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped: set[str] = set()

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks[name] = asyncio.create_task(self._run(name, work), name=name)

    def stopped(self) -> list[str]:
        return sorted(self._stopped)

    async def end(self, *names: str) -> None:
        """These, all at once."""
        tasks = [task for name in names if (task := self._tasks.pop(name, None)) is not None]
        await ended(*tasks)

    async def close(self) -> None:
        await self.end(*self._tasks)

    async def _run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        while True:
            began = loop.time()
            self._stopped.discard(name)
            try:
                await work()
                log.error("task.ended", task=name, again_in=pause)
            except Exception:
                log.exception("task.failed", task=name, again_in=pause)
            if loop.time() - began > STEADY:
                pause = FIRST_PAUSE
            self._stopped.add(name)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def in_thread(act: Callable[[], T]) -> T:
    """In a thread that keeps nobody from ending: a silent server is not waited for."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, failure: BaseException | None) -> None:
        if answer.done():
            return
        if failure is not None:
            answer.set_exception(failure)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, failure = None, None
        try:
            result = act()
        except BaseException as raised:
            failure = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, daemon=True, name="waits").start()
    return await answer

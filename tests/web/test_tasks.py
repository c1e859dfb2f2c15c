"""Tasks that never end by themselves."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from ivr import tasks
from ivr.tasks import Keeper


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.001)


async def test_given_a_task_that_fails_then_it_is_logged_and_begins_again() -> None:
    began, there = [], asyncio.Event()

    async def work() -> None:
        began.append(1)
        if len(began) < 3:
            raise RuntimeError("boom")
        there.set()
        await asyncio.Event().wait()

    keeper = Keeper()
    with structlog.testing.capture_logs() as lines:
        keeper.keep("call log", work)
        await asyncio.wait_for(there.wait(), 60)
    assert [(line["event"], line["task"]) for line in lines] == [("task.failed", "call log")] * 2
    assert keeper.stopped() == []
    await keeper.close()


async def test_given_a_task_that_returns_then_it_begins_again_too() -> None:
    began, twice = [], asyncio.Event()

    async def work() -> None:
        began.append(1)
        if len(began) == 2:
            twice.set()

    keeper = Keeper()
    keeper.keep("clock", work)
    await asyncio.wait_for(twice.wait(), 60)
    await keeper.close()


async def test_given_a_task_that_waits_to_begin_again_then_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 60.0)

    async def work() -> None:
        raise RuntimeError("boom")

    keeper = Keeper()
    keeper.keep("link", work)
    for _ in range(100):
        if keeper.stopped():
            break
        await asyncio.sleep(0.001)
    assert keeper.stopped() == ["link"]
    await keeper.close()


async def test_given_tasks_then_some_end_first_and_close_ends_the_rest() -> None:
    ended: list[str] = []

    def work(name: str):
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        return run

    keeper = Keeper()
    for name in ("call log", "web", "agi"):
        keeper.keep(name, work(name))
    await asyncio.sleep(0)
    await keeper.end("web", "unknown")
    assert ended == ["web"]
    await keeper.close()
    assert sorted(ended) == ["agi", "call log", "web"]

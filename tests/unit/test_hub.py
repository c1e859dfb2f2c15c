"""When the live state is told: at once after quiet, and no more often than the interval."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ivr.calls.live import Live
from ivr.web.hub import Hub
from tests.unit.live_streams import OPERATORS, TARGETS

NEVER = 600.0  # seconds between two frames: longer than any test


def device(number: str, state: str) -> dict[str, str]:
    return {"Event": "DeviceStateChange", "Device": f"PJSIP/{number}", "State": state, "Timestamp": "1"}


@pytest.fixture
async def hub() -> AsyncIterator[tuple[Live, Hub]]:
    live = Live(OPERATORS, TARGETS)
    live.apply({"Event": "Resynchronise"})
    live.apply({"Event": "ResynchroniseComplete"})
    hub = Hub(live, NEVER)
    running = asyncio.create_task(hub.run())
    yield live, hub
    running.cancel()


async def test_given_quiet_when_something_changes_then_it_is_told_without_waiting_for_the_interval(
    hub: tuple[Live, Hub],
) -> None:
    live, told = hub
    before = told.newest
    live.apply(device("1001", "NOT_INUSE"))
    async with asyncio.timeout(60):
        after = await told.newer_than(before)
    assert after.operators["1001"].state == "available"


async def test_given_a_change_was_told_when_the_next_comes_then_it_waits_for_the_interval(
    hub: tuple[Live, Hub],
) -> None:
    live, told = hub
    live.apply(device("1001", "NOT_INUSE"))
    async with asyncio.timeout(60):
        first = await told.newer_than(told.newest)
    live.apply(device("1002", "NOT_INUSE"))
    await asyncio.sleep(0.1)
    assert told.newest is first
    assert told.look().operators["1002"].state == "available"  # who opens a page now sees it all the same


async def test_given_many_events_at_once_then_they_are_one_frame(hub: tuple[Live, Hub]) -> None:
    live, told = hub
    before = told.newest
    for number in ("1001", "1002"):
        live.apply(device(number, "NOT_INUSE"))
    async with asyncio.timeout(60):
        after = await told.newer_than(before)
    assert {one.state for number, one in after.operators.items() if number in ("1001", "1002")} == {"available"}

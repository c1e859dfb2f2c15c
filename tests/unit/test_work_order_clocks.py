"""The clocks of work orders: told once and in time, and what stands is shown in the room (R47)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from ivr import work_orders
from ivr.settings import Department
from ivr.store import Store
from ivr.store.attachments import Attachments
from ivr.store.cases import Cases
from ivr.store.work_orders import Count, WorkOrders
from ivr.web import order_alarms
from ivr.work_orders import LONGEST, Clocks
from tests.unit import databases
from tests.unit.clocks import START, Clock
from tests.web.house import a_site


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with databases.opened(databases.ready_sqlite(tmp_path / "ivr.db")) as opened:
        yield opened


@pytest.fixture
def clocks(store: Store, clock: Clock, tmp_path: Path) -> Clocks:
    return Clocks(WorkOrders(store, "12345"), Attachments(store, tmp_path / "files", clock), {}, clock)


async def ordered(store: Store, clock: Clock, id: str, due: datetime, sign_by: datetime) -> str:
    """The id of the case."""
    cases = Cases(store, "12345", clock=clock)
    case = (await cases.open("1001", "web", {"cause": "路灯不亮"})).case.id
    limits = {"due": due.isoformat(), "sign_by": sign_by.isoformat()}
    await cases.act(case, "1001", "ordered", {"order": id, "department": "chengguan", **limits})
    return case


def alarms(lines: list[MutableMapping[str, Any]]) -> list[tuple[str, int]]:
    return [(line["event"], line["orders"]) for line in lines if line.get("alarm")]


async def test_given_orders_when_their_moments_come_then_one_line_a_department_alarms_once(
    store: Store, clocks: Clocks, clock: Clock
) -> None:
    hours = [timedelta(hours=n) for n in (4, 10)]
    for id in ("a", "b"):
        await ordered(store, clock, id, START + hours[1], START + hours[0])
    with structlog.testing.capture_logs() as lines:
        assert await clocks.look() == LONGEST  # the next moment is hours away
        assert (clocks.counts["chengguan"].open, alarms(lines)) == (2, [])
        clock.now = START + hours[0] + timedelta(seconds=1)
        await clocks.look()
        await clocks.look()
        assert alarms(lines) == [("order.unsigned", 2)]
        clock.now = START + hours[1] - timedelta(seconds=5)
        assert 4.9 < await clocks.look() < 5.1
        clock.now = START + hours[1] + timedelta(seconds=1)
        await clocks.look()
    assert alarms(lines) == [("order.unsigned", 2), ("order.overdue", 2)]
    assert clocks.counts["chengguan"] == Count(open=2, unsigned=2, overdue=2, oldest=START + hours[1])


async def test_given_a_sleeping_clock_when_an_order_comes_that_is_soon_late_then_it_wakes_for_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_orders, "SHORTEST", 0.05)
    clocks = Clocks(WorkOrders(store, "12345"), Attachments(store, tmp_path / "files"), {})
    running = asyncio.create_task(clocks.run())
    cases = Cases(store, "12345")
    cases.listeners.append(clocks.changed)
    try:
        with structlog.testing.capture_logs() as lines:
            case = (await cases.open("1001", "web", {"cause": "路灯不亮"})).case.id
            soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
            await cases.act(
                case, "1001", "ordered", {"order": "a", "department": "chengguan", "due": soon, "sign_by": soon}
            )
            async with asyncio.timeout(60):
                while not (clocks.counts.get("chengguan", Count()).overdue and alarms(lines)):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
    finally:
        running.cancel()
    assert ("order.overdue", 1) in alarms(lines)


def test_given_counts_then_the_room_is_told_who_is_late_in_both_languages(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    assert isinstance(site.departments["chengguan"], Department)
    counts = {"chengguan": Count(open=9, unsigned=1, overdue=2, oldest=START), "gone": Count(overdue=1)}
    found = {alarm.id: alarm for alarm in order_alarms.found(counts, site)}
    assert set(found) == {"orders_overdue:chengguan", "orders_unsigned:chengguan", "orders_overdue:gone"}
    late = found["orders_overdue:chengguan"]
    assert late.message["zh"] == "城市管理局有 2 张工单超过时限未办结"
    assert late.message["en"] == "City Management is late with 2 work orders"
    assert late.since == START
    assert "gone" in found["orders_overdue:gone"].message["zh"]

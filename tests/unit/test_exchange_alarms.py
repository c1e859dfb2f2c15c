"""Who hears of a desk that is silent, of what it refused, and of knocks at the door."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.desks import signatures
from ivr.exchange import Exchange
from ivr.settings import Partner, load
from ivr.store import Store
from ivr.store.exchange import Backlog, Messages
from ivr.web.door import Door
from ivr.web.exchange_alarms import SHOWN, at_the_door, found

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
SANDBOX = Path(__file__).parents[2] / "hotline.toml"
KEY = signatures.new_private()
POLICE = Partner("110", "http://127.0.0.1:9", signatures.public_text(KEY), silent_minutes=5)


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    site = replace(load(SANDBOX, tmp_path), exchange={"110": POLICE})
    return Exchange(site, KEY, Messages(Store("sqlite+aiosqlite://"), "12345", ["110"]))


@pytest.mark.parametrize(("minutes", "silent"), [(4, False), (6, True)])
def test_given_messages_that_wait_when_it_is_too_long_then_the_desk_is_silent(
    exchange: Exchange, minutes: int, silent: bool
) -> None:
    exchange.backlog = {"110": Backlog("110", 3, 0, NOW - timedelta(minutes=minutes))}
    waited = exchange.silent("110", NOW)
    assert (waited is not None) == silent
    shown = list(found(exchange.backlog, {"110": waited} if waited else {}, {"110": "Connection refused"}))
    assert [alarm.id for alarm in shown] == (["exchange_silent:110"] if silent else [])
    assert all("Connection refused" in text for alarm in shown for text in alarm.message.values())
    assert exchange.pending() == 3.0


def test_given_a_refused_message_then_a_person_is_told_until_it_is_mended() -> None:
    assert [alarm.id for alarm in found({"110": Backlog("110", 0, 2)}, {}, {})] == ["exchange_refused:110"]
    assert list(found({"110": Backlog("110", 9, 0)}, {}, {})) == []


def test_given_many_knocks_when_they_are_refused_then_one_a_minute_is_noted_and_the_alarm_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(replace(load(SANDBOX, tmp_path), exchange={"110": replace(POLICE, next_key=POLICE.key)}))
    assert len(door.keys["110"]) == 2
    clock: list[float] = [1000.0]
    monkeypatch.setattr("ivr.web.door.time.monotonic", lambda: clock[0])
    assert [door.refused("exchange_signature", "192.0.2.1")[1] for _ in range(3)] == [True, False, False]
    clock[0] += 61
    assert door.refused("exchange_signature", "192.0.2.1")[1]
    for n in range(2000):
        door.refused("exchange_message", f"host{n}")
    assert len(door.refusals) == 1000
    last, _ = door.refused("exchange_altered", "192.0.2.1")
    (alarm,) = at_the_door([last], last.at)
    assert alarm.id == "exchange_altered:192.0.2.1"
    assert list(at_the_door([last], last.at + SHOWN)) == []


async def test_given_a_site_that_shares_no_cases_then_the_task_waits_and_ends(tmp_path: Path) -> None:
    alone: Any = Exchange(load(SANDBOX, tmp_path), KEY, Messages(Store("sqlite+aiosqlite://"), "12345", []))
    task = asyncio.create_task(alone.run())
    await asyncio.sleep(0)
    task.cancel()
    assert await asyncio.gather(task, return_exceptions=True)

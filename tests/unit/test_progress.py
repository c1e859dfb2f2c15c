"""How far a matter is: told to whoever knows both numbers, and of somebody in danger to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from ivr.desks.progress import DIGITS
from ivr.store import Store, tables
from ivr.store.cases import Cases
from ivr.store.progress import WINDOW, WRONG, Lookups, TooManyTriesError
from tests.unit import databases
from tests.unit.test_tellings import NOON

CITIZEN = "13800138000"
ORDER = {"order": "o1", "department": "light", "due": "2026-11-30T09:00:00Z", "sign_by": "2026-11-27T09:00:00Z"}


@dataclass
class House:
    store: Store
    cases: Cases
    lookups: Lookups
    clock: list[float]

    async def opened(self, **matter: Any) -> tuple[str, str]:
        """Id and number."""
        case = (await self.cases.open("1001", "phone", {"caller": CITIZEN, **matter})).case
        return case.id, case.number

    async def step(self, caller: str, number: str) -> str | None:
        found = await self.lookups.ask(f"test {len(self.clock)}", caller, number)
        return found.step if found is not None else None


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = [1000.0]
    async with databases.opened(databases.ready_sqlite(tmp_path / "ivr.db")) as store:
        yield House(store, Cases(store, "12345"), Lookups(store, "86", lambda: clock[0]), clock)


async def test_given_a_matter_on_its_way_then_each_step_is_told_when_it_is_there(house: House) -> None:
    id, number = await house.opened()
    steps = [await house.step(CITIZEN, number)]
    acts: list[tuple[str, dict[str, Any]]] = [
        ("ordered", ORDER),
        ("order_extension", {"order": "o1", "until": "2026-12-05T09:00:00Z", "reason": "待零件"}),
        ("order_extended", {"order": "o1", "granted": True}),
        ("order_done", {"order": "o1", "result": "solved", "words": "已修复"}),
        ("handled", {"result": "solved"}),
        ("closed", {}),
    ]
    for kind, data in acts:
        await house.cases.act(id, "1001", kind, data)
        steps.append(await house.step(CITIZEN, number))
    assert steps == ["received", "ordered", "ordered", "extended", "extended", "handled", "closed"]


async def test_given_another_desk_that_accepts_then_that_is_told(house: House) -> None:
    id, number = await house.opened()
    await house.cases.act(id, "1001", "offered", {"to": "110", "way": "online"})
    assert await house.step(CITIZEN, number) == "received"
    other = Cases(house.store, "110")
    await other.act(id, "2001", "accepted")
    assert await house.step(CITIZEN, number) == "accepted"


@pytest.mark.parametrize("caller", [CITIZEN, "+8613800138000", "008613800138000", "013800138000"])
async def test_given_the_number_as_any_network_writes_it_then_its_last_digits_are_enough(
    house: House, caller: str
) -> None:
    await house.opened()
    _, number = await house.opened()
    assert await house.step(caller, number[-DIGITS:]) == "received"
    assert await house.step(caller, number) == "received"


async def test_given_two_numbers_that_do_not_fit_then_nothing_is_told(house: House) -> None:
    _, number = await house.opened()
    assert await house.step("13800138001", number) is None
    assert await house.step("13800138001", number[-DIGITS:]) is None
    assert await house.step(CITIZEN, number[:-1] + "9") is None
    assert await house.step("", number) is None
    assert await house.step(CITIZEN, "%") is None


@pytest.mark.parametrize("few", range(1, DIGITS))
async def test_given_fewer_digits_then_they_name_no_matter_though_its_number_ends_with_them(
    house: House, few: int
) -> None:
    _, number = await house.opened()
    assert await house.step(CITIZEN, number[-few:]) is None


async def test_given_many_who_withhold_their_numbers_then_none_waits_for_the_others_tries(house: House) -> None:
    _, number = await house.opened()
    for n in range(WRONG + 1):
        assert await house.lookups.ask(f"call {n}", "anonymous", number[-DIGITS:]) is None


async def test_given_somebody_who_guesses_many_at_once_then_he_has_no_more_tries(house: House) -> None:
    await house.opened()
    guesses = (house.lookups.ask("192.0.2.1", CITIZEN, f"9999{n:02}") for n in range(5 * WRONG))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(one, TooManyTriesError) for one in answers) == 4 * WRONG


@pytest.mark.parametrize("kind", ["tags", "emergency"])
async def test_given_somebody_in_danger_then_nobody_hears_of_it(house: House, kind: str) -> None:
    id, number = await house.opened(**({"tags": ["in_danger"]} if kind == "tags" else {}))
    if kind == "emergency":
        await house.cases.act(id, "1001", "emergency", {"danger": "life"})
    assert await house.step(CITIZEN, number) is None


async def test_given_a_matter_that_was_merged_then_the_other_one_tells(house: House) -> None:
    id, number = await house.opened()
    into, _ = await house.opened()
    await house.cases.merge(id, "1001", into)
    await house.cases.act(into, "1001", "handled", {"result": "solved"})
    assert await house.step(CITIZEN, number) == "handled"


async def test_given_a_number_that_only_the_calls_know_then_it_is_nobodys_matter(house: House) -> None:
    """A case without a caller's number (withheld at his wish) is told to no number."""
    case = (await house.cases.open("1001", "phone", {}, call="c1")).case
    row = {"id": "c1", "number": "12345", "caller": CITIZEN, "entered_at": NOON, "node": "n"}
    await house.store.write(lambda connection: connection.execute(insert(tables.call).values(**row)).rowcount)
    assert await house.step(CITIZEN, case.number) is None


async def test_given_somebody_who_guesses_then_he_waits_and_so_does_whoever_guesses_about_the_same_number(
    house: House,
) -> None:
    _, number = await house.opened()
    for _ in range(WRONG):
        assert await house.lookups.ask("192.0.2.1", CITIZEN, "999999") is None
    for who, caller in (("192.0.2.1", "13900139000"), ("192.0.2.2", CITIZEN)):
        with pytest.raises(TooManyTriesError) as refused:
            await house.lookups.ask(who, caller, number)
        assert refused.value.details == {"seconds": round(WINDOW)}
    house.clock[0] += WINDOW + 1
    found = await house.lookups.ask("192.0.2.1", CITIZEN, number)
    assert found is not None and found.step == "received"

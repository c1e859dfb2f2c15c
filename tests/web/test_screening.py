"""Blocks and reviews over HTTP: a named person, a reason, an end; refusals in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.house import House
from tests.web.people import person

BLOCKS, REVIEWS = "/api/v1/screening/blocks", "/api/v1/screening/reviews"
ORDER = {"number": "+8613800138000", "by": "王芳", "reason": "辱骂话务员", "hours": 24}


async def test_given_a_decision_when_sent_then_it_is_listed_lifted_and_kept(house: House) -> None:
    status, answer = await house.ask("POST", BLOCKS, json=ORDER)
    assert (status, answer["block"]["number"], answer["block"]["holds"]) == (201, "13800138000", True)
    _, listed = await house.ask("GET", BLOCKS)
    assert [block["by"] for block in listed["blocks"]] == ["王芳"]
    status, answer = await house.ask("DELETE", f"{BLOCKS}/013800138000", json={"by": "李强"})
    assert (status, answer["block"]["lifted_by"], answer["block"]["holds"]) == (200, "李强", False)
    assert (await house.ask("GET", BLOCKS))[1] == {"blocks": []}
    _, all_ = await house.ask("GET", f"{BLOCKS}?state=all&number=13800138000")
    assert [block["lifted_by"] for block in all_["blocks"]] == ["李强"]


@pytest.mark.parametrize(
    ("changed", "status", "id"),
    [
        ({"by": None}, 422, "nobody_named"),
        ({"by": "42"}, 422, "nobody_named"),
        ({"reason": None}, 422, "invalid_request"),
        ({"reason": " "}, 422, "no_reason"),
        ({"hours": None}, 422, "bad_block_end"),
        ({"hours": 721}, 422, "bad_block_end"),
        ({"hours": None, "until": "2020-01-01T00:00:00Z"}, 422, "bad_block_end"),
        ({"hours": None, "until": "tomorrow"}, 422, "invalid_request"),
        ({"number": "anonymous"}, 422, "invalid_request"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_given_a_block_nobody_can_answer_for_then_it_is_refused_in_the_readers_language(
    house: House, changed: dict[str, Any], status: int, id: str, language: str
) -> None:
    order = {name: value for name, value in {**ORDER, **changed}.items() if value is not None}
    given, answer = await house.ask("POST", BLOCKS, json=order, headers={"Accept-Language": language})
    assert (given, answer["error"]["id"]) == (status, id)
    assert any("一" <= letter <= "鿿" for letter in answer["error"]["message"]) == (language == "zh")


async def test_given_a_time_when_a_block_is_sent_then_it_holds_until_then(house: House) -> None:
    until = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    order = {name: value for name, value in ORDER.items() if name != "hours"} | {"until": until.isoformat()}
    _, answer = await house.ask("POST", BLOCKS, json=order)
    assert datetime.fromisoformat(answer["block"]["until"]) == until


async def test_given_a_number_that_is_blocked_or_not_when_asked_the_wrong_way_then_it_says_so(house: House) -> None:
    await house.ask("POST", BLOCKS, json=ORDER)
    status, answer = await house.ask("POST", BLOCKS, json={**ORDER, "by": "李强"})
    assert (status, answer["error"]["id"], answer["error"]["details"]["by"]) == (409, "already_blocked", "王芳")
    status, answer = await house.ask("DELETE", f"{BLOCKS}/13900139000", json={"by": "李强"})
    assert (status, answer["error"]["id"]) == (404, "not_blocked")
    status, answer = await house.ask("DELETE", f"{BLOCKS}/13800138000")
    assert (status, answer["error"]["id"]) == (422, "nobody_named")
    status, answer = await house.ask("POST", f"{REVIEWS}/13900139000/reviewed", json={"by": "李强"})
    assert (status, answer["error"]["id"]) == (404, "not_in_review")
    assert (await house.ask("GET", f"{REVIEWS}?state=all"))[1] == {"reviews": []}


async def test_given_a_person_who_is_logged_in_when_he_decides_then_it_is_his_name_that_is_kept(house: House) -> None:
    boss = await person(house, "supervisor", user="boss", name="王芳")
    status, answer = await boss.ask("POST", BLOCKS, json={**ORDER, "by": "李强"})
    assert (status, answer["block"]["by"]) == (201, "boss 王芳")
    status, answer = await boss.ask("DELETE", f"{BLOCKS}/13800138000", json={})
    assert (status, answer["block"]["lifted_by"]) == (200, "boss 王芳")


async def test_given_an_account_whose_name_is_only_a_number_when_he_decides_then_his_role_stands_before_it(
    house: House,
) -> None:
    boss = await person(house, "supervisor", user="2001", name="2001", number="2001")
    _, answer = await boss.ask("POST", BLOCKS, json=ORDER)
    assert answer["block"]["by"] == "supervisor 2001"

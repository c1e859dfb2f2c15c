"""The programmable key of a desk phone."""

from __future__ import annotations

import pytest

from ivr.errors import HotlineError
from tests.web.house import CALL, PHONE_KEY, House

KEY = f"/api/v1/phone/{PHONE_KEY}"
CHINESE, ENGLISH = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_given_the_operator_talks_then_the_key_brings_110_in(house: House, method: str) -> None:
    house.in_a_call()
    status, said = await house.ask(method, f"{KEY}/transfer/110", token=None, headers=CHINESE)
    assert (status, said) == (200, "正在接通110报警服务台，接通后您将自动退出\n")
    assert house.orders.asked == [("transfer", CALL, "110", "transfer", "url_key", "1002")]


async def test_given_a_phone_that_names_no_language_then_it_shows_the_sites_first(house: House) -> None:
    assert (await house.ask("GET", f"{KEY}/ready", token=None))[1] == "已示闲，可以接听\n"


@pytest.mark.parametrize(
    ("action", "order"),
    [
        ("conference/gas", ("transfer", CALL, "gas", "conference", "url_key", "1002")),
        ("cancel", ("cancel", CALL)),
        ("take-back", ("take_back", CALL)),
        ("join", ("join", CALL)),
        ("ready", ("ready", "1002")),
        ("pause", ("pause", "1002", "")),
        ("pause/%E5%8D%88%E9%A5%AD", ("pause", "1002", "午饭")),
        ("wrap-up", ("wrap_up", "1002")),
    ],
)
async def test_given_each_action_then_its_order_is_asked(house: House, action: str, order: tuple[str, ...]) -> None:
    house.in_a_call()
    status, said = await house.ask("GET", f"{KEY}/{action}", token=None, headers=ENGLISH)
    assert status == 200
    assert said.endswith("\n")
    assert house.orders.asked == [order]


async def test_given_the_operator_is_in_no_call_then_the_phone_shows_so(house: House) -> None:
    for language, words in ((CHINESE, "您当前没有通话\n"), (ENGLISH, "you are in no call\n")):
        assert await house.ask("GET", f"{KEY}/transfer/110", token=None, headers=language) == (409, words)
    assert house.orders.asked == []


async def test_given_the_order_is_refused_then_the_phone_shows_why(house: House) -> None:
    house.in_a_call()
    house.orders.refuse = HotlineError("no_transfer", "no transfer runs", {}, 409)
    assert await house.ask("GET", f"{KEY}/transfer/110", token=None) == (409, "当前没有正在进行的转接\n")


@pytest.mark.parametrize("key", ["wrong", PHONE_KEY + "x", "a-key-of-one-who-left-0123456789"])
async def test_given_a_key_of_no_operator_then_401_in_plain_text(house: House, key: str) -> None:
    house.in_a_call()
    status, said = await house.ask("GET", f"/api/v1/phone/{key}/transfer/110", token=None, headers=ENGLISH)
    assert (status, said.startswith("this URL belongs to no phone")) == (401, True)
    assert house.orders.asked == []


@pytest.mark.parametrize("action", ["dance", "transfer", "cancel/110", "ready/now", "transfer/110/119", "pause/a%0db"])
async def test_given_an_unknown_action_then_nothing_is_asked(house: House, action: str) -> None:
    house.in_a_call()
    status, _ = await house.ask("GET", f"{KEY}/{action}", token=None)
    assert status in (404, 422)
    assert house.orders.asked == []

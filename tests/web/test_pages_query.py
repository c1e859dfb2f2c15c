"""A page's address may carry what its script reads."""

from __future__ import annotations

from tests.web.house import House


async def test_given_a_page_with_a_query_when_it_is_reloaded_then_it_comes(house: House) -> None:
    for address in ("/room?big=1", "/login?to=%2Fdesk"):
        assert (await house.ask("GET", address, token=None))[0] == 200

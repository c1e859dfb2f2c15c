"""`make demo-case` against a whole web server: the story comes to its end, twice too, and leaves what it promises."""

from __future__ import annotations

import asyncio

import pytest

from tests import demo_case
from tests.web.house import TOKEN, House


async def test_given_a_sandbox_when_the_story_is_played_twice_then_each_ends_well_and_two_matters_wait(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    web = f"http://127.0.0.1:{house.server.port}"
    for language, step in (("zh", "看到：已办结\n"), ("en", "reads: Closed\n")):  # the second finds its own department
        await asyncio.to_thread(demo_case.play, web, TOKEN, "城市管理局", language)
        told = capsys.readouterr().out
        assert step in told
    password = told.rpartition("password ")[2].split()[0]
    session = {"user": demo_case.USER, "password": password}
    assert (await house.ask("POST", "/api/v1/session", json=session, token=None))[0] == 200
    waiting = (await house.ask("GET", "/api/v1/cases/unanswered"))[1]["cases"]
    unsigned = (await house.ask("GET", "/api/v1/orders", params={"state": "sent"}))[1]["orders"]
    assert (len(waiting), len(unsigned)) == (2, 2)
    assert len((await house.ask("GET", "/api/v1/cases", params={"state": "closed"}))[1]["cases"]) == 2

"""Tokens and phone keys are guessed: it is told once a minute, and the right ones open as before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from ivr.web.guesses import WINDOW, WRONG_TOKENS, Guesses
from tests.web.house import PHONE_KEY, House, a_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as opened:
        yield opened


async def guess(house: House, way: str) -> None:
    if way == "token":
        assert (await house.ask("GET", "/api/v1/live", token="guess"))[0] == 401
    elif way == "phone key":
        assert (await house.ask("GET", "/api/v1/phone/guess/ready", token=None))[0] == 401
    else:
        async with house.client.ws_connect("/api/v1/live/stream") as socket:
            await socket.send_str('{"token": "guess"}')
            await socket.receive(timeout=60)


@pytest.mark.parametrize("way", ["token", "phone key", "stream"])
async def test_given_many_guesses_then_one_alarm_tells_and_nobody_is_locked_out(house: House, way: str) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(2 * WRONG_TOKENS):
            await guess(house, way)
    alarms = [line for line in lines if line["event"] == "web.guessing"]
    assert [(alarm["alarm"], alarm["addresses"]) for alarm in alarms] == [(True, {"127.0.0.1": WRONG_TOKENS})]
    assert "guess" not in [line.get("token") for line in lines]
    assert (await house.ask("GET", "/api/v1/live"))[0] == 200
    assert (await house.ask("GET", f"/api/v1/phone/{PHONE_KEY}/ready", token=None))[0] == 200


def test_given_guesses_that_go_on_then_each_minute_has_its_alarm_and_slips_have_none() -> None:
    now = [0.0]
    guesses = Guesses(lambda: now[0])
    with structlog.testing.capture_logs() as lines:
        for _ in range(WRONG_TOKENS * 5):  # a slip every five seconds
            now[0] += 5.0
            guesses.note("10.0.0.9")
        assert lines == []
        for _ in range(int(3 * WINDOW)):
            now[0] += 1.0
            guesses.note("10.0.0.66")
    assert 2 <= len(lines) <= 3

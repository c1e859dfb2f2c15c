"""A person logs in and out; what the cookie opens, and what it does not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ivr.store.accounts import Accounts
from ivr.web.sessions import COOKIE, OVER
from tests.web.house import PASSWORDS, House

SESSION = "/api/v1/session"
OWN = "a-password-of-ones-own"


class Browser:
    """Cookies and the CSRF token, as a page keeps them."""

    def __init__(self, house: House) -> None:
        self.house, self.csrf = house, ""
        self.client = aiohttp.ClientSession(house.client._base_url, cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def ask(self, method: str, path: str, *, csrf: bool = True, **more: Any) -> tuple[int, Any]:
        headers = {**more.pop("headers", {}), **({"X-CSRF-Token": self.csrf} if csrf and self.csrf else {})}
        async with self.client.request(method, path, headers=headers, **more) as response:
            document = await response.json()
        if response.status == 200 and path.startswith(SESSION) and document.get("session"):
            self.csrf = document["session"]["csrf"]
        return response.status, document

    async def login(self, user: str, password: str, **more: str) -> tuple[int, Any]:
        return await self.ask("POST", SESSION, json={"user": user, "password": password, **more})

    async def settled(self, user: str) -> Browser:
        """Logged in with a password of one's own."""
        assert (await self.login(user, PASSWORDS[user]))[0] == 200
        status, told = await self.ask("PUT", f"{SESSION}/password", json={"old": PASSWORDS[user], "new": OWN})
        assert (status, told["session"]["must"]) == (200, None)
        return self


@pytest.fixture
async def browser(house: House) -> Any:
    one = Browser(house)
    yield one
    await one.client.close()


async def test_given_the_first_password_when_logged_in_then_another_has_to_be_set_before_anything_else(
    browser: Browser,
) -> None:
    status, told = await browser.login("1001", PASSWORDS["1001"])
    assert (status, told["session"]["must"], told["session"]["number"]) == (200, "password", "1001")
    status, told = await browser.ask("GET", "/api/v1/targets")
    assert (status, told["error"]["id"]) == (403, "must_password")
    await browser.settled("1001")
    assert (await browser.ask("GET", "/api/v1/targets"))[0] == 200
    assert (await browser.ask("GET", "/api/v1/operators"))[0] == 403


async def test_given_a_login_then_its_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser: Browser) -> None:
    body = {"user": "1001", "password": PASSWORDS["1001"]}
    async with browser.client.post(SESSION, json=body) as response:
        said = response.headers["Set-Cookie"]
    assert said.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= {part.strip() for part in said.split(";")}


async def test_given_a_cookie_without_its_csrf_token_when_an_order_comes_then_it_is_refused(browser: Browser) -> None:
    await browser.settled("1002")
    path = "/api/v1/operators/1002/pause"
    status, told = await browser.ask("POST", path, json={}, csrf=False)
    assert (status, told["error"]["id"]) == (403, "csrf")
    assert browser.house.orders.asked == []
    assert (await browser.ask("POST", path, json={}))[0] == 202


async def test_given_an_operator_when_he_gives_orders_about_another_or_anothers_call_then_they_are_refused(
    browser: Browser,
) -> None:
    house = browser.house
    house.in_a_call()  # of 1002
    call = next(iter(house.live.snapshot().calls))
    await browser.settled("1001")
    for path in ("/api/v1/operators/1002/pause", f"/api/v1/calls/{call}/take-back"):
        status, told = await browser.ask("POST", path, json={})
        assert (status, told["error"]["id"]) == (403, "not_yours")
    order = {"target": "110", "mode": "transfer", "operator": "1002"}
    assert (await browser.ask("POST", f"/api/v1/calls/{call}/transfers", json=order))[0] == 403
    assert house.orders.asked == []


async def test_given_a_logout_then_the_cookie_opens_nothing(browser: Browser) -> None:
    await browser.settled("1001")
    cookie = next(one.value for one in browser.client.cookie_jar if one.key == COOKIE)
    assert (await browser.ask("DELETE", SESSION))[0] == 200
    status, told = await browser.ask("GET", SESSION, headers={"Cookie": f"{COOKIE}={cookie}"})
    assert (status, told["error"]["id"]) == (401, "unauthorized")


async def test_given_a_page_that_asks_by_itself_when_its_person_is_gone_then_the_login_ends_all_the_same(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.settled("1001")
    sessions, now = browser.house.services.sessions, datetime.now(UTC)
    path, by_itself = "/api/v1/desk/summary", {"X-Unattended": "1"}

    async def at(minutes: int, headers: dict[str, str]) -> tuple[int, Any]:
        monkeypatch.setattr(sessions, "_clock", lambda: now + timedelta(minutes=minutes))
        return await browser.ask("GET", path, headers=headers)

    assert [(await at(20, by_itself))[0], (await at(29, {}))[0], (await at(58, by_itself))[0]] == [200] * 3
    status, told = await at(60, by_itself)
    assert (status, told["error"]["id"]) == (401, "unauthorized"), "half an hour after he was there last"


async def test_given_an_order_that_a_page_says_nobody_gave_then_it_is_refused(browser: Browser) -> None:
    await browser.settled("1001")
    status, told = await browser.ask("POST", "/api/v1/desk/ready", json={}, headers={"X-Unattended": "1"})
    assert (status, told["error"]["id"], browser.house.orders.asked) == (400, "unattended", [])


async def test_given_a_phone_in_a_talk_when_its_session_ends_then_its_line_is_closed_once_the_talk_is_over(
    browser: Browser,
) -> None:
    await browser.settled("1001")
    sessions, over, closed = browser.house.services.sessions, asyncio.Event(), asyncio.Event()

    class Line(web.WebSocketResponse):
        prepared, closed = True, False

        async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
            assert over.is_set(), "the talk was cut"
            assert code == OVER
            closed.set()
            return True

    (session,) = sessions.open
    with sessions.attached(session, Line(), over.wait):
        assert (await browser.ask("DELETE", SESSION))[0] == 200
        over.set()
        await asyncio.wait_for(closed.wait(), 60)


async def test_given_too_many_wrong_passwords_when_another_process_unlocks_the_account_then_it_opens(
    browser: Browser,
) -> None:
    sessions, words = browser.house.services.sessions, {"user": "1001", "password": PASSWORDS["1001"]}
    for _ in range(sessions.rules.lock_after):
        await browser.login("1001", "wrong")
    assert (await browser.ask("POST", SESSION, json=words))[0] == 429
    now = datetime.now(UTC)
    await Accounts(browser.house.store).change("1001", now, locked_until=now)  # as `ivr account unlock` does
    await sessions.refresh(only_if_changed=True)
    assert (await browser.ask("POST", SESSION, json=words))[0] == 200


@pytest.mark.parametrize("who", [("1001", "wrong"), ("nobody", "wrong"), ("1001", "")])
async def test_given_a_wrong_password_or_user_then_both_are_refused_alike(
    browser: Browser, who: tuple[str, str]
) -> None:
    status, told = await browser.login(*who)
    assert (status, told["error"]["id"]) == (401, "wrong_login")

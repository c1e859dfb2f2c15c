"""Who may ask for what, really asked: every route by every role, over HTTP, against the table of docs/security.md.

What only reads is done as it would be; what changes something, or starts a process, is asked with something that no
route takes, so that it is refused (422) right behind the door.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ivr.credentials import ApiToken
from ivr.store.accounts import ROLES
from ivr.web.routes import Route
from ivr.web.table import ROUTES
from tests.web.house import PASSWORDS, TOKEN, House, a_house
from tests.web.people import log_in, person
from tests.web.test_roles import HEAD, PAGE

VALUES = {
    "id": "no-such-call", "number": "1001", "leg": "no-such-leg", "user": "nobody", "caller": "13800138000",
    "file": "none.conf", "version": "99", "asset": "shell/app.js", "section": "accounts", "notice": "99",
    "export": "0123456789abcdef", "message": "all", "token": "no-phones-key", "language": "zh", "prompt": "none",
    "action": "cancel", "attachment": "0" * 32, "channel": "wechat",
}  # fmt: skip
NOT_TAKEN = {"no-route-takes-this": 1}
PROCESSES = {"/api/v1/cases/export", "/api/v1/bulletin"}
DOOR = {
    "unauthorized",
    "forbidden",
    "csrf",
    "must_password",
    "must_totp",
    "bad_phone_key",
}  # refused before the handler
OWN = {"GET /api/v1/live/stream": "GET /api/v1/live"}  # looks by itself, and lets in whom this one lets in


@dataclass(frozen=True)
class Written:
    """The page's table: `cells[route][column]`."""

    cells: Mapping[str, Mapping[str, str]]

    def may(self, route: str, column: str) -> str:
        return self.cells[OWN.get(route, route)][column]


@pytest.fixture(scope="module")
def written() -> Written:
    lines = PAGE.read_text(encoding="utf-8").partition(HEAD)[2].splitlines()
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return Written({route: dict(zip((*ROLES, "token"), cells, strict=True)) for route, *cells in rows})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, interval=0.02) as opened:
        tokens = {role: ApiToken(f"the-token-of-role-{role}-0123456789", (role,)) for role in ROLES}
        credentials = replace(opened.services.credentials, api_tokens=tokens)
        object.__setattr__(opened.services, "credentials", credentials)
        yield opened


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def guarded() -> Iterator[Route]:
    return (route for route in ROUTES if route.access not in ("open", "phone", "signed"))


async def knock(house: House, route: Route, headers: Mapping[str, str]) -> str:
    """`in`, or the id of the door's refusal."""
    path = route.path.format(**{part: VALUES[part] for part in route.parts})
    wrong: dict[str, Any] = {"json": NOT_TAKEN} if route.method != "GET" and not route.upload else {}
    if route.path in PROCESSES:
        wrong = {"params": NOT_TAKEN}
    async with house.client.request(route.method, path, headers=dict(headers), **wrong) as response:
        text, status, media = await response.read(), response.status, response.content_type
    assert status < 500, (name(route), text)
    if route.access == "phone":  # speaks plain text
        return "in" if status != 401 else "bad_phone_key"
    told = json.loads(text).get("error", {}) if media == "application/json" else {}
    if told.get("id") in DOOR:
        assert status == (401 if told["id"] == "unauthorized" else 403), told
        return str(told["id"])
    if wrong:
        assert (status, told["id"]) == (422, "invalid_request"), (name(route), text)
    return "in"


async def test_given_every_route_when_every_role_asks_then_it_is_let_in_or_refused_as_the_page_says(
    house: House, written: Written
) -> None:
    askers = {role: (await person(house, role)).headers for role in ROLES}
    wrong = []
    for route in guarded():
        told = {role: await knock(house, route, headers) for role, headers in askers.items()}
        wanted = {role: "in" if written.may(name(route), role) == "yes" else "forbidden" for role in ROLES}
        wrong += [(name(route), told, wanted)] if told != wanted else []
    assert wrong == []


async def test_given_every_route_when_every_token_asks_then_it_is_let_in_or_refused_as_the_page_says(
    house: House, written: Written
) -> None:
    """A token of a role may what a person of that role may, except what only a person can: be logged in."""
    wrong = []
    for route in guarded():
        by_token = written.may(name(route), "token")
        cells = {role: written.may(name(route), role) if by_token == "yes" else by_token for role in ROLES}
        for role, cell in {**cells, "admin": by_token}.items():
            bearer = {"Authorization": f"Bearer the-token-of-role-{role}-0123456789"}
            told, wanted = await knock(house, route, bearer), "in" if cell == "yes" else "forbidden"
            wrong += [(name(route), role, told, wanted)] if told != wanted else []
    assert wrong == []


async def test_given_every_route_when_nobody_or_a_wrong_token_or_a_login_that_is_over_asks_then_it_is_401(
    house: House,
) -> None:
    over = await person(house, "admin", user="leaver")
    await house.services.sessions.end_of("leaver")
    strangers = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, over.headers)
    wrong = []
    for route in ROUTES:
        if name(route) in OWN:
            continue  # a program shows its token in the first message: test_stream.py
        if route.access == "phone":
            wanted = ["bad_phone_key"] * len(strangers)
        elif route.access in ("open", "signed"):  # signed: test_exchange_api.py
            wanted = ["in"] * len(strangers)
        else:
            wanted = ["unauthorized"] * len(strangers)
        told = [await knock(house, route, headers) for headers in strangers]
        wrong += [(name(route), told)] if told != wanted else []
    assert wrong == []


async def test_given_every_order_when_a_page_of_another_site_sends_it_with_the_cookie_then_it_is_refused(
    house: House, written: Written
) -> None:
    """Such a page makes the browser send the cookie, and cannot know the CSRF token."""
    admin, auditor = await person(house, "admin"), await person(house, "auditor")
    for route in guarded():
        if route.method == "GET":
            continue
        who = admin if written.may(name(route), "admin") == "yes" else auditor
        assert await knock(house, route, {"Cookie": who.headers["Cookie"]}) == "csrf", name(route)


async def test_given_every_route_when_one_asks_who_still_has_his_first_password_then_only_the_login_lets_him_in(
    house: House,
) -> None:
    new = await log_in(house, "1001", PASSWORDS["1001"])
    for route in guarded():
        told = await knock(house, route, new.headers)
        if route.access == "session":
            assert told == "in", name(route)
        else:
            assert told in ("must_password", "forbidden"), (name(route), told)

"""People who log in over HTTP as a page does it: password, second factor where their roles ask for it, CSRF token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pyotp

from ivr.web.sessions import COOKIE
from tests.web.house import House

PASSWORD = "a-password-of-ones-own-2026"
SESSION, ACCOUNTS = "/api/v1/session", "/api/v1/accounts"


@dataclass(frozen=True)
class Person:
    """Somebody's browser with a login of his own."""

    house: House
    user: str
    headers: dict[str, str]  # what his page sends with every request
    secret: str = ""  # of his second factor

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.house.ask(method, path, token=None, headers=headers, **more)


async def log_in(house: House, user: str, password: str = PASSWORD, **more: str) -> Person:
    """Whatever it must do first is left to it."""
    here = str(house.client._base_url).rstrip("/")
    async with house.client.post(SESSION, json={"user": user, "password": password, **more}) as response:
        told = await response.json()
        assert response.status == 200, told
        cookie = response.cookies[COOKIE].value
    house.client.cookie_jar.clear()  # each request says by itself who asks
    headers = {"Cookie": f"{COOKIE}={cookie}", "X-CSRF-Token": told["session"]["csrf"], "Origin": here}
    return Person(house, user, headers)


async def enrol(person: Person) -> str:
    """Sets the second factor up; its secret."""
    _, begun = await person.ask("POST", f"{SESSION}/totp")
    secret = str(begun["totp"]["secret"])
    status, told = await person.ask("PUT", f"{SESSION}/totp", json={"code": pyotp.TOTP(secret).now()})
    assert (status, told["session"]["must"]) == (200, None), told
    return secret


async def person(house: House, *roles: str, user: str = "", name: str = "王芳", number: str | None = None) -> Person:
    """A new account of these roles, logged in, with all that it must do done."""
    user = user or "a-" + "-".join(roles)
    of_it = "chengguan" if "department" in roles else None
    wanted = {"user": user, "name": name, "roles": roles, "number": number, "department": of_it, "password": PASSWORD}
    assert (await house.ask("POST", ACCOUNTS, json=wanted))[0] == 201
    made = await log_in(house, user)
    if set(roles) & set(house.services.site.accounts.totp):
        return replace(made, secret=await enrol(made))
    return made

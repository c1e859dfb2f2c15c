"""Who asks: the system administrator by bearer token, an operator by the token in the URL of the phone's key.

Sessions of people come in beside these two: one more function that makes a `Who` of a request.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from ivr.credentials import Credentials
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.web.context import Who


class UnauthorizedError(HotlineError):
    def __init__(self, why: str = "no valid token") -> None:
        message = f"{why}: send `Authorization: Bearer <token>`, the token of [api] in var/credentials.toml"
        super().__init__("unauthorized", message, status=401)


class BadKeyError(HotlineError):
    def __init__(self) -> None:
        super().__init__(
            "bad_phone_key",
            "this URL belongs to no phone; take the one of [phone_keys] in credentials.toml",
            status=401,
        )


def of_token(token: str, credentials: Credentials) -> Who | None:
    """Every token is compared, so that the time tells nothing."""
    found = Who("admin") if _same(token, credentials.api_token) else None
    for name, known in credentials.api_tokens.items():
        if _same(token, known.token):
            found = Who(known.roles[0], name=name, more=frozenset(known.roles))
    return found


def of_request(request: web.Request, credentials: Credentials) -> Who | None:
    """By its `Authorization` header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return of_token(token.strip(), credentials) if scheme.lower() == "bearer" else None


def of_phone_key(token: str, credentials: Credentials, site: Site) -> Who | None:
    """Every key is compared, so that the time tells nothing."""
    found: Who | None = None
    for number, key in credentials.phone_keys.items():
        if _same(token, key) and number in site.operators:
            found = Who("operator", number)
    return found


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())

"""Who asks: a person by the cookie of a login, a program by bearer token, an operator by the URL of the phone's key.

A cookie is sent by every page that makes the browser ask. So it opens orders only together with the session's CSRF
token (`routes`), and WebSockets only for a page of our own.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from aiohttp import web

from ivr.credentials import Credentials
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store.accounts import DEPARTMENT, Account
from ivr.web.context import Services, Who
from ivr.web.sessions import COOKIE, csrf

CSRF_HEADER = "X-CSRF-Token"
UNATTENDED_HEADER = "X-Unattended"  # a page asks by itself: nobody has touched it lately
SAFE = ("GET", "HEAD", "OPTIONS")


class UnauthorizedError(HotlineError):
    def __init__(self, why: str = "no valid login or token") -> None:
        message = (
            f"{why}: log in at /login, or send `Authorization: Bearer <token>`, "
            "the token of [api] in var/credentials.toml"
        )
        super().__init__("unauthorized", message, status=401)


class BadKeyError(HotlineError):
    def __init__(self) -> None:
        super().__init__(
            "bad_phone_key",
            "this URL belongs to no phone; take the one of [phone_keys] in credentials.toml",
            status=401,
        )


class StartingError(HotlineError):
    """A controller that has just begun does not know yet who is logged in: nobody is sent to /login for that."""

    def __init__(self) -> None:
        super().__init__("starting", "the controller has just begun; ask again in a second", status=503)


class CsrfError(HotlineError):
    def __init__(self) -> None:
        message = f"the header {CSRF_HEADER} is missing or not this login's: GET /api/v1/session tells it as `csrf`"
        super().__init__("csrf", message, {"header": CSRF_HEADER}, 403)


class UnattendedError(HotlineError):
    """A page that marked its orders would log people out while they work."""

    def __init__(self) -> None:
        message = f"what is asked for with {UNATTENDED_HEADER} is a GET: an order is somebody's; leave the header out"
        super().__init__("unattended", message, {"header": UNATTENDED_HEADER}, 400)


class DepartmentGoneError(HotlineError):
    """Nothing of the account is lost: it works again as soon as the department is back, or another one is given."""

    def __init__(self, department: str) -> None:
        message = (
            f"your department ({department}) is not in the hotline's settings any more: ask an administrator to add it "
            "there again, or to give this account another department"
        )
        super().__init__("department_gone", message, {"department": department}, 403)


class MustError(HotlineError):
    """Logged in, but there is something to do first."""

    def __init__(self, must: str) -> None:
        what = {"password": "choose a password of your own", "totp": "set a second factor up"}[must]
        super().__init__(f"must_{must}", f"{what} first, at /login", {"must": must}, 403)


def of_token(token: str, credentials: Credentials) -> Who | None:
    """Every token is compared, so that the time tells nothing."""
    found = Who("admin") if _same(token, credentials.api_token) else None
    for name, known in credentials.api_tokens.items():
        if _same(token, known.token):
            found = Who(known.roles[0], name=name, more=frozenset(known.roles))
    return found


def of_request(request: web.Request, services: Services) -> Who | None:
    """By its `Authorization` header; where there is none, by its cookie."""
    given = request.headers.get("Authorization")
    if given is None:
        return of_cookie(request, services)
    scheme, _, token = given.partition(" ")
    return of_token(token.strip(), services.credentials) if scheme.lower() == "bearer" else None


def of_cookie(request: web.Request, services: Services) -> Who | None:
    cookie = request.cookies.get(COOKIE, "")
    if cookie and not services.sessions.loaded:
        raise StartingError
    attended = UNATTENDED_HEADER not in request.headers
    if cookie and not attended and request.method != "GET":
        raise UnattendedError
    found = services.sessions.find(cookie, attended) if cookie else None
    if found is None:
        return None
    account = found[1]
    named = account.user if account.name in ("", account.user) else f"{account.user} {account.name}"
    must = account.must(services.site.accounts.totp)
    roles, department = frozenset(account.roles), department_of(account, services.site)
    return Who(account.role, account.number, named[:64], roles, account.user, cookie, department, must)


def department_of(account: Account, site: Site) -> str:
    """Raises DepartmentGoneError where the settings have it no more; "": somebody of the hotline."""
    department = account.department or ""
    if DEPARTMENT in account.roles and department not in site.departments:
        raise DepartmentGoneError(department)
    return department


def of_socket(request: web.Request, services: Services) -> Who | None:
    """Who opens a WebSocket. Raises MustError. A cookie counts only where one of our own pages asks (Origin)."""
    who = of_request(request, services)
    if who is None or not who.session:
        return who
    if not _from_here(request):
        return None
    if who.must is not None:
        raise MustError(who.must)
    return who


def of_phone_key(token: str, credentials: Credentials, site: Site) -> Who | None:
    """Every key is compared, so that the time tells nothing."""
    found: Who | None = None
    for number, key in credentials.phone_keys.items():
        if _same(token, key) and number in site.operators:
            found = Who("operator", number)
    return found


def means_it(request: web.Request, who: Who) -> None:
    """Raises CsrfError where a browser's order, or its WebSocket, does not come from our own page."""
    if who.session and request.headers.get("Upgrade", "").lower() == "websocket" and not _from_here(request):
        raise CsrfError
    if who.session and request.method not in SAFE and not _same(request.headers.get(CSRF_HEADER, ""), csrf(who.cookie)):
        raise CsrfError


def _from_here(request: web.Request) -> bool:
    return urlsplit(request.headers.get("Origin", "")).netloc.lower() == request.host.lower()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())

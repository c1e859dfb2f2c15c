"""A person logs in, sees who he is, changes his password, sets up a second factor, logs out. All of it is on record."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiohttp import web

from ivr.errors import HotlineError
from ivr.store import DatabaseDownError
from ivr.store.accounts import Account
from ivr.store.audit import Audit
from ivr.web import auth, codes, passwords, replies
from ivr.web.access import NOT_A_GUESS
from ivr.web.context import Asked, Who
from ivr.web.sessions import COOKIE, csrf, digest

log = structlog.get_logger(__name__)


class LoginError(HotlineError):
    def __init__(self, id: str, message: str) -> None:
        super().__init__(id, message, status=401)


class WrongLoginError(LoginError):
    def __init__(self) -> None:
        super().__init__("wrong_login", "user or password is wrong")


class CodeNeededError(LoginError):
    def __init__(self) -> None:
        super().__init__("code_needed", "the password is right; now the six digits of your authenticator app")


class WrongCodeError(LoginError):
    def __init__(self) -> None:
        super().__init__("wrong_code", "these six digits are not right, or were used before: wait for the next ones")


async def login(asked: Asked) -> web.Response:
    services, body = asked.services, asked.body
    user, address = body["user"].strip(), asked.request.remote or "?"
    if not services.sessions.loaded:
        await services.sessions.refresh()
    account = services.sessions.accounts.get(user)
    at_home = account is not None and account.last_address == address
    if account is not None and not at_home:
        services.sessions.still_locked(account)
    services.locks.begin(user, address, at_home)
    first = services.credentials.first_password(user) if account is not None else None
    right = await services.passwords.fits(body["password"], account.password if account is not None else None, first)
    if account is None or not right or account.disabled_at is not None:
        await _failed(asked, account, at_home)
        raise WrongLoginError
    step = _step(asked, account, at_home)
    if step != WRONG:
        _of_a_department(asked, account, at_home)
    cookie = await services.sessions.begin(account, address, step) if step != WRONG else None
    if cookie is None:
        await _failed(asked, account, at_home, "code")
        raise WrongCodeError
    services.locks.forgive(user, address, at_home, all=True)
    before = asked.request.cookies.get(COOKIE)
    if before:
        await services.sessions.end([digest(before)])
    await services.sessions.refresh()
    await Audit(services.store).note(_named(account), account.role, "account.login", user, "", {"address": address})
    response = replies.json(_told(asked, account, cookie))
    secure = services.site.tls is not None and services.site.tls.web
    seconds = services.site.accounts.hours * 3600
    response.set_cookie(COOKIE, cookie, max_age=seconds, httponly=True, samesite="Strict", path="/", secure=secure)
    return response


WRONG = -1


def _step(asked: Asked, account: Account, at_home: bool) -> int | None:
    """The step of the code that was given; None where the account has no second factor. Raises CodeNeededError."""
    if account.totp is None:
        return None
    code = asked.body.get("code", "")
    if not code:
        asked.services.locks.forgive(account.user, asked.request.remote or "?", at_home)
        asked.request[NOT_A_GUESS] = True
        raise CodeNeededError
    step = codes.step_of(codes.secret(asked.services.credentials.account_key, account.user, account.totp), code)
    return WRONG if step is None else step


def _of_a_department(asked: Asked, account: Account, at_home: bool) -> None:
    """Raises DepartmentGoneError, which is no guess at a password."""
    try:
        auth.department_of(account, asked.services.site)
    except auth.DepartmentGoneError:
        asked.services.locks.forgive(account.user, asked.request.remote or "?", at_home)
        raise


async def _failed(asked: Asked, account: Account | None, at_home: bool, what: str = "password") -> None:
    """On record, and with it a lock that comes of it. A name that nobody has may be a password in the wrong field."""
    services, address = asked.services, asked.request.remote or "?"
    user = account.user if account is not None else "?"
    audit, details = Audit(services.store), {"address": address, "wrong": what}
    await audit.note(user, "", "account.login_failed", user, "", details)
    for kind in services.locks.locks(asked.body["user"].strip(), address, at_home):
        log.error("account.locked", alarm=True, kind=kind, user=user, address=address)
        await audit.note(user, "", "account.locked", user, "", {"address": address, "kind": kind})
        if kind == "account" and account is not None:
            await services.sessions.lock(account)


def _named(account: Account) -> str:
    return account.user if account.name in ("", account.user) else f"{account.user} {account.name}"


def _who(asked: Asked) -> Who:
    assert asked.who is not None
    return asked.who


def _account(asked: Asked) -> Account:
    """Raises UnauthorizedError where it went this moment."""
    account = asked.services.sessions.accounts.get(_who(asked).user)
    if account is None:
        raise auth.UnauthorizedError
    return account


def _told(asked: Asked, account: Account, cookie: str) -> dict[str, Any]:
    rules = asked.services.site.accounts
    return {
        "session": {
            "user": account.user,
            "name": account.name,
            "roles": list(account.roles),
            "number": account.number,
            "department": account.department,
            "csrf": csrf(cookie),
            "idle_seconds": rules.idle_minutes * 60,
            "must": account.must(rules.totp),
            "totp": account.totp is not None,
            "language": asked.language,
        }
    }


async def shown(asked: Asked) -> dict[str, Any]:
    return _told(asked, _account(asked), _who(asked).cookie)


async def logout(asked: Asked) -> web.Response:
    """`everywhere`: all sessions of this account. It is over at once, even while the database is away."""
    who, sessions = _who(asked), asked.services.sessions
    everywhere = asked.body.get("everywhere", False)
    if everywhere:
        await sessions.end_of(who.user)
    await sessions.end([who.session_id])
    try:
        await Audit(asked.services.store).note(who.name, who.role, "account.logout", who.user)
    except DatabaseDownError:
        log.warning("account.logout_unnoted", user=who.user)
    response = replies.json({"session": None})
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def change_password(asked: Asked) -> dict[str, Any]:
    """The other sessions of this account end."""
    services, account, who = asked.services, _account(asked), _who(asked)
    address = asked.request.remote or "?"
    services.locks.begin(account.user, address, at_home=True)
    first = services.credentials.first_password(account.user)
    if not await services.passwords.fits(asked.body["old"], account.password, first):
        await _failed_change(asked, account)
        raise WrongPasswordError
    services.locks.forgive(account.user, address, at_home=True)
    passwords.judge(asked.body["new"], account.user, asked.body["old"])
    made = await services.passwords.hash(asked.body["new"])
    await Audit(services.store).note(who.name, who.role, "account.password", account.user)
    await services.sessions.change(account.user, password=made, must_change=False)
    await services.sessions.end_of(account.user, but=who.session_id)
    return _told(asked, _account(asked), who.cookie)


class WrongPasswordError(HotlineError):
    def __init__(self) -> None:
        super().__init__("wrong_password", "the old password is not right", status=403)


async def _failed_change(asked: Asked, account: Account) -> None:
    details = {"address": asked.request.remote or "?", "wrong": "password"}
    await Audit(asked.services.store).note(
        account.user, account.role, "account.password_failed", account.user, "", details
    )


# — the second factor ——————————————————————————————————————————————————————————————————————————————————————————————————


class TotpError(HotlineError):
    pass


async def begin_totp(asked: Asked) -> dict[str, Any]:
    """A new secret, for this session to confirm by a code; until then nothing changes."""
    services, account = asked.services, _account(asked)
    if account.totp is not None:
        message = "there is a second factor already: an administrator resets it before another is set up"
        raise TotpError("totp_exists", message, status=409)
    seed = services.sessions.seeds.setdefault(_who(asked).session_id, codes.new_seed())
    made = codes.secret(services.credentials.account_key, account.user, seed)
    uri = codes.uri(made, account.user, services.site.hotline.name.get(asked.language, services.site.hotline.number))
    return {"totp": {"secret": made, "uri": uri, "svg": await asyncio.to_thread(codes.picture, uri)}}


async def confirm_totp(asked: Asked) -> dict[str, Any]:
    services, account, who = asked.services, _account(asked), _who(asked)
    seed = services.sessions.seeds.get(who.session_id)
    if seed is None or account.totp is not None:
        raise TotpError("totp_not_begun", "POST /api/v1/session/totp tells the secret first", status=409)
    step = codes.step_of(codes.secret(services.credentials.account_key, account.user, seed), asked.body["code"])
    if step is None:
        message = "these six digits are not right: is the device's clock set by itself?"
        raise TotpError("wrong_totp", message, status=422)
    await Audit(services.store).note(who.name, who.role, "account.totp", account.user)
    await services.sessions.change(account.user, totp=seed, totp_step=step)
    services.sessions.seeds.pop(who.session_id, None)
    await services.sessions.end_of(account.user, but=who.session_id)
    return _told(asked, _account(asked), who.cookie)

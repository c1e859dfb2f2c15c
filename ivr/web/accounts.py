"""Accounts, kept by a system administrator. What is changed holds at once: sessions of that account end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.credentials import new_password
from ivr.store.accounts import Account, judge_department, judge_roles, new_account, ordered, refused
from ivr.store.audit import Audit
from ivr.store.export import instant
from ivr.web import passwords
from ivr.web.context import Asked


def _known(asked: Asked) -> Account:
    account = asked.services.sessions.accounts.get(asked.path["user"])
    if account is None:
        message = f"there is no account {asked.path['user']}; GET /api/v1/accounts lists them"
        raise refused("unknown_account", message, 404, user=asked.path["user"])
    return account


async def _note(asked: Asked, what: str, user: str, details: dict[str, Any]) -> None:
    """On record before it is done: what cannot be noted is not done."""
    role = asked.who.role if asked.who is not None else ""
    await Audit(asked.services.store).note(asked.by, role, f"account.{what}", user, "", details)


def _shown(asked: Asked, account: Account, sessions: int | None = None) -> dict[str, Any]:
    """With what this controller alone knows: who is logged in, and who is locked out at his own desk only."""
    services, now = asked.services, datetime.now(UTC)
    if sessions is None:
        sessions = Counter(one.user for one in services.sessions.open.values())[account.user]
    told = account.as_dict(now)
    if left := services.locks.left(account.user):
        told["locked_until"] = max(told["locked_until"] or "", instant(now + timedelta(seconds=left)))
    wanted = bool(set(account.roles) & set(services.site.accounts.totp))
    return {**told, "sessions": sessions, "totp_wanted": wanted}


def _told(asked: Asked, user: str, first: str | None = None) -> dict[str, Any]:
    account = asked.services.sessions.accounts[user]
    return {"account": _shown(asked, account), **({"password": first} if first else {})}


async def listed(asked: Asked) -> dict[str, Any]:
    sessions = asked.services.sessions
    await sessions.refresh()
    open = Counter(one.user for one in sessions.open.values())
    return {"accounts": [_shown(asked, account, open[account.user]) for account in sessions.accounts.values()]}


async def add(asked: Asked) -> dict[str, Any]:
    """A password that we make is told once, and has to be changed at the first login; a given one stays."""
    body, sessions = asked.body, asked.services.sessions
    judge_roles(body["roles"])
    judge_department(body["roles"], body.get("department"), asked.services.site.departments)
    _free_number(asked, body.get("number"), body["user"])
    given = body.get("password")
    if given is not None:
        passwords.judge(given, body["user"])
    first = given or new_password()
    about = (body["roles"], body.get("number"), datetime.now(UTC), body.get("department"))
    account = replace(new_account(body["user"], body["name"], *about), must_change=given is None)
    made = await asked.services.passwords.hash(first)
    details = {"roles": list(account.roles), "number": account.number}
    await _note(
        asked, "add", account.user, details | ({"department": account.department} if account.department else {})
    )
    await sessions.add(account, made)
    return _told(asked, account.user, None if given else first)


async def change(asked: Asked) -> dict[str, Any]:
    async with asked.services.sessions.changing:
        return await _change(asked)


async def _change(asked: Asked) -> dict[str, Any]:
    account, body, sessions = _known(asked), asked.body, asked.services.sessions
    values = {key: body[key] for key in ("name", "number", "department") if key in body}
    if "number" in values:
        _free_number(asked, values["number"], account.user)
    if "roles" in body:
        judge_roles(body["roles"])
        values["roles"] = ordered(body["roles"])
    if {"roles", "department"} & values.keys():
        department = values.get("department", account.department)
        judge_department(values.get("roles", account.roles), department, asked.services.site.departments)
    if "disabled" in body:
        values["disabled_at"] = (account.disabled_at or datetime.now(UTC)) if body["disabled"] else None
    if {"roles", "disabled_at"} & values.keys():
        _not_oneself(asked, account)
        _one_admin_left(asked, account, values.get("roles", account.roles), values.get("disabled_at"))
    if body.get("password_reset") or body.get("totp_reset"):  # who stole a login would have the account for good
        _not_oneself(asked, account)
    if body.get("unlock"):
        values["locked_until"] = None
    if body.get("totp_reset"):
        values |= {"totp": None, "totp_step": 0}
    first = new_password() if body.get("password_reset") else None
    if first is not None:
        values |= {"password": await asked.services.passwords.hash(first), "must_change": True}
    await _note(asked, "change", account.user, dict(body))
    await sessions.change(account.user, **values)
    if {"roles", "disabled_at", "password", "totp", "number", "department"} & values.keys() or body.get("log_out"):
        await sessions.end_of(account.user)
    if body.get("unlock"):
        asked.services.locks.unlock(account.user)
    return _told(asked, account.user, first)


async def remove(asked: Asked) -> dict[str, Any]:
    async with asked.services.sessions.changing:
        return await _remove(asked)


async def _remove(asked: Asked) -> dict[str, Any]:
    account, services = _known(asked), asked.services
    _not_oneself(asked, account)
    _one_admin_left(asked, account, (), None)
    if account.user in services.site.operators:
        message = f"{account.user} is an operator of hotline.toml: disable the account, or take him out there first"
        raise refused("still_operator", message, 409, user=account.user)
    told = _shown(asked, account)
    await _note(asked, "remove", account.user, {"roles": list(account.roles)})
    await services.sessions.remove(account.user)
    return {"account": told}


def _not_oneself(asked: Asked, account: Account) -> None:
    if asked.who is not None and asked.who.session and asked.who.user == account.user:
        message = "nobody changes his own roles, resets himself or shuts himself out; ask another admin"
        raise refused("own_account", message, 403)


def _one_admin_left(asked: Asked, account: Account, roles: tuple[str, ...], disabled_at: object) -> None:
    others = [
        one
        for one in asked.services.sessions.accounts.values()
        if one.user != account.user and one.disabled_at is None and "admin" in one.roles
    ]
    if "admin" in account.roles and not others and ("admin" not in roles or disabled_at is not None):
        raise refused("last_admin", "this is the last administrator who can log in; make another one first", 409)


def _free_number(asked: Asked, number: str | None, user: str) -> None:
    for one in asked.services.sessions.accounts.values():
        if number is not None and one.number == number and one.user != user:
            raise refused("number_taken", f"{number} is the telephone of {one.user}", 409, number=number, user=one.user)

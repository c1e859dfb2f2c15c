"""`ivr account` as an administrator runs it who lost password or phone, on both databases."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr import settings
from ivr.credentials import Credentials
from ivr.settings.model import Accounts as Rules
from ivr.store import Store
from ivr.store.accounts import Account, Accounts, Session, new_account
from ivr.store.audit import Audit
from ivr.web import passwords
from ivr.web.lockout import LockedError, Locks
from ivr.web.sessions import Sessions
from tests.unit.databases import with_store
from tests.unit.test_cli_calls import SANDBOX, Ivr, ivr, site, var

__all__ = ["ivr", "site", "var"]  # fixtures

LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
FAR = datetime(2126, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def accounts(ready_database_url: str) -> str:
    """Wang, the administrator, who is locked out, with a second factor; operator 1001. Both are logged in somewhere."""
    wang = new_account("wang", "王芳", ["admin"], None, LONG_AGO)
    wang = replace(wang, password="old", must_change=False, totp="seed", totp_step=9, locked_until=FAR)

    async def made(store: Store) -> None:
        kept = Accounts(store)
        await kept.add(wang)
        await kept.add(new_account("1001", "张三", ["operator"], "1001", LONG_AGO))
        for user in ("wang", "1001"):
            assert await kept.begin(Session(f"of {user}", user, LONG_AGO, LONG_AGO, FAR, "10.0.0.7"), None)

    with_store(ready_database_url, made)
    return ready_database_url


def account_of(url: str, user: str) -> Account:
    return with_store(url, lambda store: Accounts(store).all())[user]


def logged_in(url: str) -> set[str]:
    found = with_store(url, lambda store: Accounts(store).sessions(datetime.now(UTC)))
    return {session.user for session in found.values()}


def test_given_a_lost_password_when_a_new_one_is_made_then_it_alone_opens_and_what_was_open_is_closed(
    ivr: Ivr, accounts: str
) -> None:
    said = ivr("account", "password", "wang", "--by", "李强", "-m", "忘记密码")
    words, first = said.out.splitlines()
    assert words.startswith("The new first password of wang")
    wang = account_of(accounts, "wang")
    assert (said.code, said.err, said.out.count(first), first in repr(wang)) == (0, "", 1, False)
    assert asyncio.run(passwords.Passwords().fits(first, wang.password, None))
    assert (wang.must_change, wang.totp, wang.as_dict(datetime.now(UTC))["locked_until"]) == (True, "seed", None)
    assert logged_in(accounts) == {"1001"}
    (noted,) = with_store(accounts, lambda store: Audit(store).listed())
    assert (noted.who, noted.role, noted.what, noted.about, noted.why, noted.details) == (
        "李强",
        "shell",
        "account.change",
        "wang",
        "忘记密码",
        {"password_reset": True},
    )
    assert ivr("account", "password", "wang", "a-password-of-ones-own").code == 2


def test_given_a_lost_phone_when_reset_then_the_second_factor_is_gone_by_the_systems_user(
    ivr: Ivr, accounts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "night-shift")
    assert ivr("account", "totp-reset", "wang").code == 0
    wang = account_of(accounts, "wang")
    assert (wang.totp, wang.totp_step, wang.password) == (None, 0, "old")
    assert logged_in(accounts) == {"1001"}
    (noted,) = with_store(accounts, lambda store: Audit(store).listed())
    assert (noted.who, noted.details) == ("night-shift", {"totp_reset": True})


def test_given_an_account_when_disabled_and_enabled_then_its_sessions_ended_and_the_last_admins_is_told(
    ivr: Ivr, accounts: str
) -> None:
    assert ivr("account", "disable", "1001").err == ""
    assert logged_in(accounts) == {"wang"}
    assert "no administrator can log in now" in ivr("account", "disable", "wang").err
    assert "disabled" in ivr("account", "password", "wang").err
    states = {one["user"]: one["disabled"] for one in json.loads(ivr("account", "list", "--json").out)["accounts"]}
    assert states == {"wang": True, "1001": True}
    assert ivr("account", "enable", "wang").code == 0
    assert account_of(accounts, "wang").disabled_at is None


def test_given_a_controller_that_runs_when_unlocked_by_the_shell_then_it_lets_the_person_try_again(
    ivr: Ivr, accounts: str
) -> None:
    """Also from the address where he is at home: that lock is in the controller's memory alone."""
    locks = Locks(Rules(lock_after=1, lock_minutes=600))
    rules = settings.load(SANDBOX, SANDBOX.parent)
    secrets = Credentials({}, {}, "t" * 20, "admin", "x" * 20, "y" * 20, "z" * 20)

    async def controller(store: Store) -> None:
        sessions = Sessions(store, rules, secrets)
        sessions.on_unlock(locks.unlock)
        await sessions.refresh()
        for user in ("wang", "1001"):
            locks.begin(user, "10.0.0.7", at_home=True)
        await sessions.lock(sessions.accounts["wang"])
        with pytest.raises(LockedError):
            locks.begin("wang", "10.0.0.7", at_home=True)
        for user in ("wang", "1001"):
            assert (await asyncio.to_thread(ivr, "account", "unlock", user)).code == 0
        await sessions.refresh(only_if_changed=True)
        for user in ("wang", "1001"):
            sessions.still_locked(sessions.accounts[user])
            locks.begin(user, "10.0.0.7", at_home=True)
        assert set(sessions.open) == {"of wang", "of 1001"}

    with_store(accounts, controller)


def test_given_accounts_when_listed_then_their_states_are_told_in_the_terminals_language(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, operator, wang = ivr("account", "list").out.splitlines()
    assert head.split() == ["user", "name", "roles", "number", "state", "code", "last", "login"]
    assert operator.split()[:7] == ["1001", "张三", "operator", "1001", "must", "change", "password"]
    assert wang.split()[:5] == ["wang", "王芳", "admin", "locked", "until"]
    (told,) = [one for one in json.loads(ivr("account", "list", "--json").out)["accounts"] if one["user"] == "wang"]
    assert told["locked_until"] == "2126-11-01T00:00:00.000000Z"
    assert not {"password", "old", "seed"} & {str(value) for value in told.values()}
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "锁定至" in ivr("account", "list").out


@pytest.mark.parametrize("command", ["list", "password", "unlock", "disable", "enable", "totp-reset"])
def test_given_a_command_when_nobody_is_named_so_then_it_is_said_and_not_noted_and_help_has_an_example(
    ivr: Ivr, accounts: str, command: str
) -> None:
    assert f"Example: ivr account {command}" in ivr("account", command, "--help").out
    if command == "list":
        return
    said = ivr("account", command, "no\x1bbody")
    assert (said.code, said.out) == (1, "")
    assert "There is no account no" in said.err
    assert "\x1b" not in said.err
    assert with_store(accounts, lambda store: Audit(store).listed()) == []


def test_given_a_new_person_of_a_department_when_the_shell_adds_him_then_the_password_that_it_tells_opens_his_account(
    ivr: Ivr, accounts: str, site: Path
) -> None:
    site.write_text(f'{site.read_text()}\n[departments.yuanlin]\nname = {{zh = "园林局", en = "Parks"}}\n')
    wanted = ("account", "add", "liming", "--name", "李明", "--role", "department", "--department")
    said = ivr(*wanted, "yuanlin", "--by", "王芳", "-m", "新到岗")
    words, first = said.out.splitlines()
    assert (said.code, words.startswith("Account liming is made")) == (0, True)
    made = account_of(accounts, "liming")
    assert (made.roles, made.department, made.must_change) == (("department",), "yuanlin", True)
    assert asyncio.run(passwords.Passwords().fits(first, made.password, None))
    (noted,) = with_store(accounts, lambda store: Audit(store).listed())
    assert (noted.who, noted.why, noted.details["department"], first in str(noted)) == (
        "王芳",
        "新到岗",
        "yuanlin",
        False,
    )
    again, nowhere = ivr(*wanted, "yuanlin"), ivr(*wanted, "nowhere")
    assert (again.code, again.err) == (1, "there is an account liming already; choose another user\n")
    assert (nowhere.code, "hotline.toml has no [departments.nowhere]" in nowhere.err) == (1, True)
    assert "yuanlin" in ivr("account", "list").out
    told = json.loads(ivr("account", "password", "liming", "--json").out)
    assert (told["user"], told["password"] != first) == ("liming", True)

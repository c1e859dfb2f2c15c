"""`ivr account`: who may use the pages, for whoever lost a password or a phone and has the machine's shell.

A controller that runs sees each change within a second; none need run. Words and details of the audit log are those of
the same change by the web.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr.calls.ladder_text import shown
from ivr.cli.context import Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.cli.text import table
from ivr.credentials import new_password
from ivr.store import Store
from ivr.store.accounts import (
    ROLES,
    Account,
    Accounts,
    judge_department,
    judge_roles,
    new_account,
    refused,
    user_exists,
)
from ivr.store.audit import Audit
from ivr.store.export import as_json
from ivr.web import passwords

app = typer.Typer(
    help="Who may use the pages: list, add, password, unlock, disable, enable, totp-reset.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SHELL = "shell"  # the role of whoever may run commands here

User = Annotated[str, typer.Argument(help="What the person types at the login; `ivr account list` shows it.")]
By = Annotated[str, typer.Option(help="Who decides, by name; without it, the name of your login.")]
Json = Annotated[bool, typer.Option("--json", help="Print user and password as JSON.")]
Why = Annotated[str, typer.Option("--why", "-m", help="Why, on one line.")]

WORDS = {
    "head": (
        "账号|姓名|角色|分机|状态|动态口令|最近登录",
        "user|name|roles|number|state|code|last login",
    ),
    "none": ("还没有账号：第一次 ivr up 会建立。", "There is no account yet: the first `ivr up` makes them."),
    "unknown": (
        "没有账号 {user}；ivr account list 列出全部账号。",
        "There is no account {user}: `ivr account list` shows them all.",
    ),
    "disabled": ("已停用", "disabled"),
    "locked": ("锁定至 {until}", "locked until {until}"),
    "must_change": ("待改密码", "must change password"),
    "good": ("正常", "good"),
    "yes": ("有", "yes"),
    "password": (
        "{user} 的新初始密码（只显示这一次，首次登录时须更改）：\n{password}",
        "The new first password of {user}, shown this once, to be changed at the first login:\n{password}",
    ),
    "bad_user": (
        "账号 {user} 不可用：只能用字母、数字和 . _ -，最多 64 个。",
        "{user} cannot be a user: letters, digits and . _ -, at most 64.",
    ),
    "no_name": (
        "请用 --name 写明姓名，1 至 40 个字，写在一行内。",
        "Say the person's name with --name: 1 to 40 characters on one line.",
    ),
    "number_taken": ("{number} 已是 {user} 的电话号码。", "{number} is the telephone of {user}."),
    "bad_number": ("{number} 不是电话号码（最多 20 位数字）。", "{number} is no telephone: at most 20 digits."),
    "added": (
        "账号 {user} 已建立。初始密码（只显示这一次，首次登录时须更改）：\n{password}",
        "Account {user} is made. Its first password, shown this once, to be changed at the first login:\n{password}",
    ),
    "still_disabled": (
        "注意：{user} 已停用，须先 ivr account enable {user} 才能登录。",
        "Note: {user} is disabled and cannot log in before `ivr account enable {user}`.",
    ),
    "unlock": (
        "{user} 已解锁，可立即登录。",
        "{user} is unlocked and may log in at once.",
    ),
    "disable": ("{user} 已停用，已退出所有登录。", "{user} is disabled and logged out everywhere."),
    "enable": ("{user} 已启用。", "{user} is enabled."),
    "totp-reset": (
        "{user} 的动态口令已清除，已退出所有登录；角色需要时，下次登录会要求重新设置。",
        "The second factor of {user} is gone, and {user} is logged out everywhere; where a role needs one, "
        "the next login asks for a new one.",
    ),
    "no_admin": (
        "注意：现在没有可以登录的管理员。恢复：ivr account enable {user}",
        "Note: no administrator can log in now. To undo it: ivr account enable {user}",
    ),
}


@app.command("list")
def list_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, times in UTC.")] = False,
) -> None:
    """Every account: roles, telephone, whether it is locked or disabled, and when it was last used.

    Example: ivr account list --json
    """
    start: Context = context.obj
    accounts, now = with_store(start, lambda store: Accounts(store).all()), datetime.now(UTC)
    if json:
        typer.echo(as_json({"accounts": [account.as_dict(now) for account in accounts.values()]}))
    elif accounts:
        zone = ZoneInfo(start.site.hotline.timezone)
        typer.echo(table(_say("head").split("|"), [_row(account, now, zone) for account in accounts.values()]))
    else:
        typer.echo(_say("none"))


@app.command("add")
def add(  # noqa: PLR0917  what a new person is
    context: typer.Context,
    user: Annotated[str, typer.Argument(help="What the person will type at the login: letters, digits, . _ -")],
    name: Annotated[str, typer.Option(help="The person's name, for the audit log and the wallboard.")],
    role: Annotated[list[str], typer.Option(help=f"Once for each role: {', '.join(ROLES)}.")],
    department: Annotated[str, typer.Option(help="With the role department: which one of hotline.toml.")] = "",
    number: Annotated[str, typer.Option(help="The person's own telephone, of an operator or a supervisor.")] = "",
    by: By = "",
    why: Why = "",
    json: Json = False,
) -> None:
    """Make an account, and print its first password once; it has to be changed at the first login.

    Example: ivr account add liming --name 李明 --role department --department chengguan
    """
    start: Context = context.obj
    judge_roles(role)
    judge_department(role, department or None, start.site.departments)
    _judge_person(user, name, number)
    first = new_password()
    account = new_account(user, name.strip(), role, number or None, datetime.now(UTC), department or None)

    async def work(store: Store) -> None:
        kept = Accounts(store)
        for one in (await kept.all()).values():
            if one.user == user:
                raise user_exists(user)
            if number and one.number == number:
                raise refused("number_taken", _say("number_taken", number=number, user=one.user), 409, user=one.user)
        details = {"roles": list(account.roles), "number": account.number, "department": account.department}
        await Audit(store).note(by or getpass.getuser(), SHELL, "account.add", user, why, details)
        await kept.add(replace(account, password=passwords.hashed(first)))

    with_store(start, work)
    _tell_first(account, first, "added", json)


def _judge_person(user: str, name: str, number: str) -> None:
    """Raises AccountRefusedError for what the web would not take either."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", user):
        raise refused("bad_user", _say("bad_user", user=shown(user)), user=user)
    if not 1 <= len(name.strip()) <= 40 or not name.isprintable():
        raise refused("no_name", _say("no_name"))
    if number and not re.fullmatch(r"[0-9]{1,20}", number):
        raise refused("bad_number", _say("bad_number", number=shown(number)), number=number)


@app.command("password")
def password_(context: typer.Context, user: User, by: By = "", why: Why = "", json: Json = False) -> None:
    """Make a new first password, print it once, unlock the account, and log it out everywhere.

    It has to be changed at the first login. No password is taken here: a command line is read by others.

    Example: ivr account password admin --by 王芳 -m 忘记密码
    """
    first, now = new_password(), datetime.now(UTC)
    values = {"password": passwords.hashed(first), "must_change": True, "locked_until": now}
    account, _ = _change(context.obj, user, now, {"password_reset": True}, values, by, why)
    _tell_first(account, first, "password", json)
    if account.disabled_at is not None:
        typer.echo(_say("still_disabled", user=account.user), err=True)


@app.command("unlock")
def unlock(context: typer.Context, user: User, by: By = "", why: Why = "") -> None:
    """End the lock that too many wrong passwords brought. An address that is locked stays so until its time is over.

    Example: ivr account unlock 1001
    """
    now = datetime.now(UTC)
    _change(context.obj, user, now, {"unlock": True}, {"locked_until": now}, by, why, log_out=False)
    typer.echo(_say("unlock", user=user))


@app.command("disable")
def disable(context: typer.Context, user: User, by: By = "", why: Why = "") -> None:
    """Let nobody in by this account, and end its sessions now; a phone in the browser goes with them.

    Example: ivr account disable 1003 --by 李强 -m 已离职
    """
    now = datetime.now(UTC)
    account, others = _change(context.obj, user, now, {"disabled": True}, {"disabled_at": now}, by, why)
    typer.echo(_say("disable", user=user))
    if "admin" in account.roles and not any("admin" in one.roles and one.disabled_at is None for one in others):
        typer.echo(_say("no_admin", user=user), err=True)


@app.command("enable")
def enable(context: typer.Context, user: User, by: By = "", why: Why = "") -> None:
    """Let a disabled account in again, with the password that it had.

    Example: ivr account enable 1003 --by 李强
    """
    now = datetime.now(UTC)
    _change(context.obj, user, now, {"disabled": False}, {"disabled_at": None}, by, why, log_out=False)
    typer.echo(_say("enable", user=user))


@app.command("totp-reset")
def totp_reset(context: typer.Context, user: User, by: By = "", why: Why = "") -> None:
    """Forget the second factor of whoever lost the phone with it, and log the account out everywhere.

    Be sure who asks: from now on the password alone opens the account, until a new phone is set up.

    Example: ivr account totp-reset admin --by 王芳 -m 手机丢失
    """
    _change(context.obj, user, datetime.now(UTC), {"totp_reset": True}, {"totp": None, "totp_step": 0}, by, why)
    typer.echo(_say("totp-reset", user=user))


def _tell_first(account: Account, first: str, word: str, json: bool) -> None:
    if json:
        typer.echo(as_json({"user": account.user, "password": first}))
    else:
        typer.echo(_say(word, user=account.user, password=first))


def _change(  # noqa: PLR0917  what is noted, what is done, and who does it
    start: Context,
    user: str,
    now: datetime,
    noted: Mapping[str, bool],
    values: Mapping[str, Any],
    by: str,
    why: str,
    log_out: bool = True,
) -> tuple[Account, list[Account]]:
    """On record before it is done; the account as it was, and the others. Raises AccountRefusedError."""

    async def work(store: Store) -> tuple[Account, list[Account]]:
        kept = Accounts(store)
        known = await kept.all()
        account = known.pop(user, None)
        if account is None:
            raise refused("unknown_account", _say("unknown", user=shown(user)), 404, user=user)
        await Audit(store).note(by or getpass.getuser(), SHELL, "account.change", user, why, noted)
        await kept.change(user, now, log_out=log_out, **values)
        return account, list(known.values())

    return with_store(start, work)


def _row(account: Account, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    last = account.last_login_at
    return (
        account.user,
        account.name,
        " ".join(account.roles) + (f" ({account.department})" if account.department else ""),
        account.number or "",
        _state(account, now, zone),
        _say("yes") if account.totp is not None else "",
        f"{last.astimezone(zone):%Y-%m-%d %H:%M}" if last is not None else "",
    )


def _state(account: Account, now: datetime, zone: ZoneInfo) -> str:
    if account.disabled_at is not None:
        return _say("disabled")
    if account.locked_until is not None and account.locked_until > now:
        return _say("locked", until=f"{account.locked_until.astimezone(zone):%H:%M}")
    return _say("must_change" if account.must_change else "good")


def _say(word: str, **facts: object) -> str:
    zh, en = WORDS[word]
    return (zh if language() == "zh" else en).format(**facts)

"""`ivr account`: who may use the pages, for whoever lost a password or a phone and has the machine's shell.

A controller that runs sees each change within a second; none need run. Words and details of the audit log are those of
the same change by the web.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
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
from ivr.store.accounts import Account, Accounts, refused
from ivr.store.audit import Audit
from ivr.store.export import as_json
from ivr.web import passwords

app = typer.Typer(
    help="Who may use the pages: list, password, unlock, disable, enable, totp-reset.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SHELL = "shell"  # the role of whoever may run commands here

User = Annotated[str, typer.Argument(help="What the person types at the login; `ivr account list` shows it.")]
By = Annotated[str, typer.Option(help="Who decides, by name; without it, the name of your login.")]
Why = Annotated[str, typer.Option("--why", "-m", help="Why, on one line.")]

WORDS = {
    "head": ("账号|姓名|角色|分机|状态|动态口令|最近登录", "user|name|roles|number|state|code|last login"),
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


@app.command("password")
def password_(context: typer.Context, user: User, by: By = "", why: Why = "") -> None:
    """Make a new first password, print it once, unlock the account, and log it out everywhere.

    It has to be changed at the first login. No password is taken here: a command line is read by others.

    Example: ivr account password admin --by 王芳 -m 忘记密码
    """
    first, now = new_password(), datetime.now(UTC)
    values = {"password": passwords.hashed(first), "must_change": True, "locked_until": now}
    account, _ = _change(context.obj, user, now, {"password_reset": True}, values, by, why)
    typer.echo(_say("password", user=account.user, password=first))
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
        " ".join(account.roles),
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

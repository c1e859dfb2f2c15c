"""The routes of logins and accounts."""

from __future__ import annotations

from ivr.store.accounts import ROLES
from ivr.web import accounts, login
from ivr.web.passwords import LONGEST
from ivr.web.routes import USER, Route, words
from ivr.web.schema import BOOLEAN, TEXT, TIME, Schema, array, nullable, obj, one_of, string

V1 = "/api/v1"
_SESSION, _ACCOUNTS = f"{V1}/session", f"{V1}/accounts"
_ACCOUNT = f"{_ACCOUNTS}/{{user}}"

_TYPED = string(None, LONGEST)
_CODE = string(r"[0-9]{6}", 6, description="six digits of the authenticator app")
_NAME = string(r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*", 40, description="the person's name")
_NUMBER = string(r"[0-9]{1,20}", 20, description="the person's own telephone")
_ROLES: Schema = array(one_of(*ROLES))
_DEPARTMENT = string(r"[a-z0-9][a-z0-9_-]{0,31}", 32, description="of hotline.toml; with the role department only")

SESSION = obj(
    {
        "session": nullable(
            obj(
                {
                    "user": TEXT,
                    "name": TEXT,
                    "roles": _ROLES,
                    "number": nullable(TEXT),
                    "department": nullable(TEXT),
                    "csrf": TEXT,
                    "idle_seconds": {"type": "integer"},
                    "must": nullable(one_of("password", "totp")),
                    "totp": BOOLEAN,
                    "language": one_of("zh", "en"),
                }
            )
        )
    }
)
_TOTP = obj({"totp": obj({"secret": TEXT, "uri": TEXT, "svg": TEXT})})
_ONE = obj(
    {
        "user": TEXT,
        "name": TEXT,
        "roles": _ROLES,
        "number": nullable(TEXT),
        "department": nullable(TEXT),
        "disabled": BOOLEAN,
        "locked_until": nullable(TIME),
        "totp": BOOLEAN,
        "totp_wanted": {**BOOLEAN, "description": "whether the site asks these roles for a second factor"},
        "sessions": {"type": "integer", "description": "browsers in which this person is logged in now"},
        "must_change": BOOLEAN,
        "created_at": TIME,
        "last_login_at": nullable(TIME),
    }
)
_WITH_PASSWORD = obj({"account": _ONE}, {"password": {**TEXT, "description": "for the first login, told once"}})


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _SESSION,
        login.login,
        words("登录", "Log in"),
        SESSION,
        access="open",
        body=obj({"user": _TYPED, "password": _TYPED}, {"code": _CODE}),
    ),
    Route("GET", _SESSION, login.shown, words("当前登录的人", "Who is logged in"), SESSION, access="session"),
    Route(
        "DELETE",
        _SESSION,
        login.logout,
        words("退出登录", "Log out"),
        SESSION,
        access="session",
        body=obj({}, {"everywhere": BOOLEAN}),
    ),
    Route(
        "PUT",
        f"{_SESSION}/password",
        login.change_password,
        words("修改自己的密码（其他会话随即结束）", "Change one's own password; other sessions end"),
        SESSION,
        access="session",
        body=obj({"old": _TYPED, "new": _TYPED}),
    ),
    Route(
        "POST",
        f"{_SESSION}/totp",
        login.begin_totp,
        words("开始设置动态口令", "Begin to set a second factor up"),
        _TOTP,
        access="session",
    ),
    Route(
        "PUT",
        f"{_SESSION}/totp",
        login.confirm_totp,
        words("用一个口令确认动态口令", "Confirm the second factor by a code"),
        SESSION,
        access="session",
        body=obj({"code": _CODE}),
    ),
    Route(
        "GET",
        _ACCOUNTS,
        accounts.listed,
        words("账号", "Accounts"),
        obj({"accounts": array(_ONE)}),
    ),
    Route(
        "POST",
        _ACCOUNTS,
        accounts.add,
        words("新建账号（首次密码只显示一次）", "A new account; its first password is told once"),
        _WITH_PASSWORD,
        201,
        body=obj(
            {"user": USER, "name": _NAME, "roles": _ROLES},
            {"number": nullable(_NUMBER), "department": nullable(_DEPARTMENT), "password": _TYPED},
        ),
    ),
    Route(
        "PATCH",
        _ACCOUNT,
        accounts.change,
        words("修改账号（其会话随即结束）", "Change an account; its sessions end"),
        _WITH_PASSWORD,
        body=obj(
            {},
            {
                "name": _NAME,
                "roles": _ROLES,
                "number": nullable(_NUMBER),
                "department": nullable(_DEPARTMENT),
                "disabled": BOOLEAN,
                "password_reset": BOOLEAN,
                "totp_reset": BOOLEAN,
                "unlock": BOOLEAN,
                "log_out": BOOLEAN,
            },
        ),
    ),
    Route("DELETE", _ACCOUNT, accounts.remove, words("删除账号", "Remove an account"), obj({"account": _ONE})),
)

"""`var/credentials.toml`: every secret of one running system, generated at its first start and kept afterwards.

Mode 0600. A person may change a value between two starts; a missing one is made. Nothing here is ever logged.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ivr import webhooks
from ivr.errors import HotlineError
from ivr.settings import Site, telling

_SECRET = re.compile(r"[!-~]{8,128}")
_GIVEN = re.compile(r"[ -~]{1,256}")  # by another: a mailbox's password
_USER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TROUBLE = set(";\"\\'`$")  # Asterisk's files and a shell read these as their own
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # none that a person mixes up
ROLES = ("admin", "auditor", "dialplan_admin")
_HEAD = "# Secrets of this system. Made at the first start, kept afterwards; who reads this file may do everything.\n"


class CredentialsError(HotlineError):
    """The file cannot be read or a value in it cannot be used."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A person's or a program's own bearer token; a person writes it into the file."""

    token: str = field(repr=False)
    roles: tuple[str, ...]  # of ROLES


@dataclass(frozen=True, slots=True)
class Credentials:
    """Values are secret: the repr shows none."""

    operators: Mapping[str, str] = field(repr=False)  # number → SIP password
    phone_keys: Mapping[str, str] = field(repr=False)  # number → token of the phone's programmable-key URL
    api_token: str = field(repr=False)  # bearer token of a system administrator
    admin_user: str
    admin_password: str = field(repr=False)
    ami_secret: str = field(repr=False)
    ari_password: str = field(repr=False)
    api_tokens: Mapping[str, ApiToken] = field(default_factory=dict, repr=False)  # name → token of [api.tokens.<name>]
    supervisors: Mapping[str, str] = field(default_factory=dict, repr=False)  # number → SIP password
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)  # number → first password for the pages
    account_key: str = field(default="", repr=False)  # what second factors are derived from
    channels: Mapping[str, str] = field(default_factory=dict, repr=False)  # name → gateway's secret, mailbox's password
    exchange_key: str = field(default="", repr=False)  # Ed25519 seed in base64: signs what we tell other desks
    webhooks: Mapping[str, str] = field(default_factory=dict, repr=False)  # name → secrets, a comma between two

    def webhook_secrets(self, name: str) -> tuple[str, ...]:
        """Those that hold for whom we tell of cases, `sms` the gateway; two while one is changed for another."""
        return tuple(self.webhooks[name].split(",")) if name in self.webhooks else ()

    def mail_password(self, key: str) -> str:
        """What logs in where a mailbox's answers are sent: the mailbox's own, unless `"KEY.send"` names another."""
        return self.channels.get(f"{key}.send", self.channels.get(key, ""))

    def first_password(self, user: str) -> str | None:
        """What opens an account until its own password is set."""
        return self.admin_password if user == self.admin_user else self.passwords.get(user)


def new_password() -> str:
    """One that a person can read out and type: 98 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(4))


def path_in(var: Path) -> Path:
    return var / "credentials.toml"


def load(var: Path) -> Credentials:
    """The secrets as they stand. Raises CredentialsError where the file or a value is missing."""
    tables = _read(path_in(var))
    if tables is None:
        raise CredentialsError("no_credentials", f"{path_in(var)} is not there; the first `ivr up` makes it")
    found, missing = _complete(tables, (), (), (), ())
    if missing:
        raise CredentialsError("credentials", f"{path_in(var)}: {missing[0]} is missing; the next `ivr up` makes it")
    return found


def ensure(var: Path, site: Site) -> tuple[Credentials, bool]:
    """The secrets, made where they are missing (first start, a new operator), and whether the file itself is new."""
    path = path_in(var)
    tables = _read(path)
    gateways = [one.key for one in site.channels.values() if one.kind == "webhook"]
    found, missing = _complete(tables or {}, site.operators, site.supervisors, gateways, telling.by_name(site))
    if missing:
        _write(path, found)
    elif path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return found, tables is None


def _read(path: Path) -> dict[str, dict[str, Any]] | None:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise CredentialsError("credentials", f"{path} cannot be read: {failure}") from failure
    known = {
        "operators",
        "supervisors",
        "phone_keys",
        "passwords",
        "api",
        "admin",
        "accounts",
        "exchange",
        "channels",
        "webhooks",
        "ami",
        "ari",
    }
    for name, table in tables.items():
        if name not in known or not isinstance(table, dict):
            raise CredentialsError("credentials", f"{path}: [{name}] is unknown; known: {', '.join(sorted(known))}")
        for key, value in table.items():
            if (name, key) == ("api", "tokens"):
                table[key] = _tokens(path, value)
            else:
                _judge(path, name, key, value)
    return tables


def _tokens(path: Path, tables: object) -> dict[str, ApiToken]:
    """`[api.tokens.wang] token = "…", roles = ["dialplan_admin"]`."""
    wanted = f"{path}: [api.tokens.NAME] takes token and roles, of {', '.join(ROLES)}"
    if not isinstance(tables, dict):
        raise CredentialsError("credentials", wanted)
    for name, table in tables.items():
        roles = table.get("roles") if isinstance(table, dict) else None
        named = isinstance(roles, list) and bool(roles) and all(role in ROLES for role in roles)
        if not named or set(table) != {"token", "roles"} or not _USER.fullmatch(name):
            raise CredentialsError("credentials", f"{wanted}; found {name!r} otherwise")
        _judge(path, f"api.tokens.{name}", "token", table["token"])
    return {name: ApiToken(table["token"], tuple(table["roles"])) for name, table in tables.items()}


def _judge(path: Path, table: str, key: str, value: object) -> None:
    if table == "channels":
        if not isinstance(value, str) or not _GIVEN.fullmatch(value):
            wanted = "1 to 256 ASCII characters, none of control"
            raise CredentialsError("credentials", f"{path}: [channels] {key}: expected {wanted}")
        return
    form = _USER if (table, key) == ("admin", "user") else _SECRET
    if not isinstance(value, str) or not form.fullmatch(value) or _TROUBLE & set(value):
        wanted = "8 to 128 visible ASCII characters without ; \" \\ ' ` $"
        raise CredentialsError("credentials", f"{path}: [{table}] {key}: expected {wanted}; remove it to get a new one")
    if table == "webhooks":
        try:
            all(map(webhooks.key_of, value.split(",")))
        except ValueError as wrong:
            raise CredentialsError("credentials", f"{path}: [{table}] {key}: {wrong}; a comma between two") from None


def _complete(
    tables: Mapping[str, Mapping[str, Any]],
    operators: Iterable[str],
    supervisors: Iterable[str],
    gateways: Iterable[str],
    told: Iterable[str],
) -> tuple[Credentials, list[str]]:
    """The credentials with every gap filled, and the names of the gaps."""
    missing: list[str] = []

    def value(table: str, key: str, made: str) -> str:
        found: str | None = tables.get(table, {}).get(key)
        if found is None:
            missing.append(f"[{table}] {key}")
        return made if found is None else found

    def each(
        table: str, numbers: Iterable[str], make: Callable[[], str] = lambda: secrets.token_urlsafe(24)
    ) -> dict[str, str]:
        known = tables.get(table, {})
        return {number: value(table, number, make()) for number in sorted({*known, *numbers})}

    found = Credentials(
        operators=each("operators", operators),
        phone_keys=each("phone_keys", operators),
        api_token=value("api", "token", secrets.token_urlsafe(32)),
        admin_user=value("admin", "user", "admin"),
        admin_password=value("admin", "password", new_password()),
        ami_secret=value("ami", "secret", secrets.token_urlsafe(32)),
        ari_password=value("ari", "password", secrets.token_urlsafe(32)),
        supervisors=each("supervisors", supervisors),
        api_tokens=tables.get("api", {}).get("tokens", {}),
        passwords=each("passwords", (*operators, *supervisors), new_password),
        channels=each("channels", gateways, webhooks.new_secret),
        account_key=value("accounts", "key", secrets.token_urlsafe(32)),
        exchange_key=value("exchange", "key", base64.b64encode(secrets.token_bytes(32)).decode()),
        webhooks=each("webhooks", told, webhooks.new_secret),
    )
    return found, missing


def _write(path: Path, made: Credentials) -> None:
    """Whole or not at all, and never readable by others, not even for a moment (mkstemp makes it 0600)."""
    tables: dict[str, Mapping[str, object]] = {
        "operators": made.operators,
        "phone_keys": made.phone_keys,
        "passwords": made.passwords,
        **({"supervisors": made.supervisors} if made.supervisors else {}),
        "api": {"token": made.api_token},
        **{f"api.tokens.{json.dumps(name)}": asdict(one) for name, one in made.api_tokens.items()},
        "admin": {"user": made.admin_user, "password": made.admin_password},
        "accounts": {"key": made.account_key},
        "exchange": {"key": made.exchange_key},
        **({"channels": made.channels} if made.channels else {}),
        **({"webhooks": made.webhooks} if made.webhooks else {}),
        "ami": {"secret": made.ami_secret},
        "ari": {"password": made.ari_password},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".credentials-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(_HEAD)
        for title, table in tables.items():
            rows = "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in table.items())
            file.write(f"\n[{title}]\n{rows}")
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)

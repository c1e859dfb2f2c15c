"""Read `hotline.toml`: everything that is wrong in it is told at once, with file, key and what was expected."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.errors import HotlineError
from ivr.settings import calendar, channels, checks, classes, departments, exchange, scope, telling, tls
from ivr.settings.hours import Hours
from ivr.settings.model import (
    Accounts,
    Department,
    Desk,
    Dialplans,
    Hooks,
    Hotline,
    Keys,
    Listen,
    Neighbour,
    Operator,
    Orders,
    Partner,
    Privacy,
    Queue,
    Retention,
    Screening,
    Site,
    Supervision,
    Supervisor,
    Target,
    Tls,
    Trunk,
)
from ivr.settings.read import MISSING, Reader
from ivr.settings.telling import Sms, Webhook

TABLES = (
    "desk",
    "hotline",
    "listen",
    "database",
    "trunks",
    "targets",
    "keys",
    "operators",
    "queue",
    "screening",
    "hooks",
    "hours",
    "tls",
    "neighbour",
    "retention",
    "dialplans",
    "privacy",
    "orders",
    "accounts",
    "supervisors",
    "supervision",
    "exchange",
    "departments",
    "channels",
    "webhooks",
    "sms",
)


PARTS = (checks, tls, exchange, classes, calendar, departments, scope, channels, telling)


def problems(site: Site) -> list[str]:
    """Everything that is wrong with the whole, one sentence each, opening with the key."""
    return [problem for part in PARTS for problem in part.problems(site)]


class SettingsError(HotlineError):
    """The site's settings cannot be used; `details["problems"]` has one sentence for each wrong key."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__("settings", f"{path}:{lines}", {"file": str(path), "problems": problems})
        self.problems = problems


def load(path: Path | str, var: Path | str) -> Site:
    """The site that `path` describes, with `{var}` in the database's URL and [tls] filled in. Raises SettingsError."""
    path = Path(path).absolute()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failure:
        raise SettingsError(
            path, [f"cannot be read ({failure.strerror}); copy the project's hotline.toml"]
        ) from failure
    except UnicodeDecodeError as failure:
        raise SettingsError(path, [f"is no TOML in UTF-8: {failure}"]) from failure
    return read(text, path, var)


def read(text: str, path: Path | str, var: Path | str) -> Site:
    """The site of this text, as if it stood in `path`. Raises SettingsError."""
    path, var = Path(path).absolute(), Path(var).absolute()
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise SettingsError(path, [f"is no TOML in UTF-8: {failure}"]) from failure
    reader = Reader()
    site = _site(reader, path, var, tables)
    found = problems(site) if site else reader.problems
    if found or site is None:
        raise SettingsError(path, found)
    return dataclasses.replace(site, source=text)


def _site(reader: Reader, path: Path, var: Path, tables: Mapping[str, Any]) -> Site | None:
    reader.known(tables, TABLES, "")
    hotline = reader.build(Hotline, tables.get("hotline", {}), "hotline")
    listen = reader.build(Listen, tables.get("listen", {}), "listen")
    database = reader.table(tables.get("database", {}), "database")
    reader.known(database, ["url"], "database")
    url = reader.convert(str, database.get("url", "sqlite+aiosqlite:///{var}/ivr.db"), "database.url")
    trunks = _keyed(reader, Trunk, tables.get("trunks", {}), "trunks")
    targets = _keyed(reader, Target, tables.get("targets", {}), "targets")
    operators = _people(reader, Operator, tables.get("operators", []), "operators")
    supervisors = _people(reader, Supervisor, tables.get("supervisors", []), "supervisors")
    supervision = reader.build(Supervision, _without_false(tables.get("supervision", {})), "supervision")
    keys = reader.build(Keys, tables.get("keys", {}), "keys")
    queue = reader.build(Queue, tables.get("queue", {}), "queue")
    screening = reader.build(Screening, tables.get("screening", {}), "screening")
    hooks = reader.build(Hooks, tables.get("hooks", {}), "hooks")
    hours = reader.build(Hours, tables.get("hours", {}), "hours")
    secure = reader.build(Tls, tables["tls"], "tls") if "tls" in tables else None
    neighbour = reader.build(Neighbour, tables["neighbour"], "neighbour") if "neighbour" in tables else None
    retention = reader.build(Retention, tables.get("retention", {}), "retention")
    dialplans = reader.build(Dialplans, tables.get("dialplans", {}), "dialplans")
    desk = reader.build(Desk, tables.get("desk", {}), "desk")
    privacy = reader.build(Privacy, tables.get("privacy", {}), "privacy")
    orders = reader.build(Orders, tables.get("orders", {}), "orders")
    accounts = reader.build(Accounts, tables.get("accounts", {}), "accounts")
    partners = _keyed(reader, Partner, tables.get("exchange", {}), "exchange", name="desk")
    responsible = _keyed(reader, Department, tables.get("departments", {}), "departments")
    inbound = _keyed(reader, channels.Channel, tables.get("channels", {}), "channels")
    webhooks = _keyed(reader, Webhook, tables.get("webhooks", {}), "webhooks", name="name")
    sms = reader.build(Sms, tables["sms"], "sms") if "sms" in tables else None
    if reader.problems:
        return None
    if "language_keys" not in tables.get("hotline", {}):
        spoken = {key: code for key, code in hotline.language_keys.items() if code in hotline.languages}
        hotline = dataclasses.replace(hotline, language_keys=spoken)
    return Site(
        path=str(path),
        hotline=hotline,
        listen=listen,
        database_url=url.replace("{var}", str(var)),
        trunks=trunks,
        targets=targets,
        operators=operators,
        keys=keys,
        queue=queue,
        screening=screening,
        hooks=hooks,
        hours=hours,
        tls=tls.beside(path, var, secure) if secure else None,
        neighbour=neighbour,
        retention=retention,
        dialplans=dialplans,
        desk=desk,
        privacy=privacy,
        orders=orders,
        accounts=accounts,
        supervisors=supervisors,
        supervision=supervision,
        exchange=partners,
        departments=responsible,
        channels=inbound,
        webhooks=webhooks,
        sms=sms,
    )


def _keyed(reader: Reader, kind: type[Any], value: object, where: str, *, name: str = "key") -> dict[str, Any]:
    """`[targets.110]`: the table's name is the dataclass's field `name`."""
    return {
        key: reader.build(kind, table, f"{where}.{key}", **{name: key})
        for key, table in reader.table(value, where).items()
    }


def _people(reader: Reader, kind: type[Any], value: object, where: str) -> dict[str, Any]:
    """`[[operators]]`, `[[supervisors]]`: by number."""
    if not isinstance(value, list):
        reader.note(where, f"expected one [[{where}]] table for each of them")
        return {}
    found: dict[str, Any] = {}
    for n, table in enumerate(value):
        one = reader.build(kind, table, f"{where}[{n}]")
        if one is not MISSING and one.number in found:
            reader.note(f"{where}[{n}].number", f"{one.number} is there twice; every phone has a number of its own")
        elif one is not MISSING:
            found[one.number] = one
    return found


def _without_false(table: Any) -> Any:
    """`tell_operator = false` is how one says no."""
    return {key: value for key, value in table.items() if value is not False} if isinstance(table, dict) else table

"""The classes of cases: a tree that is data, in a file of the city's own or the sample that ships."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr.settings.calendar import LIMIT
from ivr.settings.model import Site

SAMPLE = Path(__file__).with_suffix(".toml")
_CODE = re.compile(r"([0-9]{2}){1,8}")
_INHERITED = ("department", "joint", "limit")
_KEYS = {"zh", "en", "desk", "basis", "department", "joint", "limit"}


@dataclass(frozen=True, slots=True)
class Class:
    """`basis`: it is a matter of neither desk, and this is why (R34)."""

    code: str  # two digits a level
    zh: str
    en: str
    desk: str = ""  # which accepts it, where that is clear
    basis: str = ""
    department: str = ""  # whom its work orders go to; of the class above where it has none
    joint: str = ""  # departments that work on them beside it, parted by blanks; of the class above likewise
    limit: str = ""  # of its work orders, such as 24h, 7d or 5wd; of the class above where it has none


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    if not 5 <= site.desk.decide_seconds <= 3600:
        yield f"desk.decide_seconds: expected 5 to 3600, found {site.desk.decide_seconds}"
    if not 1 <= site.desk.accept_minutes <= 10_080:
        yield f"desk.accept_minutes: expected 1 to 10080 (a week), found {site.desk.accept_minutes}"
    try:
        known = read(file_of(site))
    except ValueError as wrong:
        yield f"desk.classes: {wrong}"
        return
    for one in known if site.desk.classes else ():  # those of the sample are any city's
        for department in (*([one.department] if one.department else []), *one.joint.split()):
            if department not in site.departments:
                yield f"desk.classes: [{one.code}]: there is no departments.{department}"


def file_of(site: Site) -> Path:
    return Path(site.path).parent / site.desk.classes if site.desk.classes else SAMPLE


def read(path: Path) -> tuple[Class, ...]:
    """In the order of their codes. Raises ValueError: what is wrong, in a sentence."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise ValueError(f"{path} cannot be read: {failure}") from failure
    classes: dict[str, Class] = {}
    for code, table in sorted(tables.items()):
        if not _CODE.fullmatch(code):
            raise ValueError(f"{path}: [{code}]: expected a code of two digits a level, such as [0101]")
        if code[:-2] and code[:-2] not in tables:
            raise ValueError(f"{path}: [{code}]: there is no [{code[:-2]}] above it")
        whole = isinstance(table, dict) and set(table) <= _KEYS and all(isinstance(one, str) for one in table.values())
        if not whole or not table.get("zh") or not table.get("en"):
            others = ", ".join(sorted(_KEYS - {"zh", "en"}))
            raise ValueError(f"{path}: [{code}]: expected zh and en, and perhaps {others}, all of them texts")
        if not LIMIT.fullmatch(table.get("limit", "1h")):
            raise ValueError(f"{path}: [{code}]: limit: expected one such as 2h, 7d or 5wd, found {table['limit']!r}")
        above = classes.get(code[:-2])
        inherited = {name: getattr(above, name) for name in _INHERITED} if above is not None else {}
        classes[code] = Class(code, **{**inherited, **table})
    return tuple(classes.values())

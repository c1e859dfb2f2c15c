"""What a prompt is for. There is no category for advertising, and whoever asks for one is refused (R5).

Only the category decides: nobody reads a text for what it may be selling.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from ivr.errors import HotlineError
from ivr.pbx.prompts import texts
from ivr.settings import Site, Text

CATEGORIES: Mapping[str, Text] = MappingProxyType(
    {
        "greeting": {"zh": "问候", "en": "greeting"},
        "menu": {"zh": "菜单与询问", "en": "menu or question"},
        "waiting": {"zh": "等待", "en": "waiting"},
        "notice": {"zh": "通知", "en": "notice"},
        "information": {"zh": "政务信息", "en": "public information"},
        "error": {"zh": "出错提示", "en": "error"},
        "operator": {"zh": "坐席提示", "en": "for the operator"},
        "whisper": {"zh": "联动单位提示", "en": "for the desk"},
        "number": {"zh": "数字", "en": "number"},
        "tone": {"zh": "信号音与音乐", "en": "tone or music"},
    }
)
ADVERTISING = frozenset(
    {"advertising", "advertisement", "advert", "ad", "ads", "commercial", "marketing", "promotion", "sponsor"}
    | {"广告", "商业广告", "推广", "营销", "促销", "商业"}
)
FILE = "categories.toml"


class CategoryError(HotlineError):
    """No category, one that does not exist, or one that no prompt may have."""


def checked(category: str, where: str) -> str:
    """The category, if a prompt may have it. Raises CategoryError."""
    if category.strip().lower() in ADVERTISING:
        message = f"{where}: {category!r} is refused: callers of a government hotline hear no advertising (rule R5)"
        raise CategoryError("advertising_refused", message, {"category": category, "rule": "R5"}, 422)
    if category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        message = f"{where}: there is no category {category!r}; take one of {known}"
        raise CategoryError("unknown_category", message, {"category": category, "known": known}, 422)
    return category


def table(site: Site) -> dict[str, str]:
    """Name or pattern → category; the site's own first. Raises CategoryError, naming file and key."""
    own = texts.folder(site) / FILE
    found = _read(own) if own.exists() else {}
    if own.resolve() != (texts.PROJECT / FILE).resolve():
        found |= {name: category for name, category in _read(texts.PROJECT / FILE).items() if name not in found}
    return found


def of(name: str, known: Mapping[str, str]) -> str | None:
    """The category of a prompt: by its name, else by the first pattern that takes it; None where it has none."""
    if name in known:
        return known[name]
    return next((category for pattern, category in known.items() if fnmatchcase(name, pattern)), None)


def _read(path: Path) -> dict[str, str]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise CategoryError("prompts", f"{path} cannot be read: {failure}", {"file": str(path)}) from failure
    for name, category in found.items():
        checked(str(category), f"{path}: {name}")
    return found

"""A site's texts: the project's, the site's own over them, its targets' names; and how a text is read aloud."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ivr.errors import HotlineError
from ivr.settings import Site

PROJECT = Path(__file__).resolve().parents[3] / "prompts"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}?")
_CHINESE_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


class TextError(HotlineError):
    """A prompts file is wrong."""


def folder(site: Site) -> Path:
    """Where a site keeps its own texts and recordings."""
    return Path(site.path).parent / "prompts"


def own_texts(site: Site, language: str) -> Path:
    return folder(site) / f"{language}.toml"


def own(site: Site, language: str) -> dict[str, str]:
    """The site's own, as they stand there. Raises TextError."""
    path = own_texts(site, language)
    return _read(path) if path.exists() else {}


def recorded(site: Site, language: str) -> Path:
    """The folder of a site's recordings: they come before texts."""
    return folder(site) / "recorded" / language


def texts(site: Site, language: str) -> dict[str, str]:
    """Prompt name → what is said. Raises TextError, naming file and key."""
    found = _read(PROJECT / f"{language}.toml") if (PROJECT / f"{language}.toml").exists() else {}
    found |= own(site, language)
    for name, text in found.items():
        found[name] = filled(text, site, language, f"{own_texts(site, language)}: {name}")
    return found | {f"target-{key}": target.name[language] for key, target in site.targets.items()}


def filled(text: str, site: Site, language: str, where: str) -> str:
    """A text with the site's facts for its `{number}`, `{name}` and `{emergency_key}`. Raises TextError."""
    values = {
        "number": site.hotline.number,
        "name": site.hotline.name.get(language, ""),
        "emergency_key": site.hotline.emergency_key,
    }

    def fact(found: re.Match[str]) -> str:
        if found[1] not in values:
            known = ", ".join(f"{{{key}}}" for key in values)
            message = f"{where}: cannot fill in {found[0]!r}; known are {known}"
            raise TextError("bad_placeholder", message, {"given": found[0], "known": known}, 422)
        return values[found[1]]

    return _PLACEHOLDER.sub(fact, text)


def spoken(text: str, language: str) -> str:
    """Numbers as a person says them: a telephone number digit by digit, in Chinese with 幺 for 1."""
    if language == "zh":
        return re.sub(r"\d+", lambda number: _chinese(number[0]), text)
    return re.sub(r"\d{3,}", lambda number: " ".join(number[0]), text)


def _chinese(number: str) -> str:
    digits = "".join(_CHINESE_DIGITS[digit] for digit in number)
    return digits.replace("一", "幺") if len(number) >= 3 else digits


def _read(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise TextError("prompts", f"{path} cannot be read: {failure}", {"file": str(path)}) from failure
    for name, text in table.items():
        if not NAME.fullmatch(name) or not isinstance(text, str) or not text.strip():
            raise TextError(
                "prompts", f'{path}: {name}: expected name = "text", the name of a-z, 0-9 and -', {"file": str(path)}
            )
    return table

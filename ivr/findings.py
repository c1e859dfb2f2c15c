"""What a look at the system finds: plain Chinese and English words, each with a cure."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.settings import Text


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: `ok`, `warning` (it works, but not wholly or not for long) or `problem` (no start, or calls suffer)."""

    id: str
    level: str
    words: Text
    mend: Text | None = None


def ok(id: str, zh: str, en: str) -> Finding:
    return Finding(id, "ok", {"zh": zh, "en": en})


def bad(id: str, words: tuple[str, str], mend: tuple[str, str], level: str = "problem") -> Finding:
    return Finding(id, level, dict(zip(("zh", "en"), words, strict=True)), dict(zip(("zh", "en"), mend, strict=True)))

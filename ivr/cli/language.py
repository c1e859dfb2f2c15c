"""The language of whoever sits at the terminal."""

from __future__ import annotations

import os


def language() -> str:
    """`zh` where the person's locale is Chinese, else `en` (locale(7))."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if named.lower().startswith("zh") else "en"

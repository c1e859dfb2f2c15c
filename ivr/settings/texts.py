"""What citizens read in a text message at each step of their matter: data, the city's own or the sample that ships."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.settings.model import Site

SAMPLE = Path(__file__).with_suffix(".toml")
STEPS = ("received", "accepted", "ordered", "extended", "handled", "rate")
FIELDS = frozenset({"name", "hotline", "number", "digits", "desk", "department", "until"})
LONGEST = 300  # characters: some four texts of 67


def file_of(site: Site) -> Path:
    own = site.sms.texts if site.sms else ""
    return Path(site.path).parent / own if own else SAMPLE


def read(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Step → language → words. A step that a city's own file leaves out is the sample's.

    Raises ValueError: what is wrong, in a sentence.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise ValueError(f"{path} cannot be read: {failure}") from failure
    for step, table in tables.items():
        if step not in STEPS:
            raise ValueError(f"{path}: [{step}]: expected one of {', '.join(STEPS)}")
        if not isinstance(table, dict) or not {"zh", "en"} <= set(table):
            raise ValueError(f"{path}: [{step}]: expected zh and en")
        for language, words in table.items():
            wrong = _wrong(words)
            if wrong:
                raise ValueError(f"{path}: [{step}] {language}: {wrong}")
    return tables if path == SAMPLE else {**read(SAMPLE), **tables}


def _wrong(words: object) -> str:
    if not isinstance(words, str) or not 0 < len(words) <= LONGEST or not words.isprintable():
        return f"expected one line of 1 to {LONGEST} characters"
    try:
        parts = [part[1:] for part in string.Formatter().parse(words) if part[1] is not None]
    except ValueError:
        parts = [("", "", "")]
    good = all(name in FIELDS and not form and not turn for name, form, turn in parts)
    return "" if good else f"expected {{field}} of {', '.join(sorted(FIELDS))}"

"""Every prompt of a site with its facts: what it says, what it is for, how it sounds, where it is played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ivr.pbx.prompts import categories, make, measured, texts
from ivr.pbx.prompts.make import Prompt
from ivr.pbx.prompts.measured import Measured
from ivr.settings import Site

# Played by Asterisk itself, not by a step of a dialplan: name or pattern → where that is said.
BY_ASTERISK: tuple[tuple[str, str], ...] = (
    ("queue-*", "asterisk_conf/queues.conf.j2"),
    ("please-hold", "asterisk_conf/queues.conf.j2"),
    ("digits/*", "asterisk_conf/queues.conf.j2"),
    ("music", "asterisk_conf/musiconhold.conf.j2"),
    ("please-wait", "asterisk_conf/musiconhold.conf.j2"),
)
Places = Callable[[str], Sequence[str]]
"""A prompt's name → where dialplans play it, as `file:line`."""


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    language: str
    category: str | None
    kind: str  # recorded, tone, generated
    text: str
    waiting: bool  # the file is not what texts and recordings say now: the next start, or `ivr prompts make`, makes it
    measured: Measured | None  # None: there is no file
    played: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"played": list(self.played)}


def book(site: Site, var: Path, places: Places, names: Iterable[str] | None = None) -> list[Entry]:
    """All of them, or those of these names. Raises TextError, CategoryError or SoundError."""
    known = categories.table(site)
    waiting = {prompt.key for prompt in make.outdated(site, var)}
    chosen = None if names is None else set(names)
    prompts = [prompt for prompt in make.wanted(site) if chosen is None or prompt.name in chosen]
    files = {prompt.key: make.file(var, prompt.language, prompt.name) for prompt in prompts}
    facts = measured.measured(var, files.values())

    def entry(prompt: Prompt) -> Entry:
        return Entry(
            prompt.name,
            prompt.language,
            categories.of(prompt.name, known),
            prompt.kind,
            prompt.text,
            prompt.key in waiting,
            facts.get(files[prompt.key]),
            played(site, prompt.name, places),
        )

    return [entry(prompt) for prompt in prompts]


def played(site: Site, name: str, places: Places) -> tuple[str, ...]:
    """Dialplans, Asterisk itself and the settings."""
    found = [*places(name), *(where for pattern, where in BY_ASTERISK if fnmatchcase(name, pattern))]
    if site.hotline.menu is not None and site.hotline.menu.prompt == name:
        found.append(Path(site.path).name)
    return tuple(dict.fromkeys(found))


def is_name(name: str) -> bool:
    """Small letters, digits and hyphens, in a folder at most: nothing that leads out of the prompts' own."""
    return len(name) <= 64 and texts.NAME.fullmatch(name) is not None

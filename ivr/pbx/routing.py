"""Where a call goes: one pure decision, asked with the controller (route.py) and without it (offline.py).

`routing.json` is what the controller publishes of the site, so that a script without settings decides the same.
Standard library only: offline.py starts anew for each call and must be quick.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ivr.settings import Site

FILE = "routing.json"
GENERAL = "general"
CITIZEN, HANDED_OVER = 0, 10  # QUEUE_PRIORITY: who is handed over by a desk goes before waiting callers


@dataclass(frozen=True, slots=True)
class Routing:
    """What the decision needs of a site. The defaults take every call: to the general queue, in Chinese."""

    languages: tuple[str, ...] = ("zh",)  # the first is the default
    skills: tuple[str, ...] = (GENERAL,)  # each has its queue q-<skill>
    trunks: Mapping[str, str] = field(default_factory=dict)  # endpoint → language of its callers, "" if unknown
    desks: tuple[str, ...] = ()  # origins of calls that are handed over: keys and endpoints of targets


@dataclass(frozen=True, slots=True)
class Route:
    language: str
    queue: str
    priority: int

    @property
    def variables(self) -> dict[str, str]:
        return {"LANGUAGE": self.language, "QUEUE": self.queue, "QUEUE_PRIORITY": str(self.priority)}


def of_site(site: Site) -> Routing:
    return Routing(
        languages=tuple(site.hotline.languages),
        skills=site.skills,
        trunks={f"trunk-{trunk.key}": trunk.language or "" for trunk in site.trunks.values()},
        desks=tuple(name for target in site.targets.values() for name in (target.key, target.endpoint)),
    )


def decide(routing: Routing, origin: str, hint: str, remembered: str | None = None) -> Route:
    """`origin`: the trunk's endpoint, or the desk that hands the call over. `hint`: Accept-Language (RFC 3261 20.3) or
    empty. `remembered`: the language this caller chose last.
    """
    wishes = (remembered, *wanted(hint), routing.trunks.get(origin))
    language = next((wish for wish in wishes if wish in routing.languages), routing.languages[0])
    return Route(
        language=language,
        queue=queue_for(routing.skills, language),
        priority=HANDED_OVER if origin in routing.desks else CITIZEN,
    )


def queue_for(skills: tuple[str, ...], language: str) -> str:
    """The queue of operators who speak the language, if any do; else the general one."""
    return f"q-{language if language in skills else GENERAL}"


def wanted(hint: str) -> tuple[str, ...]:
    """`en-US,fr;q=0.8,zh;q=0` → `("en", "fr")`, the most wanted first."""
    weighed: dict[str, float] = {}
    for part in hint.split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2]) if weight else 1.0
        except ValueError:
            quality = 0.0
        language = tag.strip().partition("-")[0].lower()
        if language.isalpha() and quality > weighed.get(language, 0.0):
            weighed[language] = quality
    return tuple(sorted(weighed, key=lambda language: -weighed[language]))


def publish(site: Site, var: Path) -> Path:
    """Write `var/routing.json`, whole or not at all."""
    path = var / FILE
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(of_site(site)), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return path


def read(path: Path) -> Routing:
    """What was published last; the defaults if there is nothing readable, for a call must go somewhere."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        languages = tuple(map(str, found["languages"]))
        return Routing(
            languages=languages or Routing().languages,
            skills=tuple(map(str, found["skills"])),
            trunks={str(endpoint): str(language) for endpoint, language in found["trunks"].items()},
            desks=tuple(map(str, found["desks"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Routing()

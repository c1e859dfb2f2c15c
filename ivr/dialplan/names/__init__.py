"""Names that Asterisk 22 knows: applications with arguments and options, functions; and which are loaded here.

`asterisk.json` is made from Asterisk's own documentation by `make`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ivr.pbx import render

BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Application:
    name: str  # as Asterisk writes it; it takes any mixture of capitals
    modules: tuple[str, ...]
    required: tuple[int, ...]  # places of arguments, from 0
    most: int | None  # arguments; None: any number
    options: Mapping[int, tuple[str, ...]]  # place of the argument → its options: letters, or (Playback) words


@dataclass(frozen=True, slots=True)
class Names:
    applications: Mapping[str, Application]  # by name in small letters
    functions: Mapping[str, tuple[str, ...]]  # name → modules
    loaded: frozenset[str]  # modules that this hotline loads

    def application(self, name: str) -> Application | None:
        return self.applications.get(name.lower())

    def is_loaded(self, modules: Iterable[str]) -> bool:
        return any(module == BUILTIN or module in self.loaded for module in modules)


@cache
def known() -> Names:
    """Asterisk's names, and what `modules.conf.j2` loads of them."""
    told = json.loads(Path(__file__).with_name("asterisk.json").read_text(encoding="utf-8"))
    return Names(
        {name.lower(): _application(name, facts) for name, facts in told["applications"].items()},
        {name: tuple(modules) for name, modules in told["functions"].items()},
        render.modules(),
    )


def _application(name: str, facts: Mapping[str, object]) -> Application:
    modules, required, most, options = (facts[key] for key in ("modules", "required", "most", "options"))
    assert isinstance(modules, list) and isinstance(required, list) and isinstance(options, dict)
    assert most is None or isinstance(most, int)
    return Application(
        name, tuple(modules), tuple(required), most, {int(place): tuple(some) for place, some in options.items()}
    )

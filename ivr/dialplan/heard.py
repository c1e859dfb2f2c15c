"""Where dialplans play which prompt: the core's and the site's own files, and what the settings name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.pbx import render
from ivr.pbx.prompts import used
from ivr.settings import Site


@dataclass(frozen=True, slots=True)
class Heard:
    """Prompt → `file:line` of each step that plays it; `shapes` where a variable is part of its name."""

    literal: Mapping[str, Sequence[str]]
    shapes: Mapping[re.Pattern[str], Sequence[str]]

    def places(self, name: str) -> list[str]:
        found = list(self.literal.get(name, ()))
        for shape, places in self.shapes.items():
            if shape.fullmatch(name):
                found += places
        return list(dict.fromkeys(found))

    @property
    def named(self) -> dict[str, str]:
        """What must be there: prompt → the first place that plays it."""
        return {name: places[0] for name, places in self.literal.items()}


def heard(site: Site, var: Path) -> Heard:
    """By the draft of the site's dialplans over core."""
    literal: dict[str, list[str]] = {}
    shapes: dict[re.Pattern[str], list[str]] = {}
    for use in used.uses(render.DIALPLANS):
        place = f"{_short(use.file)}:{use.line}"
        if use.literal:
            literal.setdefault(use.name, []).append(place)
        else:
            shapes.setdefault(re.compile(use.name), []).append(place)
    if site.hotline.menu is not None:
        literal.setdefault(site.hotline.menu.prompt, []).append(Path(site.path).name)
    return Heard(literal, shapes)


def _short(file: Path) -> str:
    """As a person looks for it: from the project's folder on, else whole."""
    return str(file.relative_to(render.ROOT)) if file.is_relative_to(render.ROOT) else str(file)

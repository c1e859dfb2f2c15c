"""Where dialplans play which prompt: the core's and the site's own files, and what the settings name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.dialplan import drafts, gather
from ivr.dialplan.model import At
from ivr.dialplan.played import played
from ivr.dialplan.versions import Versions
from ivr.pbx import render
from ivr.settings import Site


@dataclass(frozen=True, slots=True)
class Heard:
    """Prompt → `file:line` of each step that plays it; `shapes` where only a call knows a part of its name."""

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


def in_draft(site: Site, var: Path) -> Heard:
    """By the site's draft over core: what will be published next."""
    draft = drafts.of_site(site)
    return _heard(site, var, draft.own, draft.core)


def in_force(site: Site, var: Path) -> Heard:
    """By the published version that calls run on; by the draft where nothing is published yet."""
    versions = Versions(var)
    if versions.current is None:
        return in_draft(site, var)
    folder = versions.path(versions.current)
    return _heard(site, var, folder / "site", folder / "core")


def anywhere(site: Site, var: Path, name: str) -> list[str]:
    """Every place that plays a prompt, or will once the draft is published."""
    return list(dict.fromkeys([*in_draft(site, var).places(name), *in_force(site, var).places(name)]))


def _heard(site: Site, var: Path, own: Path, core: Path) -> Heard:
    checked = gather.site_draft(site, var, gather.files([own] if own.is_dir() else []), core)
    literal: dict[str, list[str]] = {}
    shapes: dict[re.Pattern[str], list[str]] = {}
    for step in checked.dialplan.steps():
        for one in played(step, checked.flow.values):
            if one.literal:
                literal.setdefault(one.name, []).append(_place(step.at))
            else:
                shapes.setdefault(re.compile(one.name), []).append(_place(step.at))
    if site.hotline.menu is not None:
        literal.setdefault(site.hotline.menu.prompt, []).append(Path(site.path).name)
    return Heard(literal, shapes)


def _place(at: At) -> str:
    """As a person looks for it: from the project's folder on, else whole."""
    file = at.file.relative_to(render.ROOT) if at.file.is_relative_to(render.ROOT) else at.file
    return f"{file}:{at.line}"

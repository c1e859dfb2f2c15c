"""What somebody who writes a dialplan may write: names with their words, for completion and for hints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ivr.dialplan import draw_words, names
from ivr.dialplan.load import load
from ivr.pbx.prompts.texts import texts
from ivr.pbx.render import own_dialplans
from ivr.settings import Site


def of_site(site: Site, var: Path, core: Path, own: Sequence[Path], language: str) -> dict[str, Any]:
    """Contexts with file and line, prompts with their text, targets, applications. Raises WordsError, TextError."""
    dialplan = load(site, var, core, [path.absolute() for path in own])
    words = draw_words.load(language, own_dialplans(site))
    return {
        "contexts": [
            {
                "name": context.name,
                "words": words.context(context, dialplan),
                "file": context.at.file.name,
                "line": context.at.line,
                "core": context.at.file.is_relative_to(core),
            }
            for context in dialplan.contexts.values()
        ],
        "prompts": [{"name": name, "words": text} for name, text in sorted(texts(site, language).items())],
        "targets": [{"name": key, "words": words.pick(target.name)} for key, target in site.targets.items()],
        "applications": [{"name": one.name, "words": ""} for _, one in sorted(names.known().applications.items())],
    }

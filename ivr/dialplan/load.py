"""The dialplan that Asterisk would run for a site: what its settings give as globals, core's files, the site's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ivr.dialplan import source
from ivr.dialplan.model import Dialplan
from ivr.pbx import render
from ivr.settings import Site

GLOBALS = "extensions.conf"  # the name that `Dialplan.files` gives to what is rendered from the settings


def load(site: Site, var: Path, core: Path, own: Sequence[Path]) -> Dialplan:
    """Core's folder and the site's own files, read as Asterisk would; raises nothing for what stands in them.

    What lies outside of their folders is not read, whatever they include: a dialplan shows nobody the machine's files.
    """
    rendered = var / "etc" / GLOBALS
    text = render.extensions(site, var, [*sorted(core.glob("*.conf")), *own])
    folders = {os.path.normpath(path) for path in (core, *(file.parent for file in own))}

    def text_of(path: Path) -> str | None:
        if path == rendered:
            return text
        inside = any(str(parent) in folders for parent in Path(os.path.normpath(path)).parents)
        return source.from_disk(path) if inside else None

    return source.read([rendered], text_of)

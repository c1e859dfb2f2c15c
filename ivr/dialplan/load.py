"""The dialplan that Asterisk would run for a site: what its settings give as globals, core's files, the site's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ivr.dialplan import source
from ivr.dialplan.model import Dialplan
from ivr.pbx import render
from ivr.settings import Site

GLOBALS = "extensions.conf"  # the name that `Dialplan.files` gives to what is rendered from the settings


def load(site: Site, var: Path, core: Path, own: Sequence[Path]) -> Dialplan:
    """Core's folder and the site's own files, read as Asterisk would; raises nothing for what stands in them."""
    rendered = var / "etc" / GLOBALS
    text = render.extensions(site, var, [*sorted(core.glob("*.conf")), *own])
    return source.read([rendered], lambda path: text if path == rendered else source.from_disk(path))

"""A site's own numbers and keys: they are there because a context of its dialplans has their name.

`[site-number-96110]` may be dialled on the trunk, `[site-key-5]` pressed by who waits (dialplans/core/hooks.conf).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ivr.settings import Site

# What publishing puts before a name (v7-) belongs to the version, not to the name.
_CONTEXT = re.compile(r"^\[(?:v\d+-)?site-(?:number-(?P<number>[0-9]{2,15})|key-(?P<key>[0-9]))\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Own:
    numbers: tuple[str, ...]
    keys: tuple[str, ...]


def of(site: Site, files: Iterable[Path]) -> Own:
    """What the files name, but for the hotline's own number and the emergency key: those are core's. A file that cannot
    be read names nothing (Asterisk and `ivr dialplan check` complain of it).
    """
    numbers, keys = set[str](), set[str]()
    for path in files:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for found in _CONTEXT.finditer(text):
            numbers |= {found["number"]} - {None, site.hotline.number}
            keys |= {found["key"]} - {None, site.hotline.emergency_key}
    return Own(tuple(sorted(numbers)), tuple(sorted(keys)))

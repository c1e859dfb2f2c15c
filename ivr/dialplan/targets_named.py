"""Targets that a site's files name in so many words: settings may not take them out from under a running dialplan."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

_NAMED = re.compile(r"\b(?:GO_TO_TARGET=|transfer-order,s,1\()\s*([0-9a-z][0-9a-z-]*)")


def named(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each target with its place, as `hooks.conf:36`. Names that are made in the call are not known before it."""
    for file, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            for found in _NAMED.finditer(line.partition(";")[0]):
                yield found[1], f"{file}:{number}"


def left_alone(files: Mapping[str, str], before: Collection[str], after: Collection[str]) -> tuple[str, ...]:
    """Targets that are named, were there, and would be no more: `gas (hooks.conf:36)`."""
    return tuple(f"{target} ({place})" for target, place in named(files) if target in before and target not in after)

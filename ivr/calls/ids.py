"""Ids of channels.

Asterisk writes `<mark>-<epoch>.<n>`. The mark is a secret of one run; what leaves the machine carries the node's name
in its place.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

_MARK = re.compile(r"m[0-9a-f]{24}")


def split(uniqueid: str) -> tuple[str, str]:
    """`<mark or node>-<epoch>.<n>` → (mark or node, `<epoch>.<n>`); the first is empty where there is no systemname."""
    prefix, _, channel = uniqueid.rpartition("-")
    return prefix, channel


@lru_cache(maxsize=8192)  # a channel has some twenty rows
def public_id(uniqueid: str, node: str) -> str:
    """`m0123…-1763.4` → `<node>-1763.4`, the form that API, database and logs show. Empty stays empty."""
    return f"{node}-{split(uniqueid)[1]}" if uniqueid else ""


@lru_cache(maxsize=64)
def run_of(mark: str) -> str:
    """A short name for one run of Asterisk from which its mark cannot be found."""
    return sha256(mark.encode()).hexdigest()[:8] if mark else ""


def hide(text: str, mark: str, node: str) -> str:
    """`text` with the ids of this run in their public form.

    A mark of ours is replaced wherever it stands; a foreign system's name, which may be a common word, only where it
    opens an id.
    """
    if _MARK.fullmatch(mark):
        return text.replace(mark, node)
    return re.sub(rf"(?<![\w-]){re.escape(mark)}-(?=\d+\.\d+)", lambda _: f"{node}-", text)

"""One entry of a flat TOML file changed, everything else left as a person wrote it, comments too. Pure."""

from __future__ import annotations

import json
import re
import tomllib

from ivr.errors import HotlineError


class EditError(HotlineError):
    """The entry stands in the file in a way that only a person can change."""


def with_entry(text: str, name: str, value: str, where: str) -> str:
    """The text with `name = "value"`: in the place where it stood, else at its end. Raises EditError."""
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    lines = text.splitlines()
    at = next((number for number, one in enumerate(lines) if _entry(one) == name), None)
    changed = [*lines, line] if at is None else [*lines[:at], line, *lines[at + 1 :]]
    new = "\n".join(changed) + "\n"
    try:
        right = tomllib.loads(new) == {**tomllib.loads(text), name: value}
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise EditError("edit_by_hand", f"{where}: {name} cannot be changed from here; edit that file", {"file": where})
    return new


def _entry(line: str) -> str | None:
    """The name, if the line is an entry by itself."""
    try:
        found = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    return next(iter(found)) if len(found) == 1 else None

"""AGI's lines, pure: the environment that opens a conversation, and the one command that ends it.

Standard library only: shared with offline.py, which starts anew for each call and must be quick.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.errors import HotlineError

_VALUE = re.compile(r"[\w .:/@+*#-]*")  # what MSet and AGI's own quoting leave as it is


class AgiError(HotlineError):
    """A conversation that ends without an answer; the dialplan goes on by itself. `id` says how it ended."""

    def __init__(self, id: str, message: str) -> None:
        super().__init__(id, message, status=502)


def read_environment(raw: bytes) -> dict[str, str]:
    """`agi_x: y` lines; bytes that are no UTF-8 become U+FFFD. Raises AgiError: a caller's number has forged a line."""
    variables: dict[str, str] = {}
    for line in raw.decode("utf-8", "replace").rstrip("\n").split("\n"):
        name, colon, value = line.partition(":")
        if not colon or not name.isidentifier():
            raise AgiError("forged", "FastAGI: a line of the environment is no `name: value`")
        if name in variables:
            raise AgiError("forged", f"FastAGI: {name[:40]} stands twice in the environment")
        variables[name] = value.removeprefix(" ").rstrip("\r")
    return variables


def assignments(variables: Mapping[str, str]) -> str:
    """MSet's argument that sets them all, AGI_DONE last. Raises AgiError if a value could mean more than itself."""
    for name, value in variables.items():
        if not name.isidentifier() or not _VALUE.fullmatch(value):
            raise AgiError("bad_value", f"AGI: {name}={value!r} cannot be set; letters, digits and .:/@+*#- can")
    return ",".join(f"{name}={value}" for name, value in {**variables, "AGI_DONE": "1"}.items())

"""A process of its own that makes a file: its job as JSON on stdin; on stdout how far it is, or its error.

The controller's event loop has nothing to do with it. `ivr.web.exports` starts it and reads what it says.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from ivr.errors import HotlineError

NICE = 10  # calls come first
Tell = Callable[[dict[str, Any]], None]  # {"rows": done, "total": all that is known of}
J = TypeVar("J")


def main(kind: type[J], make: Callable[[J, Tell], None]) -> None:
    """`make` a file of the job, which is a `kind`."""
    os.nice(NICE)
    try:
        make(kind(**json.load(sys.stdin)), _tell)
    except HotlineError as refusal:
        told = {"id": refusal.id, "message": refusal.message, "details": dict(refusal.details)}
        _tell({"error": {**told, "status": refusal.status}})


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()

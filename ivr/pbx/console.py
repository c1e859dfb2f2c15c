"""Asterisk's control socket, asked without a process of its own (main/asterisk.c: netconsole).

Who connects is told `host/pid/version`; a command ends with NUL, its answer has no end mark.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

_COUNT = re.compile(rb"^(\d+) active channels?", re.MULTILINE)


def channels(control: Path, patience: float) -> int | None:
    """How many channels there are; None where Asterisk does not answer within `patience` seconds (blocking)."""
    until = time.monotonic() + patience
    heard = b""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(patience)
            link.connect(str(control))
            link.sendall(b"core show channels count\0")
            while (found := _COUNT.search(heard)) is None:
                link.settimeout(max(until - time.monotonic(), 0.001))
                more = link.recv(4096)
                if not more:
                    return None
                heard += more
    except OSError:
        return None
    return int(found[1])

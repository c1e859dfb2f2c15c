"""sd_notify(3): tell systemd how the service does, by a datagram of `NAME=value` lines to the socket of NOTIFY_SOCKET.

Nothing is sent where there is no such socket (a terminal, `make run`); a systemd that does not listen disturbs nobody.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

WORDS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")  # ours alone: what we start must not inherit them


def notify(**state: str) -> bool:
    """`notify(READY="1", STATUS="…")`; True if it was sent. A value is one line: line breaks become blanks."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):  # AF_VSOCK is for virtual machines
        return False
    if address.startswith("@"):  # the abstract name space (unix(7))
        address = "\0" + address[1:]
    lines = "\n".join(f"{name}={' '.join(value.splitlines())}" for name, value in state.items())
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.setblocking(False)
        link.sendto(lines.encode(), address)
        return True
    return False


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear WATCHDOG=1 (sd_watchdog_enabled(3)); None where it does not watch us."""
    try:
        seconds = int(os.environ["WATCHDOG_USEC"]) / 1_000_000
        watched = int(os.environ.get("WATCHDOG_PID", os.getpid()))
    except (KeyError, ValueError):
        return None
    return seconds if seconds > 0 and watched == os.getpid() else None


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child, which is not the service that systemd knows."""
    return {name: value for name, value in environment.items() if name not in WORDS}

"""Inside the new network: loopback is brought up, one address is added, then pytest takes over."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

ADDRESS = "192.0.2.10"  # RFC 5737: for documentation, so nobody's
SIOCSIFADDR, SIOCSIFFLAGS, SIOCSIFNETMASK = 0x8916, 0x8914, 0x891C  # Linux: netdevice(7)
UP_AND_RUNNING = 0x1 | 0x40


def bring_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        _set(any_socket, SIOCSIFFLAGS, "lo", struct.pack("h", UP_AND_RUNNING))
        _set(any_socket, SIOCSIFADDR, "lo:1", _address(ADDRESS))
        _set(any_socket, SIOCSIFNETMASK, "lo:1", _address("255.255.255.255"))


def is_inside() -> bool:
    """Whether this process has the tests' own network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ADDRESS, 0))
        except OSError:
            return False
    return True


def _address(text: str) -> bytes:
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))


def _set(any_socket: socket.socket, request: int, name: str, value: bytes) -> None:
    fcntl.ioctl(any_socket, request, struct.pack("16s24s", name.encode(), value))


if __name__ == "__main__":
    bring_up()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])

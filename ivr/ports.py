"""Ports: is one free, who holds it, and a free one where any will do."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from pathlib import Path

from ivr.settings import Address

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM


def is_free(address: Address, kind: int) -> bool:
    """Could a server bind it now? One that only waits out its last connections is free: servers set SO_REUSEADDR."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == TCP:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError:
            return False
    return True


def any_free(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody holds at this moment."""
    with socket.socket(socket.AF_INET, TCP) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def holder(port: int, kind: int) -> str | None:
    """`asterisk (pid 123)`: the process that listens there, as far as /proc shows it to us."""
    inodes = _all_inodes(port, kind)
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            inode = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
            if inode and inode[1] in inodes:
                process = link.parents[1]
                return f"{_name(process)} (pid {process.name})"
        except OSError:  # it ended, or it is somebody else's
            continue
    return None


def held_by(pid: int, port: int, kind: int) -> bool:
    """Does this process hold the port?"""
    inodes = _all_inodes(port, kind)
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            if str(link.readlink()).removeprefix("socket:[").removesuffix("]") in inodes:
                return True
    return False


def _all_inodes(port: int, kind: int) -> set[str]:
    names = ("tcp", "tcp6") if kind == TCP else ("udp", "udp6")
    return {inode for name in names for inode in _inodes(Path("/proc/net") / name, port, kind)}


def _name(process: Path) -> str:
    """The program's name, not that of the loader which a fetched Asterisk runs by."""
    arguments = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    by_loader = Path(arguments[0]).name.startswith("ld-linux") and len(arguments) > 3
    return Path(arguments[3 if by_loader else 0]).name or (process / "comm").read_text().strip()


def _inodes(table: Path, port: int, kind: int) -> list[str]:
    """proc(5), /proc/net/tcp: local address in hex, state 0A = listening, inode in the tenth column."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [row[9] for row in rows if int(row[1].split(":")[-1], 16) == port and (kind == UDP or row[3] == "0A")]

"""A crowd of connections to one TCP listener, each with the same bad manners."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

Manners = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def leaves(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Connects and closes."""


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def waits(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Says nothing, as one whose other half is gone; goes when it is sent away."""
    while await reader.read(65536):
        continue


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One byte of what could become a request every now and then (slowloris)."""
    for byte in b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.3)


async def raves(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Random bytes with line ends among them."""
    noise = random.Random(1)
    for _n in range(20):
        writer.write(noise.randbytes(2000).replace(b"\x00", b"\r\n") + b"\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def never_ends(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A line of megabytes."""
    for _n in range(64):
        writer.write(b"A" * 65536)
        await writer.drain()


MANNERS: dict[str, Manners] = {
    "leaves": leaves,
    "resets": resets,
    "waits": waits,
    "drips": drips,
    "raves": raves,
    "never ends": never_ends,
}


class Crowd:
    """Connects `size` at once, again and again, while the block lasts: `with Crowd(address, "drips", 100): …`."""

    def __init__(self, address: str, manners: str, size: int) -> None:
        self._host, _, port = address.rpartition(":")
        self._port, self._manners, self._size = int(port), MANNERS[manners], size
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._gather()), daemon=True)
        self.connected = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    async def _gather(self) -> None:
        members = [asyncio.create_task(self._one()) for _ in range(self._size)]
        await asyncio.to_thread(self._over.wait)
        for member in members:
            member.cancel()
        await asyncio.gather(*members, return_exceptions=True)

    async def _one(self) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                self.connected += 1
                try:
                    await self._manners(reader, writer)
                finally:
                    writer.transport.abort() if self._over.is_set() else writer.close()
            await asyncio.sleep(0.05)


def descriptors(pid: int | None) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))

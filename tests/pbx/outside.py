"""How somebody outside looks at a hotline: commands as processes, raw SQL, the live stream."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.pbx.running import ROOT, Running, eventually


def run(hotline: Running, *words: str) -> subprocess.CompletedProcess[str]:
    """`ivr …` as a process of its own, in an English terminal."""
    command = [sys.executable, "-m", "ivr", "--site", str(hotline.site_file), "--var", str(hotline.var)]
    environment = {**os.environ, "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8", "COLUMNS": "120"}
    return subprocess.run(
        [*command, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=environment
    )


def paths(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below a folder, itself included, links left out. What runs may take its files away meanwhile."""
    for place, _, names in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in names)):
            with contextlib.suppress(FileNotFoundError):
                found = path.lstat()
                if not stat.S_ISLNK(found.st_mode):
                    yield path, found


def content(file: Path) -> bytes:
    """What a file holds; nothing where it has just been taken away."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    return b""


def rows(hotline: Running, question: str, *values: object) -> list[dict[str, Any]]:
    """Raw SQL, past all of our code."""
    connection = sqlite3.connect(f"file:{hotline.var}/ivr.db?mode=ro", uri=True)
    try:
        found = connection.execute(question, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]
    finally:
        connection.close()


class Follower:
    """Reads the live stream in a thread of its own while the block lasts."""

    def __init__(self, hotline: Running) -> None:
        self._url = f"{hotline.web}/api/v1/live/stream"
        self._headers = {"Authorization": f"Bearer {hotline.credentials['api']['token']}"}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read()), daemon=True)
        self._over = threading.Event()
        self.frames: list[dict[str, Any]] = []

    async def _read(self) -> None:
        async with aiohttp.ClientSession(headers=self._headers) as session, session.ws_connect(self._url) as stream:
            while not self._over.is_set():
                try:
                    self.frames.append(await stream.receive_json(timeout=0.2))
                except TimeoutError:
                    continue

    def __enter__(self) -> Follower:
        self._thread.start()
        eventually(lambda: bool(self.frames), 30, lambda: "the live stream sent no first frame")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)


def gone(frames: list[dict[str, Any]], call: str) -> bool:
    """Whether the stream has told a call's end."""
    return any(call in frame.get("calls_gone", ()) for frame in list(frames))

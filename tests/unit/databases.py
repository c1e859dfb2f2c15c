"""The databases that tests run on: SQLite, and a PostgreSQL server of our own (fetched where the machine has none)."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import make_url

from ivr.store import Store
from tests.tools import Program, postgresql

KINDS = ("sqlite", "postgresql")
T = TypeVar("T")

QUICK = ("fsync=off", "full_page_writes=off", "jit=off", "autovacuum=off")  # nothing here outlives its machine
USER = "postgres"  # the server's own name for its owner; no user of the machine


def available() -> list[str]:
    return list(KINDS)


def with_store(url: str, work: Callable[[Store], Awaitable[T]]) -> T:
    """What `work` returns of a database that no loop has open; for tests of commands, which have loops of their own."""

    async def worked() -> T:
        async with opened(url) as store:
            return await work(store)

    return asyncio.run(worked())


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = Store(url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def make_tables(url: str) -> None:
    async with opened(url):
        pass


@cache
def _sqlite_with_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as pool:  # the caller may stand in a loop
        pool.submit(asyncio.run, make_tables(f"sqlite+aiosqlite:///{folder}/ivr.db")).result()
        return (Path(folder) / "ivr.db").read_bytes()


def ready_sqlite(file: Path) -> str:
    """The URL of a database of which only the rows are missing: making the tables takes longer than most tests."""
    file.write_bytes(_sqlite_with_tables())
    return f"sqlite+aiosqlite:///{file}"


class PostgresServer:
    """A server on a Unix socket in a folder of its own. It will not run as root, so root runs it as `nobody`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0
        self._moved: Path | None = None  # the programs, where `nobody` cannot reach the fetched ones

    def _as_whom(self) -> dict[str, Any]:
        if os.getuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def program(self, name: str) -> Program:
        found = postgresql(name)
        if self._moved is not None:
            path = self._moved / found.path.relative_to(_root(found))
            libraries = found.environment.get("LD_LIBRARY_PATH", "").replace(str(_root(found)), str(self._moved))
            found = Program(path, {"LD_LIBRARY_PATH": libraries})
        return found

    def _run(self, name: str, *arguments: str) -> None:
        program = self.program(name)
        subprocess.run(
            [str(program.path), *arguments],
            check=True,
            cwd=self.folder,
            env={**os.environ, **program.environment},
            stdout=subprocess.DEVNULL,
            **self._as_whom(),
        )

    def create(self) -> None:
        if whom := self._as_whom():
            os.chown(self.folder, whom["user"], whom["group"])
            initdb = postgresql("initdb")
            if subprocess.run(["test", "-x", str(initdb.path)], check=False, **whom).returncode:
                shutil.copytree(_root(initdb), self.folder / "programs", symlinks=True)
                self._moved = self.folder / "programs"
                self._moved.chmod(0o755)
        self._run("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")

    def start(self, *settings: str) -> None:
        """`settings`: such as `timezone=Asia/Shanghai`."""
        own = ("listen_addresses=''", f"unix_socket_directories={self.folder}", *QUICK)
        options = " ".join(f"-c {setting}" for setting in (*own, *settings))
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """`how`: `fast` where the data is wanted afterwards."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", how, "stop")

    @property
    def pid(self) -> int:
        return int((self.folder / "data/postmaster.pid").read_text().splitlines()[0])

    def new_database(self, *options: str) -> str:
        """The URL of an empty database. `options`: createdb's."""
        self._made += 1
        name = f"ivr_{self._made}"
        self._run("createdb", "-h", str(self.folder), "-U", USER, *options, name)
        return f"postgresql+asyncpg://{USER}@/{name}?host={self.folder}"

    def drop(self, url: str) -> None:
        """Take a database away, whoever uses it: each takes 8 MB."""
        name = str(make_url(url).database)
        self._run("dropdb", "-h", str(self.folder), "-U", USER, "--force", name)


def _root(program: Program) -> Path:
    """The folder that a program, its libraries and its other files stand in, as they do below `/`."""
    return next(folder.parent for folder in program.path.parents if folder.name == "usr")


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="ivr-pg-") as folder:
        server = PostgresServer(Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()

"""The databases that the store's tests run on: SQLite always, PostgreSQL where a server can be started here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _programs() -> Path | None:
    """The folder of a PostgreSQL server's own programs."""
    found = shutil.which("pg_ctl")
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *([Path(found).parent] if found else []),
    ]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def available() -> list[str]:
    return ["sqlite"] + (["postgresql"] if _programs() else [])


class PostgresServer:
    """A server of our own on a Unix socket in its own folder; root runs it as another user, as the server insists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def _run(self, *command: str) -> None:
        programs = _programs()
        assert programs is not None
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        subprocess.run(
            [*as_user, str(programs / command[0]), *command[1:]], check=True, cwd=self.folder, stdout=subprocess.DEVNULL
        )

    def create(self) -> None:
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", "immediate", "stop")

    def new_database(self) -> str:
        """The URL of an empty database."""
        self._made += 1
        name = f"ivr_{self._made}"
        self._run("createdb", "-h", str(self.folder), "-U", "postgres", name)
        return f"postgresql+asyncpg://postgres@/{name}?host={self.folder}"


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

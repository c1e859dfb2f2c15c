"""PostgreSQL's own programs for backup and restore. The password goes by the environment: no process list shows it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import URL

from ivr.errors import HotlineError
from ivr.store import tables

FUNCTIONS = ("refuse_to_change_a_proof()", "refuse_to_change_the_audit()", "refuse_to_change_a_case()")
LOCK_SECONDS = 15  # for a reader to end that stands in the way


class ProgramError(HotlineError):
    """A program is not there, or says that it failed."""

    def __init__(self, words: str) -> None:
        super().__init__("postgresql_program", words, status=500)


def run(name: str, url: URL, *arguments: str) -> None:
    """Raises ProgramError with the program's own words."""
    command = [find(name), *_database(name, url), *arguments]
    done = subprocess.run(command, env=_environment(url), capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise ProgramError(_said(name, done.stderr))


def restore(url: URL, file: Path) -> None:
    """Put a dump in the place of the tables that are there, in one transaction. Raises ProgramError."""
    environment = _environment(url)
    read = [find("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)]
    write = [find("psql"), *_database("psql", url), "--no-psqlrc", "--quiet", "--single-transaction"]
    write += ["--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--command={_clearing()}", "--file=-"]
    with (
        subprocess.Popen(read, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reading,  # noqa: S603
        subprocess.Popen(write, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as writing,  # noqa: S603
    ):
        assert reading.stdout is not None
        assert writing.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # psql has ended, and says why
            shutil.copyfileobj(reading.stdout, writing.stdin)
        reading.stdout.close()
        _, complaint = reading.communicate()
        if reading.returncode and writing.poll() is None:
            writing.kill()  # before it takes the end of half a dump for the end: nothing is committed
            writing.wait()
            raise ProgramError(_said("pg_restore", complaint))
        _, complaint = writing.communicate()
        if writing.returncode:
            raise ProgramError(_said("psql", complaint))


def find(name: str) -> str:
    """A server's own folder comes before PATH, where a wrapper may stand. Raises ProgramError."""
    own = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version, reverse=True)
    found = str(own[0]) if own else shutil.which(name)
    if found is None:
        raise ProgramError(
            f"{name} is not on this machine: apt-get install postgresql-client (of the server's version)."
        )
    return found


def _version(path: Path) -> float:
    try:
        return float(path.parent.parent.name)
    except ValueError:
        return 0.0


def _clearing() -> str:
    """Ours only: another program's tables in the same database stay."""
    names = ", ".join(f'"{name}"' for name in ("alembic_version", "case_search", *tables.metadata.tables))
    functions = "".join(f"DROP FUNCTION IF EXISTS {function} CASCADE; " for function in FUNCTIONS)
    return f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'; DROP TABLE IF EXISTS {names} CASCADE; {functions}"


def _database(name: str, url: URL) -> Sequence[str]:
    return () if name == "pg_restore" else (f"--dbname={url.database or ''}",)


def _environment(url: URL) -> dict[str, str]:
    """libpq's variables from the URL: host and port may stand in its query, as for a socket."""
    query = {key: value if isinstance(value, str) else value[0] for key, value in url.query.items()}
    known = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port or query.get("port") or "") or None,
        "PGUSER": url.username or query.get("user"),
        "PGPASSWORD": url.password or query.get("password"),
        "PGSSLMODE": query.get("ssl") or query.get("sslmode"),
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    return {**os.environ, **{name: value for name, value in known.items() if value}}


def _said(name: str, complaint: bytes) -> str:
    lines = [line for line in complaint.decode(errors="replace").splitlines() if line.strip()]
    return f"{name} failed: {' '.join(lines[-3:]) or 'it said nothing'}"

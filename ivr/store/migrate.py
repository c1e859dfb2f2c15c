"""Bring a database's tables to the shape that this code expects: alembic, run inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0021"  # the newest file of migrations/versions


def current(connection: Connection) -> str | None:
    """The revision that the database has, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


class UnknownRevisionError(Exception):
    """The database's revision is none of this code's: a newer release made it."""


def upgrade(connection: Connection, revision: str = HEAD) -> None:
    """Does nothing where the tables are in shape. Raises UnknownRevisionError."""
    _run(connection, "upgrade", revision)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Take the tables back to an older shape; what does not fit there is lost."""
    _run(connection, "downgrade", revision)


def revisions() -> list[tuple[str, str]]:
    """Id and meaning of each, the oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(_config())
    return [(script.revision, script.doc.splitlines()[0]) for script in reversed(list(scripts.walk_revisions()))]


def _run(connection: Connection, direction: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415  alembic costs 150 ms, and nearly every start finds the tables in shape
    from alembic.util import CommandError  # noqa: PLC0415

    config = _config()
    config.attributes["connection"] = connection
    try:
        getattr(command, direction)(config, revision)
    except CommandError as error:
        raise UnknownRevisionError(str(error)) from error


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config

"""Databases for every test that touches one: `database_url` runs it on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit import databases


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[databases.PostgresServer]:
    """One server a test process; each test has a database of its own in it."""
    with databases.postgres() as server:
        yield server


@pytest.fixture(params=databases.KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "postgresql":
        server: databases.PostgresServer = request.getfixturevalue("postgres_server")
        return server.new_database()
    return f"sqlite+aiosqlite:///{tmp_path}/ivr.db"

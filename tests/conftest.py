"""Databases for every test that touches one.

`database_url` (empty) and `ready_database_url` (with its tables, quicker) run a test on SQLite and on PostgreSQL;
`store` is the second one, open.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ivr.store import Store
from tests import order
from tests.pbx.running import Running
from tests.unit import databases
from tests.unit.clocks import Clock
from tests.unit.lent import Lent

HERE = Path(__file__).parent

# A busy machine makes one example slow; that says nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker of xdist: modules in the order that ends soonest; each keeps its own tests' order."""
    if not hasattr(config, "workerinput"):
        return
    module = {item: item.path.relative_to(HERE).as_posix() for item in items}
    place = {name: number for number, name in enumerate(order.modules([*dict.fromkeys(module.values())]))}
    items.sort(key=lambda item: place[module[item]])


@pytest.fixture(scope="session", autouse=True)
def spoken_once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> None:
    """Prompts are spoken once a run: workers of xdist have folders of their own beside each other."""
    base = tmp_path_factory.getbasetemp()
    Running.spoken = (base.parent if hasattr(request.config, "workerinput") else base) / "prompts"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[databases.PostgresServer]:
    """One server a test process; each test has a database of its own in it."""
    with databases.postgres() as server:
        yield server


@pytest.fixture(params=databases.KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "postgresql":
        server: databases.PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
        yield url
        server.drop(url)
    else:
        yield f"sqlite+aiosqlite:///{tmp_path}/ivr.db"


@pytest.fixture(scope="session")
def lent(postgres_server: databases.PostgresServer) -> Lent:
    return Lent(postgres_server)


@pytest.fixture(params=databases.KINDS)
def ready_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of which only the rows are missing: making the tables takes longer than most tests."""
    if request.param == "postgresql":
        databases_lent: Lent = request.getfixturevalue("lent")
        url = databases_lent.take()
        yield url
        databases_lent.give_back(url)
    else:
        yield databases.ready_sqlite(tmp_path / "ivr.db")


@pytest.fixture
async def store(ready_database_url: str) -> AsyncIterator[Store]:
    """Open, and without a row."""
    async with databases.opened(ready_database_url) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()

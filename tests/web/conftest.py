from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.house import House, a_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, interval=0.02) as opened:
        yield opened


@pytest.fixture
async def house_on_each_database(tmp_path: Path, ready_database_url: str) -> AsyncIterator[House]:
    """For what reads or writes the database."""
    async with a_house(tmp_path, ready_database_url, interval=0.02) as opened:
        yield opened

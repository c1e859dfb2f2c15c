"""The partner of examples/partner.py, which shares no line with the hotline, and the task that tells partners."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.desks import signatures
from ivr.exchange import Exchange
from ivr.settings import Partner
from tests.web.house import House, a_house

PROGRAM = Path(__file__).parents[2] / "examples/partner.py"
PATIENCE = 60.0  # seconds


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Pair:
    """A house with its sender, and a partner that may be down."""

    def __init__(self, house: House, folder: Path, port: int, keys: dict[str, str]) -> None:
        self.house, self.port = house, port
        self._keys, self._file = keys, folder / "partner.db"
        self._partner: subprocess.Popen[bytes] | None = None

    def start_partner(self) -> None:
        ours = signatures.public_text(self._keys["12345"])
        url = f"http://127.0.0.1:{self.house.server.port}"
        self._partner = subprocess.Popen(
            [sys.executable, PROGRAM, "serve", "--accept", "--file", self._file, "--listen", f"127.0.0.1:{self.port}",
             "--key", self._keys["110"], "--hotline-key", ours, "--hotline-url", url],
        )  # fmt: skip

    def kill_partner(self) -> None:
        if self._partner is not None:
            self._partner.kill()
            self._partner.wait()

    def partner_does(self, case: str, kind: str, data: str = "{}") -> None:
        command = [
            sys.executable,
            PROGRAM,
            "tell",
            "--file",
            self._file,
            "--case",
            case,
            "--kind",
            kind,
            "--data",
            data,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    async def state(self, case: str) -> str:
        return (await self.house.services.cases.get(case)).case.state


@asynccontextmanager
async def a_pair(folder: Path) -> AsyncIterator[Pair]:
    keys = {desk: signatures.new_private() for desk in ("12345", "110")}
    port = a_port()
    police = Partner("110", f"http://127.0.0.1:{port}", signatures.public_text(keys["110"]), targets=("110",))
    async with a_house(folder, exchange={"110": police}) as house:
        sender = Exchange(house.services.site, keys["12345"], house.services.messages)
        telling = asyncio.create_task(sender.run())
        pair = Pair(house, folder, port, keys)
        try:
            yield pair
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            pair.kill_partner()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with a_pair(tmp_path) as opened:
        yield opened


async def test_given_a_partner_that_is_down_and_killed_when_a_case_is_offered_then_its_loop_closes_all_the_same(
    pair: Pair,
) -> None:
    cases = pair.house.services.cases
    case = (await cases.open("1001", "phone", {"cause": "楼下打架"})).case.id
    await cases.act(case, "1001", "offered", {"to": "110", "way": "online"})

    async def tried() -> bool:
        return (await pair.house.services.messages.trace(case=case))[0]["tries"] > 0

    await eventually(tried)
    pair.start_partner()

    async def accepted() -> bool:
        return await pair.state(case) == "accepted"

    await eventually(accepted)
    pair.kill_partner()
    pair.partner_does(case, "handled", '{"result": "dispatched", "words": "已出警"}')
    await cases.act(case, "1001", "written", {"text": "当事人又来电"})
    pair.start_partner()

    async def handled() -> bool:
        told = await pair.house.services.messages.trace(case=case)
        return await pair.state(case) == "handled" and all(one["state"] in {"delivered", "taken"} for one in told)

    await eventually(handled)
    known = await cases.get(case)
    assert known.case.results["110"].words == "已出警"
    assert {entry.void for entry in known.case.history} == {""}

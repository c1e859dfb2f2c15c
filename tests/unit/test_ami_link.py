"""The AMI layer against peers that a real Asterisk cannot be made to be: scripts over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.credentials import Credentials
from ivr.pbx.ami import Ami
from ivr.pbx.link import Link
from ivr.pbx.manager import AmiLostError, AmiTimeoutError
from ivr.pbx.state import State, write
from ivr.settings import Address
from tests.web.house import a_site

MARK = "m0123456789abcdef01234567"
Heard = list[dict[str, str]]
Answer = Callable[[dict[str, str], asyncio.StreamWriter], Awaitable[bool]]


async def polite(action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
    """Answer as Asterisk would; False closes the link."""
    head = f"Response: Success\r\nActionID: {action['ActionID']}\r\n"
    name = action["Action"]
    if name == "Login":
        writer.write(f"Asterisk Call Manager/11.0.0\r\n{head}\r\nEvent: FullyBooted\r\nUptime: 1\r\n\r\n".encode())
    elif name == "CoreSettings":
        writer.write(f"{head}SystemName: {MARK}\r\n\r\n".encode())
    elif name in ("CoreShowChannels", "QueueStatus", "DeviceStateList"):
        end = f"Event: {name}Complete\r\nActionID: {action['ActionID']}\r\nEventList: Complete\r\n\r\n"
        writer.write(f"{head}EventList: start\r\n\r\n{end}".encode())
    else:
        writer.write(f"{head}\r\n".encode())
    return True


@asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[tuple[Ami, Heard]]:
    heard: Heard = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines)
                heard.append(action)
                if not await answer(action, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    ami = Ami(Address("127.0.0.1", server.sockets[0].getsockname()[1]), "bare", "secret", MARK)
    await ami.start()
    try:
        yield ami, heard
    finally:
        await ami.stop()
        server.close()
        await server.wait_closed()


async def test_given_the_link_breaks_under_an_action_it_fails_and_is_never_sent_again() -> None:
    async def breaks(action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        return action["Action"] != "Originate" and await polite(action, writer)

    async with peer(breaks) as (ami, heard):
        await ami.wait_up(60)
        with pytest.raises(AmiLostError):
            await ami.action({"Action": "Originate", "Async": "true", "Channel": "PJSIP/desk-110"})
        await ami.wait_up(60)
        await ami.action({"Action": "Ping"})
        assert [action["Action"] for action in heard].count("Login") == 2
        assert [action["Action"] for action in heard].count("Originate") == 1


async def test_given_an_answer_after_its_deadline_it_harms_nobody() -> None:
    async def late(action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        if action["Action"] == "CoreStatus":
            asyncio.get_running_loop().call_later(0.1, writer.write, answer(action))
            return True
        return await polite(action, writer)

    def answer(action: dict[str, str]) -> bytes:
        return f"Response: Success\r\nActionID: {action['ActionID']}\r\nCoreCurrentCalls: 1\r\n\r\n".encode()

    async with peer(late) as (ami, _):
        await ami.wait_up(60)
        with pytest.raises(AmiTimeoutError):
            await ami.action({"Action": "CoreStatus"}, timeout=0.02)
        await asyncio.sleep(0.15)
        assert (await ami.action({"Action": "CoreStatus"}))[0]["CoreCurrentCalls"] == "1"
        assert ami.counters["forged"] == 0


async def test_given_a_chinese_name_that_comes_in_pieces_it_arrives_whole() -> None:
    async def pieces(action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        if action["Action"] != "Ping":
            return await polite(action, writer)
        for byte in f"Event: Shout\r\nSystemName: {MARK}\r\nName: 王小明\r\n\r\n".encode():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.0005)
        return True

    async with peer(pieces) as (ami, _):
        async with asyncio.timeout(60):
            while (event := await ami.events.get())["Event"] != "Shout":
                pass
        assert event["Name"] == "王小明"


async def test_given_a_peer_that_speaks_no_ami_it_is_left_and_nothing_is_believed() -> None:
    async def babble(action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 400 Bad Request " * 100_000)
        await writer.drain()
        return True

    async with peer(babble) as (ami, heard):
        async with asyncio.timeout(60):
            while len(heard) < 2:  # noqa: ASYNC110  (it gave up and tried again)
                await asyncio.sleep(0.02)
        assert ami.state != "up"
        assert ami.events.empty()


async def test_given_an_asterisk_without_a_system_name_the_login_is_refused_for_no_event_could_be_believed() -> None:
    async def nameless(action: dict[str, str], writer: asyncio.StreamWriter) -> bool:
        if action["Action"] != "CoreSettings":
            return await polite(action, writer)
        writer.write(f"Response: Success\r\nActionID: {action['ActionID']}\r\nSystemName: \r\n\r\n".encode())
        return True

    async with peer(nameless) as (ami, _):
        async with asyncio.timeout(60):
            while ami.state != "refused":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert ami.counters["refused"] == 1


async def test_given_settings_brought_into_force_then_the_link_takes_asterisk_for_the_same_until_another_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.pbx.link.LOOK", 0.01)
    (tmp_path / "run").mkdir()
    secrets = Credentials({}, {}, "t" * 20, "admin", "x" * 20, "y" * 20, "z" * 20)
    link = Link(a_site(tmp_path), tmp_path, secrets, lambda _: None)
    first = State(MARK, 1, str(tmp_path), "before")
    applied = replace(first, site_hash="applied")
    write(tmp_path, applied)
    waiting = asyncio.create_task(link._another_than(first))
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done
    write(tmp_path, replace(applied, mark="m1123456789abcdef01234567"))
    async with asyncio.timeout(60):
        assert (await waiting).mark == "m1123456789abcdef01234567"

"""The live stream's attackers: no token, one that has been revoked, a foreign page, floods, giants, slow readers."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType

from ivr.web import stream
from ivr.web.sessions import OVER
from tests.web.house import TOKEN, House, a_house

STREAM = "/api/v1/live/stream"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SECONDS = 60.0
HANDSHAKE = (
    f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, interval=0.02) as opened:
        opened.in_a_call()
        yield opened
        async with opened.client.ws_connect(STREAM, headers=BEARER) as honest:
            assert (await honest.receive_json(timeout=SECONDS))["type"] == "snapshot"  # others are served on


async def settled(house: House, readers: int) -> None:
    await until(lambda: len(house.services.hub.readers | house.services.hub.strangers) == readers)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110  it cannot be told
            await asyncio.sleep(0.02)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def knock(house: House, *lines: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A handshake by hand, answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write((HANDSHAKE + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode())
    assert b" 101 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
    return reader, writer


async def test_given_no_token_then_not_a_byte_of_a_call_is_told(house: House) -> None:
    async with house.client.ws_connect(STREAM) as socket:
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.3)
        assert len(house.services.hub.readers) == 0  # it counts when it has shown its token


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_given_a_foreign_page_with_the_browsers_cookies_then_it_gets_nothing(house: House, origin: str) -> None:
    headers = {"Origin": origin, "Cookie": f"token={TOKEN}; Authorization=Bearer {TOKEN}"}
    async with house.client.ws_connect(STREAM, headers=headers) as socket:
        await socket.send_str("{}")
        message = await socket.receive(timeout=SECONDS)
    assert (message.type, socket.close_code) == (WSMsgType.CLOSE, OVER)


@pytest.mark.parametrize("query", [f"?token={TOKEN}", f"?access_token={TOKEN}", f"?Authorization=Bearer%20{TOKEN}"])
async def test_given_the_token_in_the_address_then_it_is_refused(house: House, query: str) -> None:
    """An address stands in logs and histories."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.client.ws_connect(STREAM + query)
    assert refused.value.status == 422


async def test_given_a_token_that_was_changed_then_the_stolen_one_opens_nothing_more(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        credentials = dataclasses.replace(house.services.credentials, api_token="the-new-token-0123456789")
        object.__setattr__(house.services, "credentials", credentials)  # what a start with new secrets is
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await house.client.ws_connect(STREAM, headers=BEARER)
        async with house.client.ws_connect(STREAM) as socket:
            await socket.send_json({"token": TOKEN})
            await socket.receive(timeout=SECONDS)
        assert socket.close_code == OVER


async def test_given_strangers_who_keep_their_connections_open_then_readers_find_a_place(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_READERS", 3)
    monkeypatch.setattr(stream, "MOST_STRANGERS", 30)
    strangers = [await knock(house) for _ in range(30)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.client.ws_connect(STREAM)
    assert refused.value.status == 503
    async with house.client.ws_connect(STREAM, headers=BEARER) as honest:
        assert (await honest.receive_json(timeout=SECONDS))["type"] == "snapshot"
    for _, writer in strangers:
        writer.close()


async def test_given_a_flood_of_readers_then_the_last_ones_are_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_READERS", 3)
    async with house.client.ws_connect(STREAM) as late:
        sockets = [await house.client.ws_connect(STREAM, headers=BEARER) for _ in range(3)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await house.client.ws_connect(STREAM, headers=BEARER)
        assert refused.value.status == 503
        await late.send_json({"token": TOKEN})
        await late.receive(timeout=SECONDS)
    assert late.close_code == WSCloseCode.TRY_AGAIN_LATER
    for socket in sockets:
        await socket.close()
    await settled(house, 0)


def frame(size: int, *, opcode: int = 1, masked: bool = True, final: bool = True, sent: bytes | None = None) -> bytes:
    """A WebSocket frame's bytes (RFC 6455 5.2) that claims `size` bytes."""
    first = (0x80 if final else 0) | opcode
    length = struct.pack("!BBQ", first, (0x80 if masked else 0) | 127, size)
    return length + (bytes(4) if masked else b"") + (b" " * min(size, 100_000) if sent is None else sent)


@pytest.mark.parametrize(
    "bad",
    [
        frame(1 << 62),
        frame(1 << 30),
        frame(100_000),
        frame(20, masked=False),
        frame(20, opcode=0),
        frame(20, opcode=3),
        frame(20, opcode=9, final=False),
        frame(200, opcode=9),
        os.urandom(3000),
        b"GET / HTTP/1.1\r\n\r\n" * 50,
        frame(10, opcode=2),
        b"\xc1\x80" + bytes(4),
    ],
    ids=["exabytes", "gigabyte", "large", "unmasked", "continued", "reserved", "split ping", "long ping", "noise",
         "http", "binary", "compressed"],
)  # fmt: skip
async def test_given_frames_that_no_reader_sends_then_the_connection_ends_and_the_server_lives(
    house: House, bad: bytes
) -> None:
    for authorized in ([f"Authorization: Bearer {TOKEN}"], []):
        reader, writer = await knock(house, *authorized)
        writer.write(bad)
        async with asyncio.timeout(SECONDS):
            try:
                while await reader.read(65536):
                    continue
            except ConnectionError:
                pass
        writer.close()
    await settled(house, 0)


async def test_given_the_parts_of_an_endless_message_then_they_do_not_pile_up(house: House) -> None:
    reader, writer = await knock(house, f"Authorization: Bearer {TOKEN}")
    part = frame(4000, opcode=0, final=False, sent=b" " * 4000)
    writer.write(frame(10, final=False, sent=b" " * 10))
    ended = False
    try:
        for _ in range(50):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.005)
        async with asyncio.timeout(SECONDS):
            while await reader.read(65536):
                continue
        ended = True
    except ConnectionError:
        ended = True
    assert ended
    writer.close()
    await settled(house, 0)


async def test_given_readers_that_read_nothing_then_the_memory_stays_and_others_have_their_frames(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.5)
    lazy = [await knock(house, f"Authorization: Bearer {TOKEN}") for _ in range(20)]
    async with house.client.ws_connect(STREAM, headers=BEARER) as honest:
        await honest.receive_json(timeout=SECONDS)
        for n in range(30):
            house.feed({"Event": "QueueCallerJoin", "Timestamp": f"{n + 1}", "Uniqueid": f"hotline-{n}.1",
                        "Channel": f"PJSIP/trunk-public-{n:08x}", "ChannelState": "6",
                        "ChanVariable": f"CALL_ID=c-{n}", "Queue": "q-general", "Position": "1"})  # fmt: skip
            assert (await honest.receive_json(timeout=SECONDS))["type"] == "changes"
    for _, writer in lazy:
        writer.transport.abort()
    await settled(house, 0)


async def test_given_hundreds_who_connect_and_leave_then_no_reader_is_left_over(house: House) -> None:
    before = descriptors()
    for _ in range(10):
        opened = await asyncio.gather(*(knock(house, f"Authorization: Bearer {TOKEN}") for _ in range(30)))
        for _, writer in opened:
            writer.transport.abort()
    await settled(house, 0)
    await until(lambda: descriptors() <= before + 5)

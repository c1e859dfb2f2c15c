"""The live stream: the first picture, what changes, who may read, and readers that are slow."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType

from ivr.web import stream
from ivr.web.schema import check, obj
from ivr.web.sessions import OVER
from ivr.web.shapes import LIVE
from tests.unit.live_streams import Event, recorded
from tests.web.house import CALL, TOKEN, House

STREAM = "/api/v1/live/stream"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SECONDS = 60.0


async def frame(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return await socket.receive_json(timeout=SECONDS)


def queue_event(n: int) -> Event:
    name = f"PJSIP/trunk-public-{n:08x}"
    head = {"Event": "QueueCallerJoin", "Timestamp": f"{n}", "Uniqueid": f"hotline-{n}.1", "Channel": name}
    return {**head, "ChannelState": "6", "ChanVariable": f"CALL_ID=c-{n}", "Queue": "q-general", "Position": "1"}


async def test_given_a_token_in_the_header_then_the_first_frame_is_the_whole_picture(house: House) -> None:
    house.in_a_call()
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        first = await frame(socket)
    assert first.pop("type") == "snapshot"
    check(LIVE, first)
    assert [call["id"] for call in first["calls"]] == [CALL]


async def test_given_a_token_as_the_first_message_then_it_streams_too(house: House) -> None:
    async with house.client.ws_connect(STREAM) as socket:
        await socket.send_json({"token": TOKEN})
        assert (await frame(socket))["type"] == "snapshot"


async def test_given_a_wrong_token_in_the_header_then_the_handshake_is_401(house: House) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await house.client.ws_connect(STREAM, headers={"Authorization": "Bearer wrong"})
    assert refusal.value.status == 401


@pytest.mark.parametrize("said", ['{"token": "wrong"}', '{"token": 1}', "[]", "no json", '{"other": "x"}', ""])
async def test_given_no_token_as_the_first_message_then_it_is_closed_and_nothing_is_told(
    house: House, said: str
) -> None:
    async with house.client.ws_connect(STREAM) as socket:
        await socket.send_str(said)
        message = await socket.receive(timeout=SECONDS)
        assert (message.type, socket.close_code) == (WSMsgType.CLOSE, OVER)


async def test_given_a_reader_that_says_nothing_then_it_is_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "TOKEN_SECONDS", 0.05)
    async with house.client.ws_connect(STREAM) as socket:
        assert (await socket.receive(timeout=SECONDS)).type is WSMsgType.CLOSE
    assert socket.close_code == OVER


async def test_given_changes_then_each_frame_leads_from_the_one_before(house: House) -> None:
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        state = await frame(socket)
        shown = {call["id"]: call for call in state["calls"]}
        for event in recorded("transfer_to_110"):
            house.feed(event)
            await asyncio.sleep(0.002)
        version = state["version"]
        while version < house.live.snapshot().version:
            delta = await frame(socket)
            assert (delta["type"], delta["since_version"]) == ("changes", version)
            version = delta["version"]
            shown.update((call["id"], call) for call in delta["calls"])
            for gone in delta["calls_gone"]:
                del shown[gone]
    _, truth = await house.ask("GET", "/api/v1/live")
    assert list(shown.values()) == truth["calls"]


async def test_given_many_changes_at_once_then_they_come_as_one_frame(house: House) -> None:
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        await frame(socket)
        house.feed(*(queue_event(n) for n in range(1, 101)))
        delta = await frame(socket)
    assert len(delta["calls"]) == 100
    check(obj({"name": {"type": "string"}, "waiting": LIVE["properties"]["queues"]["items"]["properties"]["waiting"]}),
          delta["queues"][0])  # fmt: skip


async def test_given_a_reader_that_took_long_for_a_frame_then_it_begins_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LAGGED_SECONDS", -1.0)  # every frame took too long
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        await frame(socket)
        house.feed(queue_event(1))
        assert (await frame(socket))["type"] == "snapshot"


async def test_given_a_reader_that_takes_nothing_then_nothing_piles_up_and_it_is_cut(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.3)
    house.feed(*(queue_event(n) for n in range(1, 3001)))
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port, limit=1024)
    head = f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nUpgrade: websocket\r\n"
    writer.write(f"{head}Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n".encode())
    writer.write(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")  # and no more
    for n in range(3001, 3400):
        if not house.services.hub.readers:
            break
        house.feed(*(queue_event(100 * n + k) for k in range(100)))
        await asyncio.sleep(0.02)
    assert not house.services.hub.readers
    assert len(house.services.hub._frames) < 5
    writer.close()


async def test_given_a_reader_that_goes_then_it_is_forgotten(house: House) -> None:
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        await frame(socket)
        assert len(house.services.hub.readers) == 1
    for _ in range(100):
        if not house.services.hub.readers:
            break
        await asyncio.sleep(0.01)
    assert not house.services.hub.readers


async def test_given_a_reader_that_talks_then_it_is_closed(house: House) -> None:
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        await frame(socket)
        await socket.send_str("hello")
        while (message := await socket.receive(timeout=SECONDS)).type is WSMsgType.TEXT:
            pass
        assert message.type is WSMsgType.CLOSE
    assert socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_given_too_many_readers_then_503(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_READERS", 1)
    async with house.client.ws_connect(STREAM, headers=BEARER):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await house.client.ws_connect(STREAM, headers=BEARER)
        assert refusal.value.status == 503


async def test_given_the_server_stops_then_readers_are_told_goodbye(house: House) -> None:
    async with house.client.ws_connect(STREAM, headers=BEARER) as socket:
        await frame(socket)
        stopping = asyncio.create_task(house.server.stop())
        while (message := await socket.receive(timeout=SECONDS)).type is WSMsgType.TEXT:
            pass
        assert (message.type, socket.close_code) == (WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
    await stopping

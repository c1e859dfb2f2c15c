"""AGI's lines, and the FastAGI server against peers that are no Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.pbx.agi import FastAgi, Question
from ivr.pbx.agi_lines import AgiError, assignments, read_environment
from ivr.settings import Address
from tests.unit.test_agi_routing import SITE

MARK = "m0123456789abcdef01234567"


def environment(script: str = "ask", uniqueid: str = f"{MARK}-1.1", callerid: str = "138", *arguments: str) -> bytes:
    lines = [
        "agi_network: yes",
        f"agi_network_script: {script}",
        "agi_channel: PJSIP/trunk-public-00000001",
        f"agi_uniqueid: {uniqueid}",
        f"agi_callerid: {callerid}",
        "agi_accountcode: ",
        *(f"agi_arg_{n}: {argument}" for n, argument in enumerate(arguments, 1)),
    ]
    return "\n".join([*lines, "", ""]).encode()


def test_an_environment_is_read_with_its_empty_values() -> None:
    assert read_environment(b"agi_a: x: y\nagi_accountcode: \nagi_b:\n") == {
        "agi_a": "x: y",
        "agi_accountcode": "",
        "agi_b": "",
    }


@pytest.mark.parametrize("number", ["b\r\nagi_uniqueid: x", "b\r\nno header", "b\nagi_b: 1\nagi_uniqueid: 2"])
def test_given_a_number_that_forges_a_line_the_environment_is_refused(number: str) -> None:
    with pytest.raises(AgiError) as refused:
        read_environment(environment(callerid=number)[:-1])
    assert refused.value.id == "forged"


def test_bytes_that_are_no_utf8_are_no_reason_to_leave_a_caller_alone() -> None:
    assert read_environment(b"agi_calleridname: \xcd\xf5\n")["agi_calleridname"] == "\ufffd\ufffd"


def test_the_flag_that_the_dialplan_trusts_is_set_last() -> None:
    assert assignments({"LANGUAGE": "zh", "QUEUE": "q-投诉"}) == "LANGUAGE=zh,QUEUE=q-投诉,AGI_DONE=1"
    assert assignments({}) == "AGI_DONE=1"


@given(st.text())
def test_no_value_can_mean_more_than_itself(value: str) -> None:
    try:
        text = assignments({"QUEUE": value})
    except AgiError as refused:
        assert refused.id == "bad_value"
    else:
        assert text == f"QUEUE={value},AGI_DONE=1"
        assert not set(value) & set(',"\\$&;|()[]{}\r\n\0')


@dataclass(frozen=True, slots=True)
class Said:
    variables: Mapping[str, str] = field(default_factory=dict)


class Nobody:
    async def last_language(self, caller: str) -> str | None:
        return None


async def ask(question: Question) -> Said:
    return Said({"X": question.call_id, "Y": "/".join(question.more)})


async def crash(question: Question) -> Said:
    raise RuntimeError(question.call_id)


async def sleep(question: Question) -> Said:
    await asyncio.sleep(60)
    return Said()


@asynccontextmanager
async def server(seconds: float = 1.5) -> AsyncIterator[FastAgi]:
    routes = {"ask": ask, "crash": crash, "sleep": sleep}
    agi = FastAgi(Address("127.0.0.1", 0), SITE, Nobody(), lambda: MARK, routes=routes, seconds=seconds)
    await agi.start()
    try:
        yield agi
    finally:
        await agi.stop()


async def connect(agi: FastAgi) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    assert agi.port
    return await asyncio.open_connection("127.0.0.1", agi.port)


async def say(agi: FastAgi, request: bytes, reply: bytes = b"200 result=0\n") -> bytes:
    """What the server says to the request, until it closes; each of its lines is replied to."""
    reader, writer = await connect(agi)
    said = b""
    try:
        writer.write(request)
        async with asyncio.timeout(60):
            while line := await reader.readline():
                said += line
                writer.write(reply)
    except ConnectionError:
        pass
    finally:
        writer.close()
    return said


async def settled(agi: FastAgi, outcome: tuple[str, str]) -> None:
    async with asyncio.timeout(60):
        while not agi.counters[outcome]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_question_is_answered_in_one_round_trip() -> None:
    async with server() as agi:
        said = await say(
            agi, environment("ask?x=1", f"{MARK}-1.1", "138", "call-1", "", "12345", "", "", "six", "seven")
        )
        assert said == b'EXEC MSet "X=call-1,Y=six/seven,AGI_DONE=1"\n'
        await settled(agi, ("ask", "answered"))


@pytest.mark.parametrize(
    "reply",
    [
        b"HANGUP\n200 result=0\n",
        b"100 result=0 Trying...\n200 result=0\n",
        b"200 result=-1\n",
        b"200 result=1 (hangup)\n",
    ],
)
async def test_given_a_line_that_is_no_reply_the_reply_behind_it_is_read(reply: bytes) -> None:
    async with server() as agi:
        await say(agi, environment(), reply)
        await settled(agi, ("ask", "answered"))


@pytest.mark.parametrize(
    "reply",
    [
        b"510 Invalid or unknown command\n",
        b"520-Invalid command syntax. Proper usage follows:\nUsage: EXEC\n 200 result=0\n520 End of proper usage.\n",
        b"\xff\xfe\n",
    ],
)
async def test_given_asterisk_refuses_the_command_it_is_counted(reply: bytes) -> None:
    async with server() as agi:
        await say(agi, environment(), reply)
        await settled(agi, ("ask", "refused"))


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (environment("nothing"), ("", "unknown")),
        (environment("crash"), ("crash", "failed")),
        (environment("ask", "1763.4"), ("", "stranger")),
        (environment("ask", f"{MARK}-1.1", "b\nagi_uniqueid: x"), ("", "forged")),
        (environment("ask", f"{MARK}-1.1", "b", "a,AGI_DONE=1"), ("ask", "bad_value")),
        (b"GET / HTTP/1.1\r\n\r\n\n\n", ("", "forged")),
        (b"x" * 200_000, ("", "noise")),
    ],
)
async def test_given_a_question_that_cannot_be_answered_nothing_is_said(
    request_: bytes, outcome: tuple[str, str]
) -> None:
    async with server() as agi:
        assert await say(agi, request_) == b""
        await settled(agi, outcome)


async def test_given_peers_that_connect_and_close_or_send_half_the_server_goes_on() -> None:
    async with server(seconds=0.3) as agi:
        for half in (b"", b"agi_network: yes\n", environment()[:-1], b"\xff\x00"):
            _, writer = await connect(agi)
            writer.write(half)
            writer.close()
        assert b"AGI_DONE=1" in await say(agi, environment())
        await settled(agi, ("", "noise"))


async def test_given_a_peer_that_sends_a_byte_at_a_time_it_is_dropped_at_the_deadline_and_holds_up_nobody() -> None:
    async with server(seconds=0.4) as agi:
        reader, writer = await connect(agi)

        async def drip() -> None:
            for byte in environment() * 10:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.01)

        slow = asyncio.create_task(drip())
        assert b"AGI_DONE=1" in await say(agi, environment())
        await settled(agi, ("", "late"))
        with suppress(ConnectionError):
            assert await reader.read() == b""
        slow.cancel()
        writer.close()


async def test_given_a_script_that_never_ends_the_dialplan_is_let_go_at_the_deadline_without_the_flag() -> None:
    async with server(seconds=0.1) as agi:
        assert await say(agi, environment("sleep")) == b""
        await settled(agi, ("sleep", "late"))


async def test_given_asterisk_goes_away_before_its_reply_it_is_counted() -> None:
    async with server() as agi:
        reader, writer = await connect(agi)
        writer.write(environment())
        await reader.readline()
        writer.close()
        await settled(agi, ("ask", "gone"))


async def test_given_a_stop_in_mid_conversation_nothing_is_left_open() -> None:
    async with server() as agi:
        reader, writer = await connect(agi)
        writer.write(environment("sleep"))
        await asyncio.sleep(0.05)
        await agi.stop()
        assert await reader.read() == b""
        writer.close()
        assert not agi.conversations

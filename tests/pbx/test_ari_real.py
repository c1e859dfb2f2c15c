"""The phone's own Transfer key, from a real phone's REFER through a real Asterisk to our queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.pbx.ari import Ari
from ivr.settings import Address
from tests.pbx.bare import BareAsterisk
from tests.phones import Phone

DIALPLAN = """
[entry]
exten => 12345,1,Answer()
 same => n,Dial(PJSIP/1001,20,U(operator))
[operator]
exten => s,1,Set(PJSIP_TRANSFER_HANDLING()=ari-only)
 same => n,Return()
[operator-phone]
exten => 110,1,Dial(PJSIP/desk-110,20)
"""
ENDPOINT = """
[{name}]
type=endpoint
context={context}
aors={name}
disallow=all
allow=alaw
[{name}]
type=aor
contact=sip:{name}@{phone.ip}:{phone.port}
[{name}]
type=identify
endpoint={name}
match={phone.ip}
"""


@dataclass(frozen=True, slots=True)
class Talk:
    """Caller and operator talk; 110 answers when it is called."""

    asterisk: BareAsterisk
    ari: Ari
    caller: Phone
    operator: Phone
    desk: Phone

    def sip(self, exten: str) -> str:
        return f"sip:{exten}@127.0.0.1:{self.asterisk.sip}"


@pytest.fixture
def phones() -> Iterator[tuple[Phone, Phone, Phone]]:
    with ExitStack() as stack:
        caller = stack.enter_context(Phone("citizen", ip="127.0.0.11"))
        operator = stack.enter_context(Phone("1001", ip="127.0.0.21"))
        desk = stack.enter_context(Phone("110", ip="127.0.0.110"))
        operator.on_call("answer")
        desk.on_call("answer")
        yield caller, operator, desk


@pytest.fixture
async def talk(phones: tuple[Phone, Phone, Phone], tmp_path: Path) -> AsyncIterator[Talk]:
    names = (("trunk-public", "entry"), ("1001", "operator-phone"), ("desk-110", "entry"))
    endpoints = "".join(
        ENDPOINT.format(name=name, context=context, phone=phone)
        for (name, context), phone in zip(names, phones, strict=True)
    )
    asterisk = BareAsterisk(tmp_path, DIALPLAN, endpoints)
    ari = Ari(Address("127.0.0.1", asterisk.http), "bare", asterisk.secret, ("1001", "nobody"))
    try:
        asterisk.start()
        await ari.start()
        await ari.wait_up(15)
        talk = Talk(asterisk, ari, *phones)
        await asyncio.to_thread(talk.caller.call, talk.sip("12345"))
        await asyncio.to_thread(talk.operator.wait_for, "confirmed")
        yield talk
    finally:
        await ari.stop()
        asterisk.stop()
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "ari"] == []


async def test_a_blind_refer_is_heard_once_and_caller_and_operator_talk_on(talk: Talk) -> None:
    await asyncio.to_thread(talk.operator.refer, talk.sip("110"))
    async with asyncio.timeout(60):
        request = await talk.ari.transfers.get()
    assert (request.kind, request.exten) == ("blind", "110")
    assert request.operator_channel.startswith("PJSIP/1001-")
    assert set(talk.caller.states().values()) == {"confirmed"}
    await asyncio.to_thread(talk.operator.hangup)
    await asyncio.sleep(0.5)  # now Asterisk sends the event once more
    assert talk.ari.counters["events"] == 2
    assert talk.ari.transfers.empty()


async def test_an_attended_refer_names_the_second_line_and_the_target_who_answered(talk: Talk) -> None:
    first = talk.operator.current
    second = await asyncio.to_thread(talk.operator.call, talk.sip("110"))
    await asyncio.to_thread(talk.operator.wait_for, "confirmed", 10.0, second)
    await asyncio.to_thread(talk.operator.attended, second, first)
    async with asyncio.timeout(60):
        request = await talk.ari.transfers.get()
    assert request.kind == "attended"
    assert request.target_channel is not None
    assert request.target_channel.startswith("PJSIP/desk-110-")
    assert request.second_line is not None


async def test_given_asterisk_is_killed_and_started_again_transfers_are_heard_again(talk: Talk) -> None:
    talk.asterisk.kill()
    async with asyncio.timeout(60):
        while talk.ari.state == "up":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.to_thread(talk.asterisk.start)
    await talk.ari.wait_up(15)
    assert talk.ari.counters["connections"] == 2


async def test_given_a_wrong_password_the_state_says_so(talk: Talk) -> None:
    stranger = Ari(Address("127.0.0.1", talk.asterisk.http), "bare", "wrong")
    await stranger.start()
    try:
        async with asyncio.timeout(60):
            while stranger.state != "refused":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        await stranger.stop()

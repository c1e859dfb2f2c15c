"""FastAGI and offline.py asked by a real dialplan."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from agi_scripts import offline, route
from ivr.pbx.agi import FastAgi, Question, Script
from ivr.pbx.ami import Ami
from ivr.pbx.routing import publish
from ivr.settings import Address
from tests.pbx.bare import BareAsterisk, free_port, invite
from tests.unit.test_agi_lines import Nobody
from tests.unit.test_agi_routing import SITE

CALL = "11111111-2222-3333-4444-555555555555"
OFFLINE = Path(offline.__file__)
PJSIP = """
[trunk-public]
type=endpoint
context=entry
aors=trunk-public
disallow=all
allow=alaw
[trunk-public]
type=aor
contact=sip:127.0.0.11:5999
[trunk-public]
type=identify
endpoint=trunk-public
match=127.0.0.11
"""
# Each extension asks and tells in a user event what it knows afterwards.
DIALPLAN = """
[ask]
exten => route,1,Answer(,i)
 same => n,Set(AGIEXITONHANGUP=yes)
 same => n,AGI(agi://127.0.0.1:{port}/route,{call},138,12345,trunk-public,en)
 same => n,Goto(tell,1)
exten => odd,1,Answer(,i)
 same => n,AGI(agi://127.0.0.1:{port}/odd?x=1,a b,,,,"x)
 same => n,Goto(tell,1)
exten => nothing,1,Answer(,i)
 same => n,AGI(agi://127.0.0.1:{port}/nothing,{call})
 same => n,Goto(tell,1)
exten => crash,1,Answer(,i)
 same => n,AGI(agi://127.0.0.1:{port}/crash,{call})
 same => n,Goto(tell,1)
exten => offline,1,Answer(,i)
 same => n,Set(AGIEXITONHANGUP=yes)
 same => n,AGI({python},{offline},{routing},{call},138,12345,110,en)
 same => n,Goto(tell,1)
exten => tell,1,UserEvent(Told,Done: ${{AGI_DONE}},S: ${{AGISTATUS}},L: ${{LANGUAGE}},Q: ${{QUEUE}},P: ${{QUEUE_PRIORITY}},O: ${{ODD}})
 same => n,Hangup()
[entry]
exten => 12345,1,Answer(,i)
 same => n,AGI(agi://127.0.0.1:{port}/route,{call},138,12345,trunk-public,en)
 same => n,Goto(ask,tell,1)
[park]
exten => s,1,Answer(,i)
 same => n,Wait(10)
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Odd:
    value: str

    @property
    def variables(self) -> Mapping[str, str]:
        return {"ODD": self.value}


async def odd(question: Question) -> Odd:
    return Odd("a b .:/@+*#- 投诉")


async def crash(question: Question) -> Odd:
    raise RuntimeError("on purpose")


class Fixture:
    def __init__(self, asterisk: BareAsterisk, ami: Ami, agi: FastAgi) -> None:
        self.asterisk, self.ami, self.agi = asterisk, ami, agi

    async def told(self, exten: str) -> dict[str, str]:
        """What the dialplan knows after asking."""
        await self.ami.action(
            {
                "Action": "Originate",
                "Async": "true",
                "Channel": "Local/s@park/n",
                "Context": "ask",
                "Exten": exten,
                "Priority": "1",
            }
        )
        return await self.next_told()

    async def next_told(self) -> dict[str, str]:
        async with asyncio.timeout(60):
            while (event := await self.ami.events.get()).get("UserEvent") != "Told":
                pass
        return event


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BareAsterisk, int]]:
    folder, port = tmp_path_factory.mktemp("agi"), free_port()
    routing = publish(SITE, folder)
    dialplan = DIALPLAN.format(port=port, call=CALL, python=sys.executable, offline=OFFLINE, routing=routing)
    bare = BareAsterisk(folder, dialplan, PJSIP)
    try:
        bare.start()
        yield bare, port
    finally:
        bare.stop()


@pytest.fixture
async def ask(asterisk: tuple[BareAsterisk, int]) -> AsyncIterator[Fixture]:
    bare, port = asterisk
    routes: dict[str, Script] = {"route": route.answer, "odd": odd, "crash": crash}
    ami = Ami(Address("127.0.0.1", bare.ami), "bare", bare.secret, bare.mark)
    agi = FastAgi(Address("127.0.0.1", port), SITE, Nobody(), lambda: bare.mark, routes=routes)
    await ami.start()
    await agi.start()
    await ami.wait_up(20)
    try:
        yield Fixture(bare, ami, agi)
    finally:
        await agi.stop()
        await ami.stop()


async def test_the_route_is_set_in_one_round_and_the_flag_with_it(ask: Fixture) -> None:
    told = await ask.told("route")
    assert (told["Done"], told["L"], told["Q"], told["P"]) == ("1", "en", "q-en", "0")
    assert ask.agi.counters == {("route", "answered"): 1}


async def test_a_value_with_spaces_signs_and_chinese_arrives_as_it_is(ask: Fixture) -> None:
    told = await ask.told("odd")
    assert (told["Done"], told["O"]) == ("1", "a b .:/@+*#- 投诉")


@pytest.mark.parametrize(("exten", "outcome"), [("nothing", ("", "unknown")), ("crash", ("crash", "failed"))])
async def test_given_no_answer_the_flag_is_not_set_although_asterisk_says_success(
    ask: Fixture, exten: str, outcome: tuple[str, str]
) -> None:
    told = await ask.told(exten)
    assert (told["Done"], told["S"]) == ("", "SUCCESS")
    assert ask.agi.counters[outcome] == 1


async def test_given_no_controller_the_flag_is_not_set_and_the_dialplan_goes_on(ask: Fixture) -> None:
    await ask.agi.stop()
    assert (await ask.told("route"))["Done"] == ""


async def test_given_a_caller_whose_number_forges_agi_lines_he_gets_no_answer_but_the_dialplans_own(
    ask: Fixture,
) -> None:
    forged = "b%0aagi_network_script%3a%20odd%0aagi_x%3a%20y"
    await asyncio.to_thread(invite, ask.asterisk.sip, forged, "12345")
    assert (await ask.next_told())["Done"] == ""
    assert ask.agi.counters == {("", "forged"): 1}


async def test_given_noise_on_the_port_real_questions_are_answered_all_the_while(ask: Fixture) -> None:
    writers = []
    for noise in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\x00" * 70_000, b"agi_network: yes\n"):
        _, writer = await asyncio.open_connection("127.0.0.1", ask.agi.port)
        writer.write(noise)
        writers.append(writer)
    writers[0].close()
    assert (await ask.told("route"))["Done"] == "1"
    for writer in writers:
        writer.close()


async def test_offline_decides_the_same_sets_the_same_and_writes_its_step_into_the_journal(ask: Fixture) -> None:
    told = await ask.told("offline")
    assert (told["Done"], told["L"], told["Q"], told["P"]) == ("1", "en", "q-en", "10")
    async with asyncio.timeout(60):
        while "step=offline" not in ask.asterisk.journal.read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert f"call={CALL}&step=offline&value=q-en" in ask.asterisk.journal.read_text()


async def test_fifty_calls_at_once_are_all_answered(ask: Fixture) -> None:
    answers = await asyncio.gather(*(ask.told("route") for _ in range(50)))
    assert [answer["Done"] for answer in answers] == ["1"] * 50

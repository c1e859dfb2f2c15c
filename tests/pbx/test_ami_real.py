"""The AMI layer against a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from ivr.pbx.ami import Ami, Event
from ivr.pbx.manager import AmiDownError, AmiFailedError, AmiLostError, AmiTimeoutError, BadValueError
from ivr.settings import Address
from tests.pbx.bare import BareAsterisk, invite

DIALPLAN = """
[entry]
exten => _X.,1,Set(__CALL_ID=11111111-2222-3333-4444-555555555555)
 same => n,Answer(,i)
 same => n,Queue(q-general,,,,1)
 same => n,Hangup()
[pair]
exten => s,1,Answer(,i)
 same => n,Dial(Local/s@far/n,5)
[far]
exten => s,1,Answer(,i)
 same => n,Wait(1)
"""
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
Connect = Callable[..., Awaitable[Ami]]


@pytest.fixture
def asterisk(tmp_path: Path) -> Iterator[BareAsterisk]:
    bare = BareAsterisk(tmp_path, DIALPLAN, PJSIP)
    try:
        bare.start()
        yield bare
    finally:
        bare.stop()


@pytest.fixture
async def connect(asterisk: BareAsterisk) -> AsyncIterator[Connect]:
    """Connects; afterwards nothing of it may be left running."""
    made: list[Ami] = []

    async def connect(secret: str = asterisk.secret, mark: str = asterisk.mark, **options: float) -> Ami:
        ami = Ami(Address("127.0.0.1", asterisk.ami), "bare", secret, mark, endpoints=("trunk-public",), **options)
        made.append(ami)
        await ami.start()
        return ami

    yield connect
    for ami in made:
        await ami.stop()
        assert ami.state == "down"
    left = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("ami")]
    assert left == []


async def until(ami: Ami, name: str, seconds: float = 30.0) -> list[Event]:
    """The events up to and with the next `name`."""
    events: list[Event] = []
    async with asyncio.timeout(seconds):
        while not events or events[-1]["Event"] != name:
            events.append(await ami.events.get())
    return events


async def until_state(ami: Ami, state: str, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while ami.state != state:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_after_login_the_whole_state_follows_its_marker(connect: Connect) -> None:
    ami = await connect()
    events = await until(ami, "ResynchroniseComplete")
    names = [event["Event"] for event in events]
    start = names.index("Resynchronise")
    assert events[start]["Reason"] == "login"
    assert {"QueueParams", "DeviceStateChange", "ContactStatusDetail"} <= set(names[start:])


async def test_honest_calls_raise_no_doubt_and_show_no_mark(asterisk: BareAsterisk, connect: Connect) -> None:
    ami = await connect(node="city")
    await until(ami, "ResynchroniseComplete")
    await asyncio.to_thread(invite, asterisk.sip, "13800138000", "12345")
    pair = {"Channel": "Local/s@pair/n", "Context": "far", "Exten": "s", "Priority": "1"}
    await ami.action({"Action": "Originate", "Async": "true", "Variable": ["__CALL_ID=x", "__B=y"], **pair})
    wanted = {"Newchannel", "QueueCallerJoin", "DialBegin", "BridgeEnter", "Hangup", "CEL", "OriginateResponse"}
    wanted |= {"QueueCallerAbandon", "BridgeDestroy"}
    events: list[Event] = []
    async with asyncio.timeout(60):  # two calls run at once: their events come in any order
        while not wanted <= {event["Event"] for event in events}:
            events.append(await ami.events.get())
    assert ami.counters["forged"] == 0
    assert not any(asterisk.mark in text for event in events for text in event.values())
    joined = next(event for event in events if event["Event"] == "QueueCallerJoin")
    assert joined["Uniqueid"].startswith("city-")
    assert joined["ChanVariable"] == "CALL_ID=11111111-2222-3333-4444-555555555555"
    assert ami.private_id(joined["Uniqueid"]).startswith(f"{asterisk.mark}-")


@pytest.mark.parametrize(
    "number",
    [
        "b%0d%0a%0d%0aEvent%3a%20Fake%0d%0aX%3a%20y",
        "b%0d%0aUniqueid%3a%20zz%0d%0a%0d%0aEvent%3a%20Fake%0d%0aSystemName%3a%20m00",
        "b%0d%0aEventList%3a%20Complete%0d%0aUniqueid%3a%20Fake",
    ],
)
async def test_given_a_caller_who_forges_events_none_is_passed_on_and_the_state_is_read_anew(
    asterisk: BareAsterisk, connect: Connect, number: str
) -> None:
    ami = await connect()
    await until(ami, "ResynchroniseComplete")
    await asyncio.to_thread(invite, asterisk.sip, number, "12345")
    events = await until(ami, "ResynchroniseComplete")
    await asyncio.sleep(1.2)  # the call waits in the queue and leaves it: more torn events, one more listing
    events += [ami.events.get_nowait() for _ in range(ami.events.qsize())]
    assert ami.counters["forged"] > 0
    assert any(event["Event"] == "Resynchronise" and event["Reason"] != "login" for event in events)
    assert not any(text == "Fake" for event in events for text in event.values())
    assert ami.state == "up"


async def test_given_asterisk_is_killed_and_started_anew_with_another_mark_it_is_believed_again(
    asterisk: BareAsterisk, connect: Connect, tmp_path: Path
) -> None:
    ami = await connect()
    await until(ami, "ResynchroniseComplete")
    asterisk.kill()
    assert (await until(ami, "Disconnected"))[-1]
    config = tmp_path / "etc/asterisk.conf"
    config.write_text(config.read_text().replace(asterisk.mark, "mffffffffffffffffffffffff"))
    await asyncio.to_thread(asterisk.start)
    await until(ami, "ResynchroniseComplete")
    await asyncio.to_thread(invite, asterisk.sip, "13800138000", "12345")
    await until(ami, "QueueCallerJoin")
    assert ami.mark == "mffffffffffffffffffffffff"
    assert ami.counters["forged"] == 0


async def test_given_asterisk_hangs_actions_end_at_their_deadline_and_the_link_is_made_anew(
    asterisk: BareAsterisk, connect: Connect
) -> None:
    ami = await connect(silence=2.0)
    await ami.wait_up(30)
    asterisk.freeze()
    with pytest.raises(AmiTimeoutError):
        await ami.action({"Action": "CoreStatus"}, timeout=0.3)
    under_way = asyncio.create_task(ami.action({"Action": "CoreStatus"}, timeout=30))
    await until(ami, "Disconnected")
    with pytest.raises(AmiLostError):
        await under_way
    with pytest.raises(AmiDownError):
        await ami.action({"Action": "Ping"})
    asterisk.thaw()
    await ami.wait_up(30)
    assert (await ami.action({"Action": "Ping"}))[0]["Ping"] == "Pong"


async def test_given_a_wrong_password_the_state_says_so(connect: Connect) -> None:
    ami = await connect(secret="wrong")
    await until_state(ami, "refused")
    with pytest.raises(AmiDownError):
        await ami.action({"Action": "Ping"})
    assert ami.counters["refused"] == 1


async def test_given_a_thousand_actions_at_once_each_gets_its_own_answer(connect: Connect) -> None:
    ami = await connect()
    await ami.wait_up(30)
    answers = await asyncio.gather(
        *(ami.action({"Action": "Setvar", "Variable": f"N{n}", "Value": str(n)}, timeout=30) for n in range(500)),
        *(ami.action({"Action": "Getvar", "Variable": f"N{n}"}, timeout=30) for n in range(500)),
    )
    assert [answer[0]["Value"] for answer in answers[500:]] == [str(n) for n in range(500)]


async def test_given_an_action_asterisk_refuses_the_error_says_what_it_said(connect: Connect) -> None:
    ami = await connect()
    await ami.wait_up(30)
    with pytest.raises(AmiFailedError, match="No such channel"):
        await ami.action({"Action": "Hangup", "Channel": "PJSIP/nobody-00000001"})


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\0b"])
async def test_given_a_value_with_a_line_break_nothing_is_sent(connect: Connect, value: str) -> None:
    ami = await connect()
    await ami.wait_up(30)
    with pytest.raises(BadValueError):
        await ami.action({"Action": "Setvar", "Variable": "X", "Value": value})
    with pytest.raises(BadValueError):
        await ami.action({"Action": "Originate", "Channel": "Local/s@far/n", "Application": "Wait"})


async def test_given_a_slow_reader_nothing_is_lost_and_nothing_grows(connect: Connect) -> None:
    ami = await connect(capacity=100)
    await until(ami, "ResynchroniseComplete")
    shouts = [
        asyncio.create_task(ami.action({"Action": "UserEvent", "UserEvent": "Shout", "N": str(n)}, timeout=30))
        for n in range(2000)
    ]
    await asyncio.sleep(0.5)
    assert ami.events.qsize() <= 110
    heard = []
    async with asyncio.timeout(60):
        while len(heard) < 2000:
            event = await ami.events.get()
            if event["Event"] == "UserEvent":
                heard.append(int(event["N"]))
    await asyncio.gather(*shouts)
    assert heard == list(range(2000))
    assert ami.counters["lost"] == 0

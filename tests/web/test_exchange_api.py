"""The door for other desks: whose messages come in, what is refused, and who hears of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ivr.desks import exchange_wire, signatures
from ivr.desks.case import fold
from ivr.desks.case_model import Event
from ivr.desks.exchange import Message
from ivr.settings import Partner
from ivr.store.audit import Audit
from ivr.web.door import Bucket
from ivr.web.exchange_alarms import at_the_door
from tests.web.house import House, a_house

CASE = "0b5b0c1e-3a51-4a56-9a3b-2f2f6f1d9d10"
ID = "7d7f8f52-0a7c-4b53-8a08-0a1f8a5d0a01"
DOOR = "/exchange/v1/messages"
AT = "body.hotline.events[0].at"
KEY = signatures.new_private()
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
POLICE = Partner("110", "http://127.0.0.1:1", signatures.public_text(KEY), targets=("110",))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, exchange={"110": POLICE}) as opened:
        yield opened


def body(*more: dict[str, Any], id: str = ID, first: int = 1) -> bytes:
    """A case of 110's that it offers to 12345."""
    said = [
        ("opened", {"number": "110-20261127-000001", "channel": "phone"}),
        ("offered", {"to": "12345", "way": "online"}),
        *(("written", data) for data in more),
    ]
    events = [Event(CASE, "110", n, n, NOW, "2001", kind, data) for n, (kind, data) in enumerate(said, 1)]
    return exchange_wire.written(Message(id, "110", "12345", CASE, NOW, tuple(events[first - 1 :])), fold(events))


def headers(of: bytes, key: str = KEY, desk: str = "110") -> dict[str, str]:
    return signatures.sign(f"http://anywhere{DOOR}", of, desk, signatures.private_key(key), datetime.now(UTC))


async def tell(house: House, sent: bytes, signed: dict[str, str] | None = None) -> tuple[int, Any]:
    signed = headers(sent) if signed is None else signed
    return await house.ask("POST", DOOR, token=None, data=sent, headers=signed)


async def noted(house: House) -> list[str]:
    return [str(one.details["id"]) for one in await Audit(house.store).listed(what="exchange.refused")]


async def test_given_a_signed_message_when_it_comes_again_then_its_case_is_here_once(house: House) -> None:
    sent = body()
    assert await tell(house, sent) == (200, {"message": ID, "state": "taken", "have": 2})
    assert await tell(house, sent) == (200, {"message": ID, "state": "known", "have": 2})
    known = await house.services.cases.get(CASE)
    assert (known.case.number, known.revision) == ("110-20261127-000001", 2)
    status, told = await house.ask("GET", f"/api/v1/exchange/messages?case={CASE}")
    assert status == 200
    assert [(one["direction"], one["state"], one["kinds"]) for one in told["messages"]] == [
        ("in", "taken", ["opened", "offered"])
    ]
    assert await noted(house) == []


async def test_given_a_stolen_replayed_or_altered_message_then_it_is_refused_noted_and_alarmed(house: House) -> None:
    sent = body()
    signed = headers(sent)
    assert (await tell(house, sent, signed))[0] == 200
    status, told = await tell(house, sent, signed)
    assert (status, told["error"]["id"]) == (409, "exchange_replayed")
    status, told = await tell(house, sent.replace(b"2001", b"2002"), headers(sent))
    assert (status, told["error"]["id"]) == (401, "exchange_signature")
    status, told = await tell(house, sent, headers(sent, signatures.new_private()))
    assert (status, told["error"]["id"]) == (401, "exchange_signature")
    status, told = await tell(house, sent, headers(sent, desk="119"))
    assert (status, told["error"]["id"]) == (401, "exchange_signature")
    status, told = await tell(house, body({"text": "改"}))  # the same id and other contents
    assert (status, told["error"]["id"]) == (409, "exchange_altered")
    assert (await house.services.cases.get(CASE)).revision == 2
    assert sorted(await noted(house)) == ["exchange_altered", "exchange_replayed", "exchange_signature"]
    alarms = list(at_the_door(house.services.door.refusals.values(), datetime.now(UTC)))
    assert {alarm.id: "3" in alarm.message["zh"] for alarm in alarms} == {
        "exchange_signature:127.0.0.1": True,
        "exchange_replayed:127.0.0.1": False,
        "exchange_altered:127.0.0.1": False,
    }


async def test_given_what_is_no_message_then_the_field_is_named_in_the_readers_language(house: House) -> None:
    for sent, field in (
        (b"{}", "body.$id"),
        (b"no json", "body"),
        (body().replace(b'"12345"', b'"119"'), "hotline.to"),
        (body().replace(b'"at":"2026-11-27T08:00:00.000000Z"', b'"at":"0001-01-01T00:00:00+14:00"'), AT),
    ):
        signed = headers(sent) | {"Accept-Language": "zh"}
        status, told = await tell(house, sent, signed)
        assert (status, told["error"]["details"]["field"]) == (422, field)
        assert told["error"]["message"].startswith(field)
    large = b"x" * (exchange_wire.MOST_BODY + 1)
    assert (await tell(house, large))[0] == 413


async def test_given_events_of_every_letter_when_they_come_then_they_are_kept_as_they_are(house: House) -> None:
    words = "<script>alert(1)</script> ' \" ; -- \u202e 路灯 \U0001f6a8"
    assert (await tell(house, body({"cause": words})))[0] == 200
    assert (await house.services.cases.get(CASE)).case.matter.cause == words


async def test_given_an_offer_of_ours_when_people_look_then_they_see_what_waits_and_can_send_it_again(
    house: House,
) -> None:
    known = await house.services.cases.open("1001", "phone", {"cause": "路灯不亮"})
    await house.services.cases.act(known.case.id, "1001", "offered", {"to": "110", "way": "online"})
    status, told = await house.ask("GET", "/api/v1/exchange")
    assert (status, told["desk"]) == (200, "12345")
    (partner,) = told["partners"]
    assert (partner["desk"], partner["pending"], partner["refused"]) == ("110", 1, 0)
    status, told = await house.ask("GET", "/api/v1/exchange/messages?state=pending")
    (message,) = told["messages"]
    assert message["kinds"] == ["opened", "written", "offered"]
    assert await house.ask("POST", f"/api/v1/exchange/messages/{message['id']}/retry") == (200, {"retried": 1})
    status, told = await house.ask("POST", f"/api/v1/exchange/messages/{ID}/retry")
    assert (status, told["error"]["id"]) == (404, "unknown_message")


async def test_given_the_schema_when_it_is_asked_for_then_our_own_messages_fit_it(house: House) -> None:
    status, told = await house.ask("GET", "/exchange/v1/schema.json", token=None)
    assert status == 200
    judge = jsonschema_rs.Draft202012Validator(told)
    judge.validate(json.loads(body({"cause": "路灯不亮"})))
    assert not judge.is_valid(json.loads(body({"urgency": "at once"})))


async def test_given_a_partner_that_sends_without_end_then_it_is_asked_to_wait_and_others_come_in(
    house: House,
) -> None:
    house.services.door._buckets["110"] = Bucket(rate=0.001, burst=1)
    sent = body()
    assert (await tell(house, sent))[0] == 200
    async with house.client.post(DOOR, data=sent, headers=headers(sent)) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1000")
        assert (await response.json())["error"]["id"] == "exchange_busy"
    assert (await tell(house, sent, headers(sent, desk="119")))[0] == 401
    assert await noted(house) == ["exchange_signature"]

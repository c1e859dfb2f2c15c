"""An operator's desk over HTTP: his own state and call, and orders for himself and his own call only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from ivr.credentials import Credentials
from ivr.web import auth
from ivr.web.context import Who
from ivr.web.desks import Desks
from ivr.web.schema import check
from ivr.web.table_desk import VIEW
from tests.unit.live_streams import recorded
from tests.web.house import CALL, House

STREAM = "/api/v1/desk/stream"
SECONDS = 60.0


@pytest.fixture(autouse=True)
def operators(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tokens `1001` and `1002` are these operators'."""
    known = auth.of_token

    def of_token(token: str, credentials: Credentials) -> Who | None:
        return Who("operator", token) if token in ("1001", "1002") else known(token, credentials)

    monkeypatch.setattr(auth, "of_token", of_token)
    return


async def view(house: House, number: str = "1002") -> Any:
    status, body = await house.ask("GET", "/api/v1/desk", token=number)
    assert status == 200
    return body["desk"]


async def test_given_a_call_then_the_desk_of_its_operator_shows_it_and_no_other_does(house: House) -> None:
    house.in_a_call()
    mine, other = await view(house), await view(house, "1001")
    assert (mine["me"]["number"], mine["me"]["state"], mine["phone"]) == ("1002", "talking", "desk")
    assert (mine["call"]["id"], mine["call"]["state"], mine["call"]["transfer"]) == (CALL, "talking", None)
    assert mine["call"]["waited"] >= 0
    assert [(leg["role"], leg["mine"]) for leg in mine["call"]["legs"]] == [("caller", False), ("operator", True)]
    assert [target["key"] for target in mine["targets"]] == ["110", "gas", "survey"]
    assert {reason["id"] for reason in mine["pause_reasons"]} >= {"meal", "break"}
    assert other["call"] is None


async def test_given_a_login_without_a_number_then_there_is_no_desk(house: House) -> None:
    status, body = await house.ask("GET", "/api/v1/desk")
    assert (status, body["error"]["id"]) == (409, "no_desk")


async def test_given_changes_then_the_stream_tells_the_whole_desk_anew(house: House) -> None:
    async with house.client.ws_connect(STREAM, headers={"Authorization": "Bearer 1002"}) as socket:
        first = await socket.receive_json(timeout=SECONDS)
        assert (first["type"], first["desk"]["call"]) == ("desk", None)
        house.in_a_call()
        while (told := await socket.receive_json(timeout=SECONDS))["desk"]["call"] is None:
            pass
        check(VIEW, told["desk"])
        async with asyncio.timeout(SECONDS):
            while not house.orders.watched:  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.01)
        leg = next(leg for leg in told["desk"]["call"]["legs"] if leg["role"] == "caller")
        house.feed({"Event": "ChannelTalkingStart", "Timestamp": "1", "Uniqueid": leg["id"]})
        while not any(leg["speaking"] for leg in told["desk"]["call"]["legs"]):
            told = await socket.receive_json(timeout=SECONDS)


async def test_given_a_call_that_ended_then_its_operator_is_told_what_becomes_of_its_case(house: House) -> None:
    house.in_a_call()
    opened = await house.services.cases.open("1002", "phone", {"cause": "井盖丢失"}, call=CALL)
    assert (await view(house))["call"]["case"]["revision"] == opened.revision
    house.feed(*recorded("transfer_to_110"))
    me = (await view(house))["me"]
    assert (me["last_call"], me["last_case"]["revision"]) == (CALL, opened.revision)
    changed = await house.services.cases.act(opened.case.id, "1001", "written", {"place": "和平路"})
    me = (await view(house))["me"]
    assert me["last_case"] == {"id": opened.case.id, "number": opened.case.number, "revision": changed.revision}
    assert (await view(house, "1001"))["me"]["last_case"] is None


async def test_given_a_foreign_page_then_the_stream_is_refused(house: House) -> None:
    headers = {"Authorization": "Bearer 1002", "Origin": "http://evil.example"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await house.client.ws_connect(STREAM, headers=headers)
    assert refusal.value.status == 403


async def test_given_pause_with_a_known_reason_then_it_is_ordered_for_oneself(house: House) -> None:
    status, _ = await house.ask("POST", "/api/v1/desk/pause", token="1002", json={"reason": "meal"})
    await house.ask("POST", "/api/v1/desk/ready", token="1002")
    await house.ask("POST", "/api/v1/desk/wrap-up", token="1002")
    assert status == 202
    assert house.orders.asked == [("pause", "1002", "meal"), ("ready", "1002"), ("wrap_up", "1002")]


async def test_given_pause_with_an_unknown_reason_then_422(house: House) -> None:
    status, body = await house.ask("POST", "/api/v1/desk/pause", token="1002", json={"reason": "golf"})
    assert (status, body["error"]["id"], house.orders.asked) == (422, "unknown_reason", [])


async def test_given_ones_own_call_then_parties_are_muted_and_removed(house: House) -> None:
    house.in_a_call()
    caller, mine = (await view(house))["call"]["legs"]
    legs = f"/api/v1/calls/{CALL}/legs"
    muted, _ = await house.ask("POST", f"{legs}/{caller['id']}/mute", token="1002", json={"muted": True})
    left, _ = await house.ask("DELETE", f"{legs}/{mine['id']}", token="1002")
    assert (muted, left) == (202, 202)
    assert house.orders.asked == [("mute", CALL, caller["id"], True), ("remove", CALL, mine["id"])]


async def test_given_a_phone_that_only_rings_then_the_call_may_be_refused_and_nothing_else(house: House) -> None:
    for event in recorded("transfer_to_110"):
        house.feed(event)
        if (shown := (await view(house))["call"]) and shown["state"] == "ringing":
            break
    caller, mine = shown["legs"]
    legs = f"/api/v1/calls/{CALL}/legs"
    for method, path, body in (
        ("POST", f"{legs}/{caller['id']}/mute", {"muted": True}),
        ("DELETE", f"{legs}/{caller['id']}", None),
        ("POST", f"/api/v1/calls/{CALL}/transfers", {"target": "110", "mode": "transfer"}),
    ):
        status, answer = await house.ask(method, path, token="1002", json=body)
        assert (status, answer["error"]["id"], house.orders.asked) == (403, "not_yours", [])
    assert (await house.ask("DELETE", f"{legs}/{mine['id']}", token="1002"))[0] == 202
    assert house.orders.asked == [("remove", CALL, mine["id"])]


async def test_given_anothers_call_then_nothing_may_be_done_to_it(house: House) -> None:
    house.in_a_call()
    leg = (await view(house))["call"]["legs"][0]["id"]
    status, body = await house.ask("DELETE", f"/api/v1/calls/{CALL}/legs/{leg}", token="1001")
    assert (status, body["error"]["id"], house.orders.asked) == (403, "not_yours", [])


async def test_given_a_phone_that_does_not_obey_then_it_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.web.desk.OBEY_SECONDS", 0.1)
    house.in_a_call()
    status, body = await house.ask("POST", "/api/v1/desk/hold", token="1002", json={"held": True})
    assert (status, body["error"]["id"]) == (409, "phone_does_not_obey")
    assert house.orders.asked[0][-1] == "hold"


async def test_given_a_phone_that_obeys_then_hold_is_shown(house: House) -> None:
    house.in_a_call()
    mine = (await view(house))["call"]["legs"][1]["id"]
    house.feed({"Event": "Hold", "Timestamp": "1", "Uniqueid": mine})
    status, _ = await house.ask("POST", "/api/v1/desk/hold", token="1002", json={"held": True})
    assert status == 202
    assert (await view(house))["call"]["legs"][1]["held"]


async def test_given_desks_that_show_nothing_of_it_then_a_change_makes_one_view(house: House) -> None:
    """500 desks, 200 calls: what counts is the views that are made, not the desks that are open."""
    desks = Desks(house.services)
    readers = [desks.open(number) for number in ("1001", "1002") for _ in range(10)]
    desks.look()
    assert desks.made == 2
    for reader in readers:
        reader.wake.clear()
    desks.look()
    assert desks.made == 2
    house.in_a_call()
    desks.look()
    before = desks.made
    for reader in readers:
        reader.wake.clear()
    caller = house.live.snapshot().calls[CALL].legs[0].id
    house.feed({"Event": "ChannelTalkingStart", "Timestamp": "1", "Uniqueid": caller})
    desks.look()
    desks.look()
    assert desks.made == before + 1
    assert {reader.number for reader in readers if reader.wake.is_set()} == {"1002"}
    await desks.stop()

"""The wallboard's figures, alarms and masked numbers, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ivr.calls.numbers import masked
from ivr.credentials import ApiToken
from tests.unit.live_streams import recorded
from tests.web.house import TOKEN, TOKENS, House
from tests.web.people import person

FIGURES = "/api/v1/room/figures"


def contact(status: str) -> dict[str, str]:
    return {"Event": "ContactStatus", "URI": "sip:110@127.0.0.110", "ContactStatus": status, "AOR": "desk-110"}


async def alarms(house: House) -> dict[str, Any]:
    status, document = await house.ask("GET", FIGURES)
    assert status == 200
    return {alarm["id"]: alarm for alarm in document["alarms"]}


async def test_given_no_call_then_the_figures_have_24_hours_and_nothing_alarms(house: House) -> None:
    status, document = await house.ask("GET", FIGURES)
    assert (status, len(document["figures"]["hours"]), document["alarms"]) == (200, 24, [])


async def test_given_a_dead_target_then_an_alarm_stands_until_it_is_back(house: House) -> None:
    house.feed(contact("Reachable"))
    assert await alarms(house) == {}
    house.feed(contact("Unreachable"))
    first = (await alarms(house))["unreachable:110"]
    assert first["severity"] == "bad" and set(first["message"]) == {"zh", "en"}
    assert (await alarms(house))["unreachable:110"]["since"] == first["since"]
    house.feed(contact("Reachable"))
    assert "unreachable:110" not in await alarms(house)


async def test_given_ami_is_lost_then_one_alarm_tells_and_the_database_is_not_asked_for_it(house: House) -> None:
    assert await alarms(house) == {}
    house.asterisk.state = "connecting"
    house.feed({"Event": "Disconnected"})
    status, document = await house.ask("GET", "/api/v1/room/alarms")
    assert (status, [alarm["id"] for alarm in document["alarms"]]) == (200, ["health:ami"])


async def test_given_somebody_who_is_no_supervisor_then_the_room_is_closed_to_him(house: House) -> None:
    for token in (TOKENS["wang"].token, TOKENS["li"].token):
        assert (await house.ask("GET", FIGURES, token=token))[0] == 403


def test_given_numbers_then_people_see_enough_to_tell_them_apart_and_no_more() -> None:
    numbers = ["13800138000", "01012345678", "+8613800138000", "1234567", "110", "", "~a1b2c3d4e5f6"]
    assert [masked(number) for number in numbers] == [
        "138****8000", "010****5678", "+86****8000", "12****67", "110", "", "~a1b2c3d4e5f6",
    ]  # fmt: skip


async def test_given_a_call_then_a_masked_frame_holds_the_callers_number_nowhere(house: House) -> None:
    events = recorded("transfer_to_110")
    house.feed(*events[: len(events) // 2])
    hub = house.services.hub
    state = hub.look()
    number = next(iter(state.calls.values())).caller
    assert len(number) > 6
    assert number.encode() in hub.snapshot(state)
    assert number.encode() not in hub.snapshot(state, whole=False)
    assert masked(number).encode() in hub.snapshot(state, whole=False)


async def test_given_who_asks_then_only_the_administrators_token_is_told_whole_numbers(house: House) -> None:
    house.in_a_call()
    number = next(iter(house.services.hub.look().calls.values())).caller
    wall = ApiToken("the-token-of-a-wall-0123456789", ("supervisor",))
    credentials = replace(house.services.credentials, api_tokens={"wall": wall})
    object.__setattr__(house.services, "credentials", credentials)
    askers = (
        ({"Authorization": f"Bearer {TOKEN}"}, number),
        ({"Authorization": f"Bearer {wall.token}"}, masked(number)),
        ((await person(house, "supervisor")).headers, masked(number)),
        ((await person(house, "admin")).headers, masked(number)),
    )
    for headers, seen in askers:
        async with house.client.ws_connect("/api/v1/live/stream", headers=headers) as socket:
            first = await socket.receive_json(timeout=60)
        _, told = await house.ask("GET", "/api/v1/live", token=None, headers=headers)
        assert [call["caller"] for call in (*first["calls"], *told["calls"])] == [seen, seen]

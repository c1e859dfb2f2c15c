"""Reading over HTTP: the live state, the call log, operators, targets, the page."""

from __future__ import annotations

import pytest

from ivr.store.export import as_dict
from tests.unit.stories import transferred
from tests.web.house import CALL, House


@pytest.fixture
def house(house_on_each_database: House) -> House:
    return house_on_each_database


async def test_given_a_running_call_then_live_tells_it(house: House) -> None:
    house.in_a_call()
    status, body = await house.ask("GET", "/api/v1/live")
    assert status == 200
    assert body["connected"] is True
    [call] = body["calls"]
    assert (call["id"], call["state"], call["caller"]) == (CALL, "talking", "13800138000")
    assert [leg["role"] for leg in call["legs"]] == ["caller", "operator"]
    assert {one["number"]: one["state"] for one in body["operators"]}["1002"] == "talking"


async def test_given_calls_in_the_log_then_one_is_shown_as_the_command_line_shows_it(house: House) -> None:
    call = transferred("c-1")
    await house.store.save([call])
    assert await house.ask("GET", "/api/v1/calls/c-1") == (200, {"calls": [as_dict(call)]})


async def test_given_the_beginning_of_an_id_then_the_api_does_not_guess(house: House) -> None:
    await house.store.save([transferred("c-1")])
    status, body = await house.ask("GET", "/api/v1/calls/c-")
    assert (status, body["error"]["id"]) == (404, "unknown_call")


async def test_given_three_calls_when_pages_are_two_long_then_next_leads_on(house: House) -> None:
    await house.store.save([transferred(f"c-{n}", start=100.0 * n) for n in (1, 2, 3)])
    _, first = await house.ask("GET", "/api/v1/calls?limit=2")
    assert ([call["id"] for call in first["calls"]], first["next"]) == (["c-3", "c-2"], "c-2")
    _, second = await house.ask("GET", f"/api/v1/calls?limit=2&before={first['next']}")
    assert ([call["id"] for call in second["calls"]], second["next"]) == (["c-1"], None)


async def test_given_filters_then_only_those_calls_are_listed(house: House) -> None:
    await house.store.save([transferred("c-1"), transferred("c-2", start=3600, caller="13900139000")])

    async def ids(**query: str) -> list[str]:
        status, body = await house.ask("GET", "/api/v1/calls", params=query)
        assert status == 200
        return [call["id"] for call in body["calls"]]

    assert await ids(caller="139*") == ["c-2"]
    assert await ids(outcome="abandoned") == []
    assert await ids(since="2026-11-22T08:30:00Z") == ["c-2"]
    assert await ids(until="2026-11-22T16:30:00+08:00") == ["c-1"]


async def test_given_operators_then_site_and_live_state_stand_together(house: House) -> None:
    house.in_a_call()
    status, body = await house.ask("GET", "/api/v1/operators")
    assert status == 200
    by_number = {one["number"]: one for one in body["operators"]}
    assert (by_number["1002"]["state"], by_number["1002"]["call"]) == ("talking", CALL)
    assert by_number["1001"]["skills"] == ["gas", "general"]  # as the recorded Asterisk had him, not as the site gives


async def test_given_targets_then_each_tells_its_modes_and_an_emergency_one_never_blind(house: House) -> None:
    house.in_a_call()
    status, body = await house.ask("GET", "/api/v1/targets")
    assert status == 200
    by_key = {one["key"]: one for one in body["targets"]}
    assert by_key["110"]["modes"] == ["transfer", "conference", "consult"]
    assert by_key["110"]["reachable"] is True
    assert "blind" in by_key["gas"]["modes"]
    assert by_key["survey"]["modes"] == ["suspend"]


async def test_given_a_person_opens_the_address_then_a_page_bears_the_hotlines_name(house: House) -> None:
    for language, name in (("en", "12345 Government Service Hotline"), ("zh-CN,zh;q=0.9", "12345政务服务便民热线")):
        status, page = await house.ask("GET", "/", token=None, headers={"Accept-Language": language})
        assert status == 200
        assert name in page
        assert "/static/shell/app.js" in page


async def test_given_any_answer_then_it_carries_the_security_headers_and_no_version(house: House) -> None:
    for path in ("/", "/healthz", "/nothing", "/api/v1/live"):
        async with house.client.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            own = "'self'" if path == "/" else "'none'"  # a page loads its own files, anything else nothing
            assert f"default-src {own}" in response.headers["Content-Security-Policy"]
            assert "Server" not in response.headers

"""Who accepts what, over HTTP: lists, search, norms, consultations, and what a case is proposed (R31, R38, R46)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.web.house import House, a_house
from tests.web.people import person
from tests.web.test_exchange_api import POLICE

V1 = "/api/v1"


@pytest.fixture
async def house(tmp_path: Path, ready_database_url: str) -> AsyncIterator[House]:
    async with a_house(tmp_path, ready_database_url, exchange={"110": POLICE}, interval=0.02) as opened:
        yield opened


async def opened(house: House, **matter: Any) -> dict[str, Any]:
    status, body = await house.ask("POST", f"{V1}/cases", json={"channel": "web", "matter": matter})
    assert status == 201
    return dict(body["case"])


async def act(house: House, case: dict[str, Any], kind: str, **data: Any) -> dict[str, Any]:
    status, body = await house.ask("POST", f"{V1}/cases/{case['id']}/events", json={"kind": kind, "data": data})
    assert status == 201, body
    return dict(body["case"])


async def test_given_what_is_typed_then_the_matter_comes_with_its_desk_its_list_and_its_class(house: House) -> None:
    status, body = await house.ask("GET", f"{V1}/scope", params={"q": "身份证怎么补办", "limit": "3"})
    first = body["items"][0]
    assert (status, first["desk"], first["class_code"]) == (200, "12345", "0801")
    assert first["reference"] == f"{first['list']}/{first['version']}/{first['code']}"
    status, body = await house.ask("GET", f"{V1}/scope", params={"q": "被偷", "desk": "12345"})
    assert (status, body["items"]) == (200, [])
    status, body = await house.ask("GET", f"{V1}/scope", params={"at": "2020-01-01T00:00:00Z"})
    assert (status, body["items"]) == (200, [])  # no version was in force
    status, body = await house.ask("GET", f"{V1}/scope/lists")
    assert {(one["desk"], one["items"], len(one["groups"]), one["state"]) for one in body["lists"]} == {
        ("110", 64, 9, "valid"),
        ("12345", 105, 22, "valid"),
    }


async def test_given_a_case_when_its_matter_is_known_then_the_desk_is_proposed_with_its_reason(house: House) -> None:
    case = await opened(house, cause="楼上的邻居")
    assert case["suggestion"] is None
    case = await act(house, case, "written", course="电动车昨晚被偷了")
    assert (case["suggestion"]["owners"], case["suggestion"]["by"]) == (["110"], "scope")
    assert "被偷" in case["suggestion"]["reason"]["zh"]
    case = await act(house, case, "written", class_code="0801")
    assert (case["suggestion"]["owners"], case["suggestion"]["by"]) == (["12345"], "class")
    case = await act(house, case, "written", scope="12345-110/2026-01/A0103")
    assert (case["suggestion"]["owners"], case["suggestion"]["by"]) == (["110"], "scope")
    assert case["matter"]["scope"] == "12345-110/2026-01/A0103"
    case = await act(house, case, "written", class_code="9001")  # of neither desk
    assert case["suggestion"] is None
    case = await act(house, case, "written", class_code="0801")
    case = await act(house, case, "handled", result="explained")
    assert case["suggestion"] is None  # it is over


async def test_given_a_consultation_then_operators_keep_its_minutes_and_supervisors_and_liaisons_make_it_a_norm(
    house: House,
) -> None:
    case = await opened(house, cause="半夜装修")
    consulted = {"participants": [], "minutes": "由 12345 受理", "owners": ["12345"]}
    rule = {"id": "GF-1", "version": "1", "class_code": "0601", "from": datetime.now(UTC).isoformat()}
    operator = await person(house, "operator", number="1003")
    path = f"{V1}/cases/{case['id']}/events"
    status, body = await operator.ask("POST", path, json={"kind": "consultation", "data": {**consulted, "norm": rule}})
    assert (status, body["error"]["id"]) == (403, "norm_not_yours")
    assert (await house.ask("GET", f"{V1}/consultations"))[1]["consultations"] == []
    status, body = await operator.ask("POST", path, json={"kind": "consultation", "data": consulted})
    assert (status, body["case"]["decision"]["reason"]) == (201, "consulted")
    for role in ("supervisor", "liaison"):
        him = await person(house, role)
        data = {**consulted, "norm": {**rule, "version": role}}
        assert (await him.ask("POST", path, json={"kind": "consultation", "data": data}))[0] == 201
    norms = (await house.ask("GET", f"{V1}/norms"))[1]["norms"]
    assert {one["version"] for one in norms} == {"supervisor", "liaison"}


@pytest.mark.parametrize("hours", [-1, 0])
async def test_given_a_norm_that_ends_before_it_begins_then_it_is_refused_with_both(house: House, hours: int) -> None:
    case = await opened(house, cause="半夜装修")
    begins = datetime.now(UTC)
    rule = {"id": "GF-1", "version": "1", "class_code": "0601", "from": begins.isoformat()}
    # the same moment, as another zone writes it
    until = (begins + timedelta(hours=hours)).astimezone(timezone(timedelta(hours=8))).isoformat()
    data = {"participants": [], "minutes": "由 12345 受理", "owners": ["12345"], "norm": {**rule, "until": until}}
    path = f"{V1}/cases/{case['id']}/events"
    status, body = await house.ask("POST", path, json={"kind": "consultation", "data": data})
    assert (status, body["error"]["id"]) == (422, "norm_ends_first")
    assert body["error"]["details"] == {"field": "data.norm.until", "from": rule["from"], "until": until}
    assert (await house.ask("GET", f"{V1}/norms"))[1]["norms"] == []


async def test_given_a_case_then_only_the_desks_that_share_cases_can_get_it(house: House) -> None:
    """Nobody at another one, though a call could be taken there, would ever see it."""
    case = await opened(house, cause="路灯不亮")
    assert case["others"] == ["110"]
    said = {"participants": [], "minutes": "由 119 受理", "owners": ["12345", "119"]}
    wrong = {"offered": {"to": "119", "way": "online"}, "consultation": said}
    for kind, data in wrong.items():
        path = f"{V1}/cases/{case['id']}/events"
        status, body = await house.ask("POST", path, json={"kind": kind, "data": data})
        assert (status, body["error"]["id"], body["error"]["details"]["desk"]) == (422, "unknown_desk", "119"), body
        assert "110" in body["error"]["details"]["known"]
    status, body = await house.ask("POST", path, json={"kind": "offered", "data": {"to": "12345", "way": "online"}})
    assert (status, body["error"]["id"]) == (409, "case_to_yourself")
    assert (await act(house, case, "offered", to="110", way="online"))["state"] == "offered"


async def test_given_a_second_return_when_the_desks_consult_then_the_norm_proposes_the_next_case(house: House) -> None:
    case = await opened(house, cause="半夜装修", class_code="060101")
    consulted = {"participants": ["周立群", "孙洁"], "minutes": "夜间噪声先由 110 到场", "owners": ["110", "12345"]}
    now = datetime.now(UTC)
    rule = {"id": "2026-03", "version": "1", "class_code": "0601", "from": (now - timedelta(days=1)).isoformat()}
    case = await act(house, case, "consultation", **consulted, norm=rule)
    assert case["owners"] == ["110", "12345"]
    body = (await house.ask("GET", f"{V1}/norms"))[1]
    assert [(one["id"], one["state"], one["case"]) for one in body["norms"]] == [("2026-03", "valid", case["id"])]
    body = (await house.ask("GET", f"{V1}/consultations"))[1]
    (told,) = body["consultations"]
    assert (told["number"], told["minutes"], told["norm"]) == (
        case["number"],
        consulted["minutes"],
        {"id": "2026-03", "version": "1"},
    )
    new = await opened(house, cause="又在装修", class_code="060101")
    assert (new["suggestion"]["owners"], new["suggestion"]["by"]) == (["110", "12345"], "norm")
    assert (new["suggestion"]["id"], new["suggestion"]["version"]) == ("2026-03", "1")
    over = {**rule, "version": "2", "until": (now - timedelta(hours=1)).isoformat()}
    await act(house, case, "consultation", **consulted, norm={**over, "from": (now - timedelta(hours=2)).isoformat()})
    body = (await house.ask("GET", f"{V1}/norms"))[1]
    assert {one["version"]: one["state"] for one in body["norms"]} == {"1": "replaced", "2": "expired"}
    body = (await house.ask("GET", f"{V1}/cases/{new['id']}"))[1]
    assert body["case"]["suggestion"] is None

"""Cases over HTTP: written while the operator talks, found again, and taken to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ivr.desks.case import Event
from ivr.desks.exchange import Message
from ivr.store import case_rows
from ivr.store.audit import Audit
from ivr.store.cases import Cases
from ivr.store.export import instant
from ivr.web import cases_told
from tests.unit.stories import transferred
from tests.web.house import CALL, House, a_house
from tests.web.people import person
from tests.web.test_exchange_api import POLICE

OF_CALL = f"/api/v1/calls/{CALL}/case"


@pytest.fixture
async def house(tmp_path: Path, ready_database_url: str) -> AsyncIterator[House]:
    async with a_house(tmp_path, ready_database_url, exchange={"110": POLICE}, interval=0.02) as opened:
        opened.in_a_call()
        yield opened


async def written(house: House, revision: int | None = None, **words: Any) -> tuple[int, Any]:
    more = {} if revision is None else {"revision": revision}
    return await house.ask("POST", OF_CALL, json={"kind": "written", "data": words, **more})


async def test_given_a_running_call_when_words_are_typed_then_its_case_is_there(house: House) -> None:
    assert await house.ask("GET", OF_CALL) == (200, {"case": None})
    status, body = await written(house, cause="路灯不亮", place="朝阳路", tags=["elder"])
    case = body["case"]
    assert (status, case["state"], case["owner"], case["first"]) == (201, "open", "12345", "12345")
    assert (case["matter"]["cause"], case["matter"]["tags"]) == ("路灯不亮", ["elder"])
    live = house.live.call(CALL)
    assert live is not None
    assert case["matter"]["caller"] == live.caller
    assert [link["call"] for link in case["calls"]] == [CALL]
    assert (await house.ask("GET", OF_CALL))[1]["case"] == case
    for name in (case["id"], case["number"]):
        assert (await house.ask("GET", f"/api/v1/cases/{name}"))[1]["case"] == case
    status, body = await house.ask("GET", "/api/v1/cases", params={"q": "路灯"})
    assert [one["number"] for one in body["cases"]] == [case["number"]]
    assert (await house.ask("GET", "/api/v1/cases", params={"q": "停水"}))[1]["cases"] == []


async def test_given_a_negotiation_then_its_end_is_told_by_the_desk_whose_limit_runs(house: House) -> None:
    id = (await written(house, cause="路灯不亮"))[1]["case"]["id"]
    offer = {"kind": "offered", "data": {"to": "110", "way": "voice", "mode": "conference"}}
    status, body = await house.ask("POST", f"/api/v1/cases/{id}/events", json=offer)
    assert (status, body["case"]["negotiation"]["ends_at"] is None) == (201, False)
    known = await house.services.cases.get(id)
    theirs = replace(known, case=replace(known.case, first="110"))
    asked: Any = SimpleNamespace(services=house.services)
    told = cases_told._negotiation(asked, theirs)
    assert told is not None
    assert told["ends_at"] is None  # 110 has a [desk] decide_seconds of its own
    said = Message("m", "110", "12345", "another", datetime.now(UTC), (), 30)
    house.services.messages.deadlines.learn(said, said.made_at)
    told = cases_told._negotiation(asked, theirs)
    assert told is not None
    assert known.talks_since is not None
    assert told["ends_at"] == instant(known.talks_since + timedelta(seconds=30))


async def test_given_another_desk_s_case_when_it_is_read_by_its_call_then_that_look_is_on_record_too(
    house: House,
) -> None:
    id = (await written(house, cause="路灯不亮"))[1]["case"]["id"]
    offer = {"kind": "offered", "data": {"to": "110", "way": "online"}}
    assert (await house.ask("POST", f"/api/v1/cases/{id}/events", json=offer))[0] == 201
    assert (await house.ask("GET", OF_CALL))[0] == 200
    (look,) = await Audit(house.store).listed(what="case.look")
    assert look.details == {"case": id, "desks": ["110"]}


async def test_given_words_with_an_old_revision_when_nobody_else_wrote_then_they_are_taken(house: House) -> None:
    first = (await written(house, cause="路灯不亮"))[1]["case"]
    assert (await written(house, first["revision"], cause="路灯不亮，三天"))[0] == 201
    assert (await written(house, first["revision"], cause="路灯不亮，四天"))[0] == 201
    whole: Any = float(first["revision"])  # is an integer to JSON Schema
    assert (await written(house, whole, cause="路灯不亮，五天"))[0] == 201


async def test_given_a_matter_without_a_call_then_it_is_offered_decided_and_closed(house: House) -> None:
    status, body = await house.ask(
        "POST", "/api/v1/cases", json={"channel": "web", "matter": {"cause": "井盖缺失", "kind": "report"}}
    )
    assert status == 201
    path = f"/api/v1/cases/{body['case']['id']}"

    async def act(kind: str, **data: Any) -> tuple[int, Any]:
        return await house.ask("POST", f"{path}/events", json={"kind": kind, "data": data})

    status, body = await act("closed")
    assert (status, body["error"]["id"]) == (409, "case_not_handled")
    status, body = await act("offered", to="110")
    assert (status, body["error"]["id"], body["error"]["details"]["field"]) == (422, "invalid_request", "body.data.way")
    status, body = await act("emergency", danger="public", words="有人跌落")
    assert (status, body["case"]["owner"], body["case"]["emergency"]["danger"]) == (201, "110", "public")
    assert "handled" not in body["case"]["may"]
    assert (await act("proposed", whose="both"))[0] == 201
    status, body = await house.ask("GET", path)
    assert [entry["kind"] for entry in body["case"]["history"]][-2:] == ["emergency", "proposed"]


async def test_given_two_cases_then_one_is_merged_and_one_split_with_a_trace(house: House) -> None:
    async def opened(cause: str) -> Any:
        body = {"channel": "web", "matter": {"cause": cause}}
        return (await house.ask("POST", "/api/v1/cases", json=body))[1]["case"]

    one, two = await opened("噪声"), await opened("夜间施工噪声")
    path = f"/api/v1/cases/{two['id']}"
    assert (await house.ask("POST", f"{path}/merge", json={"into": "12345-1"}))[1]["error"]["id"] == "unknown_case"
    status, body = await house.ask("POST", f"{path}/merge", json={"into": one["number"]})
    assert (status, body["case"]["state"], body["case"]["merged_into"]) == (201, "merged", one["id"])
    assert (await house.ask("GET", f"/api/v1/cases/{one['id']}"))[1]["case"]["merged_from"] == [two["id"]]
    status, body = await house.ask("POST", f"/api/v1/cases/{one['id']}/split", json={"matter": {"cause": "扬尘"}})
    part = body["case"]
    assert (status, part["matter"]["cause"], part["split_from"]) == (201, "扬尘", one["id"])


async def test_given_an_answer_that_was_lost_when_it_is_sent_again_then_no_second_case_is_opened_or_split_off(
    house: House,
) -> None:
    async def twice(path: str, **body: Any) -> list[str]:
        sent = [await house.ask("POST", path, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
        assert [status for status, _ in sent] == [201, 201]
        return [answer["case"]["id"] for _, answer in sent]

    first, again = await twice("/api/v1/cases", channel="web", matter={"cause": "噪声"})
    assert first == again
    part, same = await twice(f"/api/v1/cases/{first}/split", matter={"cause": "扬尘"})
    assert part == same != first
    assert len((await house.ask("GET", "/api/v1/cases"))[1]["cases"]) == 2
    other = {"channel": "web", "matter": {"cause": "另一件"}}
    status, answer = await house.ask("POST", "/api/v1/cases", json=other, headers={"Idempotency-Key": "k1"})
    assert (status, answer["error"]["id"]) == (422, "idempotency_key_reused")


async def test_given_a_number_that_was_shown_masked_when_it_is_sent_back_then_the_whole_one_stays(
    house: House,
) -> None:
    case = (await written(house, caller="13800138000", name="王女士", confidential=True))[1]["case"]
    reader = await person(house, "operator")
    for caller in ("138****8000", "***"):
        event = {"kind": "written", "data": {"caller": caller, "name": "***", "cause": "***"}}
        assert (await reader.ask("POST", f"/api/v1/cases/{case['id']}/events", json=event))[0] == 201
    matter = (await house.ask("GET", f"/api/v1/cases/{case['id']}"))[1]["case"]["matter"]
    assert (matter["caller"], matter["name"], matter["cause"]) == ("13800138000", "王女士", "***")


async def test_given_a_caller_who_wishes_it_then_nobody_reads_who_it_is(house: House) -> None:
    case = (await written(house, name="王女士", cause="噪声", confidential=True))[1]["case"]
    reader = await person(house, "operator")
    for path in (f"/api/v1/cases/{case['id']}", f"/api/v1/cases?q={case['number'][-6:]}"):
        status, body = await reader.ask("GET", path)
        assert status == 200
        assert "王女士" not in str(body)
        assert case["matter"]["caller"] not in str(body)


async def test_given_somebody_else_wrote_the_name_when_his_words_are_told_then_the_name_is_not_among_them(
    house: House,
) -> None:
    first = (await written(house, cause="噪声"))[1]["case"]
    await written(house, name="王女士", place="朝阳路", confidential=True)
    late = {"kind": "written", "data": {"name": "某", "place": "某地"}, "revision": first["revision"]}
    other = await person(house, "supervisor")
    status, body = await other.ask("POST", f"/api/v1/cases/{first['id']}/events", json=late)
    assert (status, body["error"]["id"]) == (409, "case_changed")
    assert body["error"]["details"]["fields"] == {"name": "***", "place": "朝阳路"}


async def test_given_a_caller_who_wishes_it_then_nobody_finds_him_by_what_he_knows_of_him(house: House) -> None:
    case = (await written(house, name="王女士", confidential=True))[1]["case"]
    caller = case["matter"]["caller"]
    reader = await person(house, "supervisor")
    for wanted in ({}, {"q": "王女士"}, {"caller": caller}):
        status, body = await reader.ask("GET", "/api/v1/cases", params=wanted)
        assert status == 200
        assert [one["number"] for one in body["cases"]] == ([] if wanted else [case["number"]])
        assert "王女士" not in str(body)
    assert "王女士" not in str(await reader.ask("GET", f"/api/v1/calls/{CALL}/note"))
    found = (await house.ask("GET", "/api/v1/cases", params={"caller": caller}))[1]["cases"]
    assert [one["number"] for one in found] == [case["number"]], "the administrator's token sees numbers"


async def test_given_pages_of_cases_then_each_leads_to_the_next(house: House) -> None:
    for number in range(3):
        await house.ask("POST", "/api/v1/cases", json={"channel": "web", "matter": {"cause": f"停水{number}"}})
    first = (await house.ask("GET", "/api/v1/cases", params={"limit": 2}))[1]
    rest = (await house.ask("GET", "/api/v1/cases", params={"limit": 2, "before": first["next"]}))[1]
    assert [one["line"] for one in first["cases"] + rest["cases"]] == ["停水2", "停水1", "停水0"]
    assert rest["next"] is None


async def test_given_the_classes_then_each_has_its_words_and_those_of_neither_desk_their_basis(house: House) -> None:
    known = {one["code"]: one for one in (await house.ask("GET", "/api/v1/cases/classes"))[1]["classes"]}
    assert known["010101"]["zh"] == "路灯照明"
    assert known["0801"]["desk"] == "12345"
    assert "国办发〔2020〕53号" in known["9001"]["basis"]


async def test_given_desks_that_agreed_in_the_call_then_its_ladder_tells_who_proposed_and_who_accepts(
    house: House,
) -> None:
    call = transferred()
    await house.store.save([call])
    clock = [call.entered_at]
    cases = Cases(house.store, "12345", clock=lambda: clock[0])
    known = await cases.open("1001", "phone", call=call.id)
    clock[0] += timedelta(seconds=1)
    offer = {"to": "110", "way": "voice", "mode": "conference", "transfer": "t1"}
    known = await cases.act(known.case.id, "1001", "offered", offer)
    theirs = Event(known.case.id, "110", 1, 99, clock[0], "9001", "proposed", {"whose": "ours"})
    await house.store.write(lambda connection: case_rows.append(connection, "12345", [theirs], clock[0]))
    await cases.act(known.case.id, "1001", "proposed", {"whose": "yours"})
    for language, words in (("zh", "双方商定：110 受理"), ("en", "Agreed by both: 110 accepts")):
        path = f"/api/v1/calls/{call.id}/ladder"
        status, body = await house.ask("GET", path, headers={"Accept-Language": language})
        texts = [moment["text"] for moment in body["ladder"]["moments"]]
        assert status == 200
        assert words in texts
        assert sum("110/9001" in text for text in texts) == 1


async def test_given_a_case_that_went_there_and_back_then_only_a_call_of_three_takes_it_there_again(
    house: House,
) -> None:
    case = (await written(house, cause="邻里纠纷"))[1]["case"]
    cases = house.services.cases
    await cases.act(case["id"], "1002", "offered", {"to": "110", "way": "online"})
    theirs = Event(case["id"], "110", 1, 99, datetime.now(UTC), "9001", "refused", {"reason": "不属警情"})
    await house.store.write(lambda connection: case_rows.append(connection, "12345", [theirs], theirs.at))
    cases.changed(await cases.get(case["id"]))
    transfers = f"/api/v1/calls/{CALL}/transfers"
    status, body = await house.ask("POST", transfers, json={"target": "110", "mode": "transfer"})
    assert (status, body["error"]["id"]) == (409, "case_ping_pong")
    assert house.orders.asked == []
    assert (await house.ask("POST", transfers, json={"target": "110", "mode": "conference"}))[0] == 202
    await cases.act(case["id"], "1002", "emergency", {"danger": "life"})
    assert (await house.ask("POST", transfers, json={"target": "110", "mode": "transfer"}))[0] == 202

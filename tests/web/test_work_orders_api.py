"""Work orders over HTTP: a department does its own and sees no more of the caller than the work needs (R47, R60)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.desks.work_order import LARGEST
from ivr.store import attachments
from ivr.store.audit import Audit
from ivr.web.health import DISK_LIMIT
from tests.web.house import House
from tests.web.people import PASSWORD, Person, log_in, person

CASES, ORDERS = "/api/v1/cases", "/api/v1/orders"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x11" * 3000
MATTER = {"cause": "路灯不亮", "place": "朝阳路", "name": "王女士", "caller": "13800138000", "class_code": "010101"}


@pytest.fixture
async def unit(house: House) -> Person:
    """Somebody of chengguan."""
    return await person(house, "department", user="li")


async def opened(house: House, **matter: Any) -> str:
    body = {"channel": "web", "matter": {**MATTER, **matter}}
    return str((await house.ask("POST", CASES, json=body))[1]["case"]["id"])


async def ordered(house: House, case: str, **data: Any) -> dict[str, Any]:
    body = {"kind": "ordered", "data": {"department": "chengguan", **data}}
    status, told = await house.ask("POST", f"{CASES}/{case}/events", json=body)
    assert status == 201, told
    return dict(told["case"]["orders"][-1])


async def act(who: House | Person, order: str, kind: str, **data: Any) -> tuple[int, Any]:
    return await who.ask("POST", f"{ORDERS}/{order}/acts", json={"kind": kind, "data": data})


async def sent(who: House | Person, order: str, body: bytes = JPEG, name: str = "修好了.jpg") -> tuple[int, Any]:
    return await who.ask("POST", f"{ORDERS}/{order}/files", params={"name": name}, data=body)


async def test_given_a_case_when_ordered_then_its_department_signs_does_and_shows_it(
    house: House, unit: Person
) -> None:
    case = await opened(house)
    order = await ordered(house, case, words="请尽快修复")
    assert order["due"] > order["sign_by"] > order["at"]
    _, found = await unit.ask("GET", ORDERS, params={"state": "open", "q": "路灯"})
    assert [(one["id"], one["light"], one["line"]) for one in found["orders"]] == [(order["id"], "green", "路灯不亮")]
    status, told = await act(unit, order["id"], "order_signed")
    assert (status, told["order"]["state"], told["order"]["signed_by"]) == (201, "signed", "chengguan/li")
    file = (await sent(unit, order["id"]))[1]["file"]
    assert file["sha256"] == hashlib.sha256(JPEG).hexdigest()
    done = {"result": "solved", "words": "已更换灯泡", "files": [{**file, "name": "x", "bytes": 1}]}
    status, told = await act(unit, order["id"], "order_done", **done)
    assert (status, told["order"]["files"]) == (201, [file])  # as it was kept, whatever is said of it
    assert [entry["kind"] for entry in told["order"]["history"]] == ["ordered", "order_signed", "order_done"]
    assert (await act(unit, order["id"], "order_done", **done))[0] == 201  # its answer was lost: once
    status, told = await act(unit, order["id"], "order_done", result="solved", words="又办了一次")
    assert (status, told["error"]["id"]) == (409, "order_not_open")
    assert told["error"]["details"]["by"] == "chengguan/li"
    case_now = (await house.ask("GET", f"{CASES}/{case}"))[1]["case"]
    assert [one["state"] for one in case_now["orders"]] == ["done"]


async def test_given_an_order_then_another_department_knows_nothing_of_it(house: House) -> None:
    order = await ordered(house, await opened(house))
    stranger = await other(house)
    assert (await stranger.ask("GET", ORDERS))[1]["orders"] == []
    assert (await stranger.ask("GET", ORDERS, params={"department": "chengguan"}))[1]["orders"] == []
    for method, path, more in (
        ("GET", "", {}),
        ("POST", "/acts", {"json": {"kind": "order_signed"}}),
        ("POST", "/caller", {}),
        ("POST", "/files", {"data": JPEG}),
        ("GET", f"/files/{'0' * 32}", {}),
    ):
        status, told = await stranger.ask(method, f"{ORDERS}/{order['id']}{path}", **more)
        assert (status, told["error"]["id"]) == (404, "unknown_order"), path
    for path in (CASES, f"{CASES}/{order['id']}"):
        assert (await stranger.ask("GET", path))[0] == 403
    counts = {one["key"]: one["open"] for one in (await stranger.ask("GET", "/api/v1/departments"))[1]["departments"]}
    assert counts["chengguan"] == 0


async def other(house: House) -> Person:
    wanted = {"user": "wu", "name": "吴", "roles": ["department"], "department": "shuiwu", "number": None}
    made = await house.ask("POST", "/api/v1/accounts", json={**wanted, "password": PASSWORD})
    assert made[0] == 201, made
    return await log_in(house, "wu")


@pytest.mark.parametrize("confidential", [False, True])
async def test_given_a_caller_then_the_department_is_told_who_only_where_he_does_not_mind(
    house: House, unit: Person, confidential: bool
) -> None:
    order = await ordered(house, await opened(house, confidential=confidential))
    text = str(await unit.ask("GET", f"{ORDERS}/{order['id']}"))
    assert "路灯不亮" in text
    assert "13800138000" not in text
    assert ("王女士" in text) is not confidential
    status, told = await unit.ask("POST", f"{ORDERS}/{order['id']}/caller")
    if confidential:
        assert (status, told["error"]["id"]) == (403, "order_confidential")
        return
    assert (status, told["caller"]["number"]) == (200, "13800138000")
    noted = [row for row in await Audit(house.store).listed() if row.what == "order.caller"]
    assert [(row.who, row.about) for row in noted] == [("chengguan/li", order["id"])]
    await act(unit, order["id"], "order_returned", reason="不属本单位")  # what has it to ask him now?
    status, told = await unit.ask("POST", f"{ORDERS}/{order['id']}/caller")
    assert (status, told["error"]["id"]) == (409, "order_not_open")
    assert (await house.ask("POST", f"{ORDERS}/{order['id']}/caller"))[0] == 200


@pytest.mark.parametrize("matter", [{"tags": ["in_danger"]}, {"contact": "no_call_back"}])
async def test_given_a_caller_whom_nobody_may_ring_then_his_number_is_told_to_no_department(
    house: House, unit: Person, matter: dict[str, Any]
) -> None:
    order = await ordered(house, await opened(house, **matter))
    status, told = await unit.ask("POST", f"{ORDERS}/{order['id']}/caller")
    assert (status, told["error"]["id"]) == (403, "order_no_call_back")


async def test_given_more_time_is_asked_for_then_a_supervisor_alone_decides(house: House, unit: Person) -> None:
    order = await ordered(house, await opened(house))
    until = f"{datetime.now().year + 1}-06-01T10:00:00Z"
    assert (await act(unit, order["id"], "order_extension", until=until, reason="等待配件"))[0] == 201
    waiting = (await house.ask("GET", ORDERS, params={"extension": "asked"}))[1]["orders"]
    assert [one["id"] for one in waiting] == [order["id"]]
    operator = await person(house, "operator")
    told = (await operator.ask("GET", f"{ORDERS}/{order['id']}"))[1]["order"]
    assert "order_extended" not in told["may"]
    for who in (unit, operator):
        assert (await act(who, order["id"], "order_extended", granted=True))[0] == 403
    supervisor = await person(house, "supervisor")
    told = (await supervisor.ask("GET", f"{ORDERS}/{order['id']}"))[1]["order"]
    assert "order_extended" in told["may"]
    status, told = await act(supervisor, order["id"], "order_extended", granted=True, words="同意")
    assert (status, told["order"]["due_at"][:10], told["order"]["extension"]["state"]) == (201, until[:10], "granted")


async def test_given_a_dispute_that_sharpens_when_the_department_presses_once_then_110_has_the_case(
    house: House, unit: Person
) -> None:
    case = await opened(house)
    order = await ordered(house, case)
    for _ in range(2):  # pressed again
        assert (await act(unit, order["id"], "escalated", words="双方持械对峙"))[0] == 201
    told = (await house.ask("GET", f"{CASES}/{case}"))[1]["case"]
    assert [entry["kind"] for entry in told["history"]].count("emergency") == 1
    flag = told["emergency"]
    assert (told["owner"], flag["by"]) == ("110", "chengguan/li")
    assert told["number"] in flag["words"]
    assert "双方持械对峙" in flag["words"]
    assert (await act(unit, order["id"], "order_done", result="solved", words="已劝离"))[0] == 201


async def test_given_a_desk_that_orders_then_what_it_leaves_out_is_said_by_class_and_calendar(house: House) -> None:
    case = await opened(house, class_code="0203", urgency="urgent")
    proposal = (await house.ask("GET", f"{CASES}/{case}/order"))[1]["proposal"]
    assert proposal["due"] > proposal["sign_by"]
    for data, status, id in (
        ({"department": "nobody"}, 422, "unknown_department"),
        ({"department": "chengguan", "joint": ["nobody"]}, 422, "unknown_department"),
        ({"department": "chengguan", "due": "2020-01-01T00:00:00Z"}, 422, "bad_end"),
        ({"department": "chengguan", "due": "9999-12-31T23:59:59Z"}, 422, "bad_end"),
        ({"department": "chengguan", "sign_by": "9999-12-31T23:59:59Z"}, 422, "bad_end"),
    ):
        got, told = await house.ask("POST", f"{CASES}/{case}/events", json={"kind": "ordered", "data": data})
        assert (got, told["error"]["id"]) == (status, id)
    again = [{"kind": "ordered", "data": {"department": "chengguan", "order": "mine"}}] * 2
    answers = [await house.ask("POST", f"{CASES}/{case}/events", json=body) for body in again]
    assert [status for status, _ in answers] == [201, 201]
    assert len(answers[1][1]["case"]["orders"]) == 1
    same = {"kind": "ordered", "data": {"department": "chengguan"}}  # pressed twice
    assert (await house.ask("POST", f"{CASES}/{case}/events", json=same))[1]["error"]["id"] == "order_open_already"


async def test_given_two_who_sign_at_once_then_one_does_and_the_other_is_told_who(house: House, unit: Person) -> None:
    order = await ordered(house, await opened(house))
    second = await person(house, "department", user="zhao")
    answers = await asyncio.gather(act(unit, order["id"], "order_signed"), act(second, order["id"], "order_signed"))
    assert sorted(status for status, _ in answers) == [201, 409]
    refused = next(told for status, told in answers if status == 409)
    assert refused["error"]["details"]["last"] == "order_signed"


async def test_given_an_answer_that_was_lost_when_it_is_sent_again_then_it_stands_once(
    house: House, unit: Person
) -> None:
    order = await ordered(house, await opened(house), joint=["shuiwu"])
    joint = await other(house)
    file = (await sent(joint, order["id"]))[1]["file"]
    until = f"{datetime.now().year + 1}-06-01T10:00:00Z"
    for who, kind, data in (
        (joint, "order_done", {"result": "solved", "words": "积水已抽干", "files": [file]}),
        (unit, "order_extension", {"until": until, "reason": "等待配件"}),
    ):
        for _ in range(2):
            status, told = await act(who, order["id"], kind, **data)
            assert status == 201, told
    assert told["order"]["parts"][0]["files"] == [file]
    assert [entry["kind"] for entry in told["order"]["history"]] == ["ordered", "order_done", "order_extension"]


async def test_given_an_order_that_was_returned_when_it_is_opened_again_then_there_is_time_to_sign_for_it(
    house: House, unit: Person
) -> None:
    order = await ordered(house, await opened(house), sign_by=soon(seconds=60))
    await act(unit, order["id"], "order_returned", reason="不属本单位")
    due = soon(days=9)
    for _ in range(2):  # pressed again
        status, told = await act(house, order["id"], "order_reopened", reason="经核实属于你单位", due=due)
        assert status == 201, told
    assert (told["order"]["state"], told["order"]["reopened"]) == ("sent", 1)
    assert order["sign_by"] < told["order"]["sign_by"] <= told["order"]["due"]
    assert [told["order"][name] for name in ("words", "result")] == ["", ""]


def soon(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_given_the_id_of_an_order_when_another_case_takes_it_then_it_is_refused(
    house: House, unit: Person
) -> None:
    first, second = await opened(house), await opened(house, cause="占道经营")
    await ordered(house, first, order="mine")
    body = {"kind": "ordered", "data": {"department": "shuiwu", "order": "mine"}}
    status, told = await house.ask("POST", f"{CASES}/{second}/events", json=body)
    assert (status, told["error"]["id"]) == (409, "order_known")
    assert (await unit.ask("GET", f"{ORDERS}/mine"))[1]["order"]["case"] == first


async def test_given_the_hotlines_people_then_who_may_uncover_a_number_is_told_the_callers(house: House) -> None:
    order = await ordered(house, await opened(house))
    operator, liaison = await person(house, "operator"), await person(house, "liaison")
    assert (await operator.ask("POST", f"{ORDERS}/{order['id']}/caller"))[0] == 403
    assert (await liaison.ask("POST", f"{ORDERS}/{order['id']}/caller"))[0] == 200


async def test_given_a_case_of_two_desks_then_who_looks_at_its_order_is_on_record(house: House, unit: Person) -> None:
    case = await opened(house)
    order = await ordered(house, case)
    await unit.ask("GET", f"{ORDERS}/{order['id']}")
    assert "case.look" not in [row.what for row in await Audit(house.store).listed()]
    await act(unit, order["id"], "escalated", words="持械")
    for _ in range(2):
        await unit.ask("GET", f"{ORDERS}/{order['id']}")
    assert [row.what for row in await Audit(house.store).listed()].count("case.look") == 1


async def test_given_a_call_back_whose_answer_was_lost_when_it_is_sent_again_then_it_stands_once(house: House) -> None:
    case = await opened(house)
    said = {"kind": "called_back", "data": {"reached": False}}
    for key in ("a", "a", "b"):  # rung twice, in vain
        status, told = await house.ask("POST", f"{CASES}/{case}/events", json=said, headers={"Idempotency-Key": key})
        assert status == 201, told
    assert len(told["case"]["call_backs"]) == 2
    other = {"kind": "called_back", "data": {"reached": True}}
    status, told = await house.ask("POST", f"{CASES}/{case}/events", json=other, headers={"Idempotency-Key": "b"})
    assert (status, told["error"]["id"]) == (422, "idempotency_key_reused")


# --- photographs ------------------------------------------------------------------------------------------------------


async def test_given_a_photograph_then_it_comes_back_as_it_was_and_can_do_no_harm(house: House, unit: Person) -> None:
    order = await ordered(house, await opened(house))
    name = "../../etc/<b>照片\"' .jpg"
    status, told = await sent(unit, order["id"], name=name)
    assert (status, told["file"]["name"], told["file"]["type"]) == (201, name, "image/jpeg")
    path = f"{ORDERS}/{order['id']}/files/{told['file']['id']}"
    async with house.client.get(path, headers=unit.headers) as response:
        assert await response.read() == JPEG
        assert response.headers["Content-Type"] == "image/jpeg"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert '"' not in response.headers["Content-Disposition"]
    kept = [file for file in (house.services.var / "attachments").rglob("*") if file.is_file()]
    assert [file.name for file in kept] == [told["file"]["id"]]
    assert kept[0].stat().st_mode & 0o777 == 0o600


async def test_given_what_is_no_photograph_then_nothing_is_kept_whatever_it_is_called(
    house: House, unit: Person
) -> None:
    order = await ordered(house, await opened(house))
    for body in (b"", b"<script>alert(1)</script>", b"GIF89a", b"RIFF0000WAVE", b"\xff\xd8"):
        status, told = await sent(unit, order["id"], body)
        assert (status, told["error"]["id"]) == (415, "bad_file"), body
    assert not files_in(house)


def files_in(house: House) -> list[Path]:
    return [file for file in (house.services.var / "attachments").rglob("*") if file.is_file()]


async def test_given_a_file_that_is_too_large_or_one_too_many_then_it_is_refused(
    house: House, unit: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await ordered(house, await opened(house))
    status, told = await sent(unit, order["id"], JPEG + os.urandom(LARGEST))
    assert (status, told["error"]["id"]) == (413, "attachment_too_large")
    monkeypatch.setattr(attachments, "MOST_OF_ORDER", 1)
    assert (await sent(unit, order["id"]))[0] == 201
    status, told = await sent(unit, order["id"])
    assert (status, told["error"]["id"]) == (409, "too_many_files")
    assert len(files_in(house)) == 1
    await act(unit, order["id"], "order_returned", reason="不属本单位")
    assert (await sent(unit, order["id"]))[1]["error"]["id"] == "order_not_open"


async def test_given_a_disk_that_takes_nothing_then_the_department_is_told_and_the_order_goes_on(
    house: House, unit: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await ordered(house, await opened(house))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, told = await sent(unit, order["id"])
    assert (status, told["error"]["id"]) == (507, "no_room")
    monkeypatch.undo()
    nearly = shutil.disk_usage("/")._replace(free=DISK_LIMIT + LARGEST)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly)  # the rest is the call log's
    status, told = await sent(unit, order["id"])
    assert (status, told["error"]["id"]) == (507, "no_room")
    monkeypatch.undo()
    assert (await sent(unit, order["id"]))[0] == 201


async def test_given_files_of_another_order_then_they_are_unknown_to_this_one(house: House, unit: Person) -> None:
    mine, theirs = await ordered(house, await opened(house)), await ordered(house, await opened(house))
    file = (await sent(unit, theirs["id"]))[1]["file"]
    done = {"result": "solved", "words": "已修", "files": [file]}
    assert (await act(unit, mine["id"], "order_done", **done))[1]["error"]["id"] == "unknown_file"
    assert (await unit.ask("GET", f"{ORDERS}/{mine['id']}/files/{file['id']}"))[0] == 404

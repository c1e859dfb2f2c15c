"""The door for gateways: a signed message is a case, once; what is not signed is refused and noted."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from ivr import webhooks
from ivr.channels.enclosures import keep
from ivr.channels.incoming import Enclosed
from ivr.store import tables
from ivr.store.channels import Arrival
from tests.web.house import GATEWAY_SECRET, House

PATH = "/api/v1/channels/wechat"
ROOT = Path(__file__).parents[2]
MESSAGE = {"type": "message", "data": {"sender": "openid-1", "words": "路灯不亮", "place": "朝阳路", "thread": "t1"}}


async def send(
    house: House,
    id: str = "m1",
    document: Any = MESSAGE,
    *,
    secret: str = GATEWAY_SECRET,
    path: str = PATH,
    **late: Any,
) -> tuple[int, Any]:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    headers = webhooks.sign(id, body, [secret], datetime.now(UTC) + timedelta(**late))
    return await house.ask("POST", path, token=None, data=body, headers=headers)


async def test_given_a_signed_message_when_it_is_sent_again_then_both_get_the_same_case(
    house_on_each_database: House,
) -> None:
    house = house_on_each_database
    status, first = await send(house)
    assert (status, first["again"]) == (200, False)
    status, second = await send(house)
    assert (status, second) == (200, {**first, "again": True})
    case = (await house.ask("GET", f"/api/v1/cases/{first['case']['number']}"))[1]["case"]
    assert (case["channel"], case["matter"]["text"], case["matter"]["contact"]) == ("wechat", "路灯不亮", "sms_only")
    assert case["respond_by"] is not None
    more = {**MESSAGE, "data": {**MESSAGE["data"], "words": "三号楼门口"}}  # type: ignore[dict-item]
    assert (await send(house, "m2", more))[1]["case"] == first["case"]
    row = (await house.ask("GET", "/api/v1/cases"))[1]["cases"][0]
    assert (row["responded_at"], row["respond_by"]) == (None, case["respond_by"])
    body = {"kind": "responded", "data": {"words": "已派人去看"}}
    status, answered = await house.ask("POST", f"/api/v1/cases/{case['id']}/events", json=body)
    assert (status, [letter["way"] for letter in answered["case"]["letters"]]) == (201, ["in", "out"])
    assert answered["case"]["responded_at"] is not None


@pytest.mark.parametrize("late", [{"minutes": 6}, {"minutes": -6}])
async def test_given_a_message_of_another_time_then_it_is_refused(house: House, late: dict[str, int]) -> None:
    status, body = await send(house, **late)
    assert (status, body["error"]["id"], body["error"]["details"]["why"]) == (401, "webhook_signature", "time")


async def test_given_a_forged_message_then_it_is_refused_noted_once_and_opens_nothing(house: House) -> None:
    for _ in range(3):
        status, body = await send(house, secret="whsec_" + "Wg" * 20)
        assert (status, body["error"]["id"]) == (401, "webhook_signature")
    async with house.store.reading() as connection:
        rows = (await connection.execute(select(tables.audit.c.what, tables.audit.c.about))).all()
        assert (await connection.execute(select(tables.case))).first() is None
    assert [tuple(row) for row in rows] == [("channel.refused", "127.0.0.1")]


@pytest.mark.parametrize(
    ("document", "id"),
    [
        (b"{", "bad_json"),
        ([], "invalid_request"),
        ({"type": "message"}, "invalid_request"),
        ({"type": "message", "data": {"sender": "a"}}, "invalid_request"),
        ({"type": "message", "data": {"sender": "a", "words": "b", "rank": 1}}, "invalid_request"),
        ({"type": "order", "data": {"sender": "a", "words": "b"}}, "invalid_request"),
        ({"type": "message", "data": {"sender": "a", "words": "b" * 300_000}}, "body_too_large"),
    ],
)
async def test_given_a_signed_body_that_is_none_then_it_is_refused_with_what_is_wrong(
    house: House, document: Any, id: str
) -> None:
    status, body = await send(house, document=document)
    assert (status // 100, body["error"]["id"]) == (4, id)


@pytest.mark.parametrize("name", ["web", "nobody"])
async def test_given_a_channel_that_is_no_gateway_then_it_is_as_if_the_signature_were_wrong(
    house: House, name: str
) -> None:
    status, body = await send(house, path=f"/api/v1/channels/{name}")
    assert (status, body["error"]["id"]) == (401, "webhook_signature")


async def test_given_matters_that_wait_then_the_latest_is_first_and_one_that_was_answered_is_none(house: House) -> None:
    assert (await house.ask("GET", "/api/v1/cases/unanswered"))[1]["cases"] == []
    made = [(await send(house, f"m{n}", {**MESSAGE, "data": {"sender": "a", "words": f"{n}"}}))[1] for n in range(3)]
    page = (await house.ask("GET", "/api/v1/cases/unanswered", params={"limit": "2"}))[1]
    assert [one["line"] for one in page["cases"]] == ["0", "1"]
    assert (page["desk"], page["desks"]) == ("12345", [])
    path = f"/api/v1/cases/{made[0]['case']['id']}/events"
    assert (await house.ask("POST", path, json={"kind": "responded", "data": {"words": "好"}}))[0] == 201
    assert (await house.ask("POST", path, json={"kind": "received", "data": {"words": "好"}}))[0] == 422
    found = (await house.ask("GET", "/api/v1/cases/unanswered"))[1]["cases"]
    assert [one["line"] for one in found] == ["1", "2"]


async def test_given_the_example_of_a_gateway_when_it_brings_a_message_then_it_is_a_case(house: House) -> None:
    url = f"http://127.0.0.1:{house.server.port}{PATH}"
    command = [sys.executable, "examples/inbound.py", url, GATEWAY_SECRET, "openid-9", "路灯不亮", "own-7"]
    numbers = []
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        numbers.append((await process.communicate())[0].decode().strip())
    number, again = numbers
    assert number == again
    case = (await house.ask("GET", f"/api/v1/cases/{number}"))[1]["case"]
    assert (case["matter"]["text"], case["channel"]) == ("路灯不亮", "wechat")


async def test_given_a_file_of_a_letter_then_who_reads_the_case_takes_it_on_record_and_no_browser_opens_it(
    house: House,
) -> None:
    services, now = house.services, datetime.now(UTC)
    content = b"%PDF-1.7 <script>alert(1)</script>"
    kept = await keep(services.attachments, [Enclosed('说明".pdf', content)], "mail")
    one = Arrival("mail", "email", "m1", now, now, {"text": "路灯"}, sender="w@example.com", files=tuple(kept))
    case = (await services.arrivals.take(one)).case
    (told,) = (await house.ask("GET", f"/api/v1/cases/{case}"))[1]["case"]["files"]
    path = f"/api/v1/cases/{case}/files/{told['id']}"
    assert (told["name"], told["desk"]) == ('说明".pdf', services.cases.desk)
    assert (await house.ask("GET", path, token=None))[0] == 401
    async with house.client.get(
        path, headers={"Authorization": f"Bearer {house.services.credentials.api_token}"}
    ) as got:
        assert (await got.read(), got.headers["Content-Type"]) == (content, "application/octet-stream")
        assert got.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E8%AF%B4%E6%98%8E%22.pdf")
        assert (got.headers["X-Content-Type-Options"], "sandbox" in got.headers["Content-Security-Policy"]) == (
            "nosniff",
            True,
        )
    rows = (await house.ask("GET", "/api/v1/audit?what=case.file"))[1]["entries"]
    assert [row["details"]["sha256"] for row in rows] == [kept[0].sha256]
    other = (await send(house))[1]["case"]["id"]
    assert (await house.ask("GET", f"/api/v1/cases/{other}/files/{told['id']}"))[1]["error"]["id"] == "unknown_file"

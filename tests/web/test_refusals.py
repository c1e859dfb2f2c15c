"""What is refused, and how it is said."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import structlog

from ivr.errors import HotlineError
from ivr.web import messages, routes
from ivr.web.errors import BODY_LIMIT
from ivr.web.routes import MAY
from ivr.web.table import ROUTES
from tests.web.house import CALL, PHONE_KEY, TOKEN, House

GUARDED = [(route.method, route.path) for route in ROUTES if route.access in MAY]
TRANSFERS = f"/api/v1/calls/{CALL}/transfers"
ORDER = {"target": "110", "mode": "transfer"}


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_given_no_valid_token_then_401(house: House, method: str, path: str) -> None:
    parts = {"language": "zh", "prompt": "greeting", "file": "a.conf", "version": "1", "leg": "hotline-1.1"}
    parts |= {"export": "0" * 16, "notice": "1"}
    parts |= {"user": "1001", "message": CALL, "attachment": "0" * 32}
    filled = path.format(id=CALL, number="1001", caller="13800138000", **parts)
    for token in (None, "", "wrong", f"{TOKEN}x", PHONE_KEY, "令牌"):
        status, body = await house.ask(method, filled, token=token)
        assert (token, status, body["error"]["id"]) == (token, 401, "unauthorized")
    assert house.orders.asked == []


async def test_given_another_scheme_than_bearer_then_401(house: House) -> None:
    status, _ = await house.ask("GET", "/api/v1/live", token=None, headers={"Authorization": f"Basic {TOKEN}"})
    assert status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.target"),
        ({"target": "110"}, "body.mode"),
        ({"target": "110", "mode": "explode"}, "body.mode"),
        ({"target": 110, "mode": "transfer"}, "body.target"),
        ({"target": "1" * 33, "mode": "transfer"}, "body.target"),
        ({"target": "110^x,1", "mode": "transfer"}, "body.target"),
        ({**ORDER, "operator": True}, "body.operator"),
        ({**ORDER, "speed": "fast"}, "body.speed"),
        ([], "body"),
        ("110", "body"),
        (1.5, "body"),
    ],
)
async def test_given_a_body_that_is_not_as_described_then_422_names_the_field(
    house: House, body: object, field: str
) -> None:
    house.in_a_call()
    status, answer = await house.ask("POST", TRANSFERS, json=body)
    assert (status, answer["error"]["id"]) == (422, "invalid_request")
    assert answer["error"]["details"]["field"] == field
    assert house.orders.asked == []


async def test_given_a_body_that_is_no_json_then_400(house: House) -> None:
    for raw in (b"{", b'{"target": NaN}', b"\xff"):
        status, answer = await house.ask("POST", TRANSFERS, data=raw, headers={"Content-Type": "application/json"})
        assert (status, answer["error"]["id"]) == (400, "bad_json")


async def test_given_a_form_then_415(house: House) -> None:
    status, answer = await house.ask("POST", TRANSFERS, data={"target": "110"})
    assert (status, answer["error"]["id"]) == (415, "unsupported_media_type")


async def test_given_a_body_larger_than_the_limit_then_413(house: House) -> None:
    raw = b" " * (BODY_LIMIT + 1)
    status, answer = await house.ask("POST", TRANSFERS, data=raw, headers={"Content-Type": "application/json"})
    assert (status, answer["error"]["id"]) == (413, "body_too_large")


async def test_given_fields_where_none_are_taken_then_422(house: House) -> None:
    house.in_a_call()
    status, _ = await house.ask("POST", f"/api/v1/calls/{CALL}/take-back", json={"now": True})
    assert status == 422
    assert house.orders.asked == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=ten", "limit=1&limit=2", "since=yesterday", "since=2026-11-22T08:00:00",
     "outcome=good", "before=a%20b", "sort=asc"],
)  # fmt: skip
async def test_given_a_query_that_is_not_as_described_then_422(house: House, query: str) -> None:
    status, answer = await house.ask("GET", f"/api/v1/calls?{query}")
    assert (status, answer["error"]["id"]) == (422, "invalid_request")


async def test_given_paths_that_do_not_exist_then_404_and_for_a_wrong_method_405(house: House) -> None:
    status, answer = await house.ask("GET", "/api/v1/nothing")
    assert (status, answer["error"]["id"]) == (404, "not_found")
    async with house.client.put("/api/v1/live") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET")
        assert (await response.json())["error"]["id"] == "method_not_allowed"


async def test_given_a_reader_of_chinese_then_errors_are_told_in_chinese(house: House) -> None:
    _, chinese = await house.ask("GET", "/api/v1/calls/none", headers={"Accept-Language": "zh-CN"})
    _, english = await house.ask("GET", "/api/v1/calls/none", headers={"Accept-Language": "en-GB, zh;q=0.5"})
    _, default = await house.ask("GET", "/api/v1/calls/none", headers={"Accept-Language": "fr"})
    assert chinese["error"]["message"] == default["error"]["message"] == "没有正在进行的通话 none"
    assert english["error"]["message"].startswith("no call none is known")
    assert chinese["error"]["id"] == english["error"]["id"] == "unknown_call"


async def test_given_something_fails_inside_then_500_tells_an_incident_and_nothing_else(house: House) -> None:
    house.in_a_call()
    house.orders.refuse = KeyError("a secret of ours")
    with structlog.testing.capture_logs() as lines:
        status, answer = await house.ask("POST", TRANSFERS, json=ORDER)
    assert (status, answer["error"]["id"]) == (500, "internal")
    assert "secret" not in repr(answer)
    incident = answer["error"]["details"]["incident"]
    assert incident in answer["error"]["message"]
    assert [line["incident"] for line in lines if line["event"] == "web.failed"] == [incident]


async def test_given_requests_with_tokens_then_no_log_line_holds_one(house: House) -> None:
    house.in_a_call()
    with structlog.testing.capture_logs() as lines:
        await house.ask("GET", "/api/v1/live")
        await house.ask("GET", f"/api/v1/phone/{PHONE_KEY}/transfer/110", token=None)
        await house.ask("GET", "/api/v1/phone/not-a-key-at-all/cancel", token=None)
        await house.ask("GET", "/api/v1/live", token="a-wrong-token")
    said = repr(lines)
    assert [line["status"] for line in lines if line["event"] == "web.request"] == [200, 200, 401, 401]
    for secret in (TOKEN, PHONE_KEY, "not-a-key-at-all", "a-wrong-token"):
        assert secret not in said


async def test_given_a_body_that_never_ends_then_408(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    head = f"POST {TRANSFERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n"
    writer.write(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
    assert b" 408 " in await reader.readline()
    writer.close()


def test_given_any_refusal_that_the_web_can_tell_then_it_has_chinese_words() -> None:
    """An error's id stands first where it is made: `super().__init__("id", …)`, `OrderError("id", …)`."""
    made = re.compile(r'(?:__init__|HotlineError|OrderError)\(\s*"([a-z_]+)"')
    ivr = Path(__file__).parents[2] / "ivr"
    files = [*(ivr / "web").glob("*.py"), ivr / "pbx/orders.py", ivr / "pbx/manager.py", ivr / "store/errors.py"]
    ids = {id for file in files for id in made.findall(file.read_text("utf-8"))}
    never_over_http = {"ami_login_refused", "database_too_new", "database_too_old", "call_refused"}
    assert {"unknown_call", "no_transfer", "pbx_silent", "database_unavailable"} <= ids
    said = {id: messages.said(HotlineError(id, "english"), "zh") for id in ids - never_over_http}
    assert [id for id, words in said.items() if words == "english"] == []


async def test_given_bytes_that_are_no_http_then_the_answer_tells_no_version(house: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write(b"NONSENSE\x00\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b" 400 " in answer
    assert b"aiohttp" not in answer
    assert b"Python" not in answer

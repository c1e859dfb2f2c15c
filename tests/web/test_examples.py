"""The examples of openapi.json work as they stand, and what it says may be refused has words in both languages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from ivr import credentials, webhooks
from ivr.settings import load
from ivr.web import messages
from ivr.web.examples import REFUSALS, REQUESTS
from ivr.web.openapi import describe
from ivr.web.schema import check
from ivr.web.table import ROUTES
from tests.web.house import CALL, GATEWAY_SECRET, House

ROOT = Path(__file__).parents[2]
V1 = "/api/v1"


def examples(name: str) -> Mapping[str, Any]:
    return REQUESTS[f"POST {V1}/{name}"]


def test_given_a_request_about_cases_then_it_has_an_example_of_its_own_shape_and_known_refusals() -> None:
    known = {route.name: route for route in ROUTES}
    assert {*REQUESTS, *REFUSALS} <= set(known)
    for name, shown in REQUESTS.items():
        schema = known[name].body or known[name].takes
        assert schema is not None
        for word, example in shown.items():
            check(schema, example, f"{name} {word}")
    assert {id for by in REFUSALS.values() for ids in by.values() for id in ids} <= messages.known()
    bare = [
        route.name
        for route in ROUTES
        if route.body and "case" in route.path and route.name not in {*REQUESTS, *REFUSALS}
    ]
    assert bare == []
    told = describe(ROUTES, "zh")["paths"][f"{V1}/cases"]["post"]
    assert "matter" in told["requestBody"]["content"]["application/json"]["examples"]
    assert told["responses"]["422"]["description"] == "invalid_request"


@pytest.mark.parametrize("page", ["channels.md", "channels.zh.md"])
async def test_given_the_line_that_a_page_shows_when_it_is_sent_then_a_case_is_opened(house: House, page: str) -> None:
    line = re.search(
        r"curl \S+(/api/\S+) .*?-d '([^']+)'", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL
    )
    assert line is not None
    status, told = await house.ask("POST", line[1], json=orjson.loads(line[2]))
    assert (status, told["case"]["matter"]["cause"]) == (201, "路灯不亮")


@pytest.mark.parametrize("page", ["channels.md", "channels.zh.md"])
def test_given_the_line_that_reads_the_token_when_it_is_run_then_it_finds_it(tmp_path: Path, page: str) -> None:
    var = tmp_path / "var"
    var.mkdir()
    secrets, _ = credentials.ensure(var, load(ROOT / "hotline.toml", var))
    line = re.search(r"^TOKEN=.*$", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    told = subprocess.check_output(["sh", "-c", f"{line[0]}; echo $TOKEN"], cwd=tmp_path, text=True)
    assert told.strip() == secrets.api_token


async def test_given_the_examples_when_they_are_sent_one_after_another_then_a_case_goes_from_its_opening_to_its_end(
    house: House,
) -> None:
    async def post(path: str, body: Any) -> Any:
        status, told = await house.ask("POST", f"{V1}/{path}", json=body)
        assert status in (200, 201), (path, body, told)
        return told

    opened = [(await post("cases", one))["case"] for one in examples("cases").values()]
    case = opened[0]["id"]
    acts = examples("cases/{id}/events")
    for word in ("written", "responded", "ordered"):
        order = (await post(f"cases/{case}/events", acts[word]))["case"]["orders"]
    for one in examples("orders/{id}/acts").values():
        later = (
            {"until": (datetime.now(UTC) + timedelta(days=90)).isoformat()} if "until" in one.get("data", {}) else {}
        )
        await post(f"orders/{order[0]['id']}/acts", {**one, "data": {**one.get("data", {}), **later}})
    for word in ("called_back", "handled", "closed"):
        told = await post(f"cases/{case}/events", acts[word])
    assert told["case"]["state"] == "closed"
    (apart,) = examples("cases/{id}/split").values()
    await post(f"cases/{opened[1]['id']}/split", apart)
    house.in_a_call()
    for one in examples("calls/{id}/case").values():
        await post(f"calls/{CALL}/case", one)
    (message,) = examples("channels/{channel}").values()
    body = orjson.dumps(message)
    headers = webhooks.sign("m1", body, [GATEWAY_SECRET], datetime.now(UTC))
    assert (await house.ask("POST", f"{V1}/channels/wechat", token=None, data=body, headers=headers))[0] == 200

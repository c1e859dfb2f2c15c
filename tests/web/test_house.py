"""Health, metrics and the API's own description."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ivr.calls.live_views import OPERATOR_STATES
from ivr.web import health
from ivr.web.schema import check
from ivr.web.shapes import HEALTH
from ivr.web.table import ROUTES
from tests.unit.stories import transferred
from tests.web.house import House


async def checks(house: House) -> tuple[int, dict[str, str | None]]:
    """Status, and each check's error id."""
    status, body = await house.ask("GET", "/healthz", token=None)
    check(HEALTH, body)
    assert body["status"] == ("ok" if status == 200 else "failing")
    return status, {one["name"]: one.get("error", {}).get("id") for one in body["checks"]}


async def test_given_a_whole_house_then_200(house: House) -> None:
    status, found = await checks(house)
    assert status == 200
    assert set(found.values()) == {None}


async def test_given_ami_is_down_then_503_names_it(house: House) -> None:
    house.asterisk.state = "down"
    status, found = await checks(house)
    assert (status, found["ami"], found["cel"]) == (503, "ami_down", "cel_off")


async def test_given_the_live_state_is_old_then_503(house: House) -> None:
    house.feed({"Event": "Disconnected"})
    status, found = await checks(house)
    assert (status, found["live"]) == (503, "live_stale")


async def test_given_the_call_log_falls_behind_then_503(house: House) -> None:
    house.log.lag_seconds = health.LAG_LIMIT + 1
    status, found = await checks(house)
    assert (status, found["journal"]) == (503, "journal_behind")


async def test_given_the_database_refuses_calls_then_503(house: House) -> None:
    house.log.refused.add("c-1")
    assert (await checks(house))[1]["journal"] == "calls_refused"


async def test_given_the_writer_cannot_write_then_503(house: House) -> None:
    house.log.last_error = "disk I/O error"
    assert (await checks(house))[1]["database"] == "database_down"


async def test_given_the_database_is_gone_then_503(house: House) -> None:
    await house.store.close()
    status, found = await checks(house)
    await house.store.open()
    assert (status, found["database"]) == (503, "database_unavailable")


@pytest.mark.parametrize("said", ["CEL Logging: Disabled", "CEL Logging: Enabled", ""])
async def test_given_asterisk_writes_no_journal_then_503(house: House, said: str) -> None:
    house.asterisk.cel = said
    status, found = await checks(house)
    assert (status, found["cel"]) == (503, "cel_off")


async def test_given_a_full_disk_then_503(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DISK_LIMIT", 1 << 62)
    assert (await checks(house))[1]["disk"] == "disk_full"


async def test_given_recordings_on_a_full_disk_of_their_own_then_503_names_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "recordings").mkdir()
    house.services.health._var = tmp_path
    free = {str(tmp_path / "recordings"): 4096}
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: SimpleNamespace(free=free.get(str(path), 1 << 40)))
    status, found = await checks(house)
    assert (status, found["disk"]) == (503, "disk_full")


async def test_given_a_task_that_stopped_then_503_names_it(house: House) -> None:
    house.stopped.append("call log")
    status, found = await checks(house)
    assert (status, found["tasks"]) == (503, "task_stopped")


async def test_given_a_reader_of_chinese_then_the_trouble_is_told_in_chinese(house: House) -> None:
    house.asterisk.state = "down"
    _, body = await house.ask("GET", "/healthz", headers={"Accept-Language": "zh"})
    told = {one["name"]: one["error"]["message"] for one in body["checks"] if not one["ok"]}
    assert told["ami"] == "与电话交换系统的管理连接（AMI）未就绪：down"


async def test_given_no_token_then_trouble_is_named_but_not_described(house: House) -> None:
    house.log.last_error = "sqlite:////srv/secret/ivr.db: disk I/O error"
    _, body = await house.ask("GET", "/healthz", token=None)
    assert {one["name"]: one["error"] for one in body["checks"] if not one["ok"]} == {
        "database": {"id": "database_down"}
    }


async def numbers(house: House) -> dict[tuple[str, str], float]:
    """Sample name and its labels' values, by label → value."""
    status, text = await house.ask("GET", "/metrics", token=None)
    assert status == 200
    return {
        (sample.name, ",".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_given_calls_that_end_then_each_is_counted_once(house: House) -> None:
    metrics = house.services.metrics
    metrics.count([transferred("c-1", ended=False)])
    metrics.count([transferred("c-1")])
    metrics.count([transferred("c-1"), transferred("c-2")])
    found = await numbers(house)
    assert found["hotline_calls_total", "transferred"] == 2
    assert found["hotline_transfers_total", "transfer,completed,110"] == 2
    assert found["hotline_answer_seconds_count", ""] == 2


async def test_given_a_running_call_then_gauges_tell_it(house: House) -> None:
    house.services.metrics.watch(
        house.live, {"hotline_up": ("x", lambda: 1.0)}, {"hotline_ami": ("y", ("what",), lambda: {"events": 7})}
    )
    house.in_a_call()
    found = await numbers(house)
    assert found["hotline_calls_running", "talking"] == 1
    assert found["hotline_operators", "talking"] == 1
    assert sum(found["hotline_operators", state] for state in OPERATOR_STATES) == 2
    assert found["hotline_callers_waiting", "q-general"] == 0
    assert found["hotline_target_reachable", "110"] == 1
    assert (found["hotline_up", ""], found["hotline_ami_total", "events"]) == (1, 7)


async def test_given_requests_then_they_are_counted_by_route_and_not_by_url(house: House) -> None:
    await house.ask("GET", "/api/v1/calls/c-1")
    await house.ask("GET", "/api/v1/calls/c-2")
    await house.ask("GET", "/etc/passwd")
    found = await numbers(house)
    assert found["hotline_http_requests_total", "/api/v1/calls/{id},404"] == 2
    assert found["hotline_http_requests_total", "unknown,404"] == 1


async def test_given_the_description_then_it_lists_exactly_the_routes_that_the_server_has(house: House) -> None:
    status, document = await house.ask("GET", "/api/v1/openapi.json", token=None)
    assert status == 200
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    app = house.server._runner.app
    served = {
        (route.method, re.sub(r":[^}]*}", "}", route.resource.canonical))
        for route in app.router.routes()
        if route.resource is not None
    }
    assert described == served == {(route.method, route.path) for route in ROUTES}


async def test_given_the_description_then_every_reference_and_path_parameter_is_defined(house: House) -> None:
    _, document = await house.ask("GET", "/api/v1/openapi.json", token=None)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        at = document
        for part in reference.split("/"):
            at = at[part]
    for path, methods in document["paths"].items():
        for told in methods.values():
            named = {one["name"] for one in told.get("parameters", []) if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert told["summary"]
            assert "default" in told["responses"]


async def test_given_a_reader_of_english_then_the_description_is_english(house: House) -> None:
    _, english = await house.ask("GET", "/api/v1/openapi.json", headers={"Accept-Language": "en"})
    _, chinese = await house.ask("GET", "/api/v1/openapi.json", headers={"Accept-Language": "zh"})
    assert english["info"]["title"] == "Hotline controller API"
    assert chinese["info"]["title"] == "热线控制系统接口"


def test_given_the_table_then_every_route_is_told_in_both_languages() -> None:
    assert all(set(route.summary) == {"zh", "en"} and all(route.summary.values()) for route in ROUTES)

"""The API against schemathesis: requests as openapi.json describes them, and requests as it does not.

The server runs in a thread of its own with a real store and a real live state; only the orders to Asterisk are noted.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks as conformance

from ivr.web.openapi import describe
from ivr.web.routes import Route
from ivr.web.table import ROUTES
from tests.web.house import CALL, PHONE_KEY, TOKEN, House, a_house

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))  # of each operation, in each way
PROCESSES = ("/api/v1/cases/export", "/api/v1/bulletin")  # each answer is written by a process: two of them do
load_all_checks()
# `default` describes every refusal, so a refusal of good data is looked at below and not by these.
CHECKS = [
    not_a_server_error,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
    conformance.status_code_conformance,
]
STREAM = "/api/v1/live/stream"  # answers 101 only to a WebSocket handshake: tests/attacks/test_live_stream.py
PAGES = ("/report", "/report/progress")  # answer a form with a page: tests/web/test_report.py, test_progress_api.py
FUZZED = [route for route in ROUTES if route.path not in (STREAM, *PAGES)]
WRONG = [route for route in FUZZED if route.parts or route.query or route.headers or route.body]  # may be asked wrongly
CASES = [(route, GenerationMode.POSITIVE) for route in FUZZED] + [(route, GenerationMode.NEGATIVE) for route in WRONG]
# What data of the right shape may be refused for.
BEYOND_A_SCHEMA = (
    *("bad_end", "no_department", "norm_ends_first", "unknown_desk"),
    *("idempotency_key_reused", "nobody_named", "no_reason", "bad_block_end", "bad_span", "too_many_tries"),
    *("unknown_category", "bad_prompt_text", "bad_placeholder", "greeting_too_long", "no_sound", "silent_sound"),
    *("bad_roles", "roles_exclude", "weak_password"),
    *("department_alone", "department_needed", "department_unused", "unknown_department"),
    *(
        "no_notice_words",
        "notice_incomplete",
        "bad_notice_end",
        "no_voice",
        "unknown_language",
        "unknown_reason",
        "not_your_skill",
    ),
)
KNOWN = {
    "id": CALL,
    "number": "1002",
    "token": PHONE_KEY,
    "language": "zh",
    "prompt": "greeting",
}  # with others nearly every request would end as a 404


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, House]]:
    """Address and house; a caller talks with operator 1002 there."""
    folder: Path = tmp_path_factory.mktemp("house")
    opened, over = threading.Event(), threading.Event()
    found: list[House] = []

    async def live() -> None:
        async with a_house(folder) as house:
            house.in_a_call()
            found.append(house)
            opened.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(live(),), daemon=True)
    thread.start()
    assert opened.wait(60)
    yield f"http://127.0.0.1:{found[0].server.port}", found[0]
    over.set()
    thread.join(60)


@cache
def described() -> Any:
    """To read the description takes longer than most routes' questions."""
    return schemathesis.openapi.from_dict(describe(ROUTES, "en"))


@pytest.mark.parametrize(("route", "mode"), CASES, ids=[f"{mode.value} {r.method} {r.path}" for r, mode in CASES])
def test_given_any_data_when_the_api_is_asked_then_it_answers_as_it_says(
    server: tuple[str, House], route: Route, mode: GenerationMode
) -> None:
    base, _ = server
    operation = described()[route.path][route.method]
    known = {name: value for name, value in KNOWN.items() if name in route.parts}
    if mode is GenerationMode.NEGATIVE:
        known.pop("id", None)
    session = requests.Session()

    @settings(
        max_examples=2 if route.path in PROCESSES else EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=known or None))
    def ask(case: Case) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        response = case.call_and_validate(base_url=base, session=session, headers=headers, checks=CHECKS, timeout=60)
        if mode is GenerationMode.POSITIVE:
            refused = response.json()["error"]["id"] if response.status_code in (400, 422) else None
            assert refused in (None, *BEYOND_A_SCHEMA), response.text

    ask()
    assert requests.get(f"{base}/healthz", timeout=60).status_code == 200

"""The exchange's door against schemathesis, with good signatures: a partner that says anything.

Bodies as the published schema describes them, and as it does not; and cases whose events are of the right form and say
anything. Whatever was taken, every list and page that shows the case still answers.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from ivr.desks import exchange_wire, signatures
from ivr.desks.case_kinds import KINDS
from ivr.settings import Partner
from ivr.web.door import Bucket
from tests.attacks.test_api_fuzz import EXAMPLES
from tests.web.house import TOKEN, House, a_house

DOOR = "/exchange/v1/messages"
KEY = signatures.new_private()
POLICE = Partner("110", "http://127.0.0.1:1", signatures.public_text(KEY), targets=("110",))
ANSWERS = {200, 401, 408, 409, 413, 415, 422}
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("house")
    opened, over = threading.Event(), threading.Event()
    found: list[House] = []

    async def live() -> None:
        async with a_house(folder, exchange={"110": POLICE}) as house:
            house.services.door._buckets["110"] = Bucket(rate=1e9, burst=1e9)
            found.append(house)
            opened.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(live(),), daemon=True)
    thread.start()
    assert opened.wait(60)
    yield f"http://127.0.0.1:{found[0].server.port}"
    over.set()
    thread.join(60)


@pytest.fixture(scope="module")
def session() -> requests.Session:
    return requests.Session()


def told(base: str, session: requests.Session, body: bytes) -> requests.Response:
    signed = signatures.sign(base + DOOR, body, "110", signatures.private_key(KEY), datetime.now(UTC))
    answer = session.post(base + DOOR, data=body, headers=signed, timeout=60)
    assert answer.status_code in ANSWERS, answer.text
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"id", "message", "details"}
    return answer


def door(schema: dict[str, Any]) -> dict[str, Any]:
    """An API of the door alone, that takes this."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    answer = {"default": {"description": "any"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "door", "version": "1"},
        "paths": {DOOR: {"post": {"requestBody": body, "responses": answer}}},
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_given_any_body_that_is_signed_when_it_comes_then_the_door_answers_in_its_own_words(
    base: str, session: requests.Session, mode: GenerationMode
) -> None:
    schema = {name: part for name, part in exchange_wire.schema().items() if not name.startswith("$")}
    operation = schemathesis.openapi.from_dict(door(schema))[DOOR]["POST"]

    @SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        body = case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=str).encode()
        told(base, session, body)

    ask()


def any_events() -> dict[str, Any]:
    """Events of every kind with data of its shape, and of a kind that nobody knows."""
    kinds = [{"properties": {"kind": {"const": kind}, "data": shape}} for kind, shape in KINDS.items()]
    kinds += [{"properties": {"kind": {"const": "sung"}, "data": {"type": "object"}}}]
    each = [{"type": "object", "required": ["kind", "data"], "additionalProperties": False, **kind} for kind in kinds]
    return {"type": "array", "minItems": 1, "maxItems": 6, "items": {"anyOf": each}}


def history(said: list[dict[str, Any]], jumps: list[int]) -> list[dict[str, Any]]:
    """These events after an opening and an offer, with clocks that jump; now and then a desk says more than we know."""
    first = [
        {"kind": "opened", "data": {"number": "110-20261127-000001", "channel": "phone"}},
        {"kind": "offered", "data": {"to": "12345", "way": "online"}},
    ]
    clock, events = 0, []
    for seq, (one, jump) in enumerate(zip([*first, *said], jumps, strict=False), 1):
        clock += jump
        more = {"mood": ["<b>", {"x": jump}]} if seq > 2 and jump % 4 == 0 else {}
        said_by = {"origin": "110", "seq": seq, "clock": clock, "at": "2026-11-27T08:00:00Z", "by": "2001"}
        events.append({**said_by, "kind": one["kind"], "data": one["data"] | more})
    return events


def test_given_any_history_from_a_partner_when_it_is_taken_then_all_that_shows_it_still_answers(
    base: str, session: requests.Session
) -> None:
    numbers, effects = iter(range(1, 1_000_000)), Counter[str]()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    operation = schemathesis.openapi.from_dict(door(any_events()))[DOOR]["POST"]
    jumps = st.lists(st.integers(1, 120), min_size=8, max_size=8)

    @settings(SETTINGS, max_examples=4 * EXAMPLES)
    @given(said=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), jumps=jumps)
    def ask(said: Case, jumps: list[int]) -> None:
        number, events = next(numbers), history(said.body, jumps)
        case, message = str(UUID(int=number)), str(UUID(int=number + 2**64))
        hotline = {"version": "1.0", "message": message, "from": "110", "to": "12345", "case": case}
        hotline |= {"sent": "2026-11-27T08:00:00Z", "events": events}
        document = {"$id": case, "eidoVersion": "1.0", "issuingElementIdentification": "110", "hotline": hotline}
        answer = told(base, session, json.dumps(document).encode())
        if answer.status_code != 200:
            assert answer.json()["error"]["id"] == "exchange_message", answer.text
            return
        for path in (f"cases/{case}", "cases", f"exchange/messages?case={case}", "cases?state=offered"):
            shown = session.get(f"{base}/api/v1/{path}", headers=headers, timeout=60)
            assert shown.status_code == 200, (path, shown.text)
            if path.endswith(case) and "=" not in path:
                whole = shown.json()["case"]
                effects.update(entry["void"] or "effect" for entry in whole["history"][2:])
                assert len(whole["history"]) == len(events)

    ask()
    assert {"effect", "unknown_kind", "unknown_shape"} <= set(effects), "these are too tame"
    assert len(effects) >= 5, "these are too tame"  # two rules at least said no: which, a new kind of event changes

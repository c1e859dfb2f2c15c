"""The board of linkage over HTTP: figures, the cases behind them, and who looked."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from ivr.store import case_rows
from ivr.store.audit import Audit
from tests.unit.test_linkage import START, STORIES, Step, events
from tests.web.house import House
from tests.web.people import person

DAY = {"since": "2026-11-27T00:00:00Z", "until": "2026-11-28T00:00:00Z"}


async def keep(house: House, name: str, steps: tuple[Step, ...], **matter: Any) -> str:
    """A case as these events make it; its id."""
    id = f"00000000-0000-4000-8000-{list(STORIES).index(name):012}"
    said = {"class_code": "0301", "cause": f"诉求 {name}", "caller": "13800138000", **matter}

    def write(connection: Connection) -> None:
        opened, *others = steps
        number = {**opened[3], "number": f"{opened[1]}-20261127-{list(STORIES).index(name):06}"}
        whole = ((*opened[:3], number), (0, opened[1], "written", said), *others)
        for event in events(id, *whole):
            case_rows.append(connection, "12345", [event], START)

    await house.store.write(write)
    return id


@pytest.fixture
async def house(house_on_each_database: House) -> House:
    for name, steps in STORIES.items():
        await keep(house_on_each_database, name, steps)
    return house_on_each_database


async def test_given_cases_both_ways_when_the_board_is_read_then_it_counts_them(house: House) -> None:
    status, body = await house.ask("GET", "/api/v1/board", params=DAY)
    found = body["figures"]
    assert (status, found["desk"], found["accept_minutes"]) == (200, "12345", 10)
    assert (found["total"]["handovers"], found["total"]["overdue"], found["total"]["p90"]) == (7, 3, 1200)
    assert [(way["from"], way["to"], way["handovers"]) for way in found["ways"]] == [
        ("110", "12345", 1),
        ("12345", "110", 6),
    ]
    assert [(one["class_code"], one["zh"], one["handovers"]) for one in found["classes"]] == [("03", "交通运输", 7)]
    assert found["days"] == [{"day": "2026-11-27", "counts": [1, 6]}, {"day": "2026-11-28", "counts": [0, 0]}]
    assert sum(found["hours"][1]["counts"]) == 6


async def test_given_callers_who_were_asked_when_the_board_is_read_then_it_counts_what_they_say(house: House) -> None:
    nobody = {"asked": 0, "reached": 0, "yes": 0, "partly": 0, "no": 0, "share": None}
    _, body = await house.ask("GET", "/api/v1/board", params=DAY)
    assert (body["figures"]["call_backs"], body["figures"]["departments"]) == (nobody, [])
    limits = dict.fromkeys(("due", "sign_by"), "2026-12-01T08:00:00Z")
    ordered = [(5, "12345", "ordered", {"order": one, "department": one, **limits}) for one in ("chengguan", "gone")]
    said = [(9, "12345", "called_back", {"reached": True, "satisfied": grade}) for grade in ("yes", "no")]
    await keep(house, "stays", (*STORIES["stays"], *ordered, *said))
    _, body = await house.ask("GET", "/api/v1/board", params={**DAY, "until": "2026-11-28T00:00:01Z"})  # not remembered
    grades = {**nobody, "asked": 2, "reached": 2, "yes": 1, "no": 1, "share": 0.5}
    assert body["figures"]["call_backs"] == grades
    assert body["figures"]["departments"] == [
        {"department": "chengguan", "zh": "城市管理局", "en": "City Management", **grades},
        {"department": "gone", "zh": "gone", "en": "gone", **grades},
    ]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, {"accepted", "late", "waits", "refused", "agreed", "back", "failed"}),
        ({"from": "110"}, {"back"}),
        ({"state": "refused"}, {"refused"}),
        ({"decided": "any"}, {"accepted", "late", "agreed", "back"}),
        ({"decided": "agreed"}, {"agreed"}),
        ({"overdue": "true"}, {"late", "waits", "failed"}),
        ({"voice_failed": "true", "to": "110"}, {"failed"}),
        ({"class_code": "03", "state": "sent"}, {"waits", "failed"}),
        ({"class_code": "none"}, set()),
        ({"class_code": "A1."}, set()),  # as another desk may call it
    ],
)
async def test_given_a_figure_when_opened_then_the_cases_are_those_that_it_counts(
    house: House, wanted: dict[str, str], names: set[str]
) -> None:
    status, body = await house.ask("GET", "/api/v1/board/cases", params={**DAY, **wanted})
    assert status == 200
    assert {one["line"].removeprefix("诉求 ") for one in body["cases"]} == names
    assert len(body["cases"]) == len(names)


async def test_given_pages_when_followed_then_every_handover_comes_once(house: House) -> None:
    seen, skip = [], 0
    while skip is not None:
        _, body = await house.ask("GET", "/api/v1/board/cases", params={**DAY, "limit": "3", "skip": str(skip)})
        seen += [one["id"] for one in body["cases"]]
        skip = body["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "span",
    [
        {"since": "2026-11-28T00:00:00Z", "until": "2026-11-27T00:00:00Z"},
        {"since": "2020-01-01T00:00:00Z", "until": "2026-11-27T00:00:00Z"},
        {"until": "0001-01-01T00:00:00Z"},
    ],
)
async def test_given_a_span_that_cannot_be_when_asked_then_it_says_so(house: House, span: dict[str, str]) -> None:
    status, body = await house.ask("GET", "/api/v1/board", params=span)
    assert (status, body["error"]["id"]) == (422, "bad_span")


async def test_given_a_liaison_who_looks_twice_then_it_is_on_record_once_and_numbers_are_masked(house: House) -> None:
    him = await person(house, "liaison")
    for _ in range(2):
        status, body = await him.ask("GET", "/api/v1/board/cases", params={**DAY, "from": "110"})
        assert (status, [one["caller"] for one in body["cases"]]) == (200, ["138****8000"])
    noted = await Audit(house.store).listed(what="case.search")
    assert [(one.about, one.details["filters"]["from"]) for one in noted] == [("110", "110")]

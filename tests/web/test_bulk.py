"""Cases in bulk and the bulletin over HTTP: whole, masked, on record; and who looked at another desk's cases (R42)."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Set
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from ivr.desks.exchange import Fate
from ivr.store import DatabaseDownError, case_sheets, tables
from ivr.store.audit import Audit
from tests.unit.test_linkage import STORIES
from tests.web.house import TOKEN, House, a_house
from tests.web.people import Person, person
from tests.web.test_board_api import keep
from tests.web.test_exchange_api import POLICE

EXPORT, BULLETIN, MESSAGES = "/api/v1/cases/export", "/api/v1/bulletin", "/api/v1/cases/messages"


async def filled(house: House) -> House:
    for name, steps in STORIES.items():
        await keep(house, name, steps, confidential=name == "refused")
    return house


@pytest.fixture
async def city(house: House) -> House:
    return await filled(house)


@pytest.fixture
async def each(house_on_each_database: House) -> House:
    return await filled(house_on_each_database)


async def got(house: House, path: str, him: Person | None = None, **query: str) -> tuple[int, bytes, str]:
    headers = him.headers if him is not None else {"Authorization": f"Bearer {TOKEN}"}
    async with house.client.get(path, params=query, headers={**headers, "Accept-Language": "zh"}) as response:
        return response.status, await response.read(), response.content_type


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


async def test_given_cases_when_a_liaison_exports_them_then_they_are_whole_and_masked_and_it_is_on_record(
    city: House,
) -> None:
    him = await person(city, "liaison")
    status, body, media = await got(city, EXPORT, him, format="csv")
    found = {one["事由"].removeprefix("诉求 "): one for one in rows(body)}
    assert (status, media, found.keys()) == (200, "text/csv", STORIES.keys())
    assert (found["late"]["来电号码"], found["refused"]["来电号码"]) == ("138****8000", "***")
    assert (found["late"]["流转"], found["late"]["诉求分类"]) == ("12345→110 已受理", "公共交通")
    assert (found["back"]["首接平台"], found["stays"]["流转"]) == ("110", "")
    (noted,) = await Audit(city.store).listed(what="case.export")
    assert (noted.who.split()[0], noted.details["rows"], noted.details["full"]) == (him.user, 8, False)


CONDITIONS: tuple[tuple[dict[str, str], Set[str]], ...] = (
    ({"partner": "110", "first": "12345"}, STORIES.keys() - {"stays", "back"}),
    ({"first": "110"}, {"back"}),
    ({"caller": "13800138000", "q": "诉求"}, STORIES.keys() - {"refused"}),
)


async def test_given_conditions_when_exported_then_the_sheet_has_what_the_list_has(each: House) -> None:
    him = await person(each, "supervisor")
    for wanted, names in CONDITIONS:
        _, body, _ = await got(each, EXPORT, him, format="csv", **wanted)
        listed = (await him.ask("GET", "/api/v1/cases", params=wanted))[1]["cases"]
        assert {one["事由"].removeprefix("诉求 ") for one in rows(body)} == names
        assert {one["line"].removeprefix("诉求 ") for one in listed} == names


async def test_given_a_program_of_the_administrator_s_when_it_exports_then_numbers_are_whole(city: House) -> None:
    status, body, _ = await got(city, EXPORT, format="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    assert status == 200
    assert sheet is not None
    assert {row[11] for row in sheet.iter_rows(min_row=2, values_only=True)} == {"13800138000"}


async def test_given_more_than_may_be_then_it_is_refused_and_nothing_is_left(
    city: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_sheets.Job.__init__, "__defaults__", (5,))
    status, body, _ = await got(city, EXPORT, format="csv")
    assert (status, b"export_too_large" in body) == (422, True)
    assert list((city.services.var / "exports").iterdir()) == []
    assert await Audit(city.store).listed(what="case.export") == []


async def test_given_an_operator_then_he_exports_nothing(city: House) -> None:
    him = await person(city, "operator", number="1003")
    assert (await him.ask("GET", EXPORT))[0] == 403
    assert (await him.ask("GET", BULLETIN))[0] == 403


@pytest.mark.parametrize("format", ["xlsx", "pdf"])
async def test_given_a_month_when_its_bulletin_is_asked_for_then_it_comes_and_is_on_record(
    city: House, format: str
) -> None:
    him = await person(city, "supervisor")
    status, body, _ = await got(city, BULLETIN, him, month="2026-11", format=format)
    assert status == 200
    assert body.startswith({"xlsx": b"PK", "pdf": b"%PDF"}[format])
    (noted,) = await Audit(city.store).listed(what="bulletin.export")
    assert (noted.about, noted.details["month"]) == (format, "2026-11")


async def test_given_cases_of_two_desks_when_they_are_looked_at_then_only_looks_at_shared_ones_are_on_record(
    city: House,
) -> None:
    him = await person(city, "operator", number="1003")
    for name in ("late", "stays", "late"):
        number = f"12345-20261127-{list(STORIES).index(name):06}"
        assert (await him.ask("GET", f"/api/v1/cases/{number}"))[0] == 200
    assert (await him.ask("GET", "/api/v1/cases", params={"q": "late", "caller": "13800138000"}))[0] == 200
    looks = await Audit(city.store).listed(what="case.look")
    assert [(one.about, one.details["desks"]) for one in looks] == [("12345-20261127-000001", ["110"])]
    assert looks[0].who.split()[0] == him.user
    (search,) = await Audit(city.store).listed(what="case.search")
    assert (search.about, search.details["filters"]) == ("110", {"q": "late", "caller": "138****8000"})


async def test_given_a_page_in_the_middle_of_a_search_then_it_is_on_record_too(city: House) -> None:
    him = await person(city, "operator", number="1003")
    assert (await him.ask("GET", "/api/v1/cases", params={"before": str(2**53)}))[0] == 200
    (search,) = await Audit(city.store).listed(what="case.search")
    assert search.who.split()[0] == him.user


async def test_given_a_look_that_could_not_be_noted_when_it_is_tried_again_then_it_is_noted_first(
    city: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    him = await person(city, "operator", number="1003")
    path = f"/api/v1/cases/12345-20261127-{list(STORIES).index('late'):06}"

    async def down(*_: object, **__: object) -> None:
        raise DatabaseDownError("sqlite", "the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Audit, "note", down)
        assert (await him.ask("GET", path))[0] == 503
    assert (await him.ask("GET", path))[0] == 200
    assert len(await Audit(city.store).listed(what="case.look")) == 1


async def test_given_a_hundred_thousand_cases_when_exported_then_the_server_answers_others_meanwhile(
    city: House,
) -> None:
    many = 100_000
    await fill(city, many)
    answered, running = 0, asyncio.create_task(got(city, EXPORT, format="csv"))
    while not running.done():
        async with city.client.get("/healthz") as response:
            assert response.status in (200, 503)
        answered += 1
        await asyncio.sleep(0.1)
    status, body, _ = await running
    assert (status, body.count(b"\n")) == (200, many + len(STORIES) + 1)
    assert answered > 5  # a loop that wrote it itself would answer nobody before it is done


async def fill(city: House, many: int) -> None:
    """Rows alone, as alike as they may be: what is asked is how they are carried."""
    names = ", ".join(f'"{column.name}"' for column in tables.case.c if column.name not in {"serial", "id"})
    count = f"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < {many + 99})"
    copies = f"SELECT i, 'many-' || i, {names} FROM n, (SELECT * FROM \"case\" LIMIT 1)"
    order = text(f'INSERT INTO "case" (serial, id, {names}) {count} {copies}')
    await city.store.write(lambda connection: connection.execute(order))


async def test_given_a_message_that_is_refused_when_the_desk_s_people_look_then_it_says_what_happened_and_to_which_case(
    tmp_path: Path,
) -> None:
    async with a_house(tmp_path, exchange={"110": POLICE}) as house:
        await _refused(house)


async def _refused(house: House) -> None:
    him = await person(house, "operator", number="1003")
    opened = await house.services.cases.open("1003", "phone", {"cause": "井盖缺失"})
    await house.services.cases.act(opened.case.id, "1003", "offered", {"to": "110", "way": "online"})
    status, body = await him.ask("GET", MESSAGES, params={"direction": "out"})
    (one,) = body["messages"]
    assert (status, body["desks"], one["state"], one["trouble"]) == (200, ["110"], "pending", None)
    assert one["case"] == {
        "id": opened.case.id,
        "number": opened.case.number,
        "line": "井盖缺失",
        "state": "offered",
        "owners": ["12345"],
        "urgency": "general",
    }
    assert one["kinds"] == ["opened", "written", "offered"]
    (due,) = await house.services.messages.due("110", datetime.now(UTC))
    answer = {"error": {"id": "exchange_altered", "message": "ask for our key again"}}
    await house.services.messages.settled(due, Fate("refused"), 409, answer, datetime.now(UTC))
    (one,) = (await him.ask("GET", MESSAGES, params={"desk": "110", "state": "refused"}))[1]["messages"]
    assert (one["trouble"], one["why"]) == ("refused", "ask for our key again")
    assert (await him.ask("GET", MESSAGES, params={"direction": "in"}))[1]["messages"] == []

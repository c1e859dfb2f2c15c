"""What a call's case says is the call log's: found by its words, and gone with the caller's number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.calls.redaction import without_number
from ivr.store import erasure, retention_rows, search
from ivr.store.case_search import Wanted
from ivr.store.cases import Known
from ivr.store.notes import Notes
from tests.unit.stories import at, transferred
from tests.web.house import CALL, TOKENS, House

NOTE = f"/api/v1/calls/{CALL}/note"
WORDS = {
    "happened": "昨晚八点",
    "name": "王女士",
    "place": "朝阳路",
    "cause": "邻居施工",
    "course": "",
    "text": "",
}


@pytest.fixture
def house(house_on_each_database: House) -> House:
    house_on_each_database.in_a_call()
    return house_on_each_database


async def written(house: House, call_id: str, words: dict[str, str], by: str = "1001") -> Known:
    """As an operator's case says it."""
    cases = house.services.cases
    known = await cases.of_call(call_id)
    if known is None:
        return await cases.open(by, "phone", words, call=call_id)
    return await cases.act(known.case.id, by, "written", words)


async def test_given_a_running_call_when_its_case_is_written_then_the_call_log_says_so_though_it_knows_no_call_yet(
    house: House,
) -> None:
    status, nothing = await house.ask("GET", NOTE)
    assert (status, nothing["note"]["revision"], nothing["note"]["cause"]) == (200, 0, "")
    await written(house, CALL, WORDS)
    await written(house, CALL, {"course": "每晚如此\n已投诉两次"}, "1002")
    note = (await house.ask("GET", NOTE))[1]["note"]
    assert (note["cause"], note["course"], note["by"]) == (WORDS["cause"], "每晚如此\n已投诉两次", "1002")


async def test_given_earlier_calls_of_the_number_then_the_operator_sees_what_they_were_about(house: House) -> None:
    live = house.live.call(CALL)
    assert live is not None
    before = replace(transferred(), caller=live.caller)
    await house.store.save([before])
    await written(house, before.id, {"cause": "路灯不亮\n第二行"})
    status, body = await house.ask("GET", f"/api/v1/calls/{CALL}/history")
    assert status == 200
    told = next(one for one in body["history"] if one["id"] == before.id)
    assert (told["note"], told["targets"], told["outcome"]) == ("路灯不亮", ["110"], before.outcome)
    assert CALL not in [one["id"] for one in body["history"]]


async def test_given_a_call_when_its_number_is_erased_then_its_note_is_gone_and_no_new_one_is_taken(
    house: House,
) -> None:
    call = transferred()
    await house.store.save([call])
    case = (await written(house, call.id, {**WORDS, "caller": call.caller, "kind": "complaint"})).case
    await house.services.cases.act(case.id, "1001", "handled", {"result": "solved", "words": "已答复王女士"})
    async with house.store.transaction() as connection:
        await retention_rows.redact(connection, [(call, without_number(call, "~0123456789ab"))])
    assert (await Notes(house.store).of(call.id)).revision == 0
    status, body = await house.ask("POST", f"/api/v1/calls/{call.id}/case", json={"kind": "written", "data": WORDS})
    assert (status, body["error"]["id"]) == (409, "call_erased")
    known = await house.services.cases.get(case.id)
    for personal in ("王女士", "朝阳路", call.caller):
        assert personal not in str(known)
    assert (known.case.state, known.case.matter.kind, known.case.number) == ("handled", "complaint", case.number)
    assert await house.services.cases.search(Wanted(q="王女士")) == []
    assert await house.services.cases.search(Wanted(caller=call.caller)) == []


async def test_given_a_case_of_two_calls_when_one_number_is_erased_then_it_stays_until_the_other_is(
    house: House,
) -> None:
    calls = [transferred("c-1"), transferred("c-2", start=100)]
    order = erasure.Order("hotline", erasure.PERSONAL, "24 months", "test", calls[1].entered_at)
    await house.store.save(calls)
    case = (await written(house, "c-1", WORDS)).case
    await house.services.cases.act(case.id, "1001", "called", {"call": "c-2"})
    for call, cause in zip(calls, (WORDS["cause"], ""), strict=True):
        async with house.store.transaction() as connection:
            await retention_rows.redact(connection, [(call, without_number(call, "~0123456789ab"))])
            await erasure.prove(connection, order, call.entered_at, [call.id], [call.entered_at])
        assert (await house.services.cases.get(case.id)).case.matter.cause == cause


class TestWords:
    """Three calls with notes and one without."""

    @pytest.fixture
    async def house(self, house: House) -> House:
        calls = [transferred(f"c-{n}", start=100 * n) for n in range(4)]
        await house.store.save(calls)
        said: list[dict[str, str]] = [
            {"place": "朝阳路 12 号", "cause": "自来水管漏水", "text": "100%_OK"},
            {"name": "李先生", "cause": "楼上漏水", "text": "Ask Mr Ö again"},
            {"cause": "路灯不亮"},
        ]
        for n, words in enumerate(said):
            await written(house, f"c-{n}", words)
        return house

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"text": "漏水"}, ["c-1", "c-0"]),  # two letters are a word
            ({"text": " 漏水 朝阳 "}, ["c-0"]),  # both, wherever each stands
            ({"text": "ask mr"}, ["c-1"]),
            ({"text": "Ö"}, ["c-1"]),
            ({"text": "100%_ok"}, ["c-0"]),
            ({"text": "1_0"}, []),  # a sign is itself
            ({"text": "水管\\"}, []),
            ({"text": "漏水", "caller": "13800138000", "target": "110"}, ["c-1", "c-0"]),
            ({"text": "漏水", "caller": "1390*"}, []),
            ({"text": "漏水", "until": at(100).isoformat()}, ["c-0"]),
            ({"text": "路灯", "operator": "1001", "since": at(150).isoformat()}, ["c-2"]),
            ({"text": " "}, ["c-3", "c-2", "c-1", "c-0"]),
        ],
    )
    async def test_given_words_of_a_note_when_looked_for_then_the_calls_that_have_them_come(
        self, house: House, asked: dict[str, str], found: list[str]
    ) -> None:
        status, body = await house.ask("GET", "/api/v1/calls", params=asked)
        assert status == 200
        assert [call["id"] for call in body["calls"]] == found
        assert set(body["notes"]) == set(found) - {"c-3"}

    async def test_given_a_note_that_was_changed_days_later_when_pages_are_turned_then_its_call_keeps_its_place(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(search, "STRIDE", 1)
        await written(house, "c-0", {"cause": "水管又漏水"}, "1002")
        pages, before = [], {}
        for _ in range(2):
            _, body = await house.ask("GET", "/api/v1/calls", params={"text": "漏水", "limit": 1, **before})
            pages.append(body["notes"])
            before = {"before": body["next"]}
        assert pages == [{"c-1": "楼上漏水"}, {"c-0": "水管又漏水"}]

    async def test_given_somebody_who_may_not_read_notes_when_he_looks_for_words_then_he_is_refused(
        self, house: House
    ) -> None:
        auditor = TOKENS["li"].token
        status, body = await house.ask("GET", "/api/v1/calls", token=auditor, params={"text": "漏水"})
        assert (status, body["error"]["id"]) == (403, "forbidden")
        wish = {"format": "csv", "filters": {"text": "漏水"}}
        status, body = await house.ask("POST", "/api/v1/exports", token=auditor, json=wish)
        assert (status, body["error"]["id"]) == (403, "forbidden")
        status, body = await house.ask("GET", "/api/v1/calls", token=auditor)
        assert (status, len(body["calls"]), body["notes"]) == (200, 4, {})

"""A call's note is saved as it is typed; who was slower merges; it goes with the caller's number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.calls.redaction import without_number
from ivr.store import retention_rows, search
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


async def put(house: House, revision: int, **words: str) -> tuple[int, dict[str, object]]:
    return await house.ask("PUT", NOTE, json={"revision": revision, **WORDS, **words})


async def test_given_a_running_call_when_words_are_saved_then_they_are_there_though_the_call_is_not_logged_yet(
    house: House,
) -> None:
    status, nothing = await house.ask("GET", NOTE)
    assert (status, nothing["note"]["revision"], nothing["note"]["cause"]) == (200, 0, "")
    assert (await put(house, 0))[0] == 200
    status, saved = await put(house, 1, course="每晚如此\n已投诉两次")
    assert (status, saved["note"]["revision"]) == (200, 2)
    assert (await house.ask("GET", NOTE))[1]["note"] == saved["note"]


async def test_given_two_who_write_when_the_slower_saves_then_he_gets_the_newer_one_and_nothing_is_lost(
    house: House,
) -> None:
    await put(house, 0)
    for stale in (0, 2, 7):
        status, body = await put(house, stale, text="mine")
        assert (status, body["error"]["id"]) == (409, "note_changed")
        assert body["error"]["details"]["note"]["cause"] == WORDS["cause"]
    assert (await house.ask("GET", NOTE))[1]["note"]["text"] == ""


async def test_given_a_call_that_nobody_knows_when_words_come_then_404(house: House) -> None:
    status, body = await house.ask("PUT", "/api/v1/calls/nothing/note", json={"revision": 0})
    assert (status, body["error"]["id"]) == (404, "unknown_call")


async def test_given_earlier_calls_of_the_number_then_the_operator_sees_what_they_were_about(house: House) -> None:
    live = house.live.call(CALL)
    assert live is not None
    before = replace(transferred(), caller=live.caller)
    await house.store.save([before])
    await Notes(house.store).put(before.id, 0, {"cause": "路灯不亮\n第二行"}, "1001")
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
    await Notes(house.store).put(call.id, 0, WORDS, "1001")
    async with house.store.transaction() as connection:
        await retention_rows.redact(connection, [(call, without_number(call, "~0123456789ab"))])
    assert (await Notes(house.store).of(call.id)).revision == 0
    status, body = await house.ask("PUT", f"/api/v1/calls/{call.id}/note", json={"revision": 0})
    assert (status, body["error"]["id"]) == (409, "call_erased")


class TestWords:
    """Three calls with notes and one without."""

    @pytest.fixture
    async def house(self, house: House) -> House:
        notes, calls = Notes(house.store), [transferred(f"c-{n}", start=100 * n) for n in range(4)]
        await house.store.save(calls)
        written: list[dict[str, str]] = [
            {"place": "朝阳路 12 号", "cause": "自来水管漏水", "text": "100%_OK"},
            {"name": "李先生", "cause": "楼上漏水", "text": "Ask Mr Ö again"},
            {"cause": "路灯不亮"},
        ]
        for n, words in enumerate(written):
            await notes.put(f"c-{n}", 0, words, "1001", calls[n].entered_at)
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
        await Notes(house.store).put("c-0", 1, {"cause": "水管又漏水"}, "1002")
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

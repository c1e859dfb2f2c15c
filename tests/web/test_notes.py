"""A call's note is saved as it is typed; who was slower merges; it goes with the caller's number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.calls.redaction import without_number
from ivr.store import retention_rows
from ivr.store.notes import Notes
from tests.unit.stories import transferred
from tests.web.house import CALL, House

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

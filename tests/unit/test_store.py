"""The store on every database that can be started here: what goes in comes out, whole, once, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from ivr.store import (
    AmbiguousCallError,
    CallRefusedError,
    DatabaseDownError,
    Position,
    Store,
    search,
    tables,
)
from tests.unit.stories import HOSTILE, at, transferred


async def count(store: Store, table: str) -> int:
    async with store._begin() as connection:
        return int((await connection.execute(text(f'SELECT count(*) FROM "{table}"'))).scalar_one())


async def test_given_a_call_when_saved_then_it_comes_back_equal_with_microseconds_in_utc(store: Store) -> None:
    call = transferred()
    await store.save([call])
    back = await store.call("c-1")
    assert back == call
    assert back.entered_at.microsecond == 123456
    assert back.entered_at.utcoffset() == timedelta(0)


async def test_given_a_time_of_another_zone_when_saved_then_it_is_the_same_instant_in_utc(store: Store) -> None:
    beijing = at(0).astimezone(timezone(timedelta(hours=8)))
    await store.save([replace(transferred(), entered_at=beijing)])
    back = await store.call("c-1")
    assert back is not None
    assert back.entered_at.isoformat() == "2026-11-22T08:00:00.123456+00:00"


async def test_given_a_time_without_zone_when_saved_then_it_is_refused_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(CallRefusedError, match="time zone"):
        await store.save([transferred("c-1"), replace(transferred("c-2"), entered_at=datetime(2026, 1, 1))])
    assert await store.calls() == []


async def test_given_a_call_when_it_grows_then_the_log_says_the_new_story_only(store: Store) -> None:
    whole = transferred()
    beginning = replace(whole, ended_at=None, outcome=None, legs=whole.legs[:2], talks=whole.talks[:1], transfers=())
    for stage in (replace(beginning, legs=beginning.legs[:1], talks=(), steps=()), beginning, whole):
        await store.save([stage])
        assert await store.call("c-1") == stage


async def test_given_a_call_when_it_shrinks_then_no_row_of_the_old_story_stays(store: Store) -> None:
    whole = transferred(ended=False)
    await store.save([whole])
    smaller = replace(whole, legs=whole.legs[1:], talks=whole.talks[2:], transfers=(), steps=whole.steps[:1])
    await store.save([smaller])
    assert await store.call("c-1") == smaller
    assert await count(store, "transfer_attempt") == 0


async def test_given_a_saved_call_when_saved_again_by_another_process_then_nothing_is_doubled(
    ready_database_url: str,
) -> None:
    for _ in range(2):
        process = Store(ready_database_url)
        await process.open()
        await process.save([transferred(ended=False)])
        await process.save([transferred()])
        assert await process.call("c-1") == transferred()
        assert [await count(process, table.name) for table in (tables.call, *tables.CHILDREN)] == [1, 3, 3, 1, 2, 2]
        await process.close()


async def test_given_a_call_that_another_process_saved_larger_when_saved_then_only_this_story_stays(
    ready_database_url: str,
) -> None:
    whole = transferred(ended=False)
    small = replace(whole, legs=whole.legs[:1], talks=(), transfers=(), steps=())
    for told in (whole, small):
        process = Store(ready_database_url)
        await process.open()
        await process.save([told])
        assert await process.call("c-1") == told
        await process.close()


async def test_given_calls_that_ended_then_the_store_remembers_nothing_of_them(store: Store) -> None:
    await store.save([transferred("c-1", ended=False), transferred("c-2", ended=False)])
    await store.save([transferred("c-1")])
    await store.save([transferred("c-1")])
    assert list(store._running) == ["c-2"]


async def test_given_a_call_that_is_deleted_then_all_of_it_goes(store: Store) -> None:
    await store.save([transferred()])
    async with store._begin() as connection:
        await connection.execute(text("DELETE FROM call"))
    assert [await count(store, table.name) for table in tables.CHILDREN] == [0] * 5


async def test_given_two_calls_when_a_leg_turns_out_to_be_the_other_ones_then_it_moves(store: Store) -> None:
    first, second = transferred("c-1", ended=False), transferred("c-2", ended=False)
    await store.save([first, second])
    moved = replace(first.legs[2], call_id="c-2")
    second = replace(second, legs=(*second.legs, moved))
    await store.save([second])
    first = replace(first, legs=first.legs[:2])
    await store.save([first])
    assert await store.call("c-1") == first
    assert await store.call("c-2") == second


async def test_given_hostile_words_when_saved_then_only_what_no_database_holds_is_replaced(store: Store) -> None:
    await store.save([transferred("c-1", caller=HOSTILE), transferred("c-2", caller="a\0b\udc80c")])
    first, second = await store.call("c-1"), await store.call("c-2")
    assert first is not None
    assert second is not None
    assert first.caller == HOSTILE
    assert second.caller == "a\ufffdb\ufffdc"


async def test_given_a_value_that_no_column_takes_when_saved_then_neither_calls_nor_position_move(store: Store) -> None:
    await store.save([transferred()], Position("hotline", "journal-000001.csv", 10, "journal-000001.csv", 5))
    odd = transferred("c-2")
    odd = replace(odd, legs=(replace(odd.legs[0], cause=2**70), *odd.legs[1:]))
    with pytest.raises(CallRefusedError) as refused:
        await store.save([odd], Position("hotline", "journal-000001.csv", 20, "journal-000001.csv", 20))
    assert refused.value.details["calls"] == ["c-2"]
    position = await store.position("hotline")
    assert position is not None
    assert position.offset == 10
    assert [call.id for call in await store.calls()] == ["c-1"]


async def test_given_positions_of_two_nodes_when_one_moves_then_the_other_stays(store: Store) -> None:
    assert await store.position("north") is None
    north = Position("north", "journal-000001.csv", 2**40, "journal-000001.csv", 7)
    await store.save([], north)
    await store.save([], Position("south", "journal-000009.csv", 1, "journal-000008.csv", 0))
    assert await store.position("north") == north
    await store.save([], replace(north, file="journal-000002.csv", offset=0))
    assert await store.position("north") == replace(north, file="journal-000002.csv", offset=0)


class TestSearch:
    @pytest.fixture
    async def store(self, store: Store) -> Store:
        calls = [transferred(f"c-{n}", start=100 * n, caller=f"1380013800{n}") for n in range(6)]
        calls[4] = replace(calls[4], outcome="abandoned", number="12366")
        calls[3] = replace(calls[3], transfers=(replace(calls[3].transfers[0], target="gas", result="failed"),))
        calls[2] = replace(calls[2], legs=(calls[2].legs[0], replace(calls[2].legs[1], party="1002")))
        await store.save(calls)
        return store

    async def test_given_many_calls_when_listed_then_newest_first_in_pages(self, store: Store) -> None:
        first = await store.calls(2)
        second = await store.calls(2, before=first[-1].id)
        rest = await store.calls(10, before=second[-1].id)
        assert [call.id for call in first + second + rest] == ["c-5", "c-4", "c-3", "c-2", "c-1", "c-0"]
        assert first[0] == transferred("c-5", start=500, caller="13800138005")

    async def test_given_calls_of_one_instant_when_paged_then_none_is_skipped(self, store: Store) -> None:
        await store.save([transferred(f"same-{n}", start=900) for n in range(3)])
        seen: list[str] = []
        while page := await store.calls(1, before=seen[-1] if seen else None, since=at(900)):
            seen += [call.id for call in page]
        assert seen == ["same-2", "same-1", "same-0"]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"caller": "13800138002"}, ["c-2"]),
            ({"caller": "138*"}, ["c-5", "c-4", "c-3", "c-2", "c-1", "c-0"]),
            ({"caller": "*8003"}, ["c-3"]),
            ({"caller": "138001380_%"}, []),
            ({"caller": "1380013800_*"}, []),
            ({"caller": "1999*"}, []),
            ({"caller": "999*"}, []),
            ({"number": "12366"}, ["c-4"]),
            ({"outcome": "abandoned"}, ["c-4"]),
            ({"since": at(200), "until": at(400)}, ["c-3", "c-2"]),
            ({"outcome": "transferred", "since": at(400)}, ["c-5"]),
            ({"node": "elsewhere"}, []),
            ({"operator": "1002"}, ["c-2"]),
            ({"operator": "1001", "until": at(300)}, ["c-1", "c-0"]),
            ({"operator": "110"}, []),  # a desk is no operator
            ({"target": "110", "since": at(150), "until": at(450)}, ["c-4", "c-2"]),
            ({"target": "110", "transfer_result": "not_completed"}, []),
            ({"target": "gas", "transfer_result": "failed"}, ["c-3"]),
            ({"transfer_result": "not_completed"}, ["c-3"]),
            ({"transfer_result": "cancelled"}, []),
            ({"transfer_result": "completed", "operator": "1001"}, ["c-5", "c-4", "c-1", "c-0"]),
            ({"caller": "13800138001", "operator": "1001", "target": "110"}, ["c-1"]),
            ({"caller": "1380013800*", "target": "gas"}, ["c-3"]),
        ],
    )
    async def test_given_conditions_when_searched_then_all_of_them_hold(
        self, store: Store, wanted: dict[str, str], found: list[str]
    ) -> None:
        assert [call.id for call in await store.calls(**wanted)] == found  # type: ignore[arg-type]

    async def test_given_more_calls_of_one_operator_than_a_step_takes_then_pages_miss_none_and_keep_their_order(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Among them calls whose operator was called late, and five whose operators were called at one moment."""
        monkeypatch.setattr(search, "STRIDE", 2)
        monkeypatch.setattr(search, "WIDEST", 4)
        more = [transferred(f"d-{n}", start=1000 + 10 * n) for n in range(9)]
        late = replace(more[0], legs=(more[0].legs[0], replace(more[0].legs[1], started_at=at(2000))))
        together = [
            replace(call, id=call.id, legs=(call.legs[0], replace(call.legs[1], started_at=at(1100))))
            for call in more[4:]
        ]
        await store.save([late, *more[1:4], *together])
        seen: list[str] = []
        while page := await store.calls(3, before=seen[-1] if seen else None, operator="1001"):
            seen += [call.id for call in page]
        assert seen == [*(f"d-{n}" for n in reversed(range(9))), "c-5", "c-4", "c-3", "c-1", "c-0"]

    async def test_given_a_shortened_id_when_one_call_fits_then_it_is_found(self, store: Store) -> None:
        await store.save([transferred("5d0e-1"), transferred("5d0f-2")])
        found = await store.call("5d0e")
        assert found is not None
        assert found.id == "5d0e-1"
        with pytest.raises(AmbiguousCallError, match="5d0e-1, 5d0f-2"):
            await store.call("5d0")
        for nothing in ("", "%", "zz"):
            assert await store.call(nothing) is None


async def test_given_a_password_in_the_url_when_the_server_is_away_then_the_error_hides_it() -> None:
    with pytest.raises(DatabaseDownError) as down:
        await Store("postgresql+asyncpg://ivr:geheim@127.0.0.1:1/ivr").open()
    assert "geheim" not in down.value.message
    assert "127.0.0.1:1" in down.value.message

"""Erasing by age: what is due goes, with proof, whatever dies in between; it stays gone, and the statistics stay."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ivr.calls.model import Call
from ivr.calls.projection import project
from ivr.calls.redaction import is_pseudonym
from ivr.calls.rows import parse, split_records
from ivr.store import Position, erasure, tables
from ivr.store.calllog import CallLog
from ivr.store.due import months_before
from ivr.store.erasure import CALL, PERSONAL, RECORDINGS
from ivr.store.statistics import statistics
from ivr.store.writer import AnotherEraserError, only_eraser
from tests.unit import journals
from tests.unit.erasing import EVER, KEPT, NODE, NUMBER, House, counts, house
from tests.unit.stories import EIGHT, at, transferred

__all__ = ["house"]  # a fixture


def told(call: Call) -> str:
    return repr(call)


class TestByAge:
    async def test_given_nothing_old_when_run_then_nothing_goes_and_nothing_is_proven(self, house: House) -> None:
        await house.save(transferred())
        assert await house.erased() == {}
        assert await erasure.proofs(house.store) == []
        assert await house.store.call("c-1") == transferred()

    async def test_given_time_that_passes_when_run_then_voices_go_first_then_the_number_then_the_call(
        self, house: House
    ) -> None:
        (voice,) = house.record(transferred())
        await house.save(transferred())
        house.clock.months_later(12)
        assert await house.erased() == {RECORDINGS: 1}
        assert not voice.exists()
        call = await house.store.call("c-1")
        assert call is not None
        assert [leg.recording for leg in call.legs] == [None] * 3
        assert call.caller == NUMBER
        house.clock.months_later(24)
        assert await house.erased() == {PERSONAL: 1}
        call = await house.store.call("c-1")
        assert call is not None
        assert NUMBER not in told(call)
        assert is_pseudonym(call.caller)
        assert [leg.party for leg in call.legs] == [call.caller, "1001", "110"]
        assert call.transfers == transferred().transfers
        house.clock.months_later(36)
        assert await house.erased() == {CALL: 1}
        assert await house.store.calls() == []
        assert [proof.kind for proof in await erasure.proofs(house.store)] == [RECORDINGS, PERSONAL, CALL]
        assert await erasure.broken(house.store) == []
        assert await house.erased() == {}

    async def test_given_a_dry_run_then_it_says_the_same_and_changes_nothing(self, house: House) -> None:
        await house.save(*(transferred(f"c-{n}", start=n) for n in range(5)))
        house.clock.months_later(24)
        would = await house.run(dry_run=True)
        assert await house.whole_story() == {f"c-{n}": transferred(f"c-{n}", start=n) for n in range(5)}
        assert await erasure.proofs(house.store) == []
        did = await house.run()
        assert counts(would) == counts(did) == {RECORDINGS: 5, PERSONAL: 5}
        assert (did.kinds[PERSONAL].oldest, did.kinds[PERSONAL].newest) == (at(0), at(4))

    async def test_given_more_calls_than_one_step_takes_when_run_then_all_that_are_old_go_and_no_other(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ivr.store.retention.AT_ONCE", 3)
        monkeypatch.setattr("ivr.store.retention.LOOKED_AT", 7)
        old = [transferred(f"c-{n:02}", start=n // 2) for n in range(20)]  # two enter in each instant
        young = [transferred(f"y-{n}", start=86400 * 20 + n) for n in range(3)]
        await house.save(*old, *young)
        house.clock.months_later(24)
        assert await house.erased() == {RECORDINGS: 23, PERSONAL: 20}
        story = await house.whole_story()
        assert {id for id, call in story.items() if is_pseudonym(call.caller)} == {call.id for call in old}
        assert await erasure.broken(house.store) == []

    async def test_given_one_number_when_erased_then_its_calls_still_belong_together_and_others_do_not(
        self, house: House
    ) -> None:
        await house.save(transferred("c-1"), transferred("c-2", start=9), transferred("c-3", caller="13900139000"))
        house.clock.months_later(24)
        await house.run()
        story = await house.whole_story()
        assert story["c-1"].caller == story["c-2"].caller != story["c-3"].caller

    async def test_given_calls_that_a_desk_took_part_in_when_handovers_are_kept_longer_then_their_number_stays(
        self, house: House
    ) -> None:
        alone = replace(transferred("c-2"), legs=transferred("c-2").legs[:2], talks=(), transfers=())
        from_desk = replace(alone, id="c-3", handed_over_by="110", legs=(), steps=())
        await house.save(transferred("c-1"), alone, from_desk)
        kept = replace(KEPT, handovers=36, call_log=60)
        house.clock.months_later(24)
        await house.run(kept)
        assert {id for id, call in (await house.whole_story()).items() if is_pseudonym(call.caller)} == {"c-2"}
        house.clock.months_later(36)
        assert (await house.erased(kept))[PERSONAL] == 2

    async def test_given_a_withheld_number_and_one_in_a_step_when_erased_then_neither_shows(self, house: House) -> None:
        withheld = transferred("c-1", caller="")
        typed = transferred("c-2")
        typed = replace(typed, steps=(replace(typed.steps[0], step="callback", value=f"tel:{NUMBER};x"),))
        await house.save(withheld, typed)
        house.clock.months_later(24)
        assert (await house.erased())[PERSONAL] == 2
        story = await house.whole_story()
        assert story["c-1"].caller == ""
        assert NUMBER not in told(story["c-2"])
        assert story["c-2"].steps[0].value == f"tel:{story['c-2'].caller};x"
        assert await house.erased() == {}

    async def test_given_numbers_that_were_screened_long_ago_when_run_then_who_decided_stays_and_the_number_goes(
        self, house: House
    ) -> None:
        block = {"number": NUMBER, "by": "Li Si", "reason": "300 calls a day"}
        ended, holding = {"id": "b-1", "from": at(0), "until": at(60)}, {"id": "b-2", "from": at(0), "until": EVER[1]}
        review = {"number": NUMBER, "flagged_at": at(0), "last_at": at(60), "calls": 300}
        async with house.store.alone() as connection:
            await connection.execute(tables.block.insert(), [block | ended, block | holding])
            await connection.execute(tables.review.insert(), [review])
        house.clock.months_later(24)
        assert counts(await house.run(dry_run=True)) == await house.erased() == {PERSONAL: 2}
        async with house.store.reading() as connection:
            blocks = (await connection.execute(tables.block.select().order_by(tables.block.c.id))).all()
            reviews = (await connection.execute(tables.review.select())).all()
        assert [row.number == NUMBER for row in blocks] == [False, True], "a block that holds needs its number"
        assert [(row.by, row.reason) for row in blocks] == [("Li Si", "300 calls a day")] * 2
        assert [(is_pseudonym(row.number), row.calls) for row in reviews] == [(True, 300)]
        assert await erasure.broken(house.store) == []

    async def test_given_calls_of_another_node_when_run_then_they_are_left_to_it_and_imported_ones_are_not(
        self, house: House
    ) -> None:
        await house.save(replace(transferred("north"), node="north"), replace(transferred("old pbx"), node="import"))
        await house.store.save([], Position("north", "journal-000001.csv", 0, "journal-000001.csv", 0))
        house.clock.months_later(36)
        await house.run()
        assert list(await house.whole_story()) == ["north"]

    async def test_given_a_second_run_at_the_same_time_then_it_is_refused(self, house: House) -> None:
        with only_eraser(house.var / "journal"), pytest.raises(AnotherEraserError):
            await house.run()

    def test_given_the_last_day_of_a_month_when_months_are_counted_back_then_the_day_exists(self) -> None:
        assert months_before(datetime(2026, 3, 31, 5, tzinfo=UTC), 1) == datetime(2026, 2, 28, 5, tzinfo=UTC)
        assert months_before(datetime(2024, 3, 31, tzinfo=UTC), 13) == datetime(2023, 2, 28, tzinfo=UTC)
        assert months_before(datetime(2026, 1, 15, tzinfo=UTC), 24) == datetime(2024, 1, 15, tzinfo=UTC)


class TestBesideCalls:
    async def test_given_a_log_that_is_written_all_the_while_when_run_then_nothing_of_it_is_lost(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ivr.store.retention.AT_ONCE", 10)
        await house.save(*(transferred(f"c-{n:03}", start=n) for n in range(150)))
        house.clock.months_later(24)
        log = CallLog(house.store, house.var / "journal", NODE)
        running = asyncio.create_task(log.run())
        erasing = asyncio.create_task(house.run())
        now = house.clock.now - EIGHT
        rows: list[bytes] = []
        while not erasing.done() or len(rows) < 200:
            call = journals.call(len(rows), EIGHT + now + timedelta(seconds=len(rows)))
            rows += call
            house.write(call)
            await asyncio.sleep(0.02)
        assert counts(await erasing) == {RECORDINGS: 150, PERSONAL: 150}
        running.cancel()
        await asyncio.wait([running])
        await house.catch_up()
        records, _ = split_records(b"".join(rows))
        story = await house.whole_story()
        written = project(parse(record.fields, NODE) for record in records)
        assert {call.id: call for call in written}.items() <= story.items()
        assert len(story) == 150 + len(written)


class TestHolds:
    async def test_given_a_held_call_when_old_then_nothing_of_it_goes_until_it_is_released(self, house: House) -> None:
        await house.save(transferred("c-1"), transferred("c-2", start=60))
        await erasure.hold(house.store, "c-1", EIGHT, "Li Si", "complaint 118")
        house.clock.months_later(36)
        report = await house.run()
        assert (counts(report), report.held) == ({RECORDINGS: 1, CALL: 1}, 1)
        assert await house.whole_story() == {"c-1": transferred("c-1")}
        assert (house.var / "recordings/2026/11/22/c-1/1.wav").exists()
        await erasure.release(house.store, "c-1", house.clock(), "Wang Wu", "closed")
        assert await house.erased() == {RECORDINGS: 1, CALL: 1}
        (kept,) = await erasure.holds(house.store)
        assert (kept.placed_by, kept.released_by, kept.release_reason) == ("Li Si", "Wang Wu", "closed")

    async def test_given_a_held_or_a_free_call_when_held_or_released_again_then_it_is_refused(
        self, house: House
    ) -> None:
        await house.save(transferred())
        with pytest.raises(erasure.HoldError):
            await erasure.release(house.store, "c-1", EIGHT, "a", "b")
        await erasure.hold(house.store, "c-1", EIGHT, "a", "b")
        with pytest.raises(erasure.HoldError):
            await erasure.hold(house.store, "c-1", at(1), "a", "b")
        await erasure.release(house.store, "c-1", at(2), "a", "b")
        await erasure.hold(house.store, "c-1", at(3), "a", "b")
        assert len(await erasure.holds(house.store)) == 2


class TestStatistics:
    async def test_given_calls_of_every_fate_when_all_is_erased_step_by_step_then_the_statistics_are_the_same(
        self, house: House
    ) -> None:
        calls = [transferred(f"c-{n}", start=400 * n) for n in range(9)]
        calls[2] = replace(calls[2], outcome="abandoned", answered_at=None, talks=(), transfers=())
        calls[4] = replace(calls[4], transfers=(replace(calls[4].transfers[0], result="failed"),))
        calls[5] = replace(calls[5], steps=(replace(calls[5].steps[0], step="requeued", value="desk_died"),))
        calls[6] = replace(calls[6], handed_over_by="110", language="en")
        await house.save(*calls)
        before = await statistics(house.store, *EVER)
        assert sum(amount for measure, amount in before.items() if measure.name == "offered") == 9
        names = {measure.name for measure in before}
        assert {"answered_in_time", "waited", "left_after", "three_party", "transfer", "requeued"} <= names
        for months in (12, 24, 36):
            house.clock.months_later(months)
            await house.run()
            assert await statistics(house.store, *EVER) == before
        assert await house.store.calls() == []

    async def test_given_erased_and_kept_calls_in_one_quarter_when_asked_for_a_part_then_both_are_counted(
        self, house: House
    ) -> None:
        await house.save(transferred("c-1"), transferred("c-2", start=86400))
        before = await statistics(house.store, at(80000), EVER[1])
        house.clock.months_later(36)
        await house.run()
        await house.save(transferred("late import", start=86401))
        after = await statistics(house.store, at(80000), EVER[1])
        assert after == before + before


class TestProof:
    async def test_given_a_proof_when_somebody_changes_it_then_the_database_refuses(self, house: House) -> None:
        await house.save(transferred())
        house.clock.months_later(12)
        await house.run()
        for order in ("UPDATE erasure SET count = 9", "DELETE FROM erasure", "DELETE FROM erased"):
            with pytest.raises(DBAPIError, match="on record for good"):
                async with house.store._begin() as connection:
                    await connection.execute(text(order))

    async def test_given_a_forger_who_gets_past_the_database_when_verified_then_it_is_found(self, house: House) -> None:
        await house.save(transferred("c-1"), transferred("c-2", start=86400 * 40))
        for months in (12, 14):
            house.clock.months_later(months)
            await house.run()
        assert await erasure.broken(house.store) == []
        sqlite = house.store._ready.dialect.name == "sqlite"
        async with house.store._begin() as connection:
            if sqlite:
                await connection.execute(text("DROP TRIGGER erasure_no_update"))
            else:
                await connection.execute(text("ALTER TABLE erasure DISABLE TRIGGER ALL"))
            await connection.execute(text("UPDATE erasure SET count = 7 WHERE id = 1"))
        assert any("proof 1 does not fit" in sentence for sentence in await erasure.broken(house.store))

    async def test_given_an_erased_number_that_came_back_when_verified_it_is_told_and_the_next_run_erases_it(
        self, house: House
    ) -> None:
        await house.save(transferred())
        house.clock.months_later(24)
        await house.run()
        await house.store.save([transferred()])
        assert await erasure.broken(house.store) == [
            "proof 1: call c-1 names a recording",
            "proof 2: call c-1 shows the caller's number",
        ]
        assert await house.erased() == {RECORDINGS: 1, PERSONAL: 1}
        assert await erasure.broken(house.store) == []

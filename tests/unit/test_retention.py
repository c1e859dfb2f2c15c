"""Erasing by age: what is due goes, with proof, whatever dies in between; it stays gone, and the statistics stay."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ivr.calls.model import Call
from ivr.calls.projection import project
from ivr.calls.redaction import is_pseudonym
from ivr.calls.rows import parse, split_records
from ivr.pbx import journal
from ivr.settings import Retention
from ivr.store import Position, Store, erasure, tables, voices
from ivr.store.calllog import CallLog
from ivr.store.cases import Cases
from ivr.store.due import months_before
from ivr.store.erasure import CALL, JOURNAL, PERSONAL, RECORDINGS
from ivr.store.rebuild import rebuild
from ivr.store.retention import Job, Report
from ivr.store.statistics import statistics
from ivr.store.writer import AnotherEraserError, only_eraser
from tests.unit import journals
from tests.unit.stories import EIGHT, at, transferred

NODE = "hotline"
KEPT = Retention(recordings=12, personal=24, call_log=36, journal=12)
NUMBER = "13800138000"
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class Clock:
    """Time as the test sets it."""

    def __init__(self, now: datetime = EIGHT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def months_later(self, months: int, start: datetime = EIGHT) -> None:
        """And a day, so that what happened at `start` is older."""
        self.now = start + timedelta(days=31 * months + 1)


class House:
    """A var folder, its database, and a clock."""

    def __init__(self, var: Path, store: Store) -> None:
        self.var, self.store, self.clock = var, store, Clock()
        (var / "journal").mkdir(parents=True)

    def job(self, kept: Retention = KEPT) -> Job:
        return Job(self.store, self.var, NODE, kept, by="test", clock=self.clock)

    async def run(self, kept: Retention = KEPT, dry_run: bool = False) -> Report:
        return await self.job(kept).run(dry_run)

    async def erased(self, kept: Retention = KEPT) -> dict[str, int]:
        return counts(await self.run(kept))

    def record(self, call: Call) -> list[Path]:
        """A voice for each leg that has one."""
        made = [self.var / "recordings" / leg.recording for leg in call.legs if leg.recording]
        for path in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"RIFF")
        return made

    async def save(self, *calls: Call) -> None:
        for call in calls:
            self.record(call)
        await self.store.save(calls)

    def write(self, rows: Iterable[bytes]) -> None:
        with (self.var / "journal" / journal.ACTIVE).open("ab") as file:
            file.write(b"".join(rows))

    async def catch_up(self) -> None:
        await CallLog(self.store, self.var / "journal", NODE).catch_up()

    def rotate(self) -> None:
        """As after a quiet while, so that no late record is waited for."""
        path = journal.rotate(self.var / "journal")
        assert path is not None
        os.utime(path, (1, 1))

    async def whole_story(self) -> dict[str, Call]:
        return {call.id: call for call in await self.store.calls(1000)}


def counts(report: Report) -> dict[str, int]:
    return {kind: erased.count for kind, erased in report.kinds.items() if erased.count}


@pytest.fixture
async def house(ready_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    store = Store(ready_database_url)
    await store.open()
    yield House(tmp_path / "var", store)
    await store.close()


def told(call: Call) -> str:
    return repr(call)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ivr.db*"))


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


class TestOnDisk:
    async def test_given_sqlite_when_a_number_is_erased_then_no_byte_of_it_is_left_in_the_files(
        self, tmp_path: Path
    ) -> None:
        store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
        await store.open()
        house = House(tmp_path / "var", store)
        await house.save(*(transferred(f"c-{n}", start=n) for n in range(300)))
        await Cases(store, "12345").open("1001", "phone", {"caller": NUMBER, "name": "Wang Fang"}, call="c-7")
        assert b"wang" in everything_in(tmp_path)  # found by
        assert NUMBER.encode() in everything_in(tmp_path)
        house.clock.months_later(24)
        await house.run()
        assert NUMBER.encode() not in everything_in(tmp_path)
        assert b"wang" not in everything_in(tmp_path).lower()
        await store.close()

    async def test_given_recordings_that_no_call_names_when_old_then_they_go_too_and_young_ones_stay(
        self, house: House
    ) -> None:
        stray = house.var / "recordings/2026/11/20/lost/1.1.wav"
        young = house.var / "recordings/2027/11/20/lost too/1.1.wav"
        for path in (stray, young):
            path.parent.mkdir(parents=True)
            path.write_bytes(b"RIFF")
        house.clock.months_later(12)
        assert await house.erased() == {RECORDINGS: 1}
        assert (stray.exists(), young.exists()) == (False, True)
        assert not (house.var / "recordings/2026").exists()
        (proof,) = await erasure.proofs(house.store)
        assert proof.count == 1

    async def test_given_a_recording_that_lies_outside_when_due_then_it_is_left_and_told(self, house: House) -> None:
        outside = house.var / "precious"
        outside.write_text("mine")
        call = transferred()
        call = replace(call, legs=(replace(call.legs[0], recording="../precious"), *call.legs[1:]))
        await house.store.save([call])
        (house.var / "recordings").mkdir()
        house.clock.months_later(36)
        report = await house.run()
        assert outside.read_text() == "mine"
        assert ["outside" in problem for problem in report.problems] == [True]
        assert list(await house.whole_story()) == ["c-1"], "a call whose voices could not go stays whole"
        assert await erasure.proofs(house.store) == []


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


class Crash(BaseException):
    """The process dies here."""


def dies_at(name: str, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """The nth time that the job comes to this step, it dies before it, or in the middle of a transaction."""
    target, _, attribute = name.rpartition(".")
    module: object = {"voices": voices, "erasure": erasure, "Job": Job}[target]
    if attribute == "prove":
        import ivr.store.retention as module  # noqa: PLC0415
    original, seen = getattr(module, attribute), [0]

    def dying(*arguments: object, **named: object) -> object:
        seen[0] += 1
        if seen[0] == nth:
            raise Crash
        return original(*arguments, **named)

    monkeypatch.setattr(module, attribute, dying)


class TestCrashes:
    @pytest.mark.parametrize("nth", [1, 2, 3])
    @pytest.mark.parametrize("step", ["voices.delete", "erasure.prove", "Job._intend", "Job._rest", "voices.sync"])
    async def test_given_a_death_at_any_step_when_run_again_then_all_is_erased_and_every_proof_is_true(
        self, house: House, step: str, nth: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ivr.store.retention.AT_ONCE", 2)
        calls = [transferred(f"c-{n}", start=n) for n in range(4)]
        calls += [transferred(f"g-{n}", start=-86400 * 380 + n) for n in range(3)]
        await house.save(*calls)
        (house.var / "recordings/2026/11/20/stray").mkdir(parents=True)
        (house.var / "recordings/2026/11/20/stray/1.wav").write_bytes(b"RIFF")
        before = await statistics(house.store, *EVER)
        house.clock.months_later(24)
        with monkeypatch.context() as patched:
            dies_at(step, patched, nth)
            with contextlib.suppress(Crash):
                await house.run()
        assert await erasure.broken(house.store) == [], "a proof claims what was not done"
        await house.run()
        assert await erasure.broken(house.store) == []
        assert not list((house.var / "recordings").glob("*"))
        assert {is_pseudonym(call.caller) for call in await house.store.calls()} == {True}
        assert await statistics(house.store, *EVER) == before
        async with house.store.reading() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM erasing"))).scalar() == 0

    async def test_given_voices_deleted_and_a_longer_time_set_after_the_death_then_the_proof_still_comes(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await house.save(transferred())
        house.clock.months_later(12)
        with monkeypatch.context() as patched:
            dies_at("erasure.prove", patched, 1)
            with pytest.raises(Crash):
                await house.run()
        assert await house.erased(replace(KEPT, recordings=36)) == {RECORDINGS: 1}
        assert await erasure.broken(house.store) == []


class TestTheJournal:
    async def filled(self, house: House) -> dict[str, Call]:
        """Three files of calls, a year apart; the second call begins in the first file and ends in the second."""
        straddling = journals.call(1, at(70), transferred=True)
        house.write([*journals.call(0, at(0)), *straddling[:20]])
        house.rotate()
        house.write([*straddling[20:], *journals.call(2, at(86400 * 400))])
        house.rotate()
        house.write(journals.call(3, at(86400 * 732)))
        await house.catch_up()
        house.rotate()
        house.write(journals.call(4, at(86400 * 740)))
        await house.catch_up()
        return await house.whole_story()

    def names(self, house: House) -> list[str]:
        return sorted(path.name for path in (house.var / "journal").iterdir() if not path.name.startswith("."))

    async def test_given_old_files_when_run_then_whole_old_ones_go_and_the_tail_goes_on(self, house: House) -> None:
        before = await self.filled(house)
        house.clock.now = at(86400 * 750)
        kept = replace(KEPT, recordings=600, personal=600, call_log=600)
        assert await house.erased(kept) == {JOURNAL: 1}
        assert self.names(house) == ["journal-000002.csv", "journal-000003.csv", "journal.csv"]
        house.write(journals.call(5, at(86400 * 749)))
        await house.catch_up()
        assert len(await house.whole_story()) == 6
        house.clock.now = at(86400 * 1500)
        await house.erased(kept)
        house.clock.now = at(86400 * 1501)
        assert self.names(house) == ["journal-000004.csv"], "the newest number stays, or numbers begin anew"
        assert {id: call for id, call in (await house.whole_story()).items() if id in before} == before

    async def test_given_an_erased_file_when_rebuilt_then_the_calls_that_began_in_it_stay_as_they_are(
        self, house: House
    ) -> None:
        before = await self.filled(house)
        house.clock.now = at(86400 * 750)
        await house.erased(replace(KEPT, recordings=600, personal=600, call_log=600))
        report = await rebuild(house.store, house.var / "journal", NODE)
        assert (report.changes, report.unknown) == ([], [])
        assert await house.whole_story() == before

    async def test_given_erased_numbers_and_calls_when_rebuilt_from_a_whole_journal_then_they_do_not_come_back(
        self, house: House
    ) -> None:
        await self.filled(house)
        house.clock.now = at(86400 * 1150)
        assert await house.erased(replace(KEPT, personal=24, call_log=25, journal=600)) == {
            RECORDINGS: 5,
            PERSONAL: 1,
            CALL: 2,
        }
        erased = await house.whole_story()
        assert [is_pseudonym(call.caller) for call in erased.values()] == [False, False, True]
        for mend in (False, True):
            report = await rebuild(house.store, house.var / "journal", NODE, mend=mend)
            assert (report.changes, report.unknown) == ([], [])
        assert await house.whole_story() == erased
        assert await erasure.broken(house.store) == []

    async def test_given_a_held_call_when_its_file_is_old_then_the_file_stays(self, house: House) -> None:
        await self.filled(house)
        await erasure.hold(house.store, journals.call_id(1), EIGHT, "a", "b")
        house.clock.now = at(86400 * 1400)
        await house.run(replace(KEPT, recordings=600, personal=600, call_log=600))
        assert self.names(house) == [f"journal-00000{n}.csv" for n in (1, 2, 4)], "3 and its calls are old, and free"

    @pytest.mark.parametrize("nth", [1, 2])
    @pytest.mark.parametrize("step", ["voices.delete", "erasure.prove", "Job._intend"])
    async def test_given_a_death_while_files_go_when_run_again_then_it_ends_well_and_a_rebuild_changes_nothing(
        self, house: House, step: str, nth: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = await self.filled(house)
        house.clock.now = at(86400 * 1090)
        kept = replace(KEPT, recordings=600, personal=600, call_log=600)
        with monkeypatch.context() as patched:
            dies_at(step, patched, nth)
            with contextlib.suppress(Crash):
                await house.run(kept)
        assert (await rebuild(house.store, house.var / "journal", NODE)).changes == []
        await house.run(kept)
        assert "journal-000002.csv" not in self.names(house)
        assert (await rebuild(house.store, house.var / "journal", NODE)).changes == []
        assert await house.whole_story() == before
        proofs = await erasure.proofs(house.store)
        assert sum(proof.count for proof in proofs if proof.kind == JOURNAL) == 2
        assert await erasure.broken(house.store) == []

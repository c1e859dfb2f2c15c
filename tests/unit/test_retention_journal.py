"""Erasing on disk: recordings and the journal go by age, whatever dies in between; what was erased stays gone."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from ivr.calls.model import Call
from ivr.calls.redaction import is_pseudonym
from ivr.store import Store, erasure, voices
from ivr.store.cases import Cases
from ivr.store.erasure import CALL, JOURNAL, PERSONAL, RECORDINGS
from ivr.store.rebuild import rebuild
from ivr.store.retention import Job
from ivr.store.statistics import statistics
from tests.unit import journals
from tests.unit.erasing import EVER, KEPT, NODE, NUMBER, House, house
from tests.unit.stories import EIGHT, at, transferred

__all__ = ["house"]  # a fixture


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ivr.db*"))


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

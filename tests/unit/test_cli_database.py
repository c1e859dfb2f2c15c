"""`ivr db`, `ivr retention` and `ivr statistics` as a person or a script runs them, on both databases."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.calls.model import Call
from ivr.store import Store, migrate, shape
from ivr.store.audit import Audit
from ivr.store.writer import only_writer
from tests.unit import journals
from tests.unit.databases import with_store
from tests.unit.stories import transferred
from tests.unit.test_backup import programs
from tests.unit.test_cli_calls import Ivr, ivr, site, var, write

__all__ = ["ivr", "programs", "site", "var"]  # fixtures

LONG_AGO = -86400.0 * 365 * 3


@pytest.fixture(autouse=True)
def settings(site: Path) -> Path:
    """Its numbers go after a year."""
    file = site
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\n[retention]\npersonal = 12\njournal = 12\n", encoding="utf-8")
    return file


def log(url: str, *calls: Call) -> None:
    with_store(url, lambda store: store.save(calls))


class TestShape:
    def test_given_a_database_when_asked_then_its_revision_and_the_known_ones_are_told(self, ivr: Ivr) -> None:
        said = ivr("db", "current")
        assert (said.code, said.out) == (
            0,
            f"{migrate.HEAD} / {migrate.HEAD}: its tables are in this release's shape\n",
        )
        assert json.loads(ivr("db", "current", "--json").out)["state"] == "current"
        revisions = json.loads(ivr("db", "history", "--json").out)["revisions"]
        assert [one["id"] for one in revisions] == sorted(one["id"] for one in revisions)
        assert ivr("db", "history").out.startswith("0001  The call log")

    def test_given_a_wish_to_go_back_when_the_loss_is_not_accepted_then_it_is_named_and_nothing_is_done(
        self, ivr: Ivr, ready_database_url: str
    ) -> None:
        said = ivr("db", "downgrade", "0001")
        assert (said.code, "ivr db backup FILE" in said.err) == (2, True)
        assert asyncio.run(shape.current(ready_database_url)) == migrate.HEAD
        assert ivr("db", "downgrade", "0001", "--accept-loss").out == f"{migrate.HEAD} → 0001\n"
        assert ivr("db", "current").code == 1
        assert ivr("db", "upgrade").out == f"0001 → {migrate.HEAD}\n"

    def test_given_a_controller_that_runs_when_the_shape_is_to_change_then_it_is_refused(
        self, ivr: Ivr, var: Path
    ) -> None:
        with only_writer(var / "journal"):
            for words in (("upgrade",), ("downgrade", "0001", "--accept-loss")):
                said = ivr("db", *words)
                assert (said.code, said.err) == (1, "A controller uses the database: end `ivr up` first.\n")
        assert ivr("db", "downgrade", "7777", "--accept-loss").err.startswith("There is no revision 7777")


class TestBackup:
    def test_given_calls_after_a_backup_when_restored_and_rebuilt_then_nothing_is_missing(
        self, ivr: Ivr, var: Path, tmp_path: Path
    ) -> None:
        write(var, journals.call(0))
        ivr("calls", "rebuild")
        said = ivr("db", "backup", tmp_path / "copy", "--json")
        assert json.loads(said.out)["bytes"] == (tmp_path / "copy").stat().st_size
        write(var, journals.call(1))
        ivr("calls", "rebuild")
        assert len(ivr("calls", "--json").calls) == 2
        said = ivr("db", "restore", tmp_path / "copy")
        assert said.out.startswith("Restored: 1 calls.\nWhat was there before is kept in ")
        assert "bytes of the journal follow" in said.out
        assert ivr("calls", "rebuild").code == 0
        assert len(ivr("calls", "--json").calls) == 2
        (kept,) = var.glob("replaced-*.backup")
        assert ivr("db", "restore", kept).code == 0
        assert len(ivr("calls", "--json").calls) == 2

    def test_given_changes_after_a_backup_when_restored_then_the_chain_holds_and_says_what_it_lost(
        self, ivr: Ivr, ready_database_url: str, tmp_path: Path
    ) -> None:
        def changed(*numbers: int) -> str:
            async def note() -> str:
                store = Store(ready_database_url)
                await store.open()
                for number in numbers:
                    entry = await Audit(store).note("wang", "admin", "account.change", f"user {number}")
                await store.close()
                return entry.digest

            return asyncio.run(note())

        changed(1, 2)
        ivr("db", "backup", tmp_path / "copy")
        last = changed(3)
        assert ivr("db", "restore", tmp_path / "copy", "--by", "li", "--why", "a broken disk").code == 0
        verdict = json.loads(ivr("audit", "verify", "--json").out)["audit"]
        assert (verdict["entries"], verdict["broken"]) == (3, 0)
        newest, *older = json.loads(ivr("audit", "--json").out)["entries"]
        assert [one["about"] for one in older] == ["user 2", "user 1"]
        assert (newest["what"], newest["who"], newest["why"]) == ("db.restore", "li", "a broken disk")
        before = newest["details"]["audit_before"]
        assert (before["entries"], before["digest"], before["broken"]) == (3, last, 0)
        assert ivr("retention", "run").code == 0
        assert ivr("audit", "verify").code == 0

    def test_given_journal_files_that_are_gone_when_restored_then_the_gap_is_told(
        self, ivr: Ivr, var: Path, tmp_path: Path
    ) -> None:
        write(var, journals.call(0)[:-3])
        ivr("calls", "rebuild")
        ivr("db", "backup", tmp_path / "copy")
        (var / "journal/journal.csv").rename(var / "journal/journal-000007.csv")
        said = ivr("db", "restore", tmp_path / "copy")
        assert (said.code, "journal files from after the backup are gone" in said.err) == (0, True)

    def test_given_no_backup_when_restored_then_it_is_said_with_code_1(self, ivr: Ivr, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("Dear Sir")
        said = ivr("db", "restore", tmp_path / "letter.txt")
        assert (said.code, "is no backup of a" in said.err) == (1, True)


class TestRetention:
    def test_given_an_old_call_when_run_then_what_went_is_told_proven_and_verified(
        self, ivr: Ivr, ready_database_url: str
    ) -> None:
        log(ready_database_url, transferred("old", start=LONG_AGO), transferred("young", start=today()))
        would = ivr("retention", "run", "--dry-run", "--json")
        assert json.loads(would.out)["kinds"]["personal"]["count"] == 1
        assert "Nothing has been erased yet." in ivr("retention", "proofs").out
        said = ivr("retention", "run", "--by", "Zhang San")
        assert said.code == 0
        assert [line.split()[-4:-3] for line in said.out.splitlines() if "callers' numbers" in line] == [["1"]]
        proofs = json.loads(ivr("retention", "proofs", "--json").out)["proofs"]
        assert {(proof["kind"], proof["count"], proof["by"]) for proof in proofs} == {
            ("recordings", 1, "Zhang San"),
            ("personal", 1, "Zhang San"),
        }
        assert "personal = 12" in ivr("retention", "proofs").out
        assert ivr("retention", "verify").out == "Every proof holds, and what was erased is gone.\n"
        callers = {call["id"]: call["caller"] for call in ivr("calls", "--json").calls}
        assert callers["young"] == "13800138000"
        assert callers["old"].startswith("~")
        log(ready_database_url, transferred("old", start=LONG_AGO))
        assert (ivr("retention", "verify").code, ivr("retention", "verify", "--json").code) == (1, 1)

    def test_given_a_held_call_when_run_then_it_stays_and_the_holds_tell_who_and_why(
        self, ivr: Ivr, ready_database_url: str
    ) -> None:
        log(ready_database_url, transferred("old", start=LONG_AGO))
        assert ivr("retention", "hold", "ol", "--by", "Li Si", "--reason", "complaint 118").code == 0
        assert "1 calls are held and stay." in ivr("retention", "run").out
        assert "complaint 118" in ivr("retention", "holds").out
        assert ivr("retention", "hold", "old", "--reason", "again").code == 1
        assert ivr("retention", "release", "old", "--reason", "closed").code == 0
        (hold,) = json.loads(ivr("retention", "holds", "--json").out)["holds"]
        assert (hold["placed_by"], hold["release_reason"]) == ("Li Si", "closed")
        assert ivr("calls", "--json").calls[0]["caller"] == "13800138000"

    def test_given_a_chinese_terminal_when_run_then_the_words_are_chinese(
        self, ivr: Ivr, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        assert "来电号码" in ivr("retention", "run", "--dry-run").out
        assert "尚未清除任何数据" in ivr("retention", "proofs").out
        assert "表结构正是本版本所需" in ivr("db", "current").out

    def test_given_a_time_shorter_than_the_law_when_set_then_nothing_runs_and_the_reason_is_told(
        self, ivr: Ivr, site: Path
    ) -> None:
        site.write_text(site.read_text().replace("personal = 12", "personal = 3"), encoding="utf-8")
        said = ivr("retention", "run")
        assert said.code == 1
        assert "retention.personal: expected 6 to 1200 months, found 3; the Cybersecurity Law" in said.err


class TestStatistics:
    def test_given_calls_when_their_rows_are_erased_then_the_statistics_say_the_same(
        self, ivr: Ivr, ready_database_url: str
    ) -> None:
        log(ready_database_url, *(transferred(f"c-{n}", start=LONG_AGO * 2 + 40000 * n) for n in range(4)))
        words = ("statistics", "--since", "2020-01-01", "--until", "2027-01-01")
        before = {by: json.loads(ivr(*words, "--by", by, "--json").out) for by in ("quarter", "hour", "day", "month")}
        table = ivr(*words, "--by", "month").out
        assert [line.split()[1:] for line in table.splitlines()[1:]] == [["00:00", "4", "4", "4", "0", "4", "4"]]
        assert ivr("retention", "run").code == 0
        assert ivr("calls", "--json").calls == []
        assert {by: json.loads(ivr(*words, "--by", by, "--json").out) for by in before} == before
        assert ivr(*words, "--by", "month").out == table
        names = {(row["name"], row["detail"]) for row in before["month"]["statistics"]}
        assert ("transfer", "110 transfer completed") in names


def today() -> float:
    return (datetime.now(UTC) - datetime(2026, 11, 22, 8, tzinfo=UTC)).total_seconds() - 3600

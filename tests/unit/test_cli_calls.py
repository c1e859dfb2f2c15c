"""`ivr calls` and `ivr recordings` as a person or a script runs them."""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ivr import cli
from ivr.calls.model import Call
from ivr.store import Store
from ivr.store.writer import only_writer
from tests.unit import journals
from tests.unit.stories import HOSTILE, at, transferred
from tests.unit.test_cli_text import steering

SANDBOX = Path(__file__).parents[2] / "hotline.toml"
SITE, DATABASE = SANDBOX, ""  # of the test that runs


@dataclass(frozen=True)
class Said:
    """What a command said."""

    out: str
    err: str
    code: int

    @property
    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)["calls"]
        return found


Ivr = Callable[..., Said]


@pytest.fixture(autouse=True)
def site(ready_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sandbox site, on this database."""
    file = tmp_path / "hotline.toml"
    text = SANDBOX.read_text(encoding="utf-8").replace("sqlite+aiosqlite:///{var}/ivr.db", ready_database_url)
    file.write_text(text, encoding="utf-8")
    monkeypatch.setitem(globals(), "SITE", file)
    monkeypatch.setitem(globals(), "DATABASE", ready_database_url)
    return file


@pytest.fixture
def var(tmp_path: Path) -> Path:
    (tmp_path / "var/journal").mkdir(parents=True)
    return tmp_path / "var"


@pytest.fixture
def ivr(var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ivr:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["ivr", "--site", str(SITE), "--var", str(var), *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            raise SystemExit(0)
        said = capsys.readouterr()
        return Said(said.out, said.err, int(ended.value.code or 0))

    return run


def log(var: Path, *calls: Call) -> None:
    async def save() -> None:
        store = Store(DATABASE)
        await store.open()
        await store.save(calls)
        await store.close()

    asyncio.run(save())


def write(var: Path, rows: Iterable[bytes]) -> None:
    with (var / "journal/journal.csv").open("ab") as file:
        file.write(b"".join(rows))


class TestListing:
    def test_given_no_call_yet_when_listed_then_it_is_said(self, ivr: Ivr) -> None:
        assert ivr("calls") == Said("No calls.\n", "", 0)
        assert ivr("calls", "--json").calls == []

    def test_given_calls_when_listed_then_newest_first_in_the_sites_time(self, ivr: Ivr, var: Path) -> None:
        log(var, transferred("c-1"), transferred("c-2", start=60, ended=False, caller="139"))
        lines = ivr("calls").out.splitlines()
        assert lines[0].split() == ["call", "entered", "caller", "dialled", "seconds", "outcome", "answered", "by"]
        assert lines[1].split() == ["c-2", "2026-11-22", "16:01:00", "139", "12345", "…", "running", "1001", "110"]
        assert lines[2].split()[-4:] == ["60", "transferred", "1001", "110"]

    def test_given_a_chinese_terminal_when_listed_then_the_words_are_chinese(
        self, ivr: Ivr, var: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        log(var, transferred("c-1"))
        said = ivr("calls").out
        assert said.startswith("呼叫  进入时间")
        assert "已转接" in said

    def test_given_json_wanted_when_listed_then_columns_and_children_are_there(self, ivr: Ivr, var: Path) -> None:
        log(var, transferred("c-1"))
        (call,) = ivr("calls", "--json").calls
        assert (call["id"], call["caller"], call["outcome"]) == ("c-1", "13800138000", "transferred")
        assert call["entered_at"] == "2026-11-22T08:00:00.123456Z"
        assert [leg["role"] for leg in call["legs"]] == ["caller", "operator", "desk"]
        assert len(call["talks"]) == 3
        assert [attempt["result"] for attempt in call["transfers"][0]["attempts"]] == ["busy", "answered"]
        assert [step["step"] for step in call["steps"]] == ["greeting", "queue"]

    def test_given_conditions_when_listed_then_only_those_calls_come(self, ivr: Ivr, var: Path) -> None:
        log(var, *(transferred(f"c-{n}", start=3600 * n, caller=f"138{n}") for n in range(5)))

        def found(*words: str) -> list[str]:
            return [call["id"] for call in ivr("calls", "list", "--json", *words).calls]

        assert found("--limit", "2") == ["c-4", "c-3"]
        assert found("--limit", "2", "--before", "c-3") == ["c-2", "c-1"]
        assert found("--caller", "1382") == ["c-2"]
        assert found("--since", "2026-11-22T18:00:00", "--until", "2026-11-22T20:00:00") == ["c-3", "c-2"]  # Beijing
        assert found("--outcome", "abandoned") == []

    def test_given_a_hostile_caller_when_listed_or_shown_then_the_terminal_is_not_steered(
        self, ivr: Ivr, var: Path
    ) -> None:
        log(var, transferred("c-1", caller=HOSTILE))
        for words in (("calls",), ("calls", "--json"), ("calls", "show", "c-1"), ("calls", "show", "c-1", "--json")):
            said = ivr(*words)
            assert said.code == 0
            assert steering(said.out + said.err) == []
        assert ivr("calls", "--json").calls[0]["caller"] == HOSTILE

    def test_given_rows_that_nobody_reads_when_listed_then_that_is_said_until_a_controller_runs(
        self, ivr: Ivr, var: Path
    ) -> None:
        write(var, journals.call(0))
        assert "no controller reads them" in ivr("calls").err
        with only_writer(var / "journal"):
            assert ivr("calls").err == ""
        assert ivr("calls", "rebuild").code == 0
        assert ivr("calls").err == ""

    @pytest.mark.parametrize("words", [("--limit", "0"), ("list", "--since", "yesterday"), ("nonsense",), ("show",)])
    def test_given_a_command_that_makes_no_sense_when_run_then_it_is_a_usage_error(
        self, ivr: Ivr, words: tuple[str, ...]
    ) -> None:
        assert ivr("calls", *words).code == 2

    @pytest.mark.parametrize(
        "words",
        [
            ("calls",),
            *(("calls", name) for name in ("list", "show", "rebuild", "import")),
            *(("recordings", name) for name in ("list", "mix")),
            ("statistics",),
            *(("db", name) for name in ("current", "history", "upgrade", "downgrade", "backup", "restore")),
            *(("retention", name) for name in ("run", "proofs", "verify", "hold", "release", "holds")),
        ],
    )
    def test_given_any_command_when_help_is_asked_then_it_has_an_example(
        self, ivr: Ivr, words: tuple[str, ...]
    ) -> None:
        said = ivr(*words, "--help")
        assert f"Example: ivr {words[0]}" in said.out
        assert said.code == 0


class TestShowing:
    def test_given_the_beginning_of_an_id_when_shown_then_the_ladder_is_drawn(self, ivr: Ivr, var: Path) -> None:
        log(var, transferred("5d0e-1"), transferred("77aa-2"))
        said = ivr("calls", "show", "5d0e")
        assert said.code == 0
        assert "1001" in said.out
        assert "110" in said.out
        assert [call["id"] for call in ivr("calls", "show", "77", "--json").calls] == ["77aa-2"]

    def test_given_an_id_of_no_call_or_of_several_when_shown_then_it_is_said_with_code_1(
        self, ivr: Ivr, var: Path
    ) -> None:
        log(var, transferred("5d0e-1"), transferred("5d0e-2"))
        nothing, several = ivr("calls", "show", "\x1b[31m"), ivr("calls", "show", "5d0e")
        assert (nothing.out, nothing.code, several.out, several.code) == ("", 1, "", 1)
        assert "No call's id begins with \\x1b[31m" in nothing.err
        assert "5d0e-1, 5d0e-2" in several.err


class TestRebuilding:
    def test_given_a_lost_log_when_rebuilt_then_each_call_is_named_and_a_second_time_none(
        self, ivr: Ivr, var: Path
    ) -> None:
        write(var, journals.interleaved(journals.call(0), journals.call(1, at(70), transferred=True)))
        first, second = ivr("calls", "rebuild"), ivr("calls", "rebuild")
        assert f"{journals.call_id(0)}: was not in the log" in first.out
        assert (first.code, second.code) == (0, 0)
        assert second.out == "2 calls read from the journal, 0 changed.\n"
        assert [call["outcome"] for call in ivr("calls", "--json").calls] == ["transferred", "answered"]

    def test_given_a_log_that_differs_when_only_checked_then_code_1_and_nothing_changes(
        self, ivr: Ivr, var: Path
    ) -> None:
        write(var, journals.call(0))
        checked = ivr("calls", "rebuild", "--check", "--json")
        assert checked.code == 1
        assert checked.calls[0]["differences"] == ["was not in the log"]
        assert ivr("calls", "--json").calls == []

    def test_given_no_journal_when_listed_or_rebuilt_then_only_a_rebuild_minds(self, ivr: Ivr, var: Path) -> None:
        (var / "journal").rmdir()
        assert ivr("calls").code == 0
        said = ivr("calls", "rebuild")
        assert (said.code, said.err.startswith("There is no journal at")) == (1, True)

    def test_given_records_that_cannot_be_read_when_rebuilt_then_code_1(self, ivr: Ivr, var: Path) -> None:
        write(var, [*journals.call(0), b"rubbish\n", *journals.call(1, at(90))])
        said = ivr("calls", "rebuild")
        assert said.code == 1
        assert "1 records of the journal cannot be read." in said.out


class TestImporting:
    HEADER = "eventtype,eventtime,cid_name,cid_num,exten,context,channame,appname,uniqueid,linkedid,extra\n"
    ROWS = '''\
CHAN_START,2026-11-22 16:00:00.000001,"张三, ""老三""",138,12345,from-pstn,SIP/trunk-0001,,1763.1,1763.1,
CHAN_START,2026-11-22 16:00:01.000000,,,s,from-internal,SIP/1001-0002,,1763.2,1763.1,
ANSWER,2026-11-22 16:00:03.000000,,1001,s,from-internal,SIP/1001-0002,AppDial,1763.2,1763.1,
ANSWER,2026-11-22 16:00:03.100000,,138,12345,from-pstn,SIP/trunk-0001,Dial,1763.1,1763.1,
BRIDGE_ENTER,2026-11-22 16:00:03.200000,,1001,s,x,SIP/1001-0002,AppDial,1763.2,1763.1,"{""bridge_id"":""b1""}"
BRIDGE_ENTER,2026-11-22 16:00:03.300000,,138,s,x,SIP/trunk-0001,Dial,1763.1,1763.1,"{""bridge_id"":""b1""}"
BRIDGE_EXIT,2026-11-22 16:00:23.000000,,138,s,x,SIP/trunk-0001,Dial,1763.1,1763.1,"{""bridge_id"":""b1""}"
HANGUP,2026-11-22 16:00:23.000001,,138,s,x,SIP/trunk-0001,,1763.1,1763.1,"{""hangupcause"":16}"
CHAN_END,2026-11-22 16:00:23.000002,,138,s,x,SIP/trunk-0001,,1763.1,1763.1,
BRIDGE_EXIT,2026-11-22 16:00:23.000003,,1001,s,x,SIP/1001-0002,AppDial,1763.2,1763.1,"{""bridge_id"":""b1""}"
HANGUP,2026-11-22 16:00:23.000004,,1001,s,x,SIP/1001-0002,,1763.2,1763.1,"{""hangupcause"":16}"
CHAN_END,2026-11-22 16:00:23.000005,,1001,s,x,SIP/1001-0002,,1763.2,1763.1,
LINKEDID_END,2026-11-22 16:00:23.000006,,1001,s,x,SIP/1001-0002,,1763.2,1763.1,
'''

    def test_given_another_systems_file_when_imported_twice_then_its_calls_are_in_the_log_once(
        self, ivr: Ivr, tmp_path: Path
    ) -> None:
        (tmp_path / "cel.csv").write_text(self.HEADER + self.ROWS)
        first = ivr("calls", "import", tmp_path / "cel.csv", "--node", "oldpbx", "--json")
        (call,) = first.calls
        assert (call["node"], call["caller"], call["number"]) == ("oldpbx", "138", "12345")
        assert call["entered_at"] == "2026-11-22T08:00:00.000001Z"  # the site's zone is Beijing's
        assert len(call["legs"]) == 2
        assert len(call["talks"]) == 1
        ivr("calls", "import", tmp_path / "cel.csv", "--node", "oldpbx")
        assert ivr("calls", "--json").calls == [call]

    def test_given_no_header_when_columns_are_named_in_order_then_it_is_the_same_call(
        self, ivr: Ivr, tmp_path: Path
    ) -> None:
        (tmp_path / "cel.csv").write_text(self.ROWS)
        columns = self.HEADER.strip()
        said = ivr(
            "calls", "import", tmp_path / "cel.csv", "--columns", columns, "--timezone", "UTC", "--dry-run", "--json"
        )
        assert said.calls[0]["entered_at"] == "2026-11-22T16:00:00.000001Z"
        assert ivr("calls", "--json").calls == []

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (("--columns", "eventtype,eventtime"), "--columns"),
            (("--timezone", "Mars/Olympus"), "--timezone"),
            (("--node", "hotline"), "--node"),
        ],
    )
    def test_given_options_that_do_not_fit_when_imported_then_it_is_a_usage_error(
        self, ivr: Ivr, tmp_path: Path, words: tuple[str, ...], complaint: str
    ) -> None:
        (tmp_path / "cel.csv").write_text(self.HEADER + self.ROWS)
        said = ivr("calls", "import", tmp_path / "cel.csv", *words)
        assert said.code == 2
        assert complaint in said.err

    def test_given_a_record_that_cannot_be_read_when_imported_then_nothing_is_saved(
        self, ivr: Ivr, tmp_path: Path
    ) -> None:
        (tmp_path / "cel.csv").write_text(self.HEADER + self.ROWS + "ANSWER,yesterday 5 o'clock,,,,,x,,1,1,\n")
        said = ivr("calls", "import", tmp_path / "cel.csv")
        assert said.code == 1
        assert "cel.csv, line 15" in said.err
        assert ivr("calls", "--json").calls == []


class TestRecordings:
    @pytest.fixture
    def recorded(self, var: Path) -> Call:
        """A call whose caller's and desk's voices were recorded."""
        rows = journals.call(0)
        write(var, rows)
        for n in (0, 1):
            path = var / "recordings" / journals.call_id(0) / f"1795334400.{n}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as wav:
                wav.setnchannels(1)
                wav.setsampwidth(2)
                wav.setframerate(8000)
                wav.writeframes(b"\1\0" * 8000 * 2)
        return transferred(journals.call_id(0))

    def test_given_recorded_legs_when_listed_then_whose_voice_from_when_and_how_long(
        self, ivr: Ivr, recorded: Call
    ) -> None:
        ivr("calls", "rebuild")
        entries = json.loads(ivr("recordings", "list", recorded.id[:8], "--json").out)["recordings"]
        assert [(entry["role"], entry["from"], entry["seconds"]) for entry in entries] == [
            ("caller", "2026-11-22T08:00:00.127456Z", 2.0),
            ("operator", "2026-11-22T08:00:06.124456Z", 2.0),
        ]

    @pytest.mark.parametrize(("how", "channels"), [("each", 2), ("all", 1)])
    def test_given_recorded_legs_when_mixed_then_one_wav_holds_them_at_their_times(
        self, ivr: Ivr, recorded: Call, tmp_path: Path, how: str, channels: int
    ) -> None:
        ivr("calls", "rebuild")
        said = ivr("recordings", "mix", recorded.id, "--channels", how, "--out", tmp_path / "mix.wav")
        assert said.code == 0
        assert "caller 13800138000" in said.out
        with wave.open(str(tmp_path / "mix.wav")) as wav:
            assert wav.getnchannels() == channels
            assert wav.getnframes() == round((6.124456 - 0.127456 + 2) * 8000)

    def test_given_nothing_recorded_or_a_file_that_is_gone_when_mixed_then_it_is_said_with_code_1(
        self, ivr: Ivr, var: Path, recorded: Call
    ) -> None:
        ivr("calls", "rebuild")
        (var / "recordings" / recorded.id / "1795334400.1.wav").unlink()
        gone = ivr("recordings", "mix", recorded.id)
        assert (gone.code, "1795334400.1.wav: is not there" in gone.err) == (1, True)
        log(var, Call("bare", "12345", "138", at(0), "hotline"))
        nothing = ivr("recordings", "mix", "bare")
        assert (nothing.code, "has no recording" in nothing.err) == (1, True)

"""`ivr dialplan check` as a person and as a program see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ivr import cli
from ivr.pbx import render

BROKEN = "[site-before-greeting]\nexten => s,1,Playbak(beep)\n same => n,Return()\n"
ALLOWED = "[site-before-greeting]\nexten => s,1,Return()\n same => n,NoOp()  ;! allow never-reached: kept for spring\n"
THEIRS = "[general]\nstatic=yes\n[default]\nexten => _X.,1,VoiceMail(${EXTEN:0:3},u)\n"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def asked(tmp_path: Path, *words: str) -> Result:
    site = ["--site", str(render.ROOT / "hotline.toml"), "--var", str(tmp_path / "var")]
    return CliRunner().invoke(cli.app, [*site, "dialplan", "check", "--no-asterisk", *words])


def written(folder: Path, text: str) -> Path:
    path = folder / "one.conf"
    path.write_text(text, encoding="utf-8")
    return path


def test_given_a_fault_when_asked_for_json_then_it_has_exactly_these_keys_and_the_exit_code_tells_it(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, BROKEN)
    result = asked(tmp_path, "--json", str(path))
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    (finding,) = told["findings"]
    assert list(finding) == ["file", "line", "code", "severity", "message", "mend"]
    assert (finding["file"], finding["line"], finding["code"]) == (str(path), 2, "no-such-application")
    assert finding["severity"] == "error"
    assert "Playback?" in finding["mend"]
    assert told["suppressed"] == []


def test_given_a_relative_path_when_checked_then_the_file_is_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, BROKEN)
    monkeypatch.chdir(tmp_path)
    assert json.loads(asked(tmp_path, "--json", "one.conf").stdout)["findings"][0]["file"] == "one.conf"


def test_given_a_permission_when_checked_then_every_report_lists_it_with_its_reason(tmp_path: Path) -> None:
    path = str(written(tmp_path, ALLOWED))
    result = asked(tmp_path, path)
    assert result.exit_code == 0
    assert "never-reached: kept for spring" in result.stdout
    (allowed,) = json.loads(asked(tmp_path, "--json", path).stdout)["suppressed"]
    assert (allowed["code"], allowed["line"], allowed["reason"]) == ("never-reached", 3, "kept for spring")
    (run,) = json.loads(asked(tmp_path, "--sarif", path).stdout)["runs"]
    assert run["results"][0]["suppressions"] == [{"kind": "inSource", "justification": "kept for spring"}]


def test_given_a_fault_when_asked_for_sarif_then_rule_level_line_and_file_stand_where_editors_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, BROKEN)
    monkeypatch.chdir(tmp_path)
    told = json.loads(asked(tmp_path, "--sarif", "one.conf").stdout)
    assert told["version"] == "2.1.0"
    (result,) = told["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("no-such-application", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "one.conf"}, "region": {"startLine": 2}}
    assert [rule["id"] for rule in told["runs"][0]["tool"]["driver"]["rules"]] == ["no-such-application"]


def test_given_a_chinese_terminal_when_checked_then_it_is_told_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "没有名为 Playbak 的应用" in asked(tmp_path, str(written(tmp_path, BROKEN))).stdout


def test_given_a_whole_dialplan_of_others_when_checked_then_it_is_judged_by_itself(tmp_path: Path) -> None:
    path = str(written(tmp_path, THEIRS))
    result = asked(tmp_path, path)
    assert result.exit_code == 0, result.stdout
    assert "Judged by themselves" in result.stdout
    codes = {one["code"] for one in json.loads(asked(tmp_path, "--site-draft", "--json", path).stdout)["findings"]}
    assert {"reserved-section", "site-name", "pattern-swallows", "application-not-loaded"} <= codes


def test_given_a_folder_when_checked_then_each_of_its_files_is(tmp_path: Path) -> None:
    folder = tmp_path / "draft"
    folder.mkdir()
    written(folder, BROKEN)
    (folder / "two.conf").write_text(
        "[site-after-call]\nexten => s,1,Nothing()\n same => n,Return()\n", encoding="utf-8"
    )
    told = json.loads(asked(tmp_path, "--json", str(folder)).stdout)["findings"]
    assert [Path(one["file"]).name for one in told] == ["one.conf", "two.conf"]


def test_given_no_such_file_when_checked_then_the_exit_code_says_that_nothing_was_checked(tmp_path: Path) -> None:
    result = asked(tmp_path, str(tmp_path / "none.conf"))
    assert result.exit_code == 2
    assert "none.conf" in result.output


def test_given_the_projects_own_draft_when_checked_then_nothing_is_found(tmp_path: Path) -> None:
    result = asked(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "Nothing found.\n")

"""The doctor's words: what is wrong is named with its key and its cure, in both languages; no secret is shown."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from ivr import cli, doctor, ports
from ivr.dialplan import heard
from ivr.doctor import Finding
from ivr.pbx import fetch
from ivr.pbx.fetch import Installation
from ivr.settings import Address, Site, load
from ivr.store import Store, engine, shape
from ivr.store.accounts import Accounts, new_account

SANDBOX = Path(__file__).parents[2] / "hotline.toml"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The sandbox on ports that nobody holds."""
    found = load(SANDBOX, tmp_path / "var")
    free = {name: Address("127.0.0.1", ports.any_free()) for name in ("sip", "web", "ami", "agi")}
    return replace(found, listen=replace(found.listen, **free))


@pytest.fixture
def asterisk(tmp_path: Path) -> Installation:
    modules = fetch.NEEDED | doctor.render.modules()
    return Installation(("/nowhere/asterisk",), tmp_path, tmp_path, (22, 10, 1), modules)


def of(findings: list[Finding], id: str) -> Finding:
    (found,) = [finding for finding in findings if finding.id == id]
    return found


def test_given_a_fresh_folder_then_nothing_stands_in_the_way(
    site: Site, asterisk: Installation, tmp_path: Path
) -> None:
    findings = doctor.planned(site, tmp_path / "var", asterisk)
    assert [finding for finding in findings if finding.level == "problem"] == []
    assert "will make" in of(findings, "prompts").words["en"]
    assert [finding.id for finding in doctor.running(site, tmp_path / "var", asterisk)] == ["running"]


def test_given_a_port_that_is_held_then_its_key_and_its_holder_are_told(
    site: Site, asterisk: Installation, tmp_path: Path
) -> None:
    with socket.create_server((site.listen.web.host, site.listen.web.port)):
        found = of(doctor.planned(site, tmp_path / "var", asterisk), "port-web")
    assert found.level == "problem"
    assert f"127.0.0.1:{site.listen.web.port}/tcp cannot be used, held by" in found.words["en"]
    assert "(pid " in found.words["zh"]
    assert found.mend is not None
    assert "change web under [listen]" in found.mend["en"]


def test_given_an_asterisk_without_a_module_that_calls_need_then_it_is_named(
    site: Site, asterisk: Installation, tmp_path: Path
) -> None:
    lacking = replace(asterisk, modules=asterisk.modules - {"app_queue"})
    found = of(doctor.planned(site, tmp_path / "var", lacking), "modules")
    assert (found.level, "app_queue" in found.words["en"]) == ("problem", True)
    lacking = replace(asterisk, modules=asterisk.modules - {"res_security_log"})
    assert of(doctor.planned(site, tmp_path / "var", lacking), "modules").level == "warning"


@pytest.mark.parametrize(
    "url", ["postgresql+asyncpg://hotline:secret-word@127.0.0.1:1/calls", "sqlite+aiosqlite:////nowhere/at/all.db"]
)
def test_given_a_database_that_cannot_be_reached_then_no_password_is_shown(
    site: Site, asterisk: Installation, tmp_path: Path, url: str
) -> None:
    found = of(doctor.planned(replace(site, database_url=url), tmp_path / "var", asterisk), "database")
    assert found.level == "problem"
    assert "secret-word" not in str(found)


@pytest.mark.parametrize(
    ("revision", "level", "words"),
    [("0001", "ok", "the start will upgrade the tables (0001)"), ("9999", "problem", "a newer release's")],
)
def test_given_tables_of_another_release_when_examined_then_it_is_told_and_they_are_left_alone(
    site: Site, asterisk: Installation, tmp_path: Path, ready_database_url: str, revision: str, level: str, words: str
) -> None:
    asyncio.run(other_release(ready_database_url, revision))
    site = replace(site, database_url=ready_database_url)
    for _ in range(2):
        found = of(doctor.planned(site, tmp_path / "var", asterisk), "database-shape")
        assert (found.level, words in found.words["en"]) == (level, True)


def test_given_tables_of_this_release_when_examined_then_nothing_is_said_of_them(
    site: Site, asterisk: Installation, tmp_path: Path, ready_database_url: str
) -> None:
    findings = doctor.planned(replace(site, database_url=ready_database_url), tmp_path / "var", asterisk)
    assert of(findings, "database").level == "ok"
    assert "database-shape" not in [finding.id for finding in findings]


def test_given_people_of_a_department_that_the_settings_have_no_more_then_they_are_named(
    site: Site, asterisk: Installation, tmp_path: Path, ready_database_url: str
) -> None:
    async def add() -> None:
        store = Store(ready_database_url)
        await store.open()
        for user, department in (("li", "chengguan"), ("wang", "gone")):
            await Accounts(store).add(new_account(user, "", ["department"], None, datetime.now(UTC), department))
        await store.close()

    asyncio.run(add())
    site = replace(site, database_url=ready_database_url)
    found = of(doctor.planned(site, tmp_path / "var", asterisk), "departments")
    assert (found.level, found.words["en"]) == ("warning", "departments of these accounts are gone: wang (gone)")


async def other_release(url: str, revision: str) -> None:
    if revision == "0001":
        await shape.downgrade(url, revision)
        return
    opened = engine.create(url)
    async with opened.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :id"), {"id": revision})
    await opened.dispose()


def test_given_a_text_that_is_no_text_then_its_file_and_name_are_told(
    site: Site, asterisk: Installation, tmp_path: Path
) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/zh.toml").write_text("greeting = 1\n")
    found = of(
        doctor.planned(replace(site, path=str(tmp_path / "hotline.toml")), tmp_path / "var", asterisk), "prompts"
    )
    assert found.level == "problem"
    assert "zh.toml: greeting" in found.words["en"]


def test_given_a_prompt_that_is_not_there_when_core_plays_it_then_no_start_and_when_a_site_does_then_a_warning(
    site: Site, asterisk: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.pbx.prompts.outdated", lambda *_: [])
    for place, level in (
        ("dialplans/core/greeting.conf:8", "problem"),
        ("/etc/hotline/dialplans/site/a.conf:2", "warning"),
    ):
        monkeypatch.setattr("ivr.dialplan.heard.in_force", lambda *_, at=place: heard.Heard({"flood": [at]}, {}))
        found = doctor.sounding(site, tmp_path)
        assert [finding.level for finding in found] == [level, level]  # in both languages
        assert place in found[0].words["en"]


def test_given_a_dialplan_that_cannot_be_looked_at_then_it_keeps_nothing_from_starting(
    site: Site, asterisk: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RecursionError("so deep")

    monkeypatch.setattr("ivr.pbx.prompts.outdated", lambda *_: [])
    monkeypatch.setattr("ivr.dialplan.heard.in_force", fails)
    assert of(doctor.sounding(site, tmp_path), "prompts").level == "warning"


def test_every_finding_has_both_languages(site: Site, asterisk: Installation, tmp_path: Path) -> None:
    for finding in doctor.planned(site, tmp_path / "var", asterisk):
        for words in (finding.words, finding.mend):
            assert words is None or set(words) == {"zh", "en"}


def test_the_command_speaks_the_persons_language_and_json(tmp_path: Path) -> None:
    arguments = ["--site", str(SANDBOX), "--var", str(tmp_path / "var"), "doctor"]
    chinese = CliRunner().invoke(cli.app, arguments, env={"LC_ALL": "zh_CN.UTF-8"})
    english = CliRunner().invoke(cli.app, arguments, env={"LC_ALL": "C"})
    assert "系统没有运行" in chinese.output
    assert "the system does not run" in english.output
    answer = CliRunner().invoke(cli.app, [*arguments, "--json"])
    findings = json.loads(answer.stdout)["findings"]
    assert {"id", "level", "words", "mend"} == set(findings[0])
    problem = any(finding["level"] == "problem" for finding in findings)
    assert answer.exit_code == (1 if problem else 0)


def test_given_wrong_settings_then_the_command_says_one_sentence_and_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["ivr", "--site", str(tmp_path / "none.toml"), "doctor"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "copy the project's hotline.toml" in told
    assert "Traceback" not in told

"""Notices: what Asterisk's database is made to say, times as people write them, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from ivr.cli import app
from ivr.cli.notice import moment
from ivr.pbx import notices
from ivr.pbx.notices import Notice, NoticeError
from tests.unit.test_settings import site_file

ZONE = ZoneInfo("Asia/Shanghai")
NOW = int(datetime(2026, 11, 27, 22, 0, tzinfo=ZONE).timestamp())
ONE = Notice(
    1, "before-greeting", NOW, NOW + 3600, {"zh": "停水"}, recorded=False, seconds=1.0, by="王芳", why="", made=NOW
)


class Asterisk:
    """AMI's DBPut, DBDel, DBGetTree on a dict."""

    def __init__(self, **there: str) -> None:
        self.there = {f"notice/{key}".replace("_", "-"): value for key, value in there.items()}

    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]:
        name = f"{headers['Family']}/{headers.get('Key', '')}"
        if headers["Action"] == "DBPut":
            self.there[name] = str(headers["Val"])
        elif headers["Action"] == "DBDel":
            del self.there[name]
        elif not self.there:
            raise notices.AmiFailedError("DBGetTree", "Database entry not found")
        return [{"Event": "DBGetTreeResponse", "Key": f"/{key}", "Val": value} for key, value in self.there.items()]


async def test_given_notices_when_published_then_what_is_over_is_gone_and_the_rest_has_its_times() -> None:
    asterisk = Asterisk(while_waiting="1-2-3")
    later = replace(ONE, id=2, begins=NOW + 60)
    over = replace(ONE, id=3, place="while-waiting", ends=NOW)
    await notices.publish(asterisk, [ONE, later, over], NOW)
    entry = f"{NOW}-{NOW + 3600}-1#{NOW + 60}-{NOW + 3600}-2"
    assert asterisk.there == {"notice/before-greeting": entry}


async def test_given_no_notice_when_published_then_an_empty_database_is_no_error() -> None:
    asterisk = Asterisk()
    await notices.publish(asterisk, [], NOW)
    assert asterisk.there == {}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-28 06:00", "2026-11-28T06:00+08:00"),
        ("06:00", "2026-11-28T06:00+08:00"),
        ("23:30", "2026-11-27T23:30+08:00"),
        ("2026-11-28T06:00Z", "2026-11-28T06:00+00:00"),
    ],
)
def test_given_a_time_as_people_write_it_when_read_then_it_is_the_sites(text: str, wanted: str) -> None:
    assert moment(text, NOW, ZONE, "--until") == int(datetime.fromisoformat(wanted).timestamp())


def test_given_no_time_when_read_then_the_message_says_how_to_write_one() -> None:
    with pytest.raises(typer.BadParameter, match="expected a time such as"):
        moment("tomorrow", NOW, ZONE, "--until")


def ivr(folder: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["--site", str(site_file(folder)), "--var", str(folder / "var"), *arguments])
    return done.exit_code, done.output + str(done.exception or "")


def test_given_a_notice_when_said_and_ended_then_both_are_on_record_with_who_and_why(tmp_path: Path) -> None:
    said = ivr(tmp_path, "notice", "今晚停水", "--until", "06:00", "--by", "王芳", "-m", "抢修")
    assert said[0] == 0, said
    assert (tmp_path / "var/prompts/zh/notice/1.wav").stat().st_size > 1000
    assert (tmp_path / "var/prompts/en/notice/1.wav").is_file()
    assert "今晚停水" in ivr(tmp_path, "notice", "list")[1]
    assert ivr(tmp_path, "notice", "end", "1", "--by", "李强")[0] == 0
    [kept] = notices.read(tmp_path / "var")
    assert (kept.by, kept.why, kept.ended_by, kept.state(kept.ends)) == ("王芳", "抢修", "李强", "over")
    assert "今晚停水" not in ivr(tmp_path, "notice", "list")[1]
    assert "over already" in ivr(tmp_path, "notice", "end", "1")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--until", "06:00"), "give words"),
        (("x", "--until", "2020-01-01 00:00"), "it must end after it begins"),
        (("x", "--until", "2099-01-01 00:00"), "within 31 days"),
        (("x", "--until", "06:00", "--where", "nowhere"), "before-greeting"),
        (("x", "--until", "06:00", "--language", "fr"), "no language of this site"),
        (("x", "--until", "06:00", "--zh", "y"), "there twice"),
        (("停水" * 80, "--until", "06:00"), "say it shorter"),
    ],
)
def test_given_a_notice_that_cannot_be_when_said_then_it_is_told_and_nothing_is_kept(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    code, output = ivr(tmp_path, "notice", *arguments)
    assert code != 0
    assert told in " ".join(output.replace("│", " ").split())
    assert notices.read(tmp_path / "var") == []


def test_given_a_file_that_is_torn_when_read_then_the_error_names_it(tmp_path: Path) -> None:
    (tmp_path / "notices.json").write_text("{", encoding="utf-8")
    with pytest.raises(NoticeError, match=r"notices\.json"):
        notices.read(tmp_path)

"""Each fault of a prompt is found, by its own code, and a sound prompt has none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from ivr.cli import app
from ivr.dialplan import heard
from ivr.pbx import prompts
from ivr.pbx.prompts import book, categories, judge, make, measured, sound
from ivr.pbx.prompts.book import Entry
from ivr.pbx.prompts.judge import Fault
from ivr.settings import Site
from tests.unit.prompt_sounds import ROOT, SITE, a_site, record, silence, tone

VOICE = 0.1  # gain of a 700 Hz tone at about −23 LUFS


def entry(samples: sound.Samples | None, **more: Any) -> Entry:
    facts = None if samples is None else measured.of(samples)
    sane = Entry("greeting", "zh", "greeting", "recorded", "", waiting=False, measured=facts, played=("a.conf:1",))
    return replace(sane, **more)


def codes(*entries: Entry, named: dict[str, str] | None = None) -> list[str]:
    return [fault.code for fault in judge.check(entries, ["zh"], named or {})]


@pytest.mark.parametrize(
    ("code", "faulty"),
    [
        ("silent", entry(silence(1.0))),
        ("clipped", entry(np.concatenate([tone(1.0, VOICE), tone(0.003, 3.0), tone(1.0, VOICE)]))),
        ("greeting-too-long", entry(tone(5.2, VOICE))),
        ("too-long", entry(tone(31.0, VOICE), category="notice")),
        ("loudness", entry(tone(1.0, VOICE * 1.5))),
        ("loudness", entry(tone(1.0, VOICE / 1.5))),
        ("silence-at-end", entry(np.concatenate([silence(0.7), tone(1.0, VOICE)]))),
        ("silence-at-end", entry(np.concatenate([tone(1.0, VOICE), silence(0.7)]))),
        ("silence-inside", entry(np.concatenate([tone(1.0, VOICE), silence(1.8), tone(1.0, VOICE)]))),
        ("no-category", entry(tone(1.0, VOICE), category=None)),
        ("not-made", entry(tone(1.0, VOICE), waiting=True)),
        ("not-made", entry(None)),
    ],
)
def test_given_one_fault_then_it_alone_is_found(code: str, faulty: Entry) -> None:
    assert codes(faulty) == [code]


def test_given_a_sound_prompt_then_nothing_is_found() -> None:
    assert codes(entry(tone(4.9, VOICE)), named={"greeting": "a.conf:1"}) == []
    assert codes(entry(tone(1.0, 0.5), kind="tone", category="tone")) == []


def test_given_prompts_that_are_not_there_then_the_place_that_plays_them_is_named() -> None:
    found = judge.check([entry(tone(1.0, VOICE))], ["zh", "en"], {"greeting": "a.conf:1", "flood": "b.conf:2"})
    assert [(one.prompt, one.language, one.code) for one in found] == [
        ("flood", "en", "no-prompt"),
        ("flood", "zh", "no-prompt"),
        ("greeting", "en", "no-prompt"),
    ]
    assert "b.conf:2" in found[0].message["en"]
    assert "ivr prompts say flood --en" in found[0].mend["en"]
    assert [one.code for one in judge.check([entry(tone(1.0, VOICE))], ["zh", "en"], {})] == ["no-language"]


def test_given_every_code_then_it_speaks_both_languages() -> None:
    for kind in judge.CODES.values():
        for chinese, english in (kind.message, kind.mend):
            assert chinese
            assert english
    assert isinstance(judge.check([entry(silence(1))], ["zh"], {})[0], Fault)


def test_given_a_file_that_is_no_telephone_sound_then_it_is_not_playable(tmp_path: Path) -> None:
    wide = measured.measure(record(tmp_path / "a.wav", tone(0.1, 0.1, rate=16000), 16000))
    assert codes(entry(None, measured=wide)) == ["not-playable"]
    (tmp_path / "b.wav").write_bytes(b"no wav")
    assert codes(entry(None, measured=measured.measure(tmp_path / "b.wav"))) == ["not-playable"]


def test_given_a_file_that_was_measured_when_it_changes_then_it_is_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "prompts/zh/greeting.wav", tone(1.0, 0.1))
    first = measured.measured(tmp_path, [path])[path]
    with monkeypatch.context() as patch:
        patch.setattr(measured, "measure", lambda _: pytest.fail("it is known already"))
        assert measured.measured(tmp_path, [path])[path] == first
    record(path, tone(2.0, 0.1))
    assert measured.measured(tmp_path, [path])[path].seconds == 2.0
    (tmp_path / "prompts/measured.json").write_text("{torn")
    assert measured.measured(tmp_path, [path, tmp_path / "gone.wav"])[path].seconds == 2.0


def test_given_the_projects_prompts_then_each_has_a_category_and_a_place_that_plays_it() -> None:
    known, plays = categories.table(SITE), heard.in_draft(SITE, Path("var"))
    names = {prompt.name for prompt in make.wanted(SITE)}
    assert [name for name in sorted(names) if categories.of(name, known) is None] == []
    unused = {name for name in names if not book.played(SITE, name, plays.places)}
    assert unused == {"menu"}  # played where a site switches its menu on
    assert plays.named.keys() <= names


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = a_site(tmp_path, monkeypatch, ("greeting",))
    text = (ROOT / "hotline.toml").read_text("utf-8")
    Path(site.path).write_text(text, encoding="utf-8")
    return site


def test_given_the_commands_then_a_prompt_is_said_listed_checked_and_reverted(site: Site, tmp_path: Path) -> None:
    start = ["--site", site.path, "--var", str(tmp_path / "var"), "prompts"]

    def run(*words: str, code: int = 0) -> Any:
        ended = CliRunner().invoke(app, [*start, *words, "--json"])
        assert ended.exit_code == code, (ended.output, ended.exception)
        return json.loads(ended.output)

    said = run("say", "site-flood", "--zh", "今晚有暴雨。", "--en", "Heavy rain tonight.", "--category", "notice")
    assert [one["language"] for one in said["prompts"]] == ["zh", "en"]
    file = record(tmp_path / "flood.wav", tone(0.7, 0.9))
    brought = run("import", "site-flood", str(file), "--language", "zh")["prompts"][0]
    assert "8000 Hz" in brought["done"][0]["en"]
    listed = {(one["name"], one["language"]): one for one in run("list")["prompts"]}
    assert listed["site-flood", "zh"]["kind"] == "recorded"
    assert listed["site-flood", "en"]["kind"] == "generated"
    assert listed["site-flood", "en"]["category"] == "notice"
    assert listed["greeting", "zh"]["played"][0].startswith("dialplans/core/")
    assert ("site-flood", "zh") in {(one["name"], one["language"]) for one in run("list", "--unused")["prompts"]}
    run("revert", "site-flood", "--language", "zh", "--by", "王芳")
    findings = run("check", code=1)["findings"]  # this project has but one prompt, and core plays many
    assert {one["code"] for one in findings if one["severity"] == "problem"} == {"no-prompt"}
    assert not [one for one in findings if one["prompt"] == "site-flood"]


@pytest.mark.parametrize(("locale", "word"), [("zh_CN.UTF-8", "商业广告"), ("C", "advertising")])
def test_given_what_is_refused_then_the_command_says_so_in_the_readers_language(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str, word: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    sale = ["prompts", "say", "site-sale", "--zh", "买一送一。", "--category", "advertising"]
    ended = CliRunner().invoke(app, ["--site", site.path, "--var", str(tmp_path / "var"), *sale])
    assert ended.exit_code == 1
    assert "R5" in str(ended.exception)
    assert word in str(ended.exception)


def test_given_hand_made_changes_when_made_then_they_are_spoken(site: Site, tmp_path: Path) -> None:
    var = tmp_path / "var"
    prompts.ensure(site, var, lambda _: None)
    own = Path(site.path).parent / "prompts"
    own.mkdir()
    (own / "zh.toml").write_text('greeting = "您好，市民热线。"\n', encoding="utf-8")
    entries = book.book(site, var, lambda _: [])
    assert [(one.language, one.waiting) for one in entries] == [("zh", True), ("en", False)]
    assert prompts.ensure(site, var, lambda _: None) == 1

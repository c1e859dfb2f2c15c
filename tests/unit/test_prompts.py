"""What callers hear: in both languages, spoken once, replaced by recordings, and nothing that is played is missing."""

from __future__ import annotations

import tomllib
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.dialplan import heard
from ivr.pbx import prompts
from ivr.pbx.prompts import judge, make, sound
from ivr.pbx.prompts.ffmpeg import SoundError
from ivr.pbx.prompts.texts import TextError, spoken, texts
from ivr.settings import Site, load

ROOT = Path(__file__).parents[2]
SITE = load(ROOT / "hotline.toml", "var")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site of its own folder, whose project has but three texts, so that a test need not speak all of them."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "zh.toml").write_text(
        'greeting = "您好，{number}热线。"\n"digits/1" = "一"\ngoodbye = "再见。"\nplease-wait = "请稍候。"\n'
    )
    (project / "en.toml").write_text(
        'greeting = "Hello."\n"digits/1" = "one"\ngoodbye = "Goodbye."\nplease-wait = "Please wait."\n'
    )
    monkeypatch.setattr("ivr.pbx.prompts.texts.PROJECT", project)
    (tmp_path / "city").mkdir()
    return replace(SITE, path=str(tmp_path / "city/hotline.toml"))


def record(path: Path, rate: int, channels: int, seconds: float = 0.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(int(rate * seconds)) / rate
    samples = (0.5 * np.sin(2 * np.pi * 700 * times) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).tobytes())


def loudest_hertz(samples: sound.Samples) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * sound.RATE / samples.size)


def test_both_languages_have_the_same_prompts() -> None:
    chinese, english = (set(tomllib.loads((ROOT / f"prompts/{code}.toml").read_text("utf-8"))) for code in ("zh", "en"))
    assert chinese == english


def test_every_number_that_asterisk_says_has_its_words() -> None:
    said = texts(SITE, "zh")
    assert {f"digits/{n}" for n in (*range(21), *range(30, 100, 10))} <= set(said)


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("您好，12345热线", "zh", "您好，幺二三四五热线"),
        ("110报警服务台", "zh", "幺幺零报警服务台"),
        ("接听请按1。", "zh", "接听请按一。"),
        ("Call from 12345.", "en", "Call from 1 2 3 4 5."),
        ("Press 1.", "en", "Press 1."),
    ],
)
def test_numbers_are_said_as_people_say_them(text: str, language: str, said: str) -> None:
    assert spoken(text, language) == said


def test_the_greeting_ends_within_five_seconds(tmp_path: Path) -> None:
    """R2: a person within 15 s leaves 5 s for words."""
    for language in ("zh", "en"):
        prompt = make.Prompt(language, "greeting", texts(SITE, language)["greeting"], None)
        assert 2.0 < make._samples(prompt).size / sound.RATE <= 5.0


def test_given_a_first_start_then_every_prompt_is_a_file_for_telephones(site: Site, tmp_path: Path) -> None:
    made = prompts.ensure(site, tmp_path, say=lambda _: None)
    assert made == 2 * (4 + len(make.TONES) + len(site.targets))
    with wave.open(str(tmp_path / "prompts/zh/target-110.wav"), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
    speech = sound.read(tmp_path / "prompts/zh/digits/1.wav")
    assert np.sqrt(np.mean(speech**2)) > 0.02
    words, music = sorted((tmp_path / "moh/zh").iterdir())
    assert sound.read(music).size > 20 * sound.RATE > sound.read(words).size


def test_given_a_second_start_then_only_what_changed_is_spoken_again(site: Site, tmp_path: Path) -> None:
    prompts.ensure(site, tmp_path, say=lambda _: None)
    assert prompts.ensure(site, tmp_path, say=lambda _: None) == 0
    own = Path(site.path).parent / "prompts"
    own.mkdir()
    (own / "zh.toml").write_text('greeting = "您好，这里是市民热线。"\n', encoding="utf-8")
    assert [prompt.key for prompt in prompts.outdated(site, tmp_path)] == ["zh/greeting"]
    assert prompts.ensure(site, tmp_path, say=lambda _: None) == 1


def test_given_a_prompt_that_is_wanted_no_more_then_its_file_goes(site: Site, tmp_path: Path) -> None:
    prompts.ensure(site, tmp_path, say=lambda _: None)
    prompts.ensure(replace(site, targets={}), tmp_path, say=lambda _: None)
    assert not (tmp_path / "prompts/zh/target-110.wav").exists()
    assert (tmp_path / "prompts/zh/greeting.wav").exists()


def test_a_recording_replaces_speech_and_is_converted(site: Site, tmp_path: Path) -> None:
    record(Path(site.path).parent / "prompts/recorded/zh/greeting.wav", rate=44100, channels=2)
    prompts.ensure(site, tmp_path, say=lambda _: None)
    samples = sound.read(tmp_path / "prompts/zh/greeting.wav")
    assert samples.size == 4000
    assert abs(loudest_hertz(samples) - 700) < 5
    assert abs(float(np.max(np.abs(samples))) - 0.5) < 0.05


def test_a_recording_that_cannot_be_read_is_named(site: Site, tmp_path: Path) -> None:
    path = Path(site.path).parent / "prompts/recorded/zh/greeting.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"ID3 this is an mp3")
    with pytest.raises(SoundError, match=r"greeting\.wav cannot be read as sound .* known are wav, mp3"):
        prompts.ensure(site, tmp_path, say=lambda _: None)


def test_a_placeholder_that_is_unknown_is_named(site: Site, tmp_path: Path) -> None:
    own = Path(site.path).parent / "prompts"
    own.mkdir()
    (own / "en.toml").write_text('greeting = "Hello, {nubmer}."\n', encoding="utf-8")
    with pytest.raises(TextError, match=r"greeting: cannot fill in '\{nubmer\}'; known are \{number\}"):
        prompts.ensure(site, tmp_path, say=lambda _: None)


def test_the_ringback_is_chinas() -> None:
    """GB/T 3380: 450 Hz, 1 s on, 4 s off."""
    ring = sound.ring_cadence()
    assert ring.size == 5 * sound.RATE
    assert abs(loudest_hertz(ring[: sound.RATE]) - 450) < 2
    assert not ring[sound.RATE :].any()


def test_nothing_that_our_dialplans_play_is_missing(tmp_path: Path) -> None:
    there: dict[str, set[str]] = {}
    for prompt in make.wanted(SITE):
        there.setdefault(prompt.name, set()).add(prompt.language)
    named = heard.in_force(SITE, tmp_path).named
    assert len(named) > 20
    assert list(judge.missing(there, SITE.hotline.languages, named)) == []


def test_every_prompt_that_a_site_plays_is_looked_for(site: Site, tmp_path: Path) -> None:
    own = Path(site.path).parent / "dialplans/site"
    own.mkdir(parents=True)
    (own / "a.conf").write_text(
        """[site-flood]
exten => s,1,Playback(flood-warning&greeting)
 same => n,Playback(${IF($["${B}"="busy"]?flood-high:flood-low)})
 same => n,Playback(target-${KEY}) ; Playback(commented)
 same => n,Return()
"""
    )
    plays = heard.in_draft(site, tmp_path)
    assert plays.places("flood-warning") == [f"{own}/a.conf:2"]
    assert {"flood-warning", "flood-high", "flood-low"} <= plays.named.keys()
    assert "commented" not in plays.named
    assert f"{own}/a.conf:4" in plays.places("target-110")
    assert heard.anywhere(site, tmp_path, "flood-low") == [f"{own}/a.conf:3"]

"""Prompts changed on a site: words, recordings of any kind, hostile files; nothing is lost, nothing is half done."""

from __future__ import annotations

import tomllib
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.errors import HotlineError
from ivr.pbx import prompts
from ivr.pbx.prompts import change, ffmpeg, loudness, make, sound
from ivr.pbx.prompts.toml_line import EditError, with_entry
from ivr.settings import Site
from tests.unit.prompt_sounds import a_site, encode, record, silence, tone


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    site = a_site(tmp_path, monkeypatch, ("greeting",))
    prompts.ensure(site, tmp_path / "var", lambda _: None)
    return site


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


def bring_in(site: Site, var: Path, name: str, language: str, file: Path, category: str | None = None) -> change.Done:
    return change.bring_in(site, var, name, language, file, category=category).do()[0]


def say(site: Site, var: Path, name: str, words: dict[str, str], category: str | None = None) -> list[change.Done]:
    return change.say(site, var, name, words, category).do()


def take_out(site: Site, var: Path, name: str, language: str, played: list[str]) -> change.Done:
    return change.take_out(site, var, name, language, played).do()[0]


def heard(var: Path, language: str, name: str) -> sound.Samples:
    return sound.read(make.file(var, language, name))


def recording(site: Site, language: str, name: str) -> Path:
    return Path(site.path).parent / f"prompts/recorded/{language}/{name}.wav"


def everything(*folders: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {".lock", "measured.json"}
    }


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "flac", "ogg", "webm", "opus", "aiff"])
def test_given_a_recording_of_any_kind_when_imported_then_it_is_telephone_sound_at_minus_23(
    site: Site, var: Path, tmp_path: Path, kind: str
) -> None:
    quiet = np.concatenate([silence(1.2, 44100), tone(1.0, 0.02, rate=44100), silence(0.9, 44100)])
    file = record(tmp_path / "studio.source.wav", quiet, 44100, 2)
    file = encode(tmp_path / f"studio.{kind}", file)
    done = bring_in(site, var, "greeting", "zh", file)
    with wave.open(str(make.file(var, "zh", "greeting")), "rb") as made:
        assert (made.getframerate(), made.getnchannels(), made.getsampwidth()) == (8000, 1, 2)
    samples = heard(var, "zh", "greeting")
    assert samples.size / sound.RATE == pytest.approx(1.18, abs=0.06)
    assert loudness.measure(samples) == pytest.approx(loudness.TARGET, abs=0.3)
    assert {path.stat().st_mode & 0o077 for path in var.rglob("*") if path.is_file()} == {0}
    told = " ".join(one["en"] for one in done.done)
    assert "→ 8000 Hz, mono, 16 bit" in told
    assert "LUFS (+" in told
    assert "of silence cut off" in told


def test_given_a_recording_before_when_imported_anew_then_it_is_kept_and_can_come_back(
    site: Site, var: Path, tmp_path: Path
) -> None:
    first = record(tmp_path / "first.wav", tone(0.5, 0.3))
    bring_in(site, var, "greeting", "zh", first)
    before = recording(site, "zh", "greeting").read_bytes()
    bring_in(site, var, "greeting", "zh", record(tmp_path / "second.wav", tone(1.5, 0.3)))
    kept = recording(site, "zh", "greeting.wav.previous").with_suffix("")
    assert kept.read_bytes() == before
    bring_in(site, var, "greeting", "zh", kept)
    assert heard(var, "zh", "greeting").size / sound.RATE == pytest.approx(0.5, abs=0.05)


def test_given_a_caller_who_hears_it_when_a_prompt_is_replaced_then_he_hears_it_to_its_end(
    site: Site, var: Path, tmp_path: Path
) -> None:
    with make.file(var, "zh", "greeting").open("rb") as playing:
        begun = playing.read(100)
        bring_in(site, var, "greeting", "zh", record(tmp_path / "new.wav", tone(2.0, 0.3)))
        rest = playing.read()
        assert playing.seek(0) == 0
        assert playing.read() == begun + rest
    assert heard(var, "zh", "greeting").size / sound.RATE == pytest.approx(2.0, abs=0.05)


def test_given_a_change_that_is_ready_when_nobody_does_it_then_nothing_has_changed(
    site: Site, var: Path, tmp_path: Path
) -> None:
    file = record(tmp_path / "flood.wav", tone(0.4, 0.3))
    bring_in(site, var, "greeting", "en", file)
    before = everything(tmp_path)
    change.bring_in(site, var, "site-flood", "zh", file, category="notice")
    change.say(site, var, "site-flood", {"zh": "今晚有暴雨。"}, "notice")
    change.take_out(site, var, "greeting", "en", [])
    assert everything(tmp_path) == before


def test_given_words_when_said_then_they_come_before_a_recording_and_a_revert_is_possible(
    site: Site, var: Path, tmp_path: Path
) -> None:
    bring_in(site, var, "greeting", "en", record(tmp_path / "r.wav", tone(0.4, 0.3)))
    done = say(site, var, "greeting", {"en": "This is {number}, the citizens' hotline."})
    own = Path(site.path).parent / "prompts/en.toml"
    assert tomllib.loads(own.read_text("utf-8")) == {"greeting": "This is {number}, the citizens' hotline."}
    assert heard(var, "en", "greeting").size / sound.RATE == pytest.approx(done[0].seconds, abs=0.01)
    assert recording(site, "en", "greeting.wav.previous").with_suffix("").is_file()
    assert not recording(site, "en", "greeting").exists()
    assert len(done[0].done) == 2


def test_given_a_recording_when_reverted_then_the_text_is_spoken_again(site: Site, var: Path, tmp_path: Path) -> None:
    spoken = heard(var, "zh", "greeting").size
    bring_in(site, var, "greeting", "zh", record(tmp_path / "r.wav", tone(1.4, 0.3)))
    take_out(site, var, "greeting", "zh", ["a.conf:1"])
    assert heard(var, "zh", "greeting").size == pytest.approx(spoken, abs=sound.WINDOW)
    with pytest.raises(change.PromptError, match="there is no recording of greeting"):
        take_out(site, var, "greeting", "zh", [])


def test_given_a_recording_without_a_text_when_a_dialplan_plays_it_then_it_cannot_be_taken_out(
    site: Site, var: Path, tmp_path: Path
) -> None:
    file = record(tmp_path / "flood.wav", tone(0.4, 0.3))
    bring_in(site, var, "site-flood", "zh", file, category="notice")
    with pytest.raises(change.PromptError, match=r"flood\.conf:7 plays it"):
        take_out(site, var, "site-flood", "zh", ["flood.conf:7"])
    take_out(site, var, "site-flood", "zh", [])
    assert not make.file(var, "zh", "site-flood").exists()


@pytest.mark.parametrize("category", ["advertising", "Commercial", "广告", "商业广告", "promotion"])
def test_given_a_category_of_advertising_then_it_is_refused_by_the_rule(
    site: Site, var: Path, tmp_path: Path, category: str
) -> None:
    before = everything(tmp_path)
    with pytest.raises(HotlineError, match="R5") as refused:
        say(site, var, "site-spring-sale", {"zh": "春季大促。"}, category)
    assert refused.value.id == "advertising_refused"
    with pytest.raises(HotlineError, match="R5"):
        bring_in(site, var, "site-spring-sale", "zh", tmp_path / "x.wav", category=category)
    assert everything(tmp_path) == before
    own = Path(site.path).parent / "prompts/categories.toml"
    own.parent.mkdir(exist_ok=True)
    own.write_text(f'greeting = "{category}"\n', encoding="utf-8")
    with pytest.raises(HotlineError, match=r"categories\.toml: greeting: .* R5"):
        prompts.ensure(site, var)


@pytest.mark.parametrize(
    ("id", "name", "words", "category"),
    [
        ("bad_prompt_name", "../../etc/passwd", "您好。", "notice"),
        ("bad_prompt_name", "Greeting", "您好。", None),
        ("bad_prompt_name", "a" * 65, "您好。", "notice"),
        ("no_category", "site-flood", "您好。", None),
        ("unknown_category", "site-flood", "您好。", "weather"),
        ("bad_prompt_text", "greeting", "您好。\n[x]", None),
        ("bad_prompt_text", "greeting", "好" * 501, None),
        ("bad_prompt_text", "greeting", "  ", None),
        ("bad_placeholder", "greeting", "您好，{number.__class__}。", None),
        ("bad_placeholder", "greeting", "您好，{number:>99999999}。", None),
        ("greeting_too_long", "greeting", "您好，这里是市民服务热线，" * 6, None),
        ("silent_sound", "greeting", "。", None),
    ],
)
def test_given_words_that_cannot_be_a_prompt_then_nothing_changes(
    site: Site, var: Path, tmp_path: Path, id: str, name: str, words: str, category: str | None
) -> None:
    before = everything(tmp_path)
    with pytest.raises(HotlineError) as refused:
        say(site, var, name, {"zh": words}, category)
    assert refused.value.id == id
    assert everything(tmp_path) == before


def hostile(folder: Path, case: str) -> Path:
    path = folder / f"{case}.wav"
    if case == "a playlist of a secret":
        secret = record(folder / "secret.wav", tone(1.0, 0.5))
        path.write_text(f"#EXTM3U\n#EXTINF:1,\n{secret.as_uri()}\n#EXT-X-ENDLIST\n")
    elif case == "a list of files":
        secret = record(folder / "secret.wav", tone(1.0, 0.5))
        path.write_text(f"ffconcat version 1.0\nfile {secret}\n")
    elif case == "an address":
        path.write_text("#EXTM3U\nhttp://127.0.0.1:9/x.ts\n")
    elif case == "noise":
        path.write_bytes(np.random.default_rng(7).bytes(200_000))
    elif case == "half a file":
        path.write_bytes(record(folder / "whole.wav", tone(1.0, 0.5)).read_bytes()[:30])
    elif case == "nothing":
        path.write_bytes(b"")
    elif case == "silence":
        record(path, silence(1.0))
    elif case == "half an hour":
        encode(folder / "long.flac", record(folder / "s.wav", silence(1.0)), "-af", "apad=whole_dur=1800").rename(path)
    elif case == "too large":
        with path.open("wb") as file:
            file.truncate(ffmpeg.LARGEST + 1)
    elif case == "a folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("case", "id"),
    [
        ("a playlist of a secret", "no_sound"),
        ("a list of files", "no_sound"),
        ("an address", "no_sound"),
        ("noise", "no_sound"),
        ("half a file", "no_sound"),
        ("nothing", "no_sound"),
        ("silence", "silent_sound"),
        ("half an hour", "sound_too_long"),
        ("too large", "sound_too_large"),
        ("a folder", "no_such_sound"),
        ("not there", "no_such_sound"),
    ],
)
def test_given_a_hostile_file_when_imported_then_it_is_refused_and_nothing_changes(
    site: Site, var: Path, tmp_path: Path, case: str, id: str
) -> None:
    file = hostile(tmp_path, case)
    before = everything(tmp_path / "city", var)
    with pytest.raises(HotlineError) as refused:
        bring_in(site, var, "greeting", "zh", file)
    assert refused.value.id == id
    assert everything(tmp_path / "city", var) == before


def test_given_a_clipped_source_when_imported_then_it_is_said(site: Site, var: Path, tmp_path: Path) -> None:
    for gain, said in ((2.0, True), (0.9, False)):
        file = record(tmp_path / "x.wav", tone(0.6, gain, rate=44100), 44100)
        told = " ".join(one["en"] for one in bring_in(site, var, "greeting", "zh", file).done)
        assert ("was clipped" in told) == said


def test_given_a_file_that_a_person_wrote_when_an_entry_changes_then_the_rest_stays() -> None:
    text = '# ours\ngreeting = "old"  # a word\n\n"digits/1" = "one"\n'
    assert with_entry(text, "greeting", 'say "hi" \\ 好', "f") == (
        '# ours\ngreeting = "say \\"hi\\" \\\\ 好"\n\n"digits/1" = "one"\n'
    )
    assert with_entry(text, "digits/1", "uno", "f").endswith('"digits/1" = "uno"\n')
    assert with_entry("", "new", "x", "f") == 'new = "x"\n'
    with pytest.raises(EditError, match="edit that file"):
        with_entry('greeting = """\nlong\n"""\n', "greeting", "x", "f")


def test_given_a_tone_that_a_telephone_does_not_carry_then_it_is_not_loud() -> None:
    """Measured in 300–3400 Hz: rumble below it is silence."""
    assert loudness.measure(tone(1.0, 0.5, hertz=60)) is None
    assert loudness.measure(tone(3.0, 0.5, hertz=1000)) == pytest.approx(-9.0, abs=0.2)  # BS.1770: −3.01 at full scale
    assert loudness.measure(tone(0.2, 0.5, hertz=1000)) == pytest.approx(-9.0, abs=0.5)


def test_given_a_folder_that_is_only_read_when_a_prompt_is_changed_then_it_is_said_before_anything_is_done(
    site: Site, var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root every folder may be written: what the system says is put in its place."""
    monkeypatch.setattr("os.access", lambda *_: False)
    file = record(tmp_path / "x.wav", tone(0.4, 0.3))
    for wish in (
        lambda: change.say(site, var, "greeting", {"zh": "您好。"}),
        lambda: change.bring_in(site, var, "greeting", "zh", file),
    ):
        with pytest.raises(change.PromptError, match=r"city/prompts.* cannot be written") as refused:
            wish()
        assert refused.value.id == "site_read_only"

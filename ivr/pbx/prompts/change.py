"""A site's prompts changed: words to speak, a recording brought in, a recording taken out again.

Each is whole or not at all, keeps what it replaces beside it as `<name>.wav.previous`, and is heard from the next time
on: Asterisk opens a prompt's file each time it plays it, and who hears it just now hears the old one to its end.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.errors import HotlineError
from ivr.pbx.prompts import book, categories, ffmpeg, judge, loudness, make, sound, texts, toml_line
from ivr.pbx.prompts.sound import RATE, Samples
from ivr.settings import Site, Text

LONGEST_TEXT = 500  # characters
PREVIOUS = ".previous"


class PromptError(HotlineError):
    """A prompt cannot be so."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to one prompt, in both languages, sentence by sentence."""

    prompt: str
    language: str
    seconds: float
    done: tuple[Text, ...]

    def as_dict(self) -> dict[str, Any]:
        told = {"prompt": self.prompt, "language": self.language, "seconds": round(self.seconds, 3)}
        return told | {"done": [dict(one) for one in self.done]}


@dataclass(frozen=True, slots=True)
class Change:
    """Made ready: all that can be refused has been refused, and nothing has changed yet. `do` does it."""

    what: str  # for the audit log: prompt.say, prompt.import, prompt.revert
    prompt: str
    details: Mapping[str, Any]
    do: Callable[[], list[Done]]


def say(site: Site, var: Path, name: str, words: Mapping[str, str], category: str | None = None) -> Change:
    """Language → text, each the site's own from then on; a recording that would come before it is set aside.

    Raises PromptError, CategoryError, TextError or SpeechError.
    """
    kind = _category(site, name, category)
    _writable(texts.folder(site))
    seconds: dict[str, float] = {}
    for language, text in words.items():
        _language(site, language)
        _text(text, name)
        seconds[language] = _fit(make.voice(texts.filled(text, site, language, name), language), name, kind)
        _edited(texts.own_texts(site, language), name, text)

    def do() -> list[Done]:
        done = []
        with make.alone(var):
            for language, text in words.items():
                path = texts.own_texts(site, language)
                _edit(path, name, text)
                told = [_words(f"文字写入 {path}", f"its words are in {path} now")]
                recording = texts.recorded(site, language) / f"{name}.wav"
                if recording.is_file():
                    told.append(_set_aside(recording))
                done.append(Done(name, language, seconds[language], tuple(told)))
            _keep_category(site, name, category)
            make.refresh(site, var, _nothing, name)
        return done

    before = {language: texts.own(site, language).get(name) for language in words}
    return Change("prompt.say", name, {"words": dict(words), "before": before, "category": category}, do)


def bring_in(site: Site, var: Path, name: str, language: str, file: Path, *, category: str | None = None) -> Change:
    """A sound file of any kind becomes the prompt: converted, trimmed, levelled.

    Raises PromptError, CategoryError or SoundError.
    """
    kind = _category(site, name, category)
    _language(site, language)
    _writable(texts.recorded(site, language))
    samples, source = ffmpeg.decode(file)
    levelled = loudness.level(sound.trim(samples))
    if levelled.before is None:
        message = f"{file.name}: no voice can be heard in it; record it again"
        raise PromptError("silent_sound", message, {"file": file.name}, 422)
    seconds = _fit(levelled.samples, name, kind)
    told = _told(source, samples, levelled)
    path = texts.recorded(site, language) / f"{name}.wav"

    def do() -> list[Done]:
        with make.alone(var):
            kept = [_keep(path)] if path.is_file() else []
            sound.write(path, levelled.samples, 0o644)
            _on_disk(path)
            _keep_category(site, name, category)
            make.refresh(site, var, _nothing, name)
        return [Done(name, language, seconds, (*told, *kept))]

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    details = {"language": language, "category": category, "sha256": digest, "done": [one["en"] for one in told]}
    return Change("prompt.import", name, details, do)


def take_out(site: Site, var: Path, name: str, language: str, still_played: Sequence[str]) -> Change:
    """The recording is set aside: the text is spoken again. `still_played`: where, by dialplans and settings.

    Raises PromptError where there is no recording, or where callers would hear nothing without it.
    """
    _name(name)
    _language(site, language)
    path = texts.recorded(site, language) / f"{name}.wav"
    if not path.is_file():
        message = f"there is no recording of {name} in {language!r}; `ivr prompts list` tells which there are"
        raise PromptError("no_recording", message, {"prompt": name, "language": language}, 404)
    _writable(path.parent)
    spoken = name in make.TONES or name in texts.texts(site, language)
    if not spoken and still_played:
        message = f"{name} has no text in {language!r}, and {still_played[0]} plays it: give it words first"
        details = {"prompt": name, "language": language, "where": still_played[0]}
        raise PromptError("still_played", message, details, 409)

    def do() -> list[Done]:
        with make.alone(var):
            told = _set_aside(path)
            make.refresh(site, var, _nothing, name)
        made = make.file(var, language, name)
        return [Done(name, language, sound.read(made).size / RATE if made.is_file() else 0.0, (told,))]

    return Change("prompt.revert", name, {"language": language}, do)


def _told(source: ffmpeg.Source, samples: Samples, levelled: loudness.Levelled) -> list[Text]:
    before, after = samples.size / RATE, levelled.samples.size / RATE
    assert levelled.before is not None
    now = levelled.before + levelled.gain
    found = [
        _words(
            f"{source.codec}，{source.rate} Hz，{source.channels} → 8000 Hz 单声道 16 位",
            f"{source.codec}, {source.rate} Hz, {source.channels} → 8000 Hz, mono, 16 bit",
        ),
        _words(
            f"响度 {levelled.before:.1f} → {now:.1f} LUFS（{levelled.gain:+.1f} dB，300–3400 Hz 内测量）",
            f"loudness {levelled.before:.1f} → {now:.1f} LUFS ({levelled.gain:+.1f} dB, measured in 300–3400 Hz)",
        ),
    ]
    if levelled.held > 0.05:
        found.append(
            _words(
                f"为避免削顶，比其他提示音低 {levelled.held:.1f} dB",
                f"{levelled.held:.1f} dB lower than the others, lest its peaks be clipped",
            )
        )
    if before - after > 0.01:
        found.append(
            _words(f"两端静音剪去 {before - after:.2f} 秒", f"{before - after:.2f} s of silence cut off its ends")
        )
    if source.clipped:
        found.append(
            _words(
                "注意：原文件已削顶失真，最好重新录制",
                "mind: the file that came was clipped; better record it again",
            )
        )
    return found


def _name(name: str) -> None:
    if not book.is_name(name):
        message = f"{name[:64]!r} is no prompt's name: up to 64 of a-z, 0-9 and hyphens, such as site-flood"
        raise PromptError("bad_prompt_name", message, {"given": name[:64]}, 422)


def _language(site: Site, language: str) -> None:
    if language not in site.hotline.languages:
        known = ", ".join(site.hotline.languages)
        message = f"the site speaks no {language[:16]!r}; it speaks {known} ([hotline] languages)"
        raise PromptError("unknown_language", message, {"given": language[:16], "known": known}, 422)


def _writable(folder: Path) -> None:
    """May this user change what is in it, or make it? A service often may not write where its settings are."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        message = (
            f"{folder} cannot be written by {getpass.getuser()}: make it a folder of that user (docs/operations.md)"
        )
        raise PromptError("site_read_only", message, {"folder": str(folder)}, 409)


def _category(site: Site, name: str, given: str | None) -> str:
    """What the prompt is for: as given, else as known. A new prompt must say it."""
    _name(name)
    known = categories.of(name, categories.table(site))
    if given is not None:
        return categories.checked(given, name)
    if known is None:
        choice = ", ".join(categories.CATEGORIES)
        message = f"{name} is new: say what it is for, by a category of {choice}"
        raise categories.CategoryError("no_category", message, {"prompt": name, "known": choice}, 422)
    return known


def _text(text: str, name: str) -> None:
    if not text.strip() or len(text) > LONGEST_TEXT or any(unicodedata.category(letter)[0] == "C" for letter in text):
        message = f"{name}: its words must be one line of 1 to {LONGEST_TEXT} characters"
        raise PromptError("bad_prompt_text", message, {"prompt": name, "limit": LONGEST_TEXT}, 422)


def _fit(samples: Samples, name: str, category: str) -> float:
    """Its seconds."""
    seconds = samples.size / RATE
    if not sound.sounding(samples).any():
        raise PromptError("silent_sound", f"{name}: nothing would be heard of it", {"file": name}, 422)
    if category == "greeting" and seconds > judge.GREETING_SECONDS:
        limit = judge.GREETING_SECONDS
        message = f"{name} takes {seconds:.1f} s; a greeting ends within {limit:g} s (rule R4): make it shorter"
        raise PromptError("greeting_too_long", message, {"seconds": round(seconds, 1), "limit": limit}, 422)
    return seconds


def _edited(path: Path, name: str, value: str) -> str:
    """A texts file with the entry in it. Raises EditError."""
    return toml_line.with_entry(path.read_text(encoding="utf-8") if path.exists() else "", name, value, str(path))


def _edit(path: Path, name: str, value: str) -> None:
    new = _edited(path, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_text(new, encoding="utf-8")
    if path.exists():
        shutil.copymode(path, draft)
    _on_disk(draft)
    draft.replace(path)


def _keep_category(site: Site, name: str, category: str | None) -> None:
    if category is not None and categories.of(name, categories.table(site)) != category:
        _edit(texts.folder(site) / categories.FILE, name, category)


def _keep(path: Path) -> Text:
    """The recording that is about to be replaced, kept under another name; it stays in its place too."""
    kept = path.with_name(path.name + PREVIOUS)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    os.link(path, draft)
    draft.replace(kept)
    return _words(f"原录音保存为 {kept}", f"the recording before it is kept as {kept}")


def _set_aside(path: Path) -> Text:
    told = _keep(path)
    path.unlink()
    return told


def _on_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _words(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


def _nothing(_: str) -> None:
    return

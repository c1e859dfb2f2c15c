"""`var/prompts/<lang>/<name>.wav`, from texts and recordings; what has not changed since is left alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.pbx.prompts import categories, ffmpeg, loudness, sound, texts
from ivr.pbx.prompts.sound import Samples
from ivr.pbx.prompts.speech import PACE, synthesiser
from ivr.settings import Site

TONES: Mapping[str, Callable[[], Samples]] = {
    "ring-cadence": sound.ring_cadence,
    "beep": sound.beep,
    "beeperr": sound.beep_error,
    "music": sound.music,
}
EDITION = "2"  # changes when the same text would sound otherwise
MUSIC, PLEASE_WAIT = "music", "please-wait"
RECORDED, TONE, GENERATED = "recorded", "tone", "generated"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One file to be: from a recording if there is one, else a tone, else speech."""

    language: str
    name: str
    text: str
    recording: Path | None

    @property
    def key(self) -> str:
        return f"{self.language}/{self.name}"

    @property
    def kind(self) -> str:
        if self.recording is not None:
            return RECORDED
        return TONE if self.name in TONES else GENERATED

    @property
    def digest(self) -> str:
        source = self.recording.read_bytes() if self.recording else f"{PACE.get(self.language)}:{self.text}".encode()
        return hashlib.sha256(EDITION.encode() + b"\0" + source).hexdigest()


def wanted(site: Site) -> list[Prompt]:
    """Every prompt of the site, in each of its languages. Raises TextError or CategoryError."""
    categories.table(site)  # one that no prompt may have (R5) is refused before anything is spoken
    found = []
    for language in site.hotline.languages:
        recorded = texts.recorded(site, language)
        said = texts.texts(site, language) | dict.fromkeys(TONES, "")
        names = {*said, *(path.relative_to(recorded).with_suffix("").as_posix() for path in recorded.rglob("*.wav"))}
        for name in sorted(names):
            path = recorded / f"{name}.wav"
            found.append(Prompt(language, name, said.get(name, ""), path if path.is_file() else None))
    return found


def outdated(site: Site, var: Path) -> list[Prompt]:
    """The prompts that `ensure` would make."""
    manifest = _manifest(var)
    return [p for p in wanted(site) if manifest.get(p.key) != p.digest or not file(var, p.language, p.name).is_file()]


def ensure(site: Site, var: Path, say: Callable[[str], None] = print) -> int:
    """Make what is missing or has changed, remove what is no longer wanted; returns how many were made.

    A running Asterisk plays the new files from then on. Raises TextError, SpeechError or SoundError.
    """
    with alone(var):
        return refresh(site, var, say)


def refresh(site: Site, var: Path, say: Callable[[str], None], only: str | None = None) -> int:
    """`ensure` for whoever is `alone` already; of one name where that is given."""
    prompts = wanted(site)
    changed = [prompt for prompt in outdated(site, var) if only in {None, prompt.name}]
    manifest = {key: digest for key, digest in _manifest(var).items() if key in {prompt.key for prompt in prompts}}
    if changed:
        say(f"making {len(changed)} prompts …")
    for prompt in changed:
        sound.write(file(var, prompt.language, prompt.name), _samples(prompt))
        manifest[prompt.key] = prompt.digest
    stale = set(_manifest(var)) - set(manifest)
    for key in stale:
        (var / "prompts" / f"{key}.wav").unlink(missing_ok=True)
    if changed or stale:
        _write_manifest(var, manifest)
    _music(site, var)
    return len(changed)


@contextmanager
def alone(var: Path) -> Iterator[None]:
    """Whoever changes a hotline's prompts is the only one."""
    folder = var / "prompts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".lock").touch(0o600)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def voice(text: str, language: str) -> Samples:
    """The text spoken, as loud as every prompt. Raises SpeechError."""
    speech, rate = synthesiser().speak(texts.spoken(text, language), language)
    return loudness.level(sound.trim(sound.resample(speech, rate))).samples


def recording(path: Path) -> Samples:
    """A sound file of any kind, trimmed, as loud as every prompt. Raises SoundError."""
    return loudness.level(sound.trim(ffmpeg.decode(path)[0])).samples


def _samples(prompt: Prompt) -> Samples:
    if prompt.recording is not None:
        return ffmpeg.decode(prompt.recording)[0]  # a studio's own level is kept
    if prompt.name in TONES:
        return TONES[prompt.name]()
    return voice(prompt.text, prompt.language)


def _music(site: Site, var: Path) -> None:
    """What a waiting caller hears, a folder a language: "please wait", then music, again and again.

    The words stand in the music because Queue's own announcements keep the head of the queue from an operator.
    """
    for language in site.hotline.languages:
        folder = var / "moh" / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in (("1-words.wav", PLEASE_WAIT), ("2-music.wav", MUSIC)):
            link = folder / name
            to = Path("../../prompts") / language / f"{source}.wav"
            if not link.is_symlink() or link.readlink() != to:  # music that begins right now must find its file
                link.unlink(missing_ok=True)
                link.symlink_to(to)


def file(var: Path, language: str, name: str) -> Path:
    """What Asterisk plays."""
    return var / "prompts" / language / f"{name}.wav"


def _manifest(var: Path) -> dict[str, str]:
    try:
        found = json.loads((var / "prompts/manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_manifest(var: Path, manifest: Mapping[str, str]) -> None:
    path = var / "prompts/manifest.json"
    draft = path.with_name(f"manifest.{os.getpid()}.new")
    draft.touch(0o600)
    draft.write_text(json.dumps(manifest, indent=0, sort_keys=True), encoding="utf-8")
    draft.replace(path)

"""`var/prompts/<lang>/<name>.wav`, from texts and recordings; what has not changed since is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import HotlineError
from ivr.pbx.prompts import sound, texts
from ivr.pbx.prompts.sound import Samples
from ivr.pbx.prompts.speech import PACE, synthesiser
from ivr.settings import Site

TONES: Mapping[str, Callable[[], Samples]] = {
    "ring-cadence": sound.ring_cadence,
    "beep": sound.beep,
    "beeperr": sound.beep_error,
    "music": sound.music,
}
EDITION = "1"  # changes when the same text would sound otherwise
MUSIC, PLEASE_WAIT = "music", "please-wait"


class PromptError(HotlineError):
    """A recording cannot be used."""


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
    def digest(self) -> str:
        source = self.recording.read_bytes() if self.recording else f"{PACE.get(self.language)}:{self.text}".encode()
        return hashlib.sha256(EDITION.encode() + b"\0" + source).hexdigest()


def wanted(site: Site) -> list[Prompt]:
    """Every prompt of the site, in each of its languages."""
    found = []
    for language in site.hotline.languages:
        recorded = texts.folder(site) / "recorded" / language
        said = texts.texts(site, language) | dict.fromkeys(TONES, "")
        names = {*said, *(str(path.relative_to(recorded).with_suffix("")) for path in recorded.rglob("*.wav"))}
        for name in sorted(names):
            path = recorded / f"{name}.wav"
            found.append(Prompt(language, name, said.get(name, ""), path if path.is_file() else None))
    return found


def outdated(site: Site, var: Path) -> list[Prompt]:
    """The prompts that `ensure` would make."""
    manifest = _manifest(var)
    return [p for p in wanted(site) if manifest.get(p.key) != p.digest or not _file(var, p).is_file()]


def ensure(site: Site, var: Path, say: Callable[[str], None] = print) -> int:
    """Make what is missing or has changed, remove what is no longer wanted; returns how many were made.

    Raises PromptError, TextError or SpeechError.
    """
    prompts = wanted(site)
    changed = outdated(site, var)
    manifest = {key: digest for key, digest in _manifest(var).items() if key in {prompt.key for prompt in prompts}}
    if changed:
        say(f"making {len(changed)} prompts …")
    for prompt in changed:
        sound.write(_file(var, prompt), _samples(prompt))
        manifest[prompt.key] = prompt.digest
    stale = set(_manifest(var)) - set(manifest)
    for key in stale:
        (var / "prompts" / f"{key}.wav").unlink(missing_ok=True)
    if changed or stale:
        _write_manifest(var, manifest)
    _music(site, var)
    return len(changed)


def _samples(prompt: Prompt) -> Samples:
    if prompt.recording is not None:
        return _recorded(prompt.recording)
    if prompt.name in TONES:
        return TONES[prompt.name]()
    speech, rate = synthesiser().speak(texts.spoken(prompt.text, prompt.language), prompt.language)
    return sound.level(sound.trim(sound.resample(speech, rate)))


def _recorded(path: Path) -> Samples:
    """A studio's own levels are kept; only rate and channels are converted."""
    try:
        samples, rate = sound.read(path)
    except (wave.Error, EOFError, OSError, ValueError) as failure:
        message = f"{path} cannot be read ({failure}); save it as a PCM wav of 16 bits"
        raise PromptError("recording", message, {"file": str(path)}) from failure
    if not samples.size:
        raise PromptError("recording", f"{path} has no sound in it; record it again", {"file": str(path)})
    return sound.resample(samples, rate)


def _music(site: Site, var: Path) -> None:
    """What a waiting caller hears, a folder a language: "please wait", then music, again and again.

    The words stand in the music because Queue's own announcements keep the head of the queue from an operator.
    """
    for language in site.hotline.languages:
        folder = var / "moh" / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in (("1-words.wav", PLEASE_WAIT), ("2-music.wav", MUSIC)):
            link = folder / name
            link.unlink(missing_ok=True)
            link.symlink_to(Path("../../prompts") / language / f"{source}.wav")


def _file(var: Path, prompt: Prompt) -> Path:
    return var / "prompts" / f"{prompt.key}.wav"


def _manifest(var: Path) -> dict[str, str]:
    try:
        found = json.loads((var / "prompts/manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_manifest(var: Path, manifest: Mapping[str, str]) -> None:
    path = var / "prompts/manifest.json"
    draft = path.with_name(f"manifest.{os.getpid()}.new")
    draft.write_text(json.dumps(manifest, indent=0, sort_keys=True), encoding="utf-8")
    draft.replace(path)

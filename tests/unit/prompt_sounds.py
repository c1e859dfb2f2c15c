"""Sound files for tests of prompts, and a site with few texts."""

from __future__ import annotations

import subprocess
import wave
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from ivr.pbx.prompts.sound import Samples
from ivr.settings import Site, load

ROOT = Path(__file__).parents[2]
SITE = load(ROOT / "hotline.toml", "var")


def a_site(folder: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> Site:
    """Of its own folder `city`, without targets; the project has but these texts, so that a test speaks no others."""
    project = folder / "project"
    project.mkdir()
    for code, hello in (("zh", "您好。"), ("en", "Hello.")):
        (project / f"{code}.toml").write_text("".join(f'"{name}" = "{hello}"\n' for name in names), encoding="utf-8")
    (project / "categories.toml").write_text((ROOT / "prompts/categories.toml").read_text("utf-8"), encoding="utf-8")
    monkeypatch.setattr("ivr.pbx.prompts.texts.PROJECT", project)
    monkeypatch.setattr("ivr.pbx.prompts.make.TONES", {})
    (folder / "city").mkdir()
    return replace(SITE, path=str(folder / "city/hotline.toml"), targets={})


def tone(seconds: float, gain: float, hertz: float = 700, rate: int = 8000) -> Samples:
    return np.clip(gain * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate), -1, 1)


def silence(seconds: float, rate: int = 8000) -> Samples:
    return np.zeros(int(rate * seconds))


def record(path: Path, samples: Samples, rate: int = 8000, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat((samples * 32767).astype("<i2"), channels).tobytes())
    return path


def encode(path: Path, source: Path, *words: str) -> Path:
    """The sound of `source` in the kind that `path` ends with."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), *words, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path

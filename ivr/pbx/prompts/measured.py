"""What a prompt's file is: its length, its loudness, its silence. Kept beside the prompts, for measuring takes time."""

from __future__ import annotations

import contextlib
import json
import os
import wave
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ivr.pbx.prompts import loudness, sound
from ivr.pbx.prompts.sound import RATE, Samples

FULL = 0.999  # of full scale
FLAT = 3  # so many samples at full scale, one after the other: the tops were cut off
VERSION = 1  # changes when the same file would be measured otherwise


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds. `broken` says why a file is none that Asterisk plays rightly; then the rest means nothing."""

    seconds: float
    lufs: float | None  # None: silence
    peak: float | None  # dBFS
    clipped: int  # places
    lead: float = 0.0  # silence before, after, and the longest one between
    tail: float = 0.0
    pause: float = 0.0
    broken: str | None = None


def measure(path: Path) -> Measured:
    """Raises SoundError where ffmpeg fails."""
    try:
        samples = sound.read(path)
    except (OSError, EOFError, ValueError, wave.Error) as failure:
        return Measured(0.0, None, None, 0, broken=str(failure) or type(failure).__name__)
    return of(samples)


def of(samples: Samples) -> Measured:
    lufs = loudness.measure(samples) if samples.size else None
    top = float(np.max(np.abs(samples))) if samples.size else 0.0
    peak = round(20 * float(np.log10(top)), 1) if top else None
    windows = sound.sounding(samples) if samples.size else np.zeros(0, dtype=bool)
    loud = np.flatnonzero(windows)
    step, seconds = sound.WINDOW / RATE, samples.size / RATE
    if not loud.size:
        return Measured(round(seconds, 3), None, peak, _clipped(samples), round(seconds, 3))
    between = int(np.max(np.diff(loud), initial=1)) - 1
    return Measured(
        round(seconds, 3),
        lufs,
        peak,
        _clipped(samples),
        round(int(loud[0]) * step, 2),
        round(max(0.0, seconds - (int(loud[-1]) + 1) * step), 2),
        round(between * step, 2),
    )


def _clipped(samples: Samples) -> int:
    full = np.abs(samples) >= FULL
    edges = np.diff(np.concatenate([[0], full.astype(np.int8), [0]]))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(np.count_nonzero(lengths >= FLAT))


def measured(var: Path, files: Iterable[Path]) -> dict[Path, Measured]:
    """Of each file that is there; what has been measured before and has not changed since is not measured again."""
    store = var / "prompts/measured.json"
    known = _known(store)
    found: dict[Path, Measured] = {}
    kept: dict[str, dict[str, Any]] = {}
    for path in files:
        try:
            stat = path.stat()
        except OSError:
            continue
        key, stamp = path.relative_to(var).as_posix(), [VERSION, stat.st_mtime_ns, stat.st_size]
        before = known.get(key)
        if before is not None and before.get("stamp") == stamp:
            with contextlib.suppress(KeyError, TypeError):
                found[path] = Measured(**before["facts"])
        if path not in found:
            found[path] = measure(path)
        kept[key] = {"stamp": stamp, "facts": asdict(found[path])}
    if kept != known:
        _keep(store, known | kept)
    return found


def _known(store: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(store: Path, known: dict[str, dict[str, Any]]) -> None:
    """A disk that is full keeps nobody from looking."""
    draft = store.with_name(f"measured.{os.getpid()}.new")
    with contextlib.suppress(OSError):
        draft.touch(0o600)
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(store)

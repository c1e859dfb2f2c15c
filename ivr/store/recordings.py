"""A call's recordings: one file a leg holds what that party said; `mix` puts them on one time axis.

Files are 8 kHz, mono, 16 bit PCM wav. A leg's file begins at `leg.recorded_from` (its answer where that is unknown).
"""

from __future__ import annotations

import os
import struct
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.calls.model import Call, Leg
from ivr.errors import HotlineError

RATE = 8000  # samples a second
BLOCK = 10 * RATE  # samples mixed at once: six parties of an hour fit in a few megabytes

Samples = NDArray[np.int16]


class RecordingError(HotlineError):
    """A recording that is not there or cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__("recording", f"{path}: {problem}", {"file": str(path), "problem": problem}, 404)


@dataclass(frozen=True, slots=True)
class Track:
    """One leg's recording on the call's time axis."""

    leg: Leg
    path: Path
    begins: datetime
    samples: Samples

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    @property
    def party(self) -> tuple[str, str]:
        """Role and party: two legs of one operator are one voice."""
        return self.leg.role, self.leg.party


def tracks(call: Call, folder: Path) -> list[Track]:
    """The call's recordings in `folder` (`var/recordings`), the caller's first. Raises RecordingError for a bad one."""
    recorded = [leg for leg in call.legs if leg.recording]
    recorded.sort(key=lambda leg: (leg.role != "caller", leg.started_at))
    return [track(leg, folder) for leg in recorded]


def track(leg: Leg, folder: Path) -> Track:
    """One leg's recording. Raises RecordingError."""
    path = folder / str(leg.recording)
    if "\0" in str(path) or not path.resolve().is_relative_to(folder.resolve()):
        raise RecordingError(path, "lies outside the recordings' folder; the journal must name files inside it")
    return Track(leg, path, leg.recorded_from or leg.answered_at or leg.started_at, read(path))


def read(path: Path) -> Samples:
    """The samples of a wav, mapped from disk. A file that a crash left with an unfinished header is read to its end."""
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except FileNotFoundError as error:
        raise RecordingError(path, "is not there; was it moved away, or the disk full?") from error
    except (OSError, ValueError) as error:
        raise RecordingError(path, f"cannot be read ({error})") from error
    form: tuple[int, ...] = ()
    at = 12
    while at + 8 <= len(data) and bytes(data[:4]) == b"RIFF":
        name, size = struct.unpack("<4sI", bytes(data[at : at + 8]))
        body = at + 8
        if name == b"fmt " and body + 16 <= len(data):
            form = struct.unpack("<HHIIHH", bytes(data[body : body + 16]))
        if name == b"data":
            _check(path, form)
            end = body + size if 0 < size <= len(data) - body else len(data)
            samples: Samples = data[body : body + (end - body) // 2 * 2].view("<i2")
            return samples
        at = body + size + size % 2
    raise RecordingError(path, "is no wav file")


def _check(path: Path, form: tuple[int, ...]) -> None:
    if not form or (form[0], form[1], form[2], form[5]) != (1, 1, RATE, 16):
        raise RecordingError(path, f"is not PCM, mono, {RATE} Hz, 16 bit")


def mix(parts: Sequence[Track], out: Path, together: bool = False) -> list[tuple[str, str]]:
    """Write one wav from the first recorded instant to the last: a channel a party, or all on one (`together`).

    Returns the parties in the order of the channels. A file that is there is replaced only once the new one is whole.
    """
    parties = list(dict.fromkeys(part.party for part in parts))
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with open(partial, "xb", opener=_private) as file, wave.open(file, "wb") as target:
            target.setnchannels(1 if together else len(parties))
            target.setsampwidth(2)
            target.setframerate(RATE)
            for block in _blocks(parts, {party: 0 if together else n for n, party in enumerate(parties)}):
                target.writeframes(pcm(block))
        partial.rename(out)
    finally:
        partial.unlink(missing_ok=True)
    return parties


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _blocks(parts: Sequence[Track], channels: dict[tuple[str, str], int]) -> Iterator[NDArray[np.int32]]:
    mixed = Mixed(parts, channels)
    for first in range(0, mixed.length, BLOCK):
        yield mixed.block(first, min(first + BLOCK, mixed.length))


class Mixed:
    """Recordings on one time axis, any piece of it. `channels`: of each party; without it all are on one."""

    def __init__(self, parts: Sequence[Track], channels: Mapping[tuple[str, str], int] | None = None) -> None:
        self._parts = parts
        self._channels = channels if channels is not None else {part.party: 0 for part in parts}
        self.begins = min(part.begins for part in parts)
        self._offsets = [round((part.begins - self.begins).total_seconds() * RATE) for part in parts]
        ends = (offset + len(part.samples) for offset, part in zip(self._offsets, parts, strict=True))
        self.length = max(ends)  # samples

    def block(self, first: int, last: int, without: frozenset[str] = frozenset()) -> NDArray[np.int32]:
        """Samples first … last, a column a channel; the legs `without` are silent."""
        block = np.zeros((last - first, max(self._channels.values()) + 1), np.int32)
        for offset, part in zip(self._offsets, self._parts, strict=True):
            if part.leg.id in without:
                continue
            piece = part.samples[max(first - offset, 0) : max(last - offset, 0)]
            begin = max(offset - first, 0)
            block[begin : begin + len(piece), self._channels[part.party]] += piece
        return block


def pcm(block: NDArray[np.int32]) -> bytes:
    return np.clip(block, -32768, 32767).astype("<i2").tobytes()


def peaks(samples: Samples, most: int = 3000) -> tuple[float, list[int]]:
    """Seconds a value stands for, and how loud it was there at most, 0 … 255: at most `most` values, 20 a second."""
    every = max(RATE // 20, -(-len(samples) // most))
    whole = samples[: len(samples) // every * every].reshape(-1, every)
    if not len(whole):
        return every / RATE, []
    loud = np.maximum(whole.max(1).astype(np.int32), -whole.min(1).astype(np.int32))
    return every / RATE, [int(value) for value in np.minimum(loud >> 7, 255)]

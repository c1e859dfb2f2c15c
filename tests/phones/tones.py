"""Who was heard when: pure analysis of what a phone received.

Every party plays a sine of its own. All tones are multiples of 50 Hz, so in a 20 ms frame (160 samples at 8 kHz) each
falls into a bin of its own and none leaks into another: one projection a tone (Goertzel's) tells who is in the frame.
They also begin each frame with the same phase. Speech and music may be as loud in a bin for a moment, but not with
the same phase for three frames: that tells a party's tone from a prompt. No tone is near a note of the scale.
Times are seconds since the epoch; samples are int16 as float64, -32768 … 32767.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
FRAME = 160  # samples
FRAME_SECONDS = FRAME / RATE
AMPLITUDE = 4000  # peak of every party's tone; six together do not clip

TONES = {
    "caller": 450,
    "caller2": 600,
    "operator": 850,
    "operator2": 1000,
    "operator3": 750,
    "110": 1300,
    "119": 1750,
    "120": 2200,
    "gas": 2500,
}
_FREQUENCIES = tuple(TONES.values())

# Of the tone's amplitude: quieter, or louder, is none; half means that half a frame is filled.
QUIET, LOUD = 0.5, 2.5
STEADY = 0.6  # most that the tone's phasor may change from frame to frame; 0.5 is a frame that is half filled
FRAMES = 3  # that must be steady in a row
MOST, HARDLY = 0.9, 0.05  # share of frames: from the first on a party counts as heard, below the second as not heard
OTHER_FROM = 80.0  # rms of what is no tone; A-law's own noise under six tones stays below
OTHER_SHARE = 0.06  # of the frame's rms

Gap = tuple[float, float]  # start (seconds since the epoch), length in seconds
Tone = int | str
Samples = npt.NDArray[np.int16]

HELD_UP = 0.1  # seconds: more than a phone's jitter buffer bears

RECORD = np.dtype([("at", "<f8"), ("pcm", "<i2", FRAME)])  # one received frame as the worker writes it


def hertz(tone: Tone) -> int:
    """Frequency of a party's name or of a number.

    Raises KeyError for a name that `TONES` lacks, ValueError for a frequency off the 50 Hz grid.
    """
    value = TONES[tone] if isinstance(tone, str) else tone
    if value % 50 or not 0 < value < RATE / 2:
        raise ValueError(f"a tone is a multiple of 50 Hz below {RATE // 2}: {value}")
    return value


def phasor(frames: npt.NDArray[np.float64], frequency: int) -> npt.NDArray[np.complex128]:
    """Amplitude and phase of one frequency in each frame, 1.0 for a party's full tone; frames: (n, 160) → (n,)."""
    phase = 2 * np.pi * frequency * np.arange(FRAME) / RATE
    return (frames @ np.cos(phase) - 1j * (frames @ np.sin(phase))) * (2 / FRAME / AMPLITUDE)


def steady(phasors: npt.NDArray[np.complex128], step: int = 1) -> npt.NDArray[np.bool_]:
    """Which frames belong to a run of a steady tone; `step`: distance of two frames that follow each other."""
    size = np.abs(phasors)
    loud = (size >= QUIET) & (size <= LOUD)
    span = (FRAMES - 1) * step
    run = np.ones(max(0, len(phasors) - span), dtype=bool)
    for n in range(FRAMES):
        run &= loud[n * step : n * step + len(run)]
        if n:
            change = phasors[n * step : n * step + len(run)] - phasors[(n - 1) * step : (n - 1) * step + len(run)]
            run &= np.abs(change) <= STEADY
    found = np.zeros(len(phasors), dtype=bool)
    for n in range(FRAMES):
        found[n * step : n * step + len(run)] |= run
    return found


def sine(frequency: int, seconds: float, peak: float = AMPLITUDE) -> Samples:
    """A test signal: int16 samples at 8 kHz."""
    return np.round(peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one phone received in one call, on a grid of 20 ms frames; a frame that never came is silence."""

    start: float  # when the first frame began
    frames: npt.NDArray[np.float64]  # (n, 160)
    held_up: tuple[Gap, ...] = ()  # when the phone's own clock stood: it neither sent nor heard

    @classmethod
    def of(cls, samples: Samples, start: float = 0.0) -> Heard:
        """From plain samples; what is left after the last whole frame is cut."""
        whole = len(samples) // FRAME * FRAME
        return cls(start, samples[:whole].reshape(-1, FRAME).astype(np.float64))

    @classmethod
    def from_records(cls, records: npt.NDArray[np.void]) -> Heard:
        """From a worker's file: frames are put on one steady grid, since the wall clock of each arrival jitters.

        A frame can come late but never early, so the earliest arrival of each second, counted in frames, gives the
        true time. Frames that were not delivered at all (no media for a while) leave silence in the grid.
        """
        if not len(records):
            return cls(0.0, np.zeros((0, FRAME)))
        index = grid(records["at"])
        frames = np.zeros((int(index[-1]) + 1, FRAME))
        frames[index] = records["pcm"]
        start = float(np.min(records["at"] - index * FRAME_SECONDS)) - FRAME_SECONDS  # a frame arrives when it is over
        return cls(start, frames, tuple(held_up(records["at"])))

    @property
    def end(self) -> float:
        return self.start + len(self.frames) * FRAME_SECONDS

    def window(self, since: float | None = None, until: float | None = None) -> Heard:
        """The whole frames between two moments (None: from the beginning, to the end)."""
        first = 0 if since is None else max(0, int(np.ceil((since - self.start) / FRAME_SECONDS - 1e-6)))
        last = len(self.frames) if until is None else int((until - self.start) / FRAME_SECONDS + 1e-6)
        return Heard(self.start + first * FRAME_SECONDS, self.frames[first : max(first, last)], self.held_up)

    def present(self, tone: Tone) -> npt.NDArray[np.bool_]:
        """In which frames a tone is heard."""
        return steady(phasor(self.frames, hertz(tone)))

    def other(self, tones: Iterable[int] = _FREQUENCIES) -> npt.NDArray[np.bool_]:
        """In which frames there is more than parties' tones: a prompt, music, ringing, a key's sound."""
        power = whole = np.mean(self.frames**2, axis=1)
        for frequency in tones:
            tone = phasor(self.frames, frequency)
            power = power - np.where(steady(tone), np.abs(tone * AMPLITUDE) ** 2 / 2, 0)
        rest = np.sqrt(np.maximum(power, 0))
        return (rest >= OTHER_FROM) & (rest >= OTHER_SHARE * np.sqrt(whole))

    def first(self, tone: Tone, frames: int = 5) -> float | None:
        """When a tone was first heard for so many frames in a row; None if it never was."""
        there = self.present(tone)
        run = np.ones(max(0, len(there) - frames + 1), dtype=bool)
        for n in range(frames):
            run &= there[n : n + len(run)]
        return self.start + int(np.argmax(run)) * FRAME_SECONDS if run.any() else None

    def share(self, tone: Tone) -> float:
        """Share of frames, 0 … 1, in which a tone is heard; 0 where there is no frame at all."""
        return _share(self.present(tone))

    def who(self) -> set[str]:
        """Who was heard: the names of `TONES`, one that was heard only for a part (5 to 90 %) with a `?`."""
        shares = {name: self.share(name) for name in TONES}
        return {name if share >= MOST else f"{name}?" for name, share in shares.items() if share >= HARDLY}

    def stretch(self, tones: Iterable[Tone], seconds: float) -> float | None:
        """When the first stretch of so many seconds began in which exactly these parties were heard, as `who` counts;
        of none for silence of all parties. None if there was no such stretch."""
        wanted, size = {hertz(tone) for tone in tones}, round(seconds / FRAME_SECONDS)
        if len(self.frames) < size:
            return None
        fits = np.ones(len(self.frames) - size + 1, dtype=bool)
        for frequency in _FREQUENCIES:
            total = np.concatenate(([0], np.cumsum(self.present(frequency))))
            share = (total[size:] - total[:-size]) / size
            fits &= share >= MOST if frequency in wanted else share < HARDLY
        return self.start + int(np.argmax(fits)) * FRAME_SECONDS if fits.any() else None

    def voice(self) -> float:
        """Share of frames, 0 … 1, with more than parties' tones."""
        return _share(self.other())

    def gaps(self, tones: Tone | Iterable[Tone]) -> list[Gap]:
        """Stretches in which none of the tones is heard; to the sample, not to the frame."""
        wanted = (tones,) if isinstance(tones, int | str) else tuple(tones)
        return [
            (self.start + first / RATE, length / RATE) for first, length in _silences(self.frames.reshape(-1), wanted)
        ]


def grid(at: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Frame number of each arrival, strictly rising: late frames keep their place, lost time leaves a hole.

    A clock that was held up delivers its frames late and then in a burst; a hole is only where no burst follows.
    """
    index = np.arange(len(at))
    drift = at - index * FRAME_SECONDS  # rises while late, falls back in the burst, stays up after a true hole
    settled = np.minimum.accumulate(drift[::-1])[::-1]  # the least lateness from here on
    holes = np.round((settled - settled[0]) / FRAME_SECONDS).astype(np.int64)
    return index + np.maximum(holes, 0)


def held_up(at: npt.NDArray[np.float64], least: float = HELD_UP) -> list[Gap]:
    """When frames came at least so many seconds late, or were never delivered: the machine did not let the phone run.

    Frames are delivered by the phone's own clock, whatever comes from the network.
    """
    lateness = at - np.arange(len(at)) * FRAME_SECONDS
    settled = np.minimum.accumulate(lateness[::-1])[::-1]
    late = np.concatenate(([False], lateness - settled >= least, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(late))
    delayed = [
        (float(at[max(0, first - 1)]), float(at[last - 1])) for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
    lost = [(float(at[n]), float(at[n + 1])) for n in np.flatnonzero(np.diff(settled) >= least)]
    return [(first, last - first) for first, last in sorted(delayed + lost)]


def _share(flags: npt.NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _silences(samples: npt.NDArray[np.float64], tones: tuple[Tone, ...]) -> list[tuple[int, int]]:
    """(first sample, length) of each stretch without any of the tones.

    A window of one frame slides by an eighth. At a tone's edge it is half filled and has half the amplitude: between
    the last window above that and the first one below it, where the line through both crosses it.
    """
    if len(samples) < FRAME:
        return []
    step = FRAME // 8
    windows = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::step]
    silent = np.ones(len(windows), dtype=bool)
    size = np.zeros(len(windows))
    for tone in tones:
        found = phasor(windows, hertz(tone))
        silent &= ~steady(found, FRAME // step)
        size = np.maximum(size, np.abs(found))

    def edge(loud: int, quiet: int) -> int:
        """The sample at which the tone ends or begins, between two windows next to each other."""
        share = (size[loud] - QUIET) / (size[loud] - size[quiet]) if size[loud] > size[quiet] else 0.5
        return round((loud + (quiet - loud) * min(max(share, 0.0), 1.0)) * step) + FRAME // 2

    edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(np.int8)))
    stretches = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        begin = 0 if first == 0 else edge(first - 1, first)
        end = len(samples) if last == len(windows) else edge(last, last - 1)
        if end - begin > step:
            stretches.append((begin, end - begin))
    return stretches


def save_wav(path: str | Path, heard: Heard) -> None:
    """Write what was received as an 8 kHz mono wav, to listen to after a failure."""
    import wave  # noqa: PLC0415  (only for failures)

    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(heard.frames.astype("<i2").tobytes())

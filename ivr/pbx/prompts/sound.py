"""Sound as arrays of floats in −1 … 1: a prompt's file, resampling, silence and trimming; and an exchange's tones."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000  # Hz: what a telephone line carries (G.711)
QUIET = 10 ** (-36 / 20)  # a window that is so much below the loudest one is silence
FAINT = 10 ** (-70 / 20)  # and whatever is below this
WINDOW = 80  # samples: 10 ms
LEAD, TAIL = 0.03, 0.15  # seconds of silence left before and after speech

Samples = npt.NDArray[np.float64]


class FormatError(ValueError):
    """Not 8 kHz, mono, 16 bit: Asterisk would play it wrongly or not at all."""


def read(path: Path) -> Samples:
    """A prompt as Asterisk plays it. Raises wave.Error, EOFError, OSError or FormatError."""
    with wave.open(str(path), "rb") as file:
        shape = file.getframerate(), file.getnchannels(), file.getsampwidth()
        if shape != (RATE, 1, 2):
            raise FormatError(f"{shape[0]} Hz, {shape[1]} channels, {8 * shape[2]} bits")
        data = file.readframes(file.getnframes())
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float64) / 32768


def write(path: Path, samples: Samples, mode: int = 0o600) -> None:
    """8 kHz, mono, 16 bit; whole or not at all. Who hears the file that was there hears it to its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.new")
    draft.touch(mode)
    with wave.open(str(draft), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    draft.replace(path)


def resample(samples: Samples, rate: int) -> Samples:
    """To 8 kHz, by the spectrum: what is above 4 kHz is cut off, the rest stays as it is."""
    if rate == RATE or not samples.size:
        return samples
    size = round(samples.size * RATE / rate)
    spectrum = np.fft.rfft(samples)
    wanted = np.zeros(size // 2 + 1, dtype=spectrum.dtype)
    kept = min(wanted.size, spectrum.size)
    wanted[:kept] = spectrum[:kept]
    return np.fft.irfft(wanted, size) * (size / samples.size)


def sounding(samples: Samples) -> npt.NDArray[np.bool_]:
    """Of each window of 10 ms: is it louder than silence? Silence is what is far below the sound's own voice."""
    padded = np.pad(samples, (0, -samples.size % WINDOW))
    power: Samples = np.mean(padded.reshape(-1, WINDOW) ** 2, axis=1)
    return power > max(FAINT**2, float(np.max(power, initial=0.0)) * QUIET**2)


def trim(samples: Samples) -> Samples:
    """Without the silence around the speech, but for a short lead and tail."""
    loud = np.flatnonzero(sounding(samples))
    if not loud.size:
        return samples
    first = max(0, int(loud[0]) * WINDOW - int(LEAD * RATE))
    last = min(samples.size, (int(loud[-1]) + 1) * WINDOW + int(TAIL * RATE))
    return samples[first:last]


def tone(hertz: float, seconds: float, loudness: float = 0.2) -> Samples:
    """A sine whose ends are rounded over 5 ms, so that nothing clicks."""
    count = int(seconds * RATE)
    ramp = np.clip(np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.005 * RATE), 0, 1)
    return loudness * ramp * np.sin(2 * np.pi * hertz * np.arange(count) / RATE)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))


def ring_cadence() -> Samples:
    """Ringback as China's exchanges send it: 450 Hz, 1 s on, 4 s off (GB/T 3380)."""
    return np.concatenate([tone(450, 1.0), silence(4.0)])


def beep() -> Samples:
    return tone(1000, 0.2)


def beep_error() -> Samples:
    return np.concatenate([tone(400, 0.15), silence(0.08), tone(400, 0.15)])


def music() -> Samples:
    """Calm music for those who wait: slow broken chords (I–vi–IV–V), fading notes; 32 s, the end meets the start."""
    chords = [(261.63, 329.63, 392.0), (220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (196.0, 246.94, 293.66)]
    out = silence(32)
    for bar in range(8):
        for beat in range(8):
            note = chords[bar % 4][(0, 1, 2, 1, 0, 2, 1, 2)[beat]] * (2 if beat in {2, 5, 7} else 1)
            sound = tone(note, 1.6, 0.12) * np.exp(-2.2 * np.arange(int(1.6 * RATE)) / RATE)
            at = (int((bar * 4 + beat * 0.5) * RATE) + np.arange(sound.size)) % out.size
            out[at] += sound
    return out

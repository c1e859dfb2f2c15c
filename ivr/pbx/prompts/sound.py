"""Sound as arrays of floats in −1 … 1: read and write wav, resample, trim, level; and an exchange's tones."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000  # Hz: what a telephone line carries (G.711)
SPEECH_LEVEL = 10 ** (-20 / 20)  # RMS while somebody speaks, of full scale
CEILING = 10 ** (-3 / 20)
QUIET = 10 ** (-45 / 20)  # below it there is silence
LEAD, TAIL = 0.03, 0.15  # seconds of silence left before and after speech

Samples = npt.NDArray[np.float64]


def read(path: Path) -> tuple[Samples, int]:
    """A PCM wav of 8 to 32 bits, its channels mixed to one, and its rate. Raises wave.Error, EOFError or OSError."""
    with wave.open(str(path), "rb") as file:
        width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes()), dtype=np.uint8)
    data = data[: data.size - data.size % (width * channels)].reshape(-1, width)
    if width == 1:  # the only unsigned one
        samples = (data[:, 0].astype(np.float64) - 128) / 128
    else:
        wide = np.zeros((data.shape[0], 4), dtype=np.uint8)
        wide[:, 4 - width :] = data
        samples = wide.reshape(-1).view("<i4").astype(np.float64) / 2**31
    return samples.reshape(-1, channels).mean(axis=1), rate


def write(path: Path, samples: Samples) -> None:
    """8 kHz, mono, 16 bit; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with wave.open(str(draft), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
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


def trim(samples: Samples) -> Samples:
    """Without the silence around the speech, but for a short lead and tail."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    if not loud.size:
        return samples
    first = max(0, int(loud[0]) - int(LEAD * RATE))
    last = min(samples.size, int(loud[-1]) + int(TAIL * RATE))
    return samples[first:last]


def level(samples: Samples) -> Samples:
    """Every prompt as loud as the next: the RMS of what is not silence at SPEECH_LEVEL, no peak above CEILING."""
    speech = samples[np.abs(samples) > QUIET]
    if not speech.size:
        return samples
    gain = SPEECH_LEVEL / float(np.sqrt(np.mean(speech**2)))
    return samples * min(gain, CEILING / float(np.max(np.abs(samples))))


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

"""How loud a prompt is on a telephone, and every prompt as loud as the next: −23 LUFS in the telephone's band.

Why −23: EBU R 128's level lies 3 dB above the −26 dBov of active speech that telephone networks are planned for
(ITU-T P.56, G.169), and leaves 20 dB for peaks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ivr.pbx.prompts import ffmpeg
from ivr.pbx.prompts.sound import RATE, Samples

TARGET = -23.0  # LUFS
TOLERANCE = 2.0  # LU to either side
CEILING = -1.0  # dBFS: no peak above it
BAND = (300.0, 3400.0)  # Hz: what every telephone carries (ITU-T G.712)
SHORTEST = 3.0  # seconds that are measured; a shorter sound is measured as it sounds again and again


@dataclass(frozen=True, slots=True)
class Levelled:
    samples: Samples
    before: float | None  # LUFS; None: silence, nothing was done
    gain: float  # dB
    held: float = 0.0  # dB that are missing to TARGET, lest a peak be above CEILING


def measure(samples: Samples) -> float | None:
    """LUFS of what a telephone's band leaves of it; None for silence. Raises SoundError where ffmpeg fails."""
    heard = banded(samples)
    if not heard.any():
        return None
    times = int(np.ceil(SHORTEST * RATE / heard.size))  # a gating block is 0.4 s: "yes" would have none
    return ffmpeg.loudness(np.tile(heard, times))


def banded(samples: Samples) -> Samples:
    """Without what lies outside BAND, cut by the spectrum."""
    if not samples.size:
        return samples
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(samples.size, 1 / RATE)
    spectrum[(hertz < BAND[0]) | (hertz > BAND[1])] = 0
    return np.fft.irfft(spectrum, samples.size)


def level(samples: Samples) -> Levelled:
    """To TARGET; a peak that would come above CEILING keeps it lower."""
    before = measure(samples)
    if before is None:
        return Levelled(samples, None, 0.0)
    wish = TARGET - before
    room = CEILING - 20 * float(np.log10(np.max(np.abs(samples))))
    gain = min(wish, room)
    return Levelled(samples * 10 ** (gain / 20), before, gain, wish - gain)

"""What a phone plays and what it keeps of what it hears, and the numbers of its RTP packets."""

from __future__ import annotations

import ctypes
import math
import os
import struct
import time
from pathlib import Path

import pjsua2 as pj

RATE, FRAME = 8000, 160
SILENCE = bytes(2 * FRAME)
LIBC = ctypes.CDLL(None)


def seed_for(sequence: int) -> int:
    """The seed of libc's rand() with which the first RTP packet of a new stream gets this number, 1 … 32767.

    PJMEDIA takes the low 15 bits of the third number that it draws for a stream, and counts on before it sends.
    """
    for seed in range(1 << 20):
        LIBC.srand(seed)
        if [LIBC.rand() for _ in range(3)][2] & 0x7FFF == sequence - 1:
            return seed
    raise ValueError(f"an RTP sequence starts with 1 … 32767, not with {sequence}")


def use(seed: int) -> None:
    LIBC.srand(seed)


def shuffle() -> None:
    LIBC.srand(int.from_bytes(os.urandom(4)))


def audio_format() -> pj.MediaFormatAudio:
    form = pj.MediaFormatAudio()
    form.init(pj.PJMEDIA_FORMAT_PCM, RATE, 1, 20000, 16)
    return form


class Tone(pj.AudioMediaPort):
    """Plays a sine for ever: a multiple of 50 Hz fits whole into 20 ms, so all frames are alike and have no seam."""

    def __init__(self, frequency: int, peak: int) -> None:
        super().__init__()
        step = 2 * math.pi * frequency / RATE
        pcm = struct.pack(f"<{FRAME}h", *(round(peak * math.sin(step * n)) for n in range(FRAME)))
        self._pcm, self._size = pj.ByteVector(pcm), len(pcm)
        self.createPort("tone", audio_format())

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        frame.type, frame.buf, frame.size = pj.PJMEDIA_FRAME_TYPE_AUDIO, self._pcm, self._size


class Recorder(pj.AudioMediaPort):
    """Appends every received 20 ms frame to a file: its time (8 bytes, little endian double), then 160 samples."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("ab", buffering=0)
        self.createPort(path.stem, audio_format())

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        pcm = bytes(frame.buf) if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO else b""
        self._file.write(struct.pack("<d", time.time()) + (pcm if len(pcm) == len(SILENCE) else SILENCE))

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        frame.type = pj.PJMEDIA_FRAME_TYPE_NONE

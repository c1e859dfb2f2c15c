"""ffmpeg as a process of its own: any sound file → 8 kHz, mono; and loudness by EBU R 128. The file is a stranger's.

It reads one file and nothing else (no playlist, no network), only sound, at most so long, in bounded memory and time.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from ivr.errors import HotlineError
from ivr.pbx.prompts.sound import RATE, Samples

LONGEST = 600  # seconds of sound in one file
LARGEST = 32 * 1024 * 1024  # bytes of one file
PATIENCE = 60.0  # seconds for ffmpeg
MEMORY, PROCESSOR = 2 * 1024**3, 30  # bytes of address space (its threads' stacks too), seconds
CONTAINERS = "aac,aiff,amr,ape,asf,au,caf,flac,gsm,matroska,mov,mp3,ogg,tta,w64,wav,wv"
CODECS = (
    "aac,aac_latm,adpcm_ima_wav,adpcm_ms,alac,amrnb,amrwb,ape,flac,g729,gsm,gsm_ms,mp2,mp2float,mp3,mp3float,opus,"
    "pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,"
    "pcm_s32le,pcm_s8,pcm_u8,tta,vorbis,wavpack,wmav1,wmav2"
)
KINDS = "wav, mp3, m4a, flac, ogg, opus, webm, amr, aiff, wma"  # for people
_TO_TELEPHONE = (  # channels are averaged: none becomes louder than it was
    "astats=measure_perchannel=none:measure_overall=Peak_level+Flat_factor,"
    f"aresample=out_sample_rate={RATE}:out_chlayout=mono:rematrix_maxval=1:filter_size=64"
)
_STREAM = re.compile(r"Stream #\S+: Audio: (\w+).*?(\d+) Hz, ([^,\n]+)")
_FLAT, _PEAK = re.compile(r"Flat factor: ([\d.]+)"), re.compile(r"Peak level dB: (-?[\d.]+)")
_LOUDNESS = re.compile(r"I:\s+(-?[\d.]+|-?inf|nan) LUFS")
_CLIPPED_PEAK, _CLIPPED_FLAT = -0.1, 3.0  # dBFS; astats' flat factor of a sine at full scale is below 1


class SoundError(HotlineError):
    """A file that is no sound, or more of it than a prompt may have."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it came."""

    codec: str
    rate: int  # Hz
    channels: str  # mono, stereo, 5.1 …
    clipped: bool


def decode(path: Path) -> tuple[Samples, Source]:
    """Its sound at 8 kHz, mono. Raises SoundError: no sound, too long, too large, too slow to read."""
    if not path.is_file():
        raise SoundError("no_such_sound", f"{path} is not there, or no file", {"file": path.name}, 404)
    if path.stat().st_size > LARGEST:
        message = f"{path.name} is larger than {LARGEST} bytes: a prompt is short"
        raise SoundError("sound_too_large", message, {"file": path.name, "limit": LARGEST}, 413)
    limits = ["-protocol_whitelist", "file", "-format_whitelist", CONTAINERS, "-codec_whitelist", CODECS]
    source = ["-max_streams", "8", "-t", str(LONGEST + 1), *limits, "-i", f"file:{path.absolute()}"]
    data, said = _run([*source, "-map", "0:a:0", "-af", _TO_TELEPHONE, "-f", "f32le", "pipe:1"], b"", path.name)
    samples = np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4").astype(np.float64)
    if not samples.size or not np.isfinite(samples).all():
        raise _no_sound(path.name, "there is no sound in it")
    if samples.size > LONGEST * RATE:
        message = f"{path.name} is longer than {LONGEST} s: cut it"
        raise SoundError("sound_too_long", message, {"file": path.name, "limit": LONGEST}, 422)
    return samples, _source(said)


def loudness(samples: Samples) -> float | None:
    """Integrated loudness in LUFS (ITU-R BS.1770-4, gated) of mono samples at 8 kHz; None for silence."""
    source = ["-f", "f32le", "-ar", str(RATE), "-ac", "1", "-protocol_whitelist", "pipe", "-i", "pipe:0"]
    chain = "aresample=48000,ebur128=framelog=quiet"  # the standard's filters are given for 48 kHz
    _, said = _run([*source, "-af", chain, "-f", "null", "-"], samples.astype("<f4").tobytes(), "a prompt")
    found = _LOUDNESS.findall(said)
    lufs = float(found[-1]) if found else float("nan")
    return lufs if lufs > -69.9 else None  # -70.0: everything was below the gate


def _run(words: list[str], given: bytes, name: str) -> tuple[bytes, str]:
    command = [_program(), "-hide_banner", "-nostdin", "-nostats", "-max_alloc", str(LARGEST * 4)]
    command += ["-threads", "1", *words]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"LC_ALL": "C.UTF-8"}
    ) as process:
        try:
            _limit(process.pid)
            data, said = process.communicate(given, PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            message = f"{name} could not be read within {PATIENCE:g} s"
            raise SoundError("sound_too_slow", message, {"file": name, "limit": PATIENCE}, 422) from None
        except BaseException:
            process.kill()
            raise
    words_said = said.decode("utf-8", "replace")
    if process.returncode != 0:
        raise _no_sound(name, (words_said.strip().splitlines() or [f"ffmpeg ended with {process.returncode}"])[-1])
    return data, words_said


def _program() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as failure:
        message = f"there is no ffmpeg ({failure}); install imageio-ffmpeg anew, or name one by IMAGEIO_FFMPEG_EXE"
        raise SoundError("no_ffmpeg", message, status=503) from failure


def _limit(pid: int) -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, pid, 10)  # calls come first
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.prlimit(pid, resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))  # it writes to a pipe alone
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
    except ProcessLookupError:
        return  # it has ended already


def _source(said: str) -> Source:
    stream = _STREAM.search(said)
    peak, flat = _PEAK.findall(said), _FLAT.findall(said)
    clipped = bool(peak and flat) and float(peak[-1]) > _CLIPPED_PEAK and float(flat[-1]) > _CLIPPED_FLAT
    codec, rate, channels = stream.groups() if stream else ("?", "0", "?")
    return Source(codec, int(rate), channels.strip(), clipped)


def _no_sound(name: str, why: str) -> SoundError:
    message = f"{name} cannot be read as sound ({why[:200]}); known are {KINDS}"
    return SoundError("no_sound", message, {"file": name, "kinds": KINDS, "why": why[:200]}, 422)

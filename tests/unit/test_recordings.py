"""Mixing a call's recordings: every voice at its own time, on its own channel or together."""

from __future__ import annotations

import struct
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ivr.calls.model import Call, Leg
from ivr.store.recordings import BLOCK, RATE, RecordingError, mix, read, tracks
from tests.unit.stories import at, transferred


def tone(folder: Path, name: str, value: int, seconds: float, rate: int = RATE, channels: int = 1) -> None:
    """A wav whose every sample is `value`, so that a mix can be read off."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(struct.pack("<h", value) * round(seconds * rate) * channels)


def heard(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as wav:
        assert (wav.getframerate(), wav.getsampwidth()) == (RATE, 2)
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
        return samples.reshape(-1, wav.getnchannels())


def recorded(*legs: tuple[str, str, float]) -> Call:
    """A call whose legs (role, party, recorded from) each have a file."""
    template = transferred().legs[0]
    made = tuple(
        replace(
            template,
            id=f"l{n}",
            role=role,
            party=party,
            recording=f"l{n}.wav",
            started_at=at(n),
            recorded_from=at(start),
        )
        for n, (role, party, start) in enumerate(legs)
    )
    return replace(transferred(), legs=made)


def mixed(call: Call, folder: Path, together: bool = False) -> tuple[list[tuple[str, str]], np.ndarray]:
    parties = mix(tracks(call, folder), folder / "out.wav", together)
    return parties, heard(folder / "out.wav")


def test_given_three_legs_when_mixed_each_then_every_voice_stands_at_its_time_on_its_channel(tmp_path: Path) -> None:
    call = recorded(("operator", "1001", 2.0), ("caller", "138", 0.5), ("desk", "110", 3.0))
    for n, seconds in enumerate((3.0, 5.5, 4.0)):
        tone(tmp_path, f"l{n}.wav", 100 * (n + 1), seconds)
    parties, samples = mixed(call, tmp_path)
    assert (tmp_path / "out.wav").stat().st_mode & 0o777 == 0o600
    assert parties == [("caller", "138"), ("operator", "1001"), ("desk", "110")]
    assert samples.shape == (round(6.5 * RATE), 3)
    spans = [
        [int(edge) for edge in np.flatnonzero(np.diff(channel != 0, prepend=False, append=False))]
        for channel in samples.T
    ]
    assert spans == [[0, 44000], [12000, 36000], [20000, 52000]]
    assert [int(channel.max()) for channel in samples.T] == [200, 100, 300]


def test_given_voices_at_once_when_mixed_together_then_they_add_up_and_never_wrap_round(tmp_path: Path) -> None:
    call = recorded(("caller", "138", 0.0), ("operator", "1001", 1.0))
    tone(tmp_path, "l0.wav", 20000, 2.0)
    tone(tmp_path, "l1.wav", 20000, 2.0)
    parties, samples = mixed(call, tmp_path, together=True)
    assert parties == [("caller", "138"), ("operator", "1001")]
    assert samples.shape == (3 * RATE, 1)
    assert [int(samples[round(s * RATE), 0]) for s in (0.5, 1.5, 2.5)] == [20000, 32767, 20000]


def test_given_an_operator_who_came_twice_when_mixed_then_both_legs_share_a_channel(tmp_path: Path) -> None:
    call = recorded(("caller", "138", 0.0), ("operator", "1001", 1.0), ("operator", "1001", 3.0))
    for n in range(3):
        tone(tmp_path, f"l{n}.wav", n + 1, 1.0)
    parties, samples = mixed(call, tmp_path)
    assert parties == [("caller", "138"), ("operator", "1001")]
    assert [int(samples[round(s * RATE), 1]) for s in (0.5, 1.5, 2.5, 3.5)] == [0, 2, 0, 3]


def test_given_files_longer_than_a_block_when_mixed_then_no_seam_is_heard(tmp_path: Path) -> None:
    call = recorded(("caller", "138", 0.0), ("desk", "110", 9.99995))
    tone(tmp_path, "l0.wav", 5, 25.0)
    tone(tmp_path, "l1.wav", 7, 12.0)
    _, samples = mixed(call, tmp_path)
    assert len(samples) > 2 * BLOCK
    assert int((samples[:, 0] == 5).sum()) == 25 * RATE
    assert int((samples[:, 1] == 7).sum()) == 12 * RATE


def test_given_a_header_that_a_crash_left_unfinished_when_read_then_the_voice_is_there(tmp_path: Path) -> None:
    tone(tmp_path, "a.wav", 9, 1.0)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    for claimed in (0, 0xFFFFFFFF):
        data[40:44] = struct.pack("<I", claimed)
        (tmp_path / "a.wav").write_bytes(bytes(data) + b"\x09")  # and half a sample
        assert read(tmp_path / "a.wav").tolist() == [9] * RATE


def test_given_another_chunk_before_the_data_when_read_then_it_is_passed_over(tmp_path: Path) -> None:
    tone(tmp_path, "a.wav", 9, 0.5)
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(data[:36] + b"LIST\x03\0\0\0abc\0" + data[36:])
    assert read(tmp_path / "a.wav").tolist() == [9] * (RATE // 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "not there"), (b"", "cannot be read"), (b"MP3 and more bytes", "no wav"), (b"RIFF", "no wav")],
)
def test_given_a_file_that_is_no_recording_when_read_then_the_error_names_it(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / "bad.wav").write_bytes(content)
    with pytest.raises(RecordingError, match=problem) as raised:
        read(tmp_path / "bad.wav")
    assert raised.value.details["file"] == str(tmp_path / "bad.wav")


@pytest.mark.parametrize(("rate", "channels"), [(16000, 1), (8000, 2)])
def test_given_a_wav_of_another_form_when_read_then_it_is_refused(tmp_path: Path, rate: int, channels: int) -> None:
    tone(tmp_path, "a.wav", 9, 0.1, rate, channels)
    with pytest.raises(RecordingError, match="is not PCM, mono, 8000 Hz"):
        read(tmp_path / "a.wav")


def test_given_a_leg_whose_file_lies_elsewhere_when_mixed_then_it_is_refused(tmp_path: Path) -> None:
    tone(tmp_path, "secret.wav", 9, 0.1)
    (tmp_path / "recordings").mkdir()
    leg: Leg = replace(transferred().legs[0], recording="../secret.wav")
    with pytest.raises(RecordingError, match="outside"):
        tracks(replace(transferred(), legs=(leg,)), tmp_path / "recordings")


def test_given_a_mix_that_fails_when_it_ends_then_the_file_that_was_there_is_whole(tmp_path: Path) -> None:
    call = recorded(("caller", "138", 0.0))
    tone(tmp_path, "l0.wav", 1, 1.0)
    mixed(call, tmp_path)
    before = (tmp_path / "out.wav").read_bytes()
    parts = tracks(call, tmp_path)
    broken = replace(parts[0], samples=np.array(["no", "number"]))
    with pytest.raises(TypeError):
        mix([broken], tmp_path / "out.wav")
    assert (tmp_path / "out.wav").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l0.wav", "out.wav"]

"""The ear of the tests is itself put to the test: synthetic sound of which we know what is in it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.phones.tones import FRAME, RATE, RECORD, TONES, Heard, grid, held_up, hertz, save_wav, sine

START = 1_800_000_000.0
SPEECH_PEAK = 4500  # of the loudest harmonic; the whole has the loudness of a spoken prompt


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.int16)


def joined(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts)


def alaw(samples: np.ndarray) -> np.ndarray:
    """What A-law leaves of a signal: 13 segments, 16 steps each (G.711)."""
    size = np.abs(samples.astype(np.int32))
    step = np.where(size < 512, 16, 2.0 ** np.floor(np.log2(np.maximum(size, 1)) - 4))
    return (np.sign(samples) * (np.floor(size / step) + 0.5) * step).astype(np.int16)


@pytest.mark.parametrize("party", TONES)
def test_given_one_tone_then_only_its_party_is_heard(party: str) -> None:
    heard = Heard.of(sine(TONES[party], 1.0))
    assert {name: heard.share(name) for name in TONES} == {name: float(name == party) for name in TONES}
    assert heard.voice() == 0


def test_given_every_party_at_once_through_alaw_then_all_are_heard_and_nothing_else() -> None:
    mixed = alaw(sum(sine(tone, 1.0).astype(np.int32) for tone in TONES.values()).clip(-32768, 32767).astype(np.int16))
    heard = Heard.of(mixed)
    assert {name: heard.share(name) for name in TONES} == dict.fromkeys(TONES, 1.0)
    assert heard.voice() == 0


def test_given_silence_or_faint_noise_then_nobody_is_heard_and_there_is_no_voice() -> None:
    noise = np.random.default_rng(12345).normal(0, 20, RATE).astype(np.int16)
    for sound in (silence(1), noise):
        heard = Heard.of(sound)
        assert [heard.share(name) for name in TONES] == [0.0] * len(TONES)
        assert heard.voice() == 0


def test_given_a_prompt_over_a_tone_then_both_are_told_apart() -> None:
    prompt = sine(440, 1.0, 1500) + sine(1170, 1.0, 900)
    heard = Heard.of(joined(sine(850, 1.0), sine(850, 1.0) + prompt, prompt))
    assert heard.share("operator") == pytest.approx(2 / 3, abs=0.01)
    assert heard.voice() == pytest.approx(2 / 3, abs=0.01)


def speech(seconds: float) -> np.ndarray:
    """Something like a voice: a loud row of harmonics whose pitch wanders, as a speaker's does."""
    at = np.arange(round(seconds * RATE)) / RATE
    pitch = 150 + 30 * np.sin(2 * np.pi * 1.3 * at) + 15 * np.sin(2 * np.pi * 3.1 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    return sum(SPEECH_PEAK / n**0.5 * np.sin(n * phase) for n in range(1, 15)).clip(-32768, 32767).astype(np.int16)


def test_given_loud_speech_then_it_is_a_voice_and_hardly_ever_a_party() -> None:
    heard = Heard.of(speech(20.0))
    assert heard.voice() > 0.95
    assert heard.who() == set()
    assert [heard.first(name) for name in TONES] == [None] * len(TONES)


def test_given_loud_speech_over_a_tone_then_the_party_is_heard_all_the_same() -> None:
    sound = (speech(10.0).astype(np.int32) + sine(1300, 10.0)).clip(-32768, 32767).astype(np.int16)
    heard = Heard.of(joined(silence(0.5), sound), START)
    assert heard.who() == {"110"}
    assert heard.first("110") == pytest.approx(START + 0.5, abs=0.02)


@pytest.mark.parametrize("length", [0.0125, 0.02, 0.035, 0.5, 3.6])
@pytest.mark.parametrize("offset", [0.0, 0.003, 0.0101])
def test_given_a_hole_in_a_tone_then_the_gap_is_known_to_a_millisecond(length: float, offset: float) -> None:
    sound = joined(sine(850, 1 + offset), silence(length), sine(850, 1.0))
    ((at, seconds),) = Heard.of(sound, START).gaps("operator")
    assert seconds == pytest.approx(length, abs=0.0015)
    assert at == pytest.approx(START + 1 + offset, abs=0.0015)


def test_given_a_hand_over_without_a_hole_then_there_is_no_gap_for_the_pair_and_one_for_each() -> None:
    heard = Heard.of(joined(sine(850, 1.0), sine(1300, 1.0)), START)
    assert heard.gaps({"operator", "110"}) == []
    assert heard.gaps("operator") == [(pytest.approx(START + 1, abs=0.005), pytest.approx(1, abs=0.005))]
    assert heard.gaps("110") == [(START, pytest.approx(1, abs=0.005))]


def test_given_a_window_then_only_its_whole_frames_count() -> None:
    heard = Heard.of(joined(sine(450, 1.0), silence(1.0)), START)
    assert heard.window(START, START + 1).share("caller") == 1
    assert heard.window(START + 1, None).share("caller") == 0
    assert heard.window(START + 0.5, START + 1.5).share("caller") == pytest.approx(0.5)
    assert len(heard.window(START + 0.01, START + 0.05).frames) == 1
    assert heard.window(START + 9).share("caller") == 0


def test_given_late_frames_then_they_keep_their_place() -> None:
    steady = START + np.arange(100) * 0.02
    late = steady.copy()
    late[40:45] = steady[45]  # held up, then delivered in a burst
    assert grid(late).tolist() == list(range(100))


def test_given_a_phone_that_the_machine_did_not_let_run_then_it_is_known_from_when_to_when() -> None:
    late, lost, hardly = (START + np.arange(100) * 0.02 for _ in range(3))
    hardly[40:44] = hardly[44]  # less than a jitter buffer bears
    assert held_up(hardly) == []
    late[40:60] = late[60]  # held up, then delivered in a burst
    lost[50:] += 0.4  # never delivered
    assert held_up(late) == [(pytest.approx(START + 0.78), pytest.approx(0.42, abs=0.1))]
    assert held_up(lost) == [(pytest.approx(START + 0.98), pytest.approx(0.42))]


def test_given_a_window_then_it_still_knows_when_its_phone_was_held_up() -> None:
    records = np.zeros(100, RECORD)
    records["at"] = START + np.arange(100) * 0.02
    records["at"][50:] += 0.4
    heard = Heard.from_records(records)
    assert heard.held_up
    assert heard.window(START, None).held_up == heard.held_up


def test_given_no_frames_for_a_while_then_the_hole_is_silence() -> None:
    records = np.zeros(100, RECORD)
    records["at"] = START + 0.02 + np.arange(100) * 0.02
    records["at"][50:] += 0.4
    records["pcm"] = sine(450, 2.0).reshape(-1, FRAME)
    heard = Heard.from_records(records)
    assert (heard.start, heard.end) == (pytest.approx(START), pytest.approx(START + 2.4))
    assert heard.gaps("caller") == [(pytest.approx(START + 1, abs=0.005), pytest.approx(0.4, abs=0.005))]


def test_given_nothing_received_then_nothing_is_heard() -> None:
    heard = Heard.from_records(np.zeros(0, RECORD))
    assert (heard.share("caller"), heard.voice(), heard.gaps("caller")) == (0.0, 0.0, [])


def test_given_parties_that_come_and_go_then_the_stretch_of_each_set_of_them_is_found() -> None:
    both = sine(850, 0.5) + sine(1300, 0.5)
    heard = Heard.of(joined(sine(850, 1.0), both, sine(1300, 0.6), silence(0.5)), START)
    assert heard.stretch({"operator"}, 0.4) == pytest.approx(START)
    assert heard.stretch({"operator", "110"}, 0.4) == pytest.approx(START + 1, abs=0.05)
    assert heard.stretch({1300}, 0.4) == pytest.approx(START + 1.5, abs=0.05)
    assert heard.stretch((), 0.4) == pytest.approx(START + 2.1, abs=0.05)
    for tones, seconds in (({"operator", "110"}, 0.7), ({"caller"}, 0.1), ((), 0.7), ({"operator"}, 9.0)):
        assert heard.stretch(tones, seconds) is None


@pytest.mark.parametrize("frequency", [0, 460, 4000, -50])
def test_given_a_frequency_off_the_grid_then_it_is_refused(frequency: int) -> None:
    with pytest.raises(ValueError, match="multiple of 50 Hz"):
        hertz(frequency)


def test_given_heard_sound_when_saved_then_the_wav_has_it(tmp_path: Path) -> None:
    sound = sine(450, 0.5)
    save_wav(tmp_path / "a.wav", Heard.of(sound))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        assert np.array_equal(np.frombuffer(file.readframes(RATE), "<i2"), sound)

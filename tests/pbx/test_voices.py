"""Recordings: each party's voice is in its own leg's file, whatever the transfer and the RTP sequence numbers."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.calls.model import Call
from tests.pbx.hotline import Hotline
from tests.pbx.story import all_hear_each_other
from tests.phones.tones import hertz

RATE = 8000
NUMBERS = {"falling": (60000 % 32768, 31000, 900), "rising": (100, 12000, 30000)}


def share_of(path: Path, tone: str) -> float:
    """Share of the file's 20 ms frames in which the tone sounds."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    phase = 2 * np.pi * hertz(tone) * np.arange(160) / RATE
    level = np.hypot(frames @ np.cos(phase), frames @ np.sin(phase)) / 80
    return float((level > 1500).mean())


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def check(hotline: Hotline, call: Call, tones: dict[str, str]) -> None:
    """Each leg's file holds its party's tone for its whole length, and nobody else's."""
    recorded = {leg.party: leg for leg in call.legs}
    for party, tone in tones.items():
        leg = recorded[party]
        assert leg.recording is not None, f"{party} has no recording"
        path = hotline.var / "recordings" / leg.recording
        assert share_of(path, tone) > 0.8, f"{party}'s voice is missing"
        for other in set(tones.values()) - {tone}:
            assert share_of(path, other) < 0.02, f"{other} is in {party}'s file"
        assert leg.answered_at is not None and leg.ended_at is not None
        assert abs(seconds(path) - (leg.ended_at - (leg.recorded_from or leg.answered_at)).total_seconds()) < 2.0


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("mode", ["transfer", "conference", "consult"])
def test_given_a_transfer_when_rtp_numbers_fall_or_rise_then_every_voice_is_in_its_file(
    hotline: Hotline, mode: str, numbers: tuple[int, int, int]
) -> None:
    citizen = hotline.caller(sequence=numbers[0])
    operator = hotline.operator(sequence=numbers[1])
    desk = hotline.desk("110", sequence=numbers[2])
    hotline.talk(citizen, operator)
    operator.dtmf({"transfer": "*1", "conference": "*3", "consult": "*5"}[mode])
    if mode == "consult":
        operator.wait_heard("110")
        operator.dtmf("*6")
    citizen.wait_heard("110")
    if mode == "transfer":
        operator.wait_for("disconnected")
        all_hear_each_other(citizen, desk)
    else:
        all_hear_each_other(citizen, operator, desk)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    check(hotline, call, {citizen.name: "caller", "1001": "operator", "110": "110"})

    mixed = hotline.var / "mixed.wav"
    hotline.cli("recordings", "mix", call.id, "--out", str(mixed))
    with wave.open(str(mixed)) as file:
        assert file.getnchannels() == 3
    hotline.cli("recordings", "mix", call.id, "--out", str(mixed), "--channels", "all")
    for tone in ("caller", "operator", "110"):
        assert share_of(mixed, tone) > 0.05, f"{tone} is missing in the mix"


def test_given_the_phones_died_when_the_caller_was_requeued_then_each_operator_has_a_file(hotline: Hotline) -> None:
    citizen, first = hotline.caller(), hotline.operator("1001")
    hotline.talk(citizen, first)
    second = hotline.operator("1002")
    first.die()
    second.wait_for("confirmed")
    all_hear_each_other(citizen, second)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    files = {leg.party: hotline.var / "recordings" / str(leg.recording) for leg in call.legs}
    assert share_of(files["1002"], "operator2") > 0.7
    assert share_of(files["1001"], "operator") > 0.1
    assert share_of(files[citizen.name], "caller") > 0.9

"""Prompts changed on a running hotline: who hears one hears it to its end, the next caller hears the new one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ivr.pbx.prompts import sound
from tests.pbx.hotline import Hotline
from tests.phones import Phone
from tests.unit.prompt_sounds import record, tone

FIRST, SECOND = 1450, 1850  # Hz
SECONDS = 8.0
PROMPT = "please-wait"  # what a waiting caller hears again and again


def heard(phone: Phone) -> list[int]:
    """What a phone heard so far, each half second: the frequency of a tone, or 0."""
    samples = phone.audio().frames.reshape(-1).astype(float) / 32768
    found: list[int] = []
    for half in samples[: samples.size // 4000 * 4000].reshape(-1, 4000):
        spectrum = np.abs(np.fft.rfft(half)) ** 2
        top = int(np.argmax(spectrum))
        alone = spectrum[max(0, top - 1) : top + 2].sum() > 0.8 * spectrum.sum() > 1.0
        found.append(top * 2 if alone else 0)
    return found


def wait_until(phone: Phone, hears: Callable[[list[int]], bool]) -> None:
    until = time.time() + 30
    while not hears(heard(phone)):
        assert time.time() < until, f"{phone.name} heard {heard(phone)}"
        time.sleep(0.2)


def test_given_a_caller_who_hears_a_prompt_when_a_recording_replaces_it_then_he_hears_his_to_its_end(
    hotline: Hotline, tmp_path: Path
) -> None:
    def bring_in(frequency: int) -> None:
        file = record(tmp_path / f"{frequency}.wav", tone(SECONDS, 0.3, hertz=frequency, rate=16000), 16000)
        hotline.cli("prompts", "import", PROMPT, str(file), "--language", "zh", "--by", "王芳")

    def call(number: str) -> Phone:
        phone = hotline.caller(number)
        phone.call(hotline.uri, from_user=number)
        phone.wait_for("confirmed")
        return phone

    bring_in(FIRST)
    try:
        early = call("13800138000")
        wait_until(early, lambda halves: FIRST in halves)  # the queue's words come first
        bring_in(SECOND)
        late = call("13800138001")
        wait_until(late, lambda halves: SECOND in halves)
        wait_until(early, lambda halves: len(halves) - halves.index(FIRST) > 2 * SECONDS)
    finally:
        told = hotline.cli("prompts", "revert", PROMPT, "--language", "zh")
    assert f"{PROMPT}.wav.previous" in told
    for phone in (early, late):
        phone.hangup()
    halves = heard(early)
    prompt = halves[halves.index(FIRST) :][: int(2 * SECONDS)]
    assert prompt.count(FIRST) >= 2 * (SECONDS - 1.5), prompt  # those at its ends hold something else too
    assert SECOND not in prompt
    assert FIRST not in heard(late)
    made = sound.read(hotline.var / f"prompts/zh/{PROMPT}.wav")
    assert made.size < 4 * sound.RATE  # the text is spoken again

"""The judge of a voice without a gap: it fails where a voice is missing, and where a call has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from tests.pbx import story
from tests.phones import Phone
from tests.phones.tones import RATE, Gap, Heard, sine

START = 1000.0


class Listener:
    """Heard the caller but for these seconds of ten."""

    tone = "caller"

    def __init__(self, *missing: Gap, held_up: tuple[Gap, ...] = (), seconds: float = 10.0) -> None:
        samples = sine(450, seconds)
        for first, length in missing:
            samples[round(first * RATE) : round((first + length) * RATE)] = 0
        held = tuple((START + first, length) for first, length in held_up)
        self._heard = replace(Heard.of(np.asarray(samples), START), held_up=held)

    def audio(self, since: float | None = None, until: float | None = None) -> Heard:
        return self._heard.window(since, until)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "WRITTEN", 0.0)


def gap(listener: Listener) -> float:
    phone = cast(Phone, listener)
    return story.longest_gap(phone, [phone], START + 0.2, START + 9.8)


def test_given_a_voice_then_there_is_no_gap() -> None:
    assert gap(Listener()) < 0.1


def test_given_a_voice_that_is_missing_then_its_longest_gap_is_told() -> None:
    assert gap(Listener((2.0, 0.5), (5.0, 1.5))) == pytest.approx(1.5, abs=0.1)


def test_given_a_call_that_ends_or_is_over_already_then_the_rest_is_a_gap() -> None:
    assert gap(Listener(seconds=4.0)) == pytest.approx(5.8, abs=0.1)
    assert gap(Listener(seconds=0.0)) == pytest.approx(9.6, abs=0.1)


def test_given_a_phone_that_was_held_up_then_only_what_was_missing_then_is_forgiven() -> None:
    assert gap(Listener((5.0, 1.5), held_up=((5.2, 1.2),))) < 0.1
    assert gap(Listener((5.0, 1.5), held_up=((1.0, 1.2),))) == pytest.approx(1.5, abs=0.1)

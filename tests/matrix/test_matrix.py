"""The matrix in the form that `make test` has time for: these deaths, each short, on every state."""

from __future__ import annotations

import pytest

from tests.matrix.__main__ import play
from tests.matrix.deaths import DEATHS, UNMET

# What else dies is met by these too: a frozen controller answers neither FastAGI nor AMI, a database that is gone is no
# less than one that is locked.
PLAYED = (
    "controller killed",
    "controller frozen",
    "database gone",
    "journal's disk full",
    "recordings' disk full",
    "Asterisk killed",
    "operator's phone dead",
    "desk dead",
    "trunk lost",
)


@pytest.mark.parametrize("name", PLAYED)
def test_given_calls_in_every_state_when_a_death_strikes_then_nobody_is_alone_and_the_log_is_whole(name: str) -> None:
    (death,) = (one for one in DEATHS if one.name == name)
    verdicts = play(death, quick=True)
    unforeseen = [one for one in verdicts if bool(one.faults) != ((one.death, one.state) in UNMET)]
    told = "\n\n".join(
        f"{one.state}: {'; '.join(one.faults) or 'met, against UNMET'}\n{one.ladder}" for one in unforeseen
    )
    assert not unforeseen, told

"""The matrix in the form that `make test` has time for: these deaths, each short, on every state."""

from __future__ import annotations

from tests.matrix.__main__ import play, unforeseen
from tests.matrix.deaths import DEATHS

# What else dies is met by these too: a frozen controller answers neither FastAGI nor AMI, a database that is gone is no
# less than one that is locked.
PLAYED = frozenset({
    "controller killed",
    "controller frozen",
    "database gone",
    "journal's disk full",
    "recordings' disk full",
    "Asterisk killed",
    "operator's phone dead",
    "desk dead",
    "trunk lost",
    "clock set back",
})  # fmt: skip


def test_given_calls_in_every_state_when_a_death_strikes_then_nobody_is_alone_and_the_log_is_whole() -> None:
    """One test, so that the deaths come one after the other: eleven calls at once are enough for two cores.

    `python -m tests.matrix "desk dead" --quick` plays one of them.
    """
    chosen = [death for death in DEATHS if death.name in PLAYED]
    assert len(chosen) == len(PLAYED)
    wrong = unforeseen(verdict for death in chosen for verdict in play(death, quick=True))
    told = [
        f"{one.death} × {one.state}: {'; '.join(one.faults) or 'met, against UNMET'}\n{one.ladder}" for one in wrong
    ]
    assert not wrong, "\n\n".join(told)

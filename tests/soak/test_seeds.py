"""Replayed seeds: short soaks on the real system. The long ones are `make soak`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.__main__ import summary
from tests.soak.plan import plan
from tests.soak.runner import Soak

LATEST_MINUTES = 4.0  # on the slowest machine: all stories are played, so that what is to die dies


@pytest.mark.parametrize("seed", [31])
def test_given_a_seed_when_its_soak_is_replayed_then_the_log_tells_what_the_phones_did_and_heard(
    seed: int, tmp_path: Path
) -> None:
    schedule = replace(plan(seed, 1.0, callers=5, operators=5, deaths_per_minute=5), minutes=LATEST_MINUTES)
    outcome = Soak(schedule, tmp_path, print).run()
    assert not outcome.differences, summary(outcome)
    assert outcome.calls == len(schedule.stories)
    assert set(outcome.deaths) >= {"controller", "asterisk"}, summary(outcome)

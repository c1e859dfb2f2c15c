"""The deaths: what is told of them is what happened."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.soak.deaths import Deaths
from tests.soak.plan import plan
from tests.soak.script import Death
from tests.soak.stage import Scene, Stage

SCENE = Scene(plan(1, 0.5).stories[0])


@pytest.mark.parametrize("what", ["controller", "controller_frozen"])
def test_given_a_controller_that_is_dead_already_when_it_is_to_die_then_its_death_is_not_counted(what: str) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as controller:
        hotline = SimpleNamespace(controller_pid=controller.pid, api=lambda *_: SimpleNamespace(status=200))
        deaths = Deaths(cast(Any, hotline), cast(Any, None), Stage())
        for _ in range(2):
            deaths.begin(Death(0, "talking", 0.0, what, 0.0), SCENE)
            deaths.wait(30)
            controller.kill()
            controller.wait()
    assert deaths.died == [what]
    assert deaths.troubles == []
    assert len(deaths.happened) == 2

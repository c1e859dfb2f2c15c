"""The runner hears each phone's events in their order, and gives each INVITE to the story that it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.phones import Event, Phone
from tests.soak.plan import plan
from tests.soak.runner import Soak
from tests.soak.stage import Line, Scene

NUMBER = "13800000165"
INVITE = Event("invite", 100.0, 7, {"source": "x", "message": f"INVITE x\r\nFrom: <sip:{NUMBER}@x>\r\n\r\n"})
CANCELLED = Event("state", 100.2, 7, {"state": "disconnected", "code": 487})


class Pool:
    """Notes what would be done, and does nothing."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Any, ...]] = []

    def submit(self, task: Any, *arguments: Any, **_: Any) -> None:
        self.tasks.append((task, *arguments))


def a_phone(*events: Event) -> Phone:
    return cast(Phone, SimpleNamespace(events=events, hangup=None))


@pytest.fixture
def soak(tmp_path: Path) -> Soak:
    made = Soak(plan(1, 0.5), tmp_path, print)
    made._pool = cast(Any, Pool())
    made.cast.operators[0].phone = a_phone(INVITE, CANCELLED)
    return made


def heard(soak: Soak) -> list[tuple[Any, ...]]:
    """The first operator's phone is looked at once; what is done then."""
    operator = soak.cast.operators[0]
    assert operator.phone is not None
    soak._hear(operator, operator.phone)
    return cast(Pool, soak._pool).tasks


def opened(soak: Soak) -> Scene:
    return soak.stage.open(replace(soak.schedule.stories[0], number=NUMBER))


def called(soak: Soak, scene: Scene) -> Line:
    """The phone has told the number of the story's own call."""
    return soak.stage.add(scene, soak.cast.handing_over, a_phone(), 1, False, 99.9)


def test_given_an_operator_rings_before_the_story_knows_its_own_call_when_it_does_then_the_invite_is_its_own(
    soak: Soak,
) -> None:
    scene = opened(soak)
    assert heard(soak) == []
    caller = called(soak, scene)
    ((task, *told),) = heard(soak)
    operator = scene.lines[1]
    assert (task, told) == (soak.actors.take, [scene, operator])
    assert scene.caller is caller
    assert (operator.role, operator.began, operator.ended, operator.code) == ("operator", 100.0, 100.2, 487)
    assert soak.stage.strangers == []


def test_given_an_invite_for_a_story_that_could_not_call_when_it_is_over_then_it_is_a_strangers(soak: Soak) -> None:
    scene = opened(soak)
    assert heard(soak) == []
    scene.over_at = 101.0
    ((task, *_),) = heard(soak)
    assert task != soak.actors.take
    assert len(soak.stage.strangers) == 1


def test_given_an_invite_for_a_number_of_no_story_when_it_is_heard_then_it_is_a_strangers(soak: Soak) -> None:
    ((task, *_),) = heard(soak)
    assert task != soak.actors.take
    assert len(soak.stage.strangers) == 1

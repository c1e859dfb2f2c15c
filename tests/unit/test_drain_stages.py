"""Emptying, without a call: what is counted, which doors are shut when, and what is kept beyond a crash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ivr.cli import drain as command
from ivr.pbx import drain
from ivr.pbx.drain import Running, Stage


def channel(name: str, call: str = "", app: str = "", bridge: str = "") -> dict[str, str]:
    told = {"ChanVariable": f"CALL_ID={call}"} if call else {}
    return {"Event": "CoreShowChannel", "Channel": name, "Application": app, "BridgeId": bridge, **told}


TALK = [channel("PJSIP/trunk-public-1", "a", "Queue", "b1"), channel("PJSIP/1001-2", "a", "AppQueue", "b1")]
WAITING = [channel("PJSIP/trunk-public-3", "b", "Queue"), channel("PJSIP/1002-4", "b", "AppQueue")]
DIVERTED = [channel("PJSIP/trunk-public-5", "c", "Dial", "b2"), channel("PJSIP/desk-neighbour-6", "c", "AppDial", "b2")]
CODE = [channel("PJSIP/1003-7", app="Playback")]


def test_calls_are_counted_by_their_id_and_a_phones_code_is_none() -> None:
    assert drain.count([*TALK, *WAITING, *DIVERTED, *CODE]) == Running(calls=2, waiting=1, diverted=1)
    assert drain.count(CODE).none
    assert not drain.count(DIVERTED).none


def test_the_stage_is_kept_beyond_a_crash_and_forgotten_when_open(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert drain.kept(tmp_path) == Stage.OPEN
    drain.keep(tmp_path, Stage.DIVERT)
    assert drain.kept(tmp_path) == Stage.DIVERT
    drain.path_in(tmp_path).write_text("rubbish")
    assert drain.kept(tmp_path) == Stage.OPEN
    drain.keep(tmp_path, Stage.OPEN)
    assert not drain.path_in(tmp_path).exists()


class Asterisk:
    """Shows one set of channels after the other, and notes what DRAIN was set to meanwhile."""

    def __init__(self, *pictures: list[dict[str, str]]) -> None:
        self._pictures, self.stages = list(pictures), list[int]()

    async def action(self, headers: Mapping[str, str]) -> list[dict[str, str]]:
        if headers["Action"] == "Setvar":
            self.stages.append(int(headers["Value"]))
            return [{"Response": "Success"}]
        return self._pictures.pop(0)


async def watch(asterisk: Asterisk, monkeypatch: pytest.MonkeyPatch, until: float | None = None) -> Running:
    monkeypatch.setattr(command, "LOOK", 0.0)
    work: Any = object.__new__(command._Drain)
    work._tell, work._chinese = lambda _: None, False
    return await work._watch(asterisk, until)


async def test_given_the_last_call_ends_then_the_doors_are_shut_before_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asterisk = Asterisk([*TALK, *WAITING], TALK, [], [], [])
    assert (await watch(asterisk, monkeypatch)).none
    assert asterisk.stages == [Stage.SHUT]


async def test_given_a_call_that_comes_in_at_the_last_moment_then_it_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    asterisk = Asterisk(TALK, [], TALK, TALK, [], [], [])
    await watch(asterisk, monkeypatch)
    assert asterisk.stages == [Stage.SHUT, Stage.DIVERT, Stage.SHUT]


async def test_given_only_the_neighbours_calls_are_left_then_no_more_are_sent_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asterisk = Asterisk([*TALK, *DIVERTED], DIVERTED, DIVERTED, [], [], [])
    await watch(asterisk, monkeypatch)
    assert asterisk.stages == [Stage.REFUSE, Stage.SHUT]


async def test_given_the_time_is_over_then_calls_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await watch(Asterisk(TALK), monkeypatch, until=0.0) == Running(1, 0, 0)


@pytest.mark.parametrize(("said", "stage"), [("", Stage.OPEN), ("2", Stage.REFUSE), ("yes", Stage.OPEN)])
async def test_what_somebody_set_by_hand_is_understood(said: str, stage: Stage) -> None:
    async def action(_: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"Response": "Success", "Value": said}]

    assert await drain.stage_of(SimpleNamespace(action=action)) is stage

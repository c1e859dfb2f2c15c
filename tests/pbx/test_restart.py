"""Whatever is killed: calls go on where they can, new ones come in, and the log is whole (rules 1 and 2)."""

from __future__ import annotations

import os
import signal
import socket
import time
import wave
from pathlib import Path

import numpy as np

from ivr.calls.model import Call
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import Told, all_hear_each_other, pairs, told
from tests.phones.tones import hertz

CITIZEN, OPERATOR, DESK = "caller 13800138000", "operator 1001", "desk 110"
RATE, FRAME = 8000, 160  # samples


def kill(pid: int | None) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)


def supervisor(hotline: Hotline) -> int:
    """The process id of `ivr up`."""
    return int((hotline.var / "run/supervisor.pid").read_text())


def wait_new_controller(hotline: Hotline, old: int | None) -> None:
    eventually(lambda: hotline.controller_pid not in (None, old), 30, hotline.last_words)
    hotline.wait_healthy()


def seconds_of(samples: np.ndarray, tone: str) -> float:
    """For how long a party's tone sounds."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(float)
    phase = 2 * np.pi * hertz(tone) * np.arange(FRAME) / RATE
    level = np.hypot(frames @ np.cos(phase), frames @ np.sin(phase)) / (FRAME / 2)
    return float((level > 1500).sum()) * FRAME / RATE


def voices(hotline: Hotline, call: Call, into: Path) -> list[np.ndarray]:
    """The samples of each party, as `ivr recordings mix` gives them."""
    hotline.cli("recordings", "mix", call.id, "--out", str(into))
    with wave.open(str(into)) as file:
        channels = file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return [samples[channel::channels] for channel in range(channels)]


def the_way(call: Call) -> tuple[Told, list[tuple[str, str]], list[tuple[str, int | None, str | None, bool]]]:
    """All that two runs of one story must have in common."""
    steps = [(step.step, step.value) for step in call.steps]
    return told(call), steps, [(leg.party, leg.cause, leg.hung_up_by, leg.recording is not None) for leg in call.legs]


def test_given_three_talk_when_asterisk_is_killed_then_it_comes_back_and_the_log_says_what_was_interrupted(
    hotline_with: Hotlines, tmp_path: Path
) -> None:
    hotline = hotline_with()
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    operator.dtmf("*3")
    citizen.wait_heard("110")
    all_hear_each_other(citizen, operator, desk)
    time.sleep(6)
    killed = hotline.asterisk_pid
    kill(killed)
    eventually(lambda: hotline.asterisk_pid not in (None, killed), 30, hotline.last_words)
    hotline.wait_healthy(30)

    call = hotline.call_of(citizen.name)
    story = told(call)
    assert story.parties == (CITIZEN, OPERATOR, DESK)
    assert story.talks == pairs((CITIZEN, OPERATOR, DESK))
    assert story.outcome == "interrupted"
    assert [(leg.ended_at is not None, leg.hung_up_by) for leg in call.legs] == [(True, "interrupted")] * 3
    heard = voices(hotline, call, tmp_path / "mix.wav")
    assert len(heard) == 3
    for samples, party in zip(heard, ("caller", "operator", "110"), strict=True):
        assert seconds_of(samples, party) > 3, f"{party}'s voice before the kill"

    for phone in (citizen, operator, desk):
        phone.hangup()
    hotline.wait_contact("1001", operator.uri)
    again = hotline.caller("13800000008")
    hotline.talk(again, operator)
    operator.dtmf("*1")
    operator.wait_for("disconnected")
    all_hear_each_other(again, desk)
    again.hangup()
    assert told(hotline.call_of(again.name)).transfers == (("110", "transfer", "key", "completed", "answered"),)
    assert told(hotline.call_of(citizen.name)) == story


def test_given_a_quiet_talk_when_asterisk_is_killed_then_the_log_has_the_talk_until_its_voices_ended(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator = hotline.caller(), hotline.operator()
    began = hotline.talk(citizen, operator)
    time.sleep(3)
    killed = time.time()
    kill(hotline.asterisk_pid)
    call = hotline.call_of(citizen.name, timeout=60)
    (talk,) = call.talks
    assert abs(talk.started_at.timestamp() - began) < 2.0
    assert talk.ended_at is not None
    assert -0.2 < killed - talk.ended_at.timestamp() < 2.0  # a wav is written by the second
    assert call.outcome == "interrupted"


def test_given_110_rings_when_the_controller_is_killed_then_the_call_and_its_log_are_those_of_an_undisturbed_run(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    ways = []
    for killing in (False, True):
        hotline.talk(citizen, operator)
        pressed = time.time()
        operator.dtmf("*1")
        invite = desk.wait_invite(since=pressed)
        killed = hotline.controller_pid
        if killing:
            kill(killed)
        time.sleep(1)
        desk.answer(invite.call)
        operator.wait_for("disconnected")
        all_hear_each_other(citizen, desk)
        desk.hangup()
        citizen.wait_for("disconnected")
        if killing:
            wait_new_controller(hotline, killed)
        ways.append(the_way(hotline.call_of(citizen.name)))
    assert ways[0][0].transfers == (("110", "transfer", "key", "completed", "answered"),)
    assert ways[1] == ways[0]
    hotline.stop()
    hotline.cli("calls", "rebuild", "--check")  # exit code 0: nothing differs from the journal
    hotline.start()


def test_given_110_rings_when_the_order_is_sent_again_to_a_controller_that_was_killed_then_it_is_one_transfer(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(targets={"110": {"ring": 30}})  # longer than a controller takes to come back
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    (running,) = hotline.api("GET", "/api/v1/live").body["calls"]
    path, key = f"/api/v1/calls/{running['id']}/transfers", {"Idempotency-Key": "one-click"}
    order = {"target": "110", "mode": "conference"}
    first = hotline.api("POST", path, order, key)
    desk.wait_invite()
    killed = hotline.controller_pid
    kill(killed)
    wait_new_controller(hotline, killed)
    second = hotline.api("POST", path, order, key)
    assert (second.status, second.body) == (202, first.body)
    desk.answer()
    citizen.wait_heard("110")
    all_hear_each_other(citizen, operator, desk)
    assert len(desk.invites) == 1
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert told(call).transfers == (("110", "conference", "api", "completed", "answered"),)
    assert call.transfers[0].id == first.body["transfer"]["id"]


def test_given_a_talk_when_the_supervisor_is_killed_then_calls_go_on_and_the_next_one_takes_everything_over(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    ran = hotline.asterisk_pid, hotline.controller_pid
    kill(supervisor(hotline))
    time.sleep(1)
    all_hear_each_other(citizen, operator)
    desk = hotline.desk("110")
    operator.dtmf("*1")
    operator.wait_for("disconnected")
    all_hear_each_other(citizen, desk)

    hotline.start()
    eventually(lambda: hotline.log.read_text().count("ready, Ctrl-C") == 2, 30, hotline.last_words)
    assert (hotline.asterisk_pid, hotline.controller_pid) == ran, "nothing was started anew"
    all_hear_each_other(citizen, desk)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).transfers == (("110", "transfer", "key", "completed", "answered"),)

    kill(ran[1])  # what was taken over is kept running as if it were its own
    wait_new_controller(hotline, ran[1])


def test_given_110_rings_when_the_power_fails_then_the_next_start_brings_the_log_to_its_end_and_calls_work(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    operator.dtmf("*1")
    desk.wait_invite()
    for pid in (supervisor(hotline), hotline.controller_pid, hotline.asterisk_pid):
        kill(pid)
    hotline.start()
    story = told(hotline.call_of(citizen.name))
    assert story == Told(
        (CITIZEN, OPERATOR, DESK),
        pairs((CITIZEN, OPERATOR)),
        (("110", "transfer", "key", "interrupted", "interrupted"),),
        "interrupted",
    )
    for phone in (citizen, operator, desk):
        phone.hangup()
    hotline.wait_contact("1001", operator.uri)
    again = hotline.caller("13800000009")
    hotline.talk(again, operator)
    again.hangup()
    assert told(hotline.call_of(again.name)).outcome == "answered"


def test_given_a_talk_when_the_system_is_stopped_then_nothing_runs_the_ports_are_free_and_the_log_has_its_ends(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    began = time.monotonic()
    os.kill(supervisor(hotline), signal.SIGINT)
    citizen.wait_for("disconnected")
    hotline.stop()
    assert time.monotonic() - began < 45
    for name in ("sip", "web", "ami", "agi"):
        kind = socket.SOCK_DGRAM if name == "sip" else socket.SOCK_STREAM
        host, _, port = hotline.tables["listen"][name].rpartition(":")
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    call = hotline.call_of("13800138000")
    assert told(call).talks == pairs((CITIZEN, OPERATOR))
    assert all(leg.ended_at for leg in call.legs)
    hotline.start()


def test_given_an_operator_who_was_moved_when_controller_and_asterisk_die_then_he_serves_his_new_skill(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    operator = hotline.operator("1003")
    moved = hotline.api("PUT", "/api/v1/operators/1003/skills", {"skills": ["general"]})
    assert (moved.status, moved.body["operator"]["skills"]) == (200, ["general"])

    def queues() -> list[str]:
        return [skill for skill in ("general", "english") if "1003" in hotline.asterisk(f"queue show q-{skill}")]

    def shown() -> list[str]:
        told = hotline.api("GET", "/api/v1/operators").body["operators"]
        return next(list(one["skills"]) for one in told if one["number"] == "1003")

    for dies in (("controller",), ("asterisk",), ("controller", "asterisk")):
        old = {name: getattr(hotline, f"{name}_pid") for name in dies}
        for pid in old.values():
            kill(pid)
        for name, pid in old.items():
            back = f"{name}_pid"
            eventually(lambda b=back, p=pid: getattr(hotline, b) not in (None, p), 30, hotline.last_words)
        hotline.wait_healthy(30)
        eventually(lambda: queues() == ["general"], 30, lambda: f"he is in {queues()}")
        eventually(lambda: shown() == ["general"], 30, lambda: f"shown are {shown()}")
    hotline.wait_contact("1003", operator.uri)
    citizen = hotline.caller()
    hotline.talk(citizen, operator)
    citizen.hangup()

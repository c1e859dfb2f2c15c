"""Emptying the hotline: new callers are turned away, whoever is there is served to the end, then all of it stops."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.pbx import sites
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.outside import run
from tests.pbx.running import ROOT, Running, eventually
from tests.pbx.story import all_hear_each_other, pairs, told
from tests.phones import Phone

NEIGHBOUR_IP = f"{sites.NET}.140"
CITIZEN, OPERATOR = "caller 13800138000", "operator 1001"


def turned_away(hotline: Hotline, citizen: Phone) -> None:
    """He hears 503 (or nothing at all, where Asterisk has stopped)."""
    citizen.call(hotline.uri, from_user=citizen.name)
    assert citizen.wait_for("disconnected").what["code"] == 503


@contextmanager
def emptying(hotline: Hotline, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`ivr drain` runs within; its words are on its stdout."""
    command = [sys.executable, "-m", "ivr", "--site", str(hotline.site_file), "--var", str(hotline.var), "drain"]
    process = subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_health(hotline: Hotline, status: str) -> None:
    def said() -> bool:
        with contextlib.suppress(OSError):  # the controller may be starting
            return hotline.api("GET", "/healthz").body["status"] == status
        return False

    eventually(said, 30, lambda: f"health never was {status}")


def drain_steps(hotline: Hotline, caller: str) -> list[str]:
    return [step.value for step in hotline.call_of(caller).steps if step.step == "drain"]


def with_neighbour(hotline_with: Hotlines) -> Hotline:
    port = sites.free_port(sites.socket.SOCK_DGRAM, NEIGHBOUR_IP)
    uri = f"sip:12345@{NEIGHBOUR_IP}:{port}"
    return hotline_with(neighbour={"contact": uri, "name": {"zh": "邻市热线", "en": "Next city"}, "ring": 4})


def neighbour(hotline: Hotline) -> Phone:
    uri = hotline.tables["neighbour"]["contact"]
    phone = hotline.keep(Phone("12345", ip=NEIGHBOUR_IP, port=int(uri.rpartition(":")[2]), tone="gas"))
    hotline.wait_contact("desk-neighbour", uri)
    return phone


def test_given_a_talk_and_a_waiting_caller_when_drained_then_both_are_served_new_ones_get_503_and_all_stops(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, waiting, late = hotline.caller(), hotline.caller("13800000002"), hotline.caller("13800000003")
    operator, desk = hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    waiting.call(hotline.uri, from_user=waiting.name)
    hotline.wait_waiting()
    pids = [hotline.asterisk_pid, hotline.controller_pid]
    with emptying(hotline) as drain:
        assert drain.stdout is not None
        assert drain.stdout.readline() == "2 calls, 1 waiting\n"
        wait_health(hotline, "draining")
        assert hotline.api("GET", "/healthz").status == 503
        assert "hotline_draining 1.0" in hotline.api("GET", "/metrics").body
        assert "! new calls are turned away" in run(hotline, "doctor").stdout
        turned_away(hotline, late)
        operator.dtmf("*1")  # a transfer works as ever
        citizen.wait_heard("110")
        operator.wait_for("disconnected")
        operator.wait_heard("caller", since=time.time())  # the waiting caller has the operator now
        all_hear_each_other(citizen, desk)
        citizen.hangup()
        waiting.hangup()
        assert drain.wait(60) == 0
        words = drain.stdout.read()
    assert "every call has ended, and the system has stopped" in words
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert told(hotline.call_of(citizen.name)).outcome == "transferred"
    assert told(hotline.call_of(waiting.name)).outcome == "answered"
    assert drain_steps(hotline, late.name) == ["refused"]
    assert told(hotline.call_of(late.name)).outcome == "rejected"
    Running.stop(hotline)  # `ivr up` has ended by itself; the phones stay
    hotline.start()  # and a new start takes calls
    hotline.wait_contact("1001", operator.uri)
    hotline.talk(late, operator)


def test_given_a_neighbour_when_drained_then_new_callers_reach_him_and_are_served_here_where_he_cannot(
    hotline_with: Hotlines,
) -> None:
    hotline = with_neighbour(hotline_with)
    operator, other = hotline.operator(), neighbour(hotline)
    other.on_call("answer")
    citizen = hotline.caller()
    hotline.asterisk("dialplan set global DRAIN 1")  # by hand, as with a dead controller
    citizen.call(hotline.uri, from_user=citizen.name)
    invite = other.wait_invite()
    assert (invite.from_user, invite.header("X-Hotline-Diverted")) == (citizen.name, "hotline")
    all_hear_each_other(citizen, other)
    citizen.hangup()
    story = told(hotline.call_of(citizen.name))
    assert story.parties == (CITIZEN, "desk neighbour")
    assert story.talks == pairs((CITIZEN, "desk neighbour"))
    assert story.outcome == "diverted"
    assert drain_steps(hotline, citizen.name) == ["neighbour"]

    other.on_call("busy")
    hotline.talk(citizen, operator)
    citizen.hangup()
    story = told(hotline.call_of(citizen.name))
    assert story.outcome == "answered"
    assert drain_steps(hotline, citizen.name) == ["neighbour", "here"]

    other.on_call("answer")
    slowly = 'dialplan add extension s,1,AGI,"/bin/sleep,0.3" into leg-ends replace'
    assert "replace by" in hotline.asterisk(slowly)  # a leg tells how it ended after the bridge is left
    citizen.call(hotline.uri, from_user=citizen.name)
    citizen.wait_heard("gas")
    other.hangup()
    citizen.wait_for("disconnected")
    assert told(hotline.call_of(citizen.name)).outcome == "diverted"

    citizen.call(hotline.uri, from_user=citizen.name)
    citizen.wait_heard("gas")
    other.die()
    citizen.wait_heard("operator")  # the neighbour's voice is gone: he is served here
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).outcome == "answered"

    hotline.wait_contact("desk-neighbour", hotline.tables["neighbour"]["contact"], there=False)
    hotline.talk(citizen, operator)
    citizen.hangup()
    assert drain_steps(hotline, citizen.name) == ["here"]
    hotline.asterisk("dialplan set global DRAIN 0")


def test_given_the_wait_is_over_then_nothing_stops_a_dead_controller_changes_nothing_and_cancel_takes_it_back(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with()
    citizen, late, operator, desk = (
        hotline.caller(),
        hotline.caller("13800000003"),
        hotline.operator(),
        hotline.desk("110"),
    )
    hotline.talk(citizen, operator)
    ended = run(hotline, "drain", "--wait", "0", "--json")
    assert ended.returncode == 3, ended.stderr
    assert json.loads(ended.stdout) == {"state": "draining", "calls": 1, "waiting": 0, "diverted": 0}
    wait_health(hotline, "draining")
    killed = hotline.controller_pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    turned_away(hotline, late)
    eventually(lambda: hotline.controller_pid not in (None, killed), 30, hotline.last_words)
    wait_health(hotline, "draining")
    citizen.hangup()

    desk.call(hotline.uri, from_user="13900000000")  # 110 hands a citizen over: he is served
    operator.wait_heard("110")
    desk.hangup()

    asterisk = hotline.asterisk_pid
    assert asterisk
    os.kill(asterisk, signal.SIGKILL)  # the next Asterisk still turns callers away
    eventually(lambda: hotline.asterisk_pid not in (None, asterisk), 30, hotline.last_words)
    wait_health(hotline, "draining")
    turned_away(hotline, late)

    cancelled = run(hotline, "drain", "--cancel", "--json")
    assert (cancelled.returncode, json.loads(cancelled.stdout)["state"]) == (0, "open")
    hotline.wait_healthy()
    hotline.wait_contact("1001", operator.uri)
    hotline.talk(late, operator)

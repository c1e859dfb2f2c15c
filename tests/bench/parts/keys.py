"""Key, click or the phone's Transfer key → INVITE to 110, and what the caller hears meanwhile: with real phones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.bench.figures import spread
from tests.bench.stage import Stage, said
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone

REPETITIONS, TRANSFERS = 20, 5
PRESS_MS = 100


def keys(stage: Stage) -> dict[str, Any]:
    """Milliseconds from the trigger to the INVITE at the desk's phone; the longest silence in transfers."""
    hotline = Hotline(stage.folder / "keys", {"targets": {"110": {"ring": 30}}})
    stage.close_later(hotline.stop)
    hotline.start()
    found: dict[str, Any] = {"to_invite_ms": {}}
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110", answers=False)
    hotline.talk(citizen, operator)
    call = hotline.call_of(citizen.name, ended=False).id

    def click() -> float:
        asked = time.time()
        answer = hotline.api("POST", f"/api/v1/calls/{call}/transfers", {"target": "110", "mode": "conference"})
        assert answer.status < 300, answer.body
        return asked

    def key() -> float:
        """The moment at which the last key is let go, when Asterisk acts. By SIP INFO it is known exactly."""
        operator.dtmf("*", method="info")
        time.sleep(0.3)
        pressed = time.time()
        operator.dtmf("3", method="info", ms=PRESS_MS)
        return pressed + PRESS_MS / 1000

    def refer() -> float:
        asked = time.time()
        operator.refer("sip:110@hotline")
        return asked

    triggers: dict[str, Callable[[], float]] = {"key": key, "api": click, "refer": refer}
    for name, trigger in triggers.items():
        said(f"{name} → INVITE")
        times = [_one(hotline, desk, trigger, call) for _ in range(2 if stage.quick else REPETITIONS)]
        found["to_invite_ms"][name] = spread(times)
    citizen.hangup()
    found["gap_ms"] = spread([_gap(hotline, citizen, operator, desk) for _ in range(1 if stage.quick else TRANSFERS)])
    hotline.stop()
    return found


def _one(hotline: Hotline, desk: Phone, trigger: Callable[[], float], call: str) -> float:
    """One attempt, called off while the desk rings."""
    before = time.time()
    asked = trigger()
    invite = desk.wait_invite(10, since=before)
    hotline.api("DELETE", f"/api/v1/calls/{call}/transfers/current")

    def over() -> bool:
        return len(hotline.channels()) <= 2

    eventually(over, 10, lambda: f"the attempt goes on: {hotline.channels()}")
    time.sleep(0.3)
    return (invite.at - asked) * 1000


def _gap(hotline: Hotline, citizen: Phone, operator: Phone, desk: Phone) -> float:
    """The longest time, in ms, in which the caller heard neither operator nor desk, from the click on."""
    said("a transfer, heard by the caller")
    desk.on_call("answer", after=1.0)
    began = hotline.talk(citizen, operator)
    call = hotline.call_of(citizen.name, ended=False).id
    asked = time.time()
    answer = hotline.api("POST", f"/api/v1/calls/{call}/transfers", {"target": "110", "mode": "transfer"})
    assert answer.status < 300, answer.body
    joined = citizen.wait_heard("110", since=asked)
    operator.wait_for("disconnected", 15)
    time.sleep(2.0)
    silences = citizen.gaps({operator.tone, "110"}, max(began, asked), time.time() - 0.3)
    assert joined > asked
    citizen.hangup()
    hotline.assert_clean()
    return max((length * 1000 for _, length in silences), default=0.0)

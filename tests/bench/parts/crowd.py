"""A large city's busy hour (R66), and one number that calls 17,000 times a day (R53, R54)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ivr.calls.model import Call
from tests.bench import rig, sipp
from tests.bench.figures import spread
from tests.bench.rig import Bench
from tests.bench.stage import Stage, said
from tests.pbx import sites
from tests.pbx.running import eventually

AT_ONCE, OPERATORS = 400, 100  # R66; so many talk, the others hear music
USUAL, BURST = 1.5, 3.5  # calls a second, and how much more of them come in a burst (R66)
FLOOD_A_DAY = 17_000  # R54
SCREENING = {"screening": {"calls": 10, "seconds": 60, "at_once": 5}}
FLOODER = "13000000000"


def crowd(stage: Stage) -> dict[str, Any]:
    """400 calls at once and a burst on top of them: who is dropped, what is missing in the log? Then the flood."""
    operators = 5 if stage.quick else OPERATORS
    hotline = Bench(stage.folder / "crowd", operators, SCREENING)
    stage.close_later(hotline.stop)
    hotline.start()
    hotline.switch_on_operators()
    found = {"at_once": _at_once(stage, hotline, operators), "flood": _flood(stage, hotline)}
    hotline.stop()
    return found


def _at_once(stage: Stage, hotline: Bench, operators: int) -> dict[str, Any]:
    calls, ramp, stays = (20, 10.0, 14.0) if stage.quick else (AT_ONCE, 10.0, 75.0)
    a_second = BURST * USUAL
    said(f"{calls} calls at once")
    memory = rig.resident(hotline.asterisk_pid), rig.resident(hotline.controller_pid)
    with _placing(stage, hotline, rate=ramp, calls=calls, stays=stays) as many:
        eventually(lambda: _live(hotline) >= calls, calls / ramp + 20, lambda: f"only {_live(hotline)} calls run")
        spent, began = hotline.cpu(), time.monotonic()
        said(f"{a_second:g} calls a second on top of them")
        burst = sipp.citizens(
            stage.folder, sites.CALLERS, hotline.server, rate=a_second, calls=int(a_second * 4), stays=3.0
        )
        cost, passed = hotline.cpu() - spent, time.monotonic() - began
        after = rig.resident(hotline.asterisk_pid), rig.resident(hotline.controller_pid)
        assert _live(hotline) >= calls, "some of the calls ended before the burst was over: let them stay longer"
    hotline.wait_idle()
    logged = hotline.calls(100_000)
    served = sum(any(leg.role == "operator" and leg.answered_at for leg in call.legs) for call in logged)
    assert served >= operators, f"{operators} operators are there, and only {served} calls had one"
    return {
        "calls": calls,
        "burst_calls_per_s": a_second,
        "dropped": many[0].failed + burst.failed,
        "missing_in_the_log": calls + burst.calls - len(logged),
        "without_an_end": without_an_end(logged),
        "with_an_operator": served,
        "burst_setup_ms": spread(burst.setups),
        "asterisk_ms_per_s": round(cost.asterisk / passed * 1000),
        "controller_ms_per_s": round(cost.controller / passed * 1000),
        "asterisk_mb_more": round((after[0] - memory[0]) / 1e6),
        "controller_mb_more": round((after[1] - memory[1]) / 1e6),
    }


def _flood(stage: Stage, hotline: Bench) -> dict[str, Any]:
    """One number rings once and again, many times faster than 17,000 a day; others call meanwhile."""
    rate, calls = (20.0, 60) if stage.quick else (20.0, 1000)
    said(f"one number calls {calls} times")
    idle = stage.idle(hotline)
    before = len(hotline.calls(100_000))
    memory = rig.resident(hotline.asterisk_pid), rig.resident(hotline.controller_pid)
    spent, began = hotline.cpu(), time.monotonic()
    with _placing(stage, hotline, rate=rate, calls=calls, stays=0.05, number=FLOODER) as flood:
        pass
    hotline.wait_idle()
    cost, passed = hotline.cpu() - spent, time.monotonic() - began
    after = rig.resident(hotline.asterisk_pid), rig.resident(hotline.controller_pid)
    logged = hotline.calls(100_000)
    flooded = logged[: len(logged) - before]
    screened = sum(any(step.step == "screened" for step in call.steps) for call in flooded)
    assert screened >= calls - 20, f"only {screened} of {calls} calls of one number were screened"
    with _placing(stage, hotline, rate=rate, calls=calls // 4, stays=0.05, number=FLOODER):
        others = sipp.citizens(
            stage.folder, sites.CALLERS, hotline.server, rate=2.0, calls=int(calls / 4 / rate * 2.0), stays=1.0
        )
    hotline.wait_idle()
    asterisk, controller = cost.asterisk - idle.asterisk * passed, cost.controller - idle.controller * passed
    return {
        "calls": calls,
        "declined": flood[0].failed,
        "screened": screened,
        "missing_in_the_log": calls - len(flooded),
        "without_an_end": without_an_end(flooded),
        "asterisk_s_a_day": round(asterisk / calls * FLOOD_A_DAY, 1),
        "controller_s_a_day": round(controller / calls * FLOOD_A_DAY, 1),
        "asterisk_mb_more": round((after[0] - memory[0]) / 1e6, 1),
        "controller_mb_more": round((after[1] - memory[1]) / 1e6, 1),
        "others_failed": others.failed,
        "others_setup_ms": spread(others.setups),
    }


@contextmanager
def _placing(stage: Stage, hotline: Bench, **load: Any) -> Iterator[list[sipp.Load]]:
    """Citizens call beside what is done inside; at the end the list holds what they did."""
    loads: list[sipp.Load] = []

    def place() -> None:
        loads.append(sipp.citizens(stage.folder, sites.CALLERS, hotline.server, **load))

    thread = threading.Thread(target=place, daemon=True)
    thread.start()
    yield loads
    thread.join()


def _live(hotline: Bench) -> int:
    return len(hotline.api("GET", "/api/v1/live").body["calls"])


def without_an_end(calls: list[Call]) -> int:
    return sum(call.ended_at is None or any(leg.ended_at is None for leg in call.legs) for call in calls)

"""The same at ten times the size: 100,000 calls in the log, 500 operators, 200 running calls. What grows, and how?"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ivr.calls.model import Call, Leg, Step, Talk
from ivr.calls.projection import Projector
from ivr.calls.rows import parse, split_records
from ivr.store import Store
from tests.bench import rig, sipp
from tests.bench.figures import spread
from tests.bench.parts.crowd import without_an_end
from tests.bench.rig import Bench
from tests.bench.stage import Stage, said
from tests.pbx import sites
from tests.unit import journals

SIZES = (1_000, 10_000, 100_000)  # calls in the log
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ONE_MINUTE = timedelta(minutes=1)


def store(stage: Stage) -> dict[str, Any]:
    """Queries and saving, by the number of calls in the log; the projection's memory by that of running calls."""
    return {"log": asyncio.run(_log(stage)), "projection": _projection(stage)}


async def _log(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = {}
    url = f"sqlite+aiosqlite:///{stage.folder}/growth.db"
    log = Store(url)
    await log.open()
    have = 0
    for size in SIZES[:1] if stage.quick else SIZES:
        said(f"call log of {size:,} calls")
        for start in range(have, size, 1000):
            await log.save(list(_calls(start, start + 1000)))
        have = size
        middle = next(_calls(size // 2, size // 2 + 1))
        questions: dict[str, Callable[[], Awaitable[object]]] = {
            "newest_50": log.calls,
            "of_a_caller": lambda caller=middle.caller: log.calls(caller=caller),
            "of_a_caller_by_pattern": lambda caller=middle.caller: log.calls(caller=f"*{caller[-6:]}"),
            "of_an_outcome": lambda: log.calls(outcome="abandoned"),
            "one": lambda id=middle.id: log.call(id),
            "language": lambda caller=middle.caller: log.last_language(caller),
            "save_20_new": lambda start=size: log.save(list(_calls(start, start + 20))),
        }
        times = {name: [await _time(question) for _ in range(7)] for name, question in questions.items()}
        found[str(size)] = {name: spread(values, 2)["p50"] for name, values in times.items()}
        again = Store(url)
        found[str(size)]["open"] = round(await _time(again.open), 2)
        await again.close()
        found[str(size)]["file_mb"] = round(_bytes(stage.folder / "growth.db") / 1e6, 1)
    await log.close()
    return found


def _bytes(path: Path) -> int:
    """Of a database and its write-ahead log."""
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*"))


async def _time(question: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await question()
    return (time.perf_counter() - began) * 1000


def _calls(start: int, end: int) -> Iterator[Call]:
    """Calls as the projection makes them, one a minute: three in four answered, one in four given up."""
    for n in range(start, end):
        id, entered = str(UUID(int=n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128))), BEGIN + n * ONE_MINUTE
        caller, number, answered = f"hotline-{n}.1", f"138{n:08d}", n % 4 > 0
        end_at = entered + timedelta(seconds=40)
        legs = [Leg(caller, id, "caller", number, number, "in", entered, None, entered, end_at, 16, "caller")]
        talks = []
        if answered:
            operator, at = f"hotline-{n}.2", entered + timedelta(seconds=8)
            legs.append(Leg(operator, id, "operator", "1001", "1001", "out", at, at, at, end_at, 16, "caller"))
            talks.append(Talk(id, caller, operator, at, end_at))
        steps = tuple(Step(id, entered, step, value) for step, value in (("greeting", "zh"), ("queue", "q-general")))
        yield Call(
            id=id,
            number="12345",
            caller=number,
            entered_at=entered,
            node="hotline",
            answered_at=talks[0].started_at if talks else None,
            ended_at=end_at,
            outcome="answered" if answered else "abandoned",
            language="zh",
            legs=tuple(legs),
            talks=tuple(talks),
            steps=steps,
        )


def _projection(stage: Stage) -> dict[str, Any]:
    """Processor time a row while so many calls run at once, and what the oldest position costs."""
    found: dict[str, Any] = {}
    for running in (10,) if stage.quick else (10, 100, 1000):
        said(f"projection with {running} running calls")
        projector: Projector[int] = Projector()
        streams = [journals.call(n, BEGIN + timedelta(milliseconds=n)) for n in range(running)]
        rows = [row for stream in streams for row in _rows(stream)]
        rows.sort(key=lambda row: row.at)
        began = time.process_time()
        for place, row in enumerate(rows):
            projector.add(row, place)
            if place % 20 == 0:
                projector.take_changed()
                projector.oldest_position()
                projector.forget_finished(row.at)
        spent = time.process_time() - began
        found[str(running)] = {"us_per_row": round(spent / len(rows) * 1e6, 1)}
    return found


def _rows(stream: list[bytes]) -> list[Any]:
    records, _ = split_records(b"".join(stream))
    return [parse(record.fields, "hotline") for record in records]


def size(stage: Stage) -> dict[str, Any]:
    """A hotline with few and with 500 operators: its start, a resynchronisation, rest, and 200 calls that run."""
    found: dict[str, Any] = {}
    for operators in (40,) if stage.quick else (40, 500):
        said(f"a hotline of {operators} operators")
        hotline = stage.hotline if operators == 40 else Bench(stage.folder / f"of-{operators}", operators)
        if operators != 40:
            stage.close_later(hotline.stop)
        began = time.monotonic()
        if operators == 40:
            figures: dict[str, Any] = {}
        else:
            hotline.start()
            figures = {"first_start_s": round(time.monotonic() - began, 1)}
            hotline.switch_on_operators()
        found[str(operators)] = figures
        figures["idle"] = vars_of(stage.idle(hotline))
        figures["controller_restart_s"] = _restart(hotline)
        figures["memory_mb"] = _memory(hotline)
        running = 10 if stage.quick else 20 if operators == 40 else 200
        figures["running"] = _while_running(stage, hotline, running)
    return found


def vars_of(cpu: rig.Cpu) -> dict[str, float]:
    return {"asterisk_ms_per_s": round(cpu.asterisk * 1000, 1), "controller_ms_per_s": round(cpu.controller * 1000, 1)}


def _memory(hotline: Bench) -> dict[str, float]:
    return {
        "asterisk": round(rig.resident(hotline.asterisk_pid) / 1e6),
        "controller": round(rig.resident(hotline.controller_pid) / 1e6),
    }


def _restart(hotline: Bench) -> float:
    """Seconds from the controller's death to a whole live state and a call log that is not behind (R67: ≤ 10 s)."""
    old = hotline.controller_pid
    assert old
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    while hotline.controller_pid in {old, None} and time.monotonic() - began < 30:
        time.sleep(0.02)
    hotline.wait_healthy(60)
    return round(time.monotonic() - began, 1)


def _while_running(stage: Stage, hotline: Bench, calls: int) -> dict[str, Any]:
    """So many calls talk at once: what that costs, how big the live state is, and is all of it logged?"""
    said(f"{calls} calls at once")
    before = len(hotline.calls(100_000))
    stays = 12.0 if stage.quick else 40.0
    loads: list[sipp.Load] = []
    rate = min(calls / 5, 20.0)

    def place() -> None:
        loads.append(
            sipp.citizens(stage.folder, sites.CALLERS, hotline.server, rate=rate, calls=calls, stays=stays, voice=True)
        )

    thread = threading.Thread(target=place, daemon=True)
    thread.start()
    time.sleep(calls / rate + 7.0)
    spent, began = hotline.cpu(), time.monotonic()
    answers = [_ask(hotline) for _ in range(10)]
    time.sleep(1.0 if stage.quick else 8.0)
    cost, passed = hotline.cpu() - spent, time.monotonic() - began
    thread.join()
    hotline.wait_idle()
    logged = hotline.calls(100_000)[: len(hotline.calls(100_000)) - before]
    served = sum(any(leg.role == "operator" and leg.answered_at for leg in call.legs) for call in logged)
    assert served == calls, f"{calls} calls talked at once, and only {served} of them had an operator"
    return {
        "calls": calls,
        "live_calls": answers[-1][2],
        "asterisk_ms_per_s_and_call": round(cost.asterisk / passed / calls * 1000, 2),
        "controller_ms_per_s": round(cost.controller / passed * 1000, 1),
        "live_answer_ms": spread([one[0] for one in answers])["p50"],
        "live_answer_kb": round(answers[-1][1] / 1000, 1),
        "failed": loads[0].failed,
        "in_the_log": len(logged),
        "with_an_operator": served,
        "without_an_end": without_an_end(logged),
    }


def _ask(hotline: Bench) -> tuple[float, int, int]:
    """GET /api/v1/live: milliseconds, bytes, calls."""
    began = time.perf_counter()
    body = hotline.api("GET", "/api/v1/live").body
    return (time.perf_counter() - began) * 1000, len(json.dumps(body, ensure_ascii=False)), len(body["calls"])

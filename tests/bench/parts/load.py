"""What SIPp's citizens cost: set-up time, processor time a call, and how far log and screen are behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import aiohttp

from ivr.calls.rows import parse, split_records
from tests.bench import rig
from tests.bench.figures import spread
from tests.bench.stage import Stage, said

RATES = (100, 250, 400, 550)  # calls a second
RATE_SECONDS = 8
LOOK = 0.005  # seconds between two looks at journal and database


def rate(stage: Stage) -> dict[str, Any]:
    """Calls that are greeted and hang up, at growing rates, on the hotline and on bare dialplan."""
    found: dict[str, Any] = {"hotline": {}, "bare": {}}
    for calls_a_second in RATES[:1] if stage.quick else RATES:
        for name, one in (("hotline", stage.hotline), ("bare", stage.bare)):
            said(f"{name}: {calls_a_second} calls a second")
            calls = 50 if stage.quick else calls_a_second * RATE_SECONDS
            memory = rig.resident(one.pid), rig.resident(getattr(one, "controller_pid", None))
            load = stage.call(one, rate=calls_a_second, calls=calls, stays=0.1)
            after = rig.resident(one.pid), rig.resident(getattr(one, "controller_pid", None))
            found[name][str(calls_a_second)] = {
                "calls": calls,
                "failed": load.failed,
                "reached_per_s": round(load.rate, 1),
                "setup_ms": spread(load.setups),
                "memory_kb_per_1000_calls": {
                    "asterisk": round((after[0] - memory[0]) / 1024 / calls * 1000),
                    "controller": round((after[1] - memory[1]) / 1024 / calls * 1000),
                },
            }
    return found


def cpu(stage: Stage) -> dict[str, Any]:
    """Processor seconds for 1,000 calls, what is spent without any call taken off."""
    kinds = {
        # rate, calls, seconds that the caller stays, voice
        "greeted": (50.0, 300, 0.1, False),  # hangs up in the greeting
        "whole": (6.0, 90, 9.0, True),  # greeting, queue, operator, a talk of 4 s with voice both ways
    }
    found: dict[str, Any] = {}
    ones = {"hotline": stage.hotline, "bare": stage.bare, "bare_recorded": stage.bare_recorded}
    resting = {name: stage.idle(one) for name, one in ones.items()}
    for kind, (a_second, calls, stays, voice) in kinds.items():
        found[kind] = {}
        for name, one in ones.items():
            said(f"{name}: {kind} calls")
            number = 10 if stage.quick else calls
            before, began = one.cpu(), time.monotonic()
            stage.call(one, rate=a_second, calls=number, stays=stays, voice=voice)
            spent, rest = one.cpu() - before, time.monotonic() - began
            found[kind][name] = {
                "asterisk_s": round((spent.asterisk - resting[name].asterisk * rest) / number * 1000, 2),
                "controller_s": round((spent.controller - resting[name].controller * rest) / number * 1000, 2),
            }
        mine = sum(found[kind]["hotline"].values())
        for name, key in (("bare", "ratio"), ("bare_recorded", "ratio_recorded")):
            found[kind][key] = round(mine / max(sum(found[kind][name].values()), 0.01), 2)
    found["idle_ms_per_s"] = {
        name: {"asterisk": round(one.asterisk * 1000, 1), "controller": round(one.controller * 1000, 1)}
        for name, one in resting.items()
    }
    return found


def lag(stage: Stage) -> dict[str, Any]:
    """How long a row of the journal takes into the database, and a call onto the screen."""
    hotline = stage.hotline
    calls = 60 if stage.quick else 1200
    said("journal → database at 100 calls a second")
    with _positions(hotline) as positions:
        stage.call(hotline, rate=100, calls=calls, stays=0.1)
    said("journal → WebSocket at 10 calls a second")
    number = 10 if stage.quick else 100
    with _screen(hotline) as seen:
        stage.call(hotline, rate=10, calls=number, stays=1.0)
    written = _entered(hotline)
    return {
        "journal_ms": spread(_behind(positions)),
        "live_ms": spread([(at - written[call]) * 1000 for call, at in seen.items() if call in written]),
    }


@contextlib.contextmanager
def _positions(hotline: rig.Bench) -> Iterator[list[tuple[float, int, int]]]:
    """(seconds, bytes in the journal's active file, bytes of it that are in the database), every few milliseconds."""
    found: list[tuple[float, int, int]] = []
    over = threading.Event()
    journal = hotline.var / "journal/journal.csv"

    def look() -> None:
        database = sqlite3.connect(f"file:{hotline.var}/ivr.db?mode=ro", uri=True)
        try:
            while not over.wait(LOOK):
                size = journal.stat().st_size
                saved = database.execute("SELECT offset FROM journal_position").fetchone()
                found.append((time.monotonic(), size, saved[0] if saved else 0))
        finally:
            database.close()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join(5)


def _behind(positions: list[tuple[float, int, int]]) -> list[float]:
    """Milliseconds from each growth of the journal until the database had that much of it."""
    found: list[float] = []
    later = 0
    known = positions[0][1] if positions else 0
    for at, size, _ in positions:
        if size <= known:
            continue
        known = size
        while later < len(positions) and positions[later][2] < size:
            later += 1
        if later == len(positions):
            raise AssertionError("the database never had all of the journal")
        found.append((positions[later][0] - at) * 1000)
    return found


@contextlib.contextmanager
def _screen(hotline: rig.Bench) -> Iterator[dict[str, float]]:
    """Call → when the live stream showed it first (seconds since the epoch)."""
    seen: dict[str, float] = {}
    ready, over = threading.Event(), threading.Event()

    async def read() -> None:
        headers = {"Authorization": f"Bearer {hotline.credentials['api']['token']}"}
        url = f"{hotline.web}/api/v1/live/stream"
        async with aiohttp.ClientSession(headers=headers) as session, session.ws_connect(url) as stream:
            while not over.is_set():
                try:
                    frame = json.loads((await stream.receive(timeout=0.2)).data)
                except TimeoutError:
                    continue
                now = time.time()
                ready.set()
                for call in frame["calls"]:
                    seen.setdefault(call["id"], now)

    thread = threading.Thread(target=lambda: asyncio.run(read()), daemon=True)
    thread.start()
    assert ready.wait(10), "the live stream sent no first frame"
    seen.clear()
    try:
        yield seen
    finally:
        over.set()
        thread.join(5)


def _entered(hotline: rig.Bench) -> dict[str, float]:
    """Call → when its CALL row was written (seconds since the epoch)."""
    records, _ = split_records((hotline.var / "journal/journal.csv").read_bytes())
    rows = (parse(record.fields, "node") for record in records)
    return {row.extra["id"]: row.at.astimezone(UTC).timestamp() for row in rows if row.user_event == "CALL"}

"""The live state as frames for any number of readers: soon after each change, at most ten a second, each encoded once.

A reader is only the picture that it saw last. One that is slow misses the pictures in between and nothing is kept for
it: its next frame leads from what it saw to the newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from aiohttp import web

from ivr.calls.live import Live
from ivr.calls.live_views import LiveCall, LiveChanges, LiveState, changes
from ivr.calls.numbers import masked
from ivr.web.replies import dumps

INTERVAL = 0.1  # seconds between two frames
TOGETHER = 0.015  # seconds that a frame waits for what happens at the same moment: a call that begins is many events


def picture(state: LiveState, whole: bool = True) -> dict[str, Any]:
    """Not `whole`: callers' numbers are masked (R60)."""
    shown = {
        "version": state.version,
        "at": state.at,
        "connected": state.connected,
        "calls": list(state.calls.values()),
        "queues": list(state.queues.values()),
        "operators": list(state.operators.values()),
        "targets": list(state.targets.values()),
    }
    return shown if whole else _masked(shown)


class Hub:
    """`await run()` keeps it going."""

    def __init__(self, live: Live, interval: float = INTERVAL) -> None:
        self._live, self._interval = live, interval
        self._stirred, self._changed = asyncio.Event(), asyncio.Event()
        live.stirred = self._stirred.set
        self._frames: dict[tuple[int, int, bool], bytes] = {}
        self.newest = live.snapshot()
        self.readers: set[web.WebSocketResponse] = set()
        self.strangers: set[web.WebSocketResponse] = set()  # connected, and have not shown a token yet

    async def run(self) -> None:
        while True:
            await self._stirred.wait()
            await asyncio.sleep(min(TOGETHER, self._interval))
            self._stirred.clear()
            self.look()
            await asyncio.sleep(max(0.0, self._interval - TOGETHER))

    def look(self) -> LiveState:
        """The newest picture, from now on everybody's."""
        newest = self._live.snapshot()
        if newest is not self.newest:
            self.newest = newest
            self._frames.clear()
            self._changed.set()
            self._changed = asyncio.Event()
        return newest

    async def newer_than(self, seen: LiveState) -> LiveState:
        while self.newest is seen:
            await self._changed.wait()
        return self.newest

    def snapshot(self, state: LiveState, whole: bool = True) -> bytes:
        """`{"type": "snapshot", …}`: begin anew with it. Not `whole`: callers' numbers are masked (R60)."""
        return self._frame((state.version, state.version, whole), lambda: {"type": "snapshot", **picture(state)})

    def changes(self, old: LiveState, new: LiveState, whole: bool = True) -> bytes:
        """`{"type": "changes", …}`: replace what is named, forget `calls_gone`."""
        return self._frame((old.version, new.version, whole), lambda: {"type": "changes", **_fields(changes(old, new))})

    def _frame(self, key: tuple[int, int, bool], make: Callable[[], dict[str, Any]]) -> bytes:
        if key not in self._frames:
            self._frames[key] = dumps(make() if key[2] else _masked(make()))
        return self._frames[key]


def _fields(delta: LiveChanges) -> dict[str, Any]:
    return {field.name: getattr(delta, field.name) for field in fields(delta)}


def _masked(frame: dict[str, Any]) -> dict[str, Any]:
    return {
        **frame,
        "calls": [_call_masked(call) for call in frame["calls"]],
        "queues": [
            replace(queue, waiting=tuple(replace(one, caller=masked(one.caller)) for one in queue.waiting))
            for queue in frame["queues"]
        ],
    }


def _call_masked(call: LiveCall) -> LiveCall:
    legs = (replace(leg, party=masked(leg.party)) if leg.role == "caller" else leg for leg in call.legs)
    return replace(call, caller=masked(call.caller), legs=tuple(legs))

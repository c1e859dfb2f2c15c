"""The wallboard under a large city's load: 500 operators, 200 running calls, as fast as they change in a busy hour.

The web server, its live state and its stream are the real ones, and so is the browser; what Asterisk would tell is made
up here, event by event. The page itself measures: frames by requestAnimationFrame, and from the event's own time to the
frame that shows it.

    python -m tests.browser.room_load --minutes 10
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import Chromium
from tests.unit.live_streams import Event
from tests.web.house import TOKEN, House, a_house

OPERATORS, CALLS = 500, 200
A_SECOND = 40  # changes of operators; 400,000 calls a day would make ten
SESSION = {
    "user": "load", "name": "load", "roles": ["supervisor"], "number": None, "csrf": "x", "idle_seconds": 3600,
    "must": None, "language": "zh",
}  # fmt: skip
FRAMES = """() => {
  const found = window.measured = {gaps: [], delays: [], last: performance.now(), since: Date.now()};
  const frame = (at) => { found.gaps.push(at - found.last); found.last = at; requestAnimationFrame(frame); };
  requestAnimationFrame((at) => { found.last = at; requestAnimationFrame(frame); });
}"""
DELAYS = """() => {
  const found = window.measured;
  const seen = new Map();
  const look = (tile) => {
    const at = Date.parse(tile.dataset.since);
    if (at < found.since || seen.get(tile.dataset.operator) === at) return;
    seen.set(tile.dataset.operator, at);
    requestAnimationFrame(() => at >= found.since && found.delays.push(Date.now() - at));
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") look(change.target);
      for (const node of change.addedNodes)
        if (node.matches?.("[data-operator]")) look(node);
        else node.querySelectorAll?.("[data-operator]").forEach(look);
    }
  }).observe(document.querySelector(".room"), {subtree: true, childList: true, attributeFilter: ["data-since"]});
}"""
# The collection of garbage that we ask for stops the page; what happens meanwhile is not the page's doing.
PAUSE = "() => { window.measured.since = Infinity; window.measured.kept = window.measured.gaps.length; }"
GO_ON = """() => new Promise((done) => requestAnimationFrame((at) => {
  const found = window.measured;
  found.gaps.length = found.kept;
  found.last = at;
  found.since = Date.now();
  done();
}))"""
COMPARED = 15.0  # seconds that an empty page's frames are looked at


@dataclass(frozen=True)
class Frames:
    """Times between two frames, in ms."""

    count: int
    p99: float
    longest: float
    over_200: int

    @classmethod
    def of(cls, page: Page) -> Frames:
        gaps = sorted(page.evaluate("() => window.measured.gaps"))
        return cls(len(gaps), round(gaps[int(len(gaps) * 0.99)], 1), round(gaps[-1], 1), sum(gap > 200 for gap in gaps))


@dataclass(frozen=True)
class Measured:
    seconds: float
    events: int
    shown: int
    frames: Frames
    empty_page: Frames  # of the same browser under the same load: what the machine itself allows
    p50_ms: float  # from the event to the frame that shows it
    p99_ms: float
    heap_mb: tuple[float, ...]  # after a collection: at the beginning, … at the end
    nodes: tuple[int, ...]  # that the browser keeps, shown or not, at the same moments
    shown_nodes: int


def leg(number: int, call: int, role: str = "trunk-public", **more: str) -> Event:
    return {
        "Uniqueid": f"hotline-{number}.1",
        "Linkedid": f"hotline-{number}.1",
        "Channel": f"PJSIP/{role}-{number:08x}",
        "ChannelState": "6",
        "ChanVariable": f"CALL_ID=call-{call}",
        "CallerIDNum": f"138{call:08d}",
        "Timestamp": f"{time.time():.6f}",
        **more,
    }


def device(number: str, state: str) -> Event:
    return {
        "Event": "DeviceStateChange",
        "Device": f"PJSIP/{number}",
        "State": state,
        "Timestamp": f"{time.time():.6f}",
    }


class Load:
    """Events of a busy room; `events` counts those that change an operator's tile."""

    def __init__(self, house: House, seed: int = 1) -> None:
        self.house, self.random, self.changes, self._id = house, random.Random(seed), 0, 0
        self.calls: dict[int, tuple[list[Event], str]] = {}
        self.free = [str(1001 + n) for n in range(OPERATORS)]
        for number in self.free:
            house.feed(device(number, "NOT_INUSE"))
        for _ in range(CALLS):
            self.begin()

    def begin(self) -> None:
        operator = self.free.pop(self.random.randrange(len(self.free)))
        self._id += 2
        caller, answerer = leg(self._id, self._id), leg(self._id + 1, self._id, operator)
        for one in (caller, answerer):
            self.house.feed({"Event": "Newchannel", **one})
            self.house.feed({"Event": "BridgeEnter", "BridgeUniqueid": f"b-{self._id}", **one})
        self.calls[self._id] = ([caller, answerer], operator)
        self.changes += 1

    def end(self) -> None:
        call = self.random.choice(list(self.calls))
        legs, operator = self.calls.pop(call)
        for one in legs:
            self.house.feed({"Event": "Hangup", **one, "Timestamp": f"{time.time():.6f}"})
        self.house.feed(device(operator, "NOT_INUSE"))
        self.free.append(operator)
        self.changes += 1

    async def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.end()
            self.begin()
            await asyncio.sleep(2 / A_SECOND)


class Room:
    """The server in a thread of its own, beside the browser's."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ready, self.stop, self.go = folder, threading.Event(), threading.Event(), threading.Event()
        self.load: Load | None = None
        self.address = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        operators = {str(1001 + n): f"坐席{n + 1}" for n in range(OPERATORS)}
        async with a_house(self._folder, operators=operators) as house:
            self.load = Load(house)
            self.address = f"http://127.0.0.1:{house.server.port}"
            self._ready.set()
            await asyncio.to_thread(self.go.wait)
            await self.load.run(self.stop)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30), "the server does not start"

    def end(self) -> None:
        self.stop.set()
        self.go.set()
        self._thread.join(30)


@contextmanager
def opened(chromium: Chromium, folder: Path, path: str = "/room", **looks: Any) -> Iterator[tuple[Room, Page]]:
    """The wallboard of a full room, in a browser that is let in by a token."""
    room = Room(folder)
    room.start()
    context = chromium.context(**{"size": (1920, 1080), **looks})
    try:
        context.set_extra_http_headers({"Authorization": f"Bearer {TOKEN}"})
        page = context.new_page()
        page.route("**/api/v1/session", lambda route: route.fulfill(json={"session": SESSION}))
        page.goto(f"{room.address}{path}")
        page.wait_for_selector(".room-big, [data-call]")
        yield room, page
    finally:
        context.close()
        room.end()


def measure(room: Room, page: Page, seconds: float, compared: float = 0.0) -> Measured:
    """`compared`: seconds that an empty page is looked at beside it."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")

    def kept() -> tuple[float, int]:
        page.evaluate(PAUSE)
        client.send("HeapProfiler.collectGarbage")
        values = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
        page.evaluate(GO_ON)
        return round(values["JSHeapUsedSize"] / 1e6, 1), int(values["Nodes"])

    assert room.load is not None
    page.evaluate(FRAMES)
    page.evaluate(DELAYS)
    keeps = [kept()]
    before = room.load.changes
    room.go.set()
    for _ in range(4):
        page.wait_for_timeout(seconds * 250)
        keeps.append(kept())
    events = room.load.changes - before
    delays, frames = sorted(page.evaluate("() => window.measured.delays")), Frames.of(page)
    shown_nodes = page.evaluate("() => document.querySelectorAll('*').length")
    assert delays, "no change was seen on the page"
    empty = _empty(page, compared) if compared else frames
    return Measured(
        seconds, events, len(delays), frames, empty, delays[len(delays) // 2], delays[int(len(delays) * 0.99)],
        tuple(heap for heap, _ in keeps), tuple(nodes for _, nodes in keeps), shown_nodes,
    )  # fmt: skip


def _empty(page: Page, seconds: float) -> Frames:
    page.goto("about:blank")
    page.evaluate(FRAMES)
    page.wait_for_timeout(seconds * 1000)
    return Frames.of(page)


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--minutes", type=float, default=10.0)
    minutes = wanted.parse_args().minutes
    with (
        tempfile.TemporaryDirectory() as folder,
        Chromium() as chromium,
        opened(chromium, Path(folder)) as (room, page),
    ):
        print(json.dumps(asdict(measure(room, page, minutes * 60, COMPARED))))


if __name__ == "__main__":
    main()

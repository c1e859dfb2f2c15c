"""The matrix's site: a queue, an operator and a colleague for each state, so that the calls do not meet."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.pbx import sites

DIGITS = "1234567890*"  # pressed in the greeting: the caller's own queue
GREETING_SECONDS = 75  # of the greeting: some have not chosen yet when the death strikes
RING, RELAXED_RING = 14, 40  # seconds a route; relaxed where nobody dies who is rung
DESK, NEIGHBOUR = f"{sites.NET}.110", f"{sites.NET}.113"

# Keys that an operator presses → (target, what it is for)
KEYS = {"transfer": "*1", "conference": "*3", "acknowledged": "*71", "slow": "*81"}


def operator_of(place: int) -> str:
    return f"20{place}0"


def colleague_of(place: int) -> str:
    return f"20{place}1"


def tables(places: Sequence[int], ring: int) -> dict[str, Any]:
    """What is laid over the tests' site. `places`: one a state that has a queue of its own."""

    def target(**more: Any) -> dict[str, Any]:
        key = more.pop("key")
        ports = [sites.free_port(sites.socket.SOCK_DGRAM, host) for host in (DESK, NEIGHBOUR)]
        routes = [f"sip:{key}@{host}:{port}" for host, port in zip((DESK, NEIGHBOUR), ports, strict=True)]
        return {"name": {"zh": "报警台", "en": key}, "routes": routes, "ring": ring, "stay": 1, "match": [], **more}

    answering = target(key="110", emergency=True, match=[DESK], desk_keys={"hand_back": "*9"})
    answering["keys"] = {"transfer": KEYS["transfer"], "conference": KEYS["conference"]}
    keyed = target(key="119", emergency=True, acknowledge="key", acknowledge_seconds=min(ring, 60))
    keyed["keys"] = {"transfer": KEYS["acknowledged"]}
    slow = target(key="120", emergency=True, keys={"transfer": KEYS["slow"]})
    neighbour = answering["routes"][1].rpartition(":")[2]
    for one in (keyed, slow):
        one["routes"][1] = f"{one['routes'][1].rpartition(':')[0]}:{neighbour}"
    people = [
        {"number": number, "name": f"坐席{number}", "skills": [f"s{place}"]}
        for place in places
        for number in (operator_of(place), colleague_of(place))
    ]
    return {
        "hotline": {
            "greeting": True,
            "emergency_key": "#",
            "language_keys": {},
            "menu": {"prompt": "please-hold", "keys": {DIGITS[place]: f"s{place}" for place in places}},
        },
        "queue": {"ring": 12, "target_seconds": 600, "announce_every": 600},
        "targets": {"110": answering, "119": keyed, "120": slow, "gas": None, "survey": None},
        "operators": people,
    }


def record_greeting(folder: Path) -> None:
    """A greeting that lasts: noise, which no phone takes for a party's tone."""
    path = folder / "prompts/recorded/zh/greeting.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(12345).integers(-3000, 3000, GREETING_SECONDS * 8000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(noise.tobytes())

"""Calls as the store keeps them, for tests that need one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivr.calls.model import Attempt, Call, Leg, Step, Talk, Transfer

EIGHT = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
HOSTILE = "张\"三',;\\ 😀 ${SHELL(rm)} \r\n\t\x1b[31m" + "長" * 256


def at(seconds: float) -> datetime:
    return EIGHT + timedelta(seconds=seconds)


def transferred(id: str = "c-1", start: float = 0.0, caller: str = "13800138000", ended: bool = True) -> Call:
    """A caller reaches an operator, whose first route to 110 is busy and whose second answers."""

    def when(seconds: float) -> datetime:
        return at(start + seconds)

    legs = (
        Leg(f"{id}.1", id, "caller", caller, caller, "in", when(0), None, when(0.1), when(60) if ended else None, 16,
            "caller" if ended else None, f"2026/11/22/{id}/1.wav", when(0.2)),
        Leg(f"{id}.2", id, "operator", "1001", "1001", "out", when(5), when(5.1), when(7), when(33), 16, "system"),
        Leg(f"{id}.4", id, "desk", "110", "110", "out", when(22), when(22.5), when(30), when(60)),
    )  # fmt: skip
    attempts = (
        Attempt("sip:110@127.0.0.110:5060", when(20), None, when(20.4), None, "busy", 17),
        Attempt("sip:110@127.0.0.112:5060", when(22), f"{id}.4", when(22.5), when(30), "answered", None),
    )
    return Call(
        id=id, number="12345", caller=caller, entered_at=when(0), node="hotline", answered_at=when(7),
        ended_at=when(60) if ended else None, outcome="transferred" if ended else None, language="zh", legs=legs,
        talks=(
            Talk(id, f"{id}.1", f"{id}.2", when(7), when(33)),
            Talk(id, f"{id}.1", f"{id}.4", when(30), when(60)),
            Talk(id, f"{id}.2", f"{id}.4", when(30), when(33)),
        ),
        transfers=(Transfer(f"{id}-t", id, f"{id}.2", "110", "transfer", "key", when(19.9), "completed", None, None,
                            when(33), attempts),),
        steps=(Step(id, when(0.2), "greeting", "zh"), Step(id, when(0.2), "queue", "general")),
    )  # fmt: skip

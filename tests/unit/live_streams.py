"""Recorded AMI streams (tests/unit/live/*.ami, one story a file, Asterisk 22.10.1) and their story in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ivr.calls.live import Live
from ivr.calls.live_views import LiveState

Event = dict[str, str]
OPERATORS = {"1001": "一号坐席", "1002": "二号坐席"}
TARGETS = {"desk-110": "110"}


def recorded(story: str) -> list[Event]:
    text = (Path(__file__).parent / "live" / f"{story}.ami").read_text(encoding="utf-8")
    return [dict(_header(line) for line in frame.splitlines()) for frame in text.split("\n\n") if frame.strip()]


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def live(wrap_up: float = 0.0) -> Live:
    """In step with an Asterisk that has nothing to tell yet."""
    state = Live(OPERATORS, TARGETS, wrap_up)
    state.apply({"Event": "Resynchronise"})
    state.apply({"Event": "ResynchroniseComplete"})
    return state


def fed(events: Iterable[Event], wrap_up: float = 0.0) -> Live:
    state = live(wrap_up)
    for event in events:
        state.apply(event)
    return state


def told(events: Iterable[Event]) -> list[str]:
    """One line whenever the call looks different: its state, its legs, its transfers; last comes who waits."""
    state, lines = live(), []
    for event in events:
        state.apply(event)
        line = in_words(state.snapshot())
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


def in_words(state: LiveState) -> str:
    words = []
    for call in state.calls.values():
        legs = ", ".join(f"{leg.party or '?'} {leg.state}{' in' if leg.bridge else ''}" for leg in call.legs)
        words.append(f"{call.state}: {legs}")
        words += [f"{t.mode or '?'} {t.target} {t.state}{f' {t.result}' if t.result else ''}" for t in call.transfers]
    waiting = [f"{one.position}. {one.caller}" for queue in state.queues.values() for one in queue.waiting]
    if waiting:
        words.append("waiting " + ", ".join(waiting))
    return " | ".join(words)

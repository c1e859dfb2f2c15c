"""What two tellings of one call differ in, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from ivr.calls.model import Attempt, Call, Leg, Step, Talk, Transfer
from ivr.store.mapping import columns

T = TypeVar("T")


def differences(before: Call | None, after: Call) -> tuple[str, ...]:
    """Sentences, empty where both tell the same story."""
    if before is None:
        return ("was not in the log",)
    if before == after:
        return ()
    found = _fields(before, after, "")
    found += _paired(before.legs, after.legs, lambda leg: leg.id, _leg)
    found += _paired(before.talks, after.talks, lambda talk: (talk.leg_a, talk.leg_b, talk.started_at), _talk)
    found += _paired(before.transfers, after.transfers, lambda transfer: transfer.id, _transfer)
    for one, other in zip(before.transfers, after.transfers, strict=False):
        if one.id == other.id:
            found += _paired(
                one.attempts, other.attempts, lambda attempt: (attempt.route, attempt.dialled_at), _attempt
            )
    found += _paired(before.steps, after.steps, lambda step: (step.at, step.step, step.value), _step)
    return tuple(found) or ("its parts were in another order",)


def _paired(before: Sequence[T], after: Sequence[T], key: Callable[[T], object], name: Callable[[T], str]) -> list[str]:
    old, new = {key(item): item for item in before}, {key(item): item for item in after}
    found = [f"{name(new[at])} was missing" for at in new if at not in old]
    found += [f"{name(old[at])} is not in the journal" for at in old if at not in new]
    for at, item in new.items():
        if at in old and old[at] != item:
            found += _fields(old[at], item, f"{name(item)}: ")
    doubled = len(before) - len(old)
    return found + ([f"{doubled} entries stood twice"] if doubled else [])


def _fields(before: object, after: object, prefix: str) -> list[str]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in columns(type(after)))
    return [f"{prefix}{name} was {_shown(old)}, is {_shown(new)}" for name, old, new in pairs if old != new]


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return "empty" if value is None else str(value)


def _leg(leg: Leg) -> str:
    return f"leg {leg.id} ({leg.role} {leg.party})"


def _talk(talk: Talk) -> str:
    return f"talk of {talk.leg_a} and {talk.leg_b} from {_shown(talk.started_at)}"


def _transfer(transfer: Transfer) -> str:
    return f"transfer {transfer.id} to {transfer.target}"


def _attempt(attempt: Attempt) -> str:
    return f"attempt at {attempt.route}"


def _step(step: Step) -> str:
    return f"step {step.step} {step.value}"

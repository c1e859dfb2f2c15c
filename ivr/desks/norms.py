"""What a consultation of the desks has made the rule: who accepts matters of a class from now on (会商规范, R46).

A norm is what consultations in cases say, nothing else: both desks have the same events, so both have the same norms.
Of one id the version that began last is in force; it has replaced those before it, even where it has ended itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ivr.desks.case_model import Case, Entry
from ivr.schema import time

STATES = ("valid", "future", "expired", "replaced")


@dataclass(frozen=True, slots=True)
class Norm:
    id: str
    version: str
    class_code: str
    owners: tuple[str, ...]  # the first one acts first
    since: datetime
    until: datetime | None  # not valid any more then
    at: datetime  # of the consultation, by the clock of the desk that wrote it down
    case: str
    origin: str
    seq: int

    @property
    def order(self) -> tuple[datetime, datetime, str, str, int]:
        """Of two versions of a norm the later one counts; the same at every desk."""
        return (self.since, self.at, self.case, self.origin, self.seq)


def consultations(case: Case) -> list[Entry]:
    """Those that had effect, in the order of the case."""
    return [entry for entry in case.history if entry.event.kind == "consultation" and not entry.void]


def of(entry: Entry) -> Norm | None:
    """The norm that a consultation made; None where it decided its own case only."""
    event = entry.event
    said: Any = event.data.get("norm")
    if not said:
        return None
    owners = tuple(dict.fromkeys(event.data["owners"]))
    until = time(said["until"], "until") if said.get("until") else None
    return Norm(
        said["id"],
        said["version"],
        said["class_code"],
        owners,
        time(said["from"], "from"),
        until,
        event.at,
        event.case,
        event.origin,
        event.seq,
    )


def state(norm: Norm, norms: Iterable[Norm], at: datetime) -> str:
    """A word of STATES, among all versions of its id."""
    if at < norm.since:
        return "future"
    later = (each for each in norms if each.id == norm.id and each.since <= at)
    if any(each.order > norm.order for each in later):
        return "replaced"
    return "expired" if norm.until is not None and norm.until <= at else "valid"


def in_force(norms: Iterable[Norm], at: datetime) -> list[Norm]:
    every = list(norms)
    return [norm for norm in every if state(norm, every, at) == "valid"]


def best(norms: Iterable[Norm], class_code: str, at: datetime) -> Norm | None:
    """Of those in force for the class or one above it: the most special class, then the one that began last."""
    fit = (norm for norm in in_force(norms, at) if norm.class_code and class_code.startswith(norm.class_code))
    return max(fit, key=lambda norm: (len(norm.class_code), norm.order), default=None)

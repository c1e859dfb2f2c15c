"""What is written between a caller and the desks of a case that came by the internet (R45, R57): kinds and moves.

The matter of such a case has a moment by which somebody must have answered it; the first answer stops that clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.desks.case_shapes import said
from ivr.schema import Schema, obj, time

if TYPE_CHECKING:
    from ivr.desks.case_model import Case, Event


ANSWER = "responded"  # beside the steps of a matter: what its citizen is told by an answer


@dataclass(frozen=True, slots=True)
class Letter:
    """`way` in: the caller wrote again; out: a desk answered."""

    way: str
    words: str
    at: datetime
    by: str  # desk/person, desk/channel


KINDS: Mapping[str, Schema] = {"received": obj({"words": said(8000)}), ANSWER: obj({"words": said(8000)})}


def respond_by(event: Event) -> datetime | None:
    """Of `opened`: when a first answer is due."""
    due = event.data.get("respond_by")
    return time(due, "respond_by") if due is not None else None


def received(case: Case, event: Event) -> Case:
    return replace(case, letters=(*case.letters, _letter("in", event)))


def responded(case: Case, event: Event) -> Case:
    letters = (*case.letters, _letter("out", event))
    return replace(case, letters=letters, responded_at=case.responded_at or event.at)


def _letter(way: str, event: Event) -> Letter:
    return Letter(way, event.data["words"], event.at, f"{event.origin}/{event.by}")

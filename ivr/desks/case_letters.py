"""What is written between a caller and the desks of a case that came by the internet (R45, R57): kinds and moves.

The matter of such a case has a moment by which somebody must have answered it; the first answer stops that clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.desks.case_shapes import said
from ivr.desks.work_order import MOST_FILES, file_of
from ivr.schema import Schema, array, obj, time

if TYPE_CHECKING:
    from ivr.desks.case_model import Case, Event


PAPERS: Mapping[str, tuple[str, ...]] = {  # what may hang on a letter, and the endings that its name may have
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "application/rtf": (".rtf",),
    "application/x-ole-storage": (".doc", ".xls", ".ppt", ".wps", ".et"),
    "application/zip": (".zip", ".docx", ".xlsx", ".pptx", ".ofd", ".odt", ".ods"),
    "audio/mpeg": (".mp3",),
    "audio/amr": (".amr",),
    "audio/wav": (".wav",),
    "audio/ogg": (".ogg", ".opus"),
    "video/mp4": (".mp4", ".m4a", ".m4v", ".mov", ".3gp"),
}
ANSWER = "responded"  # beside the steps of a matter: what its citizen is told by an answer


@dataclass(frozen=True, slots=True)
class Letter:
    """`way` in: the caller wrote again; out: a desk answered."""

    way: str
    words: str
    at: datetime
    by: str  # desk/person, desk/channel


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What hung on a letter; the desk that it came to keeps it."""

    id: str
    name: str
    type: str
    bytes: int
    sha256: str
    desk: str
    at: datetime


_FILES: Schema = {**array(file_of(*PAPERS)), "minItems": 1, "maxItems": MOST_FILES}
KINDS: Mapping[str, Schema] = {
    "received": obj({"words": said(8000)}),
    "attached": obj({"files": _FILES}),
    ANSWER: obj({"words": said(8000)}),
}


def respond_by(event: Event) -> datetime | None:
    """Of `opened`: when a first answer is due."""
    due = event.data.get("respond_by")
    return time(due, "respond_by") if due is not None else None


def received(case: Case, event: Event) -> Case:
    return replace(case, letters=(*case.letters, _letter("in", event)))


def responded(case: Case, event: Event) -> Case:
    letters = (*case.letters, _letter("out", event))
    return replace(case, letters=letters, responded_at=case.responded_at or event.at)


def attached(case: Case, event: Event) -> Case:
    new = (CaseFile(**one, desk=event.origin, at=event.at) for one in event.data["files"])
    return replace(case, files=(*case.files, *new))


def _letter(way: str, event: Event) -> Letter:
    return Letter(way, event.data["words"], event.at, f"{event.origin}/{event.by}")

"""Work orders (工单): what a desk has the departments of its city do about a case, and what the caller says of it.

An order belongs to the desk that made it, and that desk answers for it: only its own events change it, so its orders
read alike at every desk. One department leads; those that are named as `joint` report their parts to it. Who acts for
a department does it as `<department>/<user>`; without the stroke it is somebody of the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.desks.case_shapes import DESK, ID, RESULTS, line, said, written
from ivr.schema import BOOLEAN, TIME, Schema, array, integer, obj, one_of, string

STATES = ("sent", "signed", "done", "returned")
OPEN = frozenset({"sent", "signed"})  # somebody has still to do it
EXTENSIONS = ("asked", "granted", "refused")
SATISFIED = ("yes", "partly", "no")
PICTURES = ("image/jpeg", "image/png", "image/webp")  # photographs
FILES = (*PICTURES, "application/pdf")
MOST_FILES = 12
MOST_JOINT = 8
LARGEST = 16 * 1024 * 1024  # bytes of one file


@dataclass(frozen=True, slots=True)
class File:
    """What a department shows of its work; the desk that made the order keeps it."""

    id: str
    name: str
    type: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Extension:
    until: datetime
    reason: str
    at: datetime
    by: str
    state: str = "asked"  # asked | granted | refused
    words: str = ""  # of whoever decided
    decided_at: datetime | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a joint department does of the order."""

    department: str
    state: str = "sent"  # as of an order
    words: str = ""
    files: tuple[File, ...] = ()
    at: datetime | None = None  # of the last that it said
    by: str = ""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    id: str
    desk: str  # that made it
    department: str  # that leads
    joint: tuple[str, ...]
    due: datetime
    sign_by: datetime
    at: datetime
    by: str
    since: datetime  # its time runs: it was made, or opened again
    task: str = ""  # what the desk says of it
    state: str = "sent"
    signed_at: datetime | None = None
    signed_by: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    result: str = ""  # a word of RESULTS
    words: str = ""  # what was done, or why it was returned
    files: tuple[File, ...] = ()
    extension: Extension | None = None  # the last one
    reopened: int = 0
    why_reopened: str = ""
    parts: tuple[Part, ...] = ()  # of the joint departments, in the order of `joint`

    @property
    def departments(self) -> tuple[str, ...]:
        return (self.department, *self.joint)


@dataclass(frozen=True, slots=True)
class CallBack:
    """The caller was asked what he thinks of it (回访)."""

    desk: str
    reached: bool
    satisfied: str  # yes | partly | no; "": not said
    words: str
    at: datetime
    by: str


DEPARTMENT: Schema = {**DESK, "description": "a department of [departments] in hotline.toml"}


def file_of(*types: str) -> Schema:
    """One of these types; the desk that has it keeps it."""
    return obj(
        {
            "id": ID,
            "name": line(120),
            "type": one_of(*types),
            "bytes": integer(1, LARGEST),
            "sha256": string(r"[0-9a-f]{64}", 64),
        }
    )


FILE = file_of(*FILES)
_FILES: Schema = {**array(FILE), "maxItems": MOST_FILES}
_JOINT: Schema = {**array(DEPARTMENT), "maxItems": MOST_JOINT}

KINDS: Mapping[str, Schema] = {
    "ordered": obj(
        {"order": ID, "department": DEPARTMENT, "due": TIME, "sign_by": TIME}, {"words": written(8000), "joint": _JOINT}
    ),
    "order_signed": obj({"order": ID}),
    "order_returned": obj({"order": ID, "reason": said()}),
    "order_extension": obj({"order": ID, "until": TIME, "reason": said()}),
    "order_extended": obj({"order": ID, "granted": BOOLEAN}, {"words": written(2000)}),
    "order_done": obj({"order": ID, "result": one_of(*RESULTS), "words": said(8000)}, {"files": _FILES}),
    "order_reopened": obj({"order": ID, "reason": said(), "due": TIME}, {"sign_by": TIME}),
    "called_back": obj({"reached": BOOLEAN}, {"satisfied": one_of(*SATISFIED), "words": written(8000)}),
}
FACTS = frozenset({"called_back"})
ACTS = frozenset({kind for kind in KINDS if kind.startswith("order_")})
"""What is done to an order that exists: taken whatever became of its case meanwhile (closed, merged)."""

REASONS: Mapping[str, str] = {
    "case_orders_open": "a work order of this desk is not done yet: close or withdraw it first",
    "order_open_already": "this department has an open work order in this case already",
    "order_known": "this work order has been made already",
    "order_unknown": "this desk has made no such work order in this case",
    "order_not_open": "this work order is done or was returned already",
    "order_signed_already": "this work order was signed for already",
    "order_other_department": "this work order is another department's",
    "order_lead_only": "only the department that leads may do this; a joint one reports or returns its part",
    "order_no_extension": "no extension of this work order waits for a decision",
    "order_not_done": "only a work order that is done or was returned is opened again",
    "order_not_later": "the new time limit is not later than the one in force",
}


@dataclass(frozen=True, slots=True)
class Lights:
    """An order's light changes when so many percent of its time have passed; a desk's own matter."""

    yellow: int = 80
    red: int = 95


USUAL = Lights()
MOMENTS = ("unsigned", "yellow", "red", "overdue")


def moments(
    since: datetime, sign_by: datetime, due: datetime, *, signed: bool, lights: Lights = USUAL
) -> dict[str, datetime]:
    """When what happens to an order that nobody touches."""
    whole = max(due - since, timedelta())
    found = {"yellow": since + lights.yellow / 100 * whole, "red": since + lights.red / 100 * whole, "overdue": due}
    return found if signed else {"unsigned": sign_by, **found}


def light(since: datetime, due: datetime, now: datetime, lights: Lights = USUAL) -> str:
    """green | yellow | red | overdue: of an order that is not done."""
    passed = [name for name, at in moments(since, due, due, signed=True, lights=lights).items() if at <= now]
    return passed[-1] if passed else "green"


def open_orders(orders: Iterable[WorkOrder], desk: str) -> tuple[WorkOrder, ...]:
    """Those of this desk that somebody has still to do."""
    return tuple(order for order in orders if order.desk == desk and order.state in OPEN)


def acting(by: str) -> str:
    """The department that this person acts for; "" for one of the desk."""
    department, stroke, _ = by.partition("/")
    return department if stroke else ""

"""What one desk tells another, decided without a socket, a clock or a database: the store and the sender obey it.

Each desk sends its own events of a case, in messages whose events follow one another without a gap. A message keeps its
id at every try; an event is known by case, origin and number. So whatever is lost, doubled, late or out of order, both
desks end with the same set of events, and nothing counts twice. What differs from what is known under the same name was
altered, and is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ivr.desks.case_model import Case, Event
from ivr.errors import HotlineError

MOST_EVENTS = 100  # in one message
MOST_BYTES = 256 * 1024  # of the events in one message; a single event may be larger
MOST_WAITING = 20  # messages of one case that came before the ones that belong before them
MOST_BYTES_WAITING = 2 * 1024 * 1024  # of these: all are read again when the next one comes
FIRST_PAUSE = 1.0  # seconds after the first try that failed; doubled each time
PARTNER_PAUSE = 30.0  # seconds at most until a partner that does not answer at all is asked again
CASE_PAUSE = 3600.0  # seconds at most until a message that its desk cannot take now is sent again


class AlteredError(HotlineError):
    """The same name and other contents: nothing of the message is taken."""

    def __init__(self, what: str, name: str) -> None:
        message = f"the {what} {name} is known with other contents: it was altered, and nothing of it is taken"
        super().__init__("exchange_altered", message, {"what": what, "name": name}, 409)


class NotYetError(HotlineError):
    """Nothing of the message is taken now; it may be sent again later. `details["why"]`: no_part | too_many."""

    def __init__(self, case: str, desk: str, why: str) -> None:
        said = {
            "no_part": f"{desk} has no part in it here: it was neither opened by {desk} nor offered to it",
            "too_many": f"{MOST_WAITING} messages of {desk} wait for those before them: send these first",
        }[why]
        super().__init__(NOT_YET, f"case {case}: {said}", {"case": case, "desk": desk, "why": why}, 409)


@dataclass(frozen=True, slots=True)
class Message:
    """Some of the sender's own events of one case, one after another."""

    id: str  # UUID; the same at every try
    sender: str
    to: str
    case: str
    made_at: datetime
    events: tuple[Event, ...]
    decide_seconds: int | None = None  # the sender's limit, within which desks agree; None: not told

    @property
    def first(self) -> int:
        return self.events[0].seq

    @property
    def last(self) -> int:
        return self.events[-1].seq


def told(event: Event) -> dict[str, Any]:
    """An event as JSON, without its case: the message names that."""
    return {
        "origin": event.origin,
        "seq": event.seq,
        "clock": event.clock,
        "at": instant(event.at),
        "by": event.by,
        "kind": event.kind,
        "data": _plain(event.data),
    }


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: `2026-11-22T08:00:00.123456Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def seal(event: Event) -> str:
    """SHA-256 of all that an event says: equal events have equal seals at both desks."""
    text = json.dumps([event.case, told(event)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


# --- outbox ----------------------------------------------------------------------------------------------------------


def partners(case: Case, own: str, known: Iterable[str]) -> tuple[str, ...]:
    """Who gets our events of the case: each desk with a part in it that we have an exchange with."""
    return tuple(sorted(case.desks & set(known) - {own}))


def has_part(case: Case, desk: str) -> bool:
    """May this desk say something of a case that was opened? An offer to it counts even where it came to nothing."""
    offers = (entry.event.data for entry in case.history if entry.event.kind == "offered")
    return desk in case.desks or any(data.get("to") == desk for data in offers)


def packed(
    events: Iterable[Event], sent: int, sender: str, to: str, *, now: datetime, new_id: Callable[[], str]
) -> tuple[Message, ...]:
    """Messages of the sender's own events after number `sent`, in their order; none where there are none."""
    own = sorted((one for one in events if one.origin == sender and one.seq > sent), key=lambda one: one.seq)
    return tuple(Message(new_id(), sender, to, part[0].case, now, tuple(part)) for part in _parts(own))


def _parts(events: Sequence[Event]) -> Iterator[list[Event]]:
    part: list[Event] = []
    size = 0
    for event in events:
        weight = len(json.dumps(told(event), ensure_ascii=False).encode())
        if part and (len(part) == MOST_EVENTS or size + weight > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(event)
        size += weight
    if part:
        yield part


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message after one try."""

    state: str  # delivered | pending | refused
    waits: str = ""  # whom the next try waits for: partner (all of its messages wait) | case (the case's alone)
    alarm: bool = False  # a person has to look
    seconds: float = 0.0  # that the other desk asks us to wait


DELIVERED = Fate("delivered")
SILENT = Fate("pending", "partner")
_BY_STATUS: Mapping[int, Fate] = {
    401: Fate("pending", "partner", alarm=True),  # keys or clocks: all that we send would be refused
    403: Fate("pending", "partner", alarm=True),
    404: Fate("pending", "partner", alarm=True),  # no such door there
    408: SILENT,
    425: SILENT,
    429: SILENT,
    502: SILENT,
    503: SILENT,
    504: SILENT,
}
_ASK_LATER = frozenset({429, 503})
REPLAYED = "exchange_replayed"  # a try that was sent twice on the way: the next try carries a signature of its own
NOT_YET = "exchange_not_yet"  # what lets the other desk take it may still be on its way there


def fate(status: int | None, error: str = "", after: float = 0.0) -> Fate:
    """By the HTTP status of the answer (None: there was none), the id of its error, and the pause that it asks for."""
    if status is None:
        return SILENT
    if status in _ASK_LATER and after > 0:
        return replace(SILENT, seconds=min(after, PARTNER_PAUSE))
    if 200 <= status < 300:
        return DELIVERED
    if error in {REPLAYED, NOT_YET}:
        return Fate("pending", "case")
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Fate("pending", "case") if status >= 500 else Fate("refused", alarm=True)


def pause(waits: str, tries: int) -> float:
    """Seconds until the next try, after so many (1, 2, …) that failed one after another."""
    longest = PARTNER_PAUSE if waits == "partner" else CASE_PAUSE
    return min(FIRST_PAUSE * 2.0 ** min(tries - 1, 20), longest)


# --- inbox -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What the receiving desk holds that bears on one message."""

    have: int = 0  # the sender's events of this case are here from 1 to this one
    seals: Mapping[int, str] = field(default_factory=dict)  # number → seal, of those here and of those that wait
    waiting: tuple[Event, ...] = ()  # events that came before the ones that belong before them
    digest: str | None = None  # of the message that came under this id
    early: int = 0  # messages that wait


@dataclass(frozen=True, slots=True)
class Received:
    state: str  # taken | waiting (for what comes before it) | known
    have: int  # afterwards
    take: tuple[Event, ...] = ()  # to be added to the case now, in this order

    def answer(self, message: str) -> dict[str, Any]:
        """What the sender hears."""
        return {"message": message, "state": self.state, "have": self.have}


def receive(message: Message, digest: str, known: Known) -> Received:
    """What becomes of a message that is signed by its sender. `digest`: of its contents.

    Raises AlteredError.
    """
    if known.digest is not None and known.digest != digest:
        raise AlteredError("message", message.id)
    for event in message.events:
        if known.seals.get(event.seq, seal(event)) != seal(event):
            raise AlteredError("event", f"{event.origin}/{event.seq}")
    open_ones = {event.seq: event for event in (*known.waiting, *message.events)}
    take: list[Event] = []
    while (following := open_ones.get(known.have + len(take) + 1)) is not None:
        take.append(following)
    have = known.have + len(take)
    if known.digest is not None or message.last <= known.have:
        return Received("known" if message.last <= have else "waiting", have, tuple(take))
    return Received("taken" if message.last <= have else "waiting", have, tuple(take))

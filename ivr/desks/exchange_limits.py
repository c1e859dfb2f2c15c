"""What another desk may say, and how much: one that is broken, or not itself, harms none but its own cases. Pure."""

from __future__ import annotations

import json

from ivr.desks.case_model import Case
from ivr.desks.exchange import MOST_EVENTS, MOST_WAITING, Known, Message, NotYetError, Received, has_part, told
from ivr.desks.exchange_wire import BadMessageError
from ivr.errors import HotlineError

MOST_OF_CASE = 2000  # events of one desk in one case
ENDING = 500  # more of them that decide something, once a case is full
MOST_BYTES_OF_CASE = 16 * 1024 * 1024  # of one desk's events in one case
MOST_SAID = (
    2_000_000  # characters of one's own: what goes beyond MOST_BYTES_OF_CASE no partner takes, decisions neither
)
FEW = MOST_SAID // 10_000  # events that hold less than that; a longer one is none that comes without end
AHEAD = 1000  # that an event's clock may be greater than what we can explain: events of third desks


class FullError(HotlineError):
    """Nothing of the message is taken, now or later: a person has to look."""

    def __init__(self, case: str, desk: str) -> None:
        most = MOST_OF_CASE + ENDING
        message = f"case {case} holds {most} events of {desk}, or {MOST_BYTES_OF_CASE} bytes: no more are taken"
        super().__init__("exchange_full", message, {"case": case, "desk": desk, "most": most}, 409)


def admit(message: Message, case: Case, found: Received, known: Known) -> None:
    """A desk that shares one case with us has no say in the others. Raises NotYetError, BadMessageError."""
    if case.opened_at is not None:
        if not has_part(case, message.sender):
            raise NotYetError(message.case, message.sender, "no_part")
        if case.first != message.sender and any(event.kind == "opened" for event in found.take):
            raise BadMessageError("hotline.events", f"no opening of a case that {case.first} has opened")
    if found.state == "waiting" and known.digest is None and known.early >= MOST_WAITING:
        raise NotYetError(message.case, message.sender, "too_many")


def is_full(case: Case, own: str, more: int = 1) -> bool:
    """Whether we may say no more that decides nothing, in so many events."""
    ours = [entry.event.data for entry in case.history if entry.event.origin == own]
    if len(ours) + more <= FEW:
        return False
    return (
        len(ours) + more > MOST_OF_CASE
        or sum(len(json.dumps(dict(one), ensure_ascii=False)) for one in ours) > MOST_SAID
    )


def limit(message: Message, case: Case, have: int) -> None:
    """`case` as it is here, with its sender's events up to number `have`. Raises FullError, BadMessageError."""
    if message.last <= have:
        return  # known
    if message.last > MOST_OF_CASE + ENDING or _bytes(message, case) > MOST_BYTES_OF_CASE:
        raise FullError(message.case, message.sender)
    greatest = greatest_clock(message, case, have)
    if message.events[-1].clock > greatest:
        raise BadMessageError(
            f"hotline.events[{len(message.events) - 1}].clock",
            f"{greatest} at most: one more than the greatest that {message.sender} can know of this case",
        )


def greatest_clock(message: Message, case: Case, have: int) -> int:
    """Of the message's last event: a clock counts one for each event that its desk knew, and these are its own, ours,
    and those of third desks. So none can push ours to the end of the numbers.
    """
    return case.clock + message.last - have + AHEAD


def _bytes(message: Message, case: Case) -> int:
    theirs = [entry.event for entry in case.history if entry.event.origin == message.sender]
    if len(theirs) <= MOST_EVENTS:
        return 0  # a message holds 1 MB at most, and there were so few
    return sum(len(json.dumps(told(event))) for event in (*theirs, *message.events))

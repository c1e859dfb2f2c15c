"""Telephone numbers as people may see them in lists: `138****8000` (R60). Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from ivr.calls.model import Call, Leg
from ivr.calls.redaction import is_pseudonym, without_number

SHORTEST = 7  # characters; a shorter number is a service's or an operator's own
HIDDEN = "****"  # however many there were
_TELEPHONE = re.compile(r"\+?[0-9]{7,}")


def mask(number: str) -> str:
    """At most three characters of the beginning and four of the end; four at least are hidden. Done twice: as once."""
    if len(number) < SHORTEST or is_pseudonym(number) or not re.search("[0-9]", number):
        return number
    room = len(number) - len(HIDDEN)
    head = min(3, room // 2)
    return number[:head] + HIDDEN + number[len(number) - min(4, room - head) :]


def masked(call: Call) -> Call:
    """The call with its telephone numbers masked: the caller's wherever it stands, and those of other parties."""
    told = without_number(call, mask(call.caller))
    return replace(told, legs=tuple(map(_leg, told.legs)))


def _leg(leg: Leg) -> Leg:
    return replace(leg, party=_where_telephone(leg.party), number=_where_telephone(leg.number))


def _where_telephone(text: str) -> str:
    return mask(text) if _TELEPHONE.fullmatch(text) else text

"""A call without what names a person: the caller's number, the voices. Pure.

What stays tells when, how long, who of the house took part and how it went: statistics need no more (R50, R65).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import replace

from ivr.calls.model import Call, Leg, Step

ERASED = "~"  # opens every pseudonym; alone it stands for a number of which nothing is known any more
_SHORTEST = 5  # digits; a shorter number is a service's, and may stand in any text


def pseudonym(number: str, key: bytes) -> str:
    """The same for the same number as long as the key lives; without the key nobody can find the number by trying."""
    return ERASED + hmac.digest(key, number.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]


def is_pseudonym(number: str) -> bool:
    return number.startswith(ERASED)


def without_number(call: Call, other: str) -> Call:
    """The call with `other` wherever the caller's number stood. A withheld number stays withheld."""
    numbers = {call.caller, *(text for leg in call.legs if leg.role == "caller" for text in (leg.party, leg.number))}
    told = sorted((number for number in numbers if len(number) >= _SHORTEST), key=len, reverse=True)
    anywhere = re.compile("|".join(rf"(?<!\d){re.escape(number)}(?!\d)" for number in told)) if told else None

    def step(one: Step) -> Step:
        return replace(one, value=anywhere.sub(lambda _: other, one.value)) if anywhere else one

    def leg(one: Leg) -> Leg:
        party, number = one.party, one.number
        if one.role == "caller" or party in told:
            party = other if party else ""
        if one.role == "caller" or number in told:
            number = other if number else ""
        return replace(one, party=party, number=number)

    return replace(
        call,
        caller=other if call.caller else "",
        legs=tuple(map(leg, call.legs)),
        steps=tuple(map(step, call.steps)),
    )


def without_recordings(call: Call) -> Call:
    """The call of which no voice is kept."""
    return replace(call, legs=tuple(replace(leg, recording=None, recorded_from=None) for leg in call.legs))

"""Which case belongs to a call that another desk hands over: found by the id that the call has there, and by the
caller's number where the other desk's call tells none (a partner with another system). An id counts from the desk
alone that told of it: nobody's call becomes part of a case that another desk shares with us."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ivr.calls.live_views import LiveCall, LiveStep
from ivr.calls.model import Call, Step
from ivr.desks.case import Case
from ivr.store.case_search import Wanted
from ivr.store.cases import Cases, Known, UnknownCaseError, id_of_call

STEP = "partner_call"  # its value: the call's id at the other desk (dialplans/core/entry.conf: [from-desk])
JUST_NOW = timedelta(minutes=10)  # so lately a case was offered that is found by the number alone
_NUMBER = re.compile(r"\+?[0-9]{1,63}")
LOOKED_AT = 50  # open offers, the newest first


def their_call(steps: Iterable[Step | LiveStep]) -> str:
    """The call's id at the desk that hands it over; "" where it tells none."""
    return next((step.value for step in steps if step.step == STEP), "")


def offered(case: Case, own: str) -> bool:
    """Whether a call is on its way to us with it, or just came."""
    offer = case.offer_to(own)
    return offer is not None and (offer.state, offer.way) == ("sent", "voice")


def belongs(case: Case, own: str, call: LiveCall | Call, partner: str | None, theirs: str = "") -> bool:
    """Whether this call is the one that the case was offered with.

    `partner`: the desk that hands the call over, where it shares cases with us; `theirs`: where the log knows it
    already.
    """
    if any((link.desk, link.call) == (own, call.id) for link in case.calls):
        return False  # it is known already
    theirs = theirs or their_call(call.steps)
    if theirs:
        return any((link.desk, link.call) == (partner, theirs) for link in case.calls)
    offer = case.offer_to(own)
    if partner is not None and offer is not None and offer.origin != partner:
        return False  # another desk offered it
    return is_number(call.caller) and call.caller == case.matter.caller


def is_number(caller: str) -> bool:
    """As a case takes it: Arabic and full-width digits are digits too, and no network dials them."""
    return _NUMBER.fullmatch(caller) is not None


async def offered_with(cases: Cases, call: LiveCall | Call, partner: str | None, theirs: str = "") -> Known | None:
    """`partner`, `theirs` as in `belongs`. Raises DatabaseDownError."""
    theirs = theirs or their_call(call.steps)
    if not theirs and not is_number(call.caller):
        return None
    wanted = Wanted(state="offered") if theirs else Wanted(state="offered", caller=call.caller)
    lately = datetime.now(UTC) - JUST_NOW
    ids = [id_of_call(theirs)] if theirs else []  # as a rule it is the one that this call opened there
    ids += [row["id"] for row in await cases.search(wanted, LOOKED_AT) if row["changed_at"] > lately]
    for id in dict.fromkeys(ids):
        try:
            known = await cases.get(id)
        except UnknownCaseError:
            continue
        if offered(known.case, cases.desk) and belongs(known.case, cases.desk, call, partner, theirs):
            return known
    return None

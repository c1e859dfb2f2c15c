"""Why an event may not be where a case stands: one sentence a reason, whichever kind of event it is."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.desks import work_order
from ivr.desks.case_model import Event
from ivr.errors import HotlineError

REASONS: Mapping[str, str] = {
    "case_unopened": "this case has not been opened",
    "case_open_already": "this case has been opened already",
    "case_closed": "this case is closed; a new matter is a new case",
    "case_merged": "this case was merged into another one; go on there",
    "case_consulting": "it was returned twice: the desks consult first (minutes and owner), then it goes on",
    "case_not_offered": "it was not offered to this desk, or has been answered already",
    "case_not_yours": "another desk owns this case",
    "case_not_accepted": "this desk does not have this case from another one",
    "case_to_yourself": "a case is offered to another desk, not to one's own",
    "case_ping_pong": "it went there and back already: only a three-party call can take it there again",
    "case_nobody_to_ask": "no other desk takes part: offer the case or call the other desk in first",
    "case_decided": "who accepts has been decided already",
    "case_not_first": "only the desk that first received the call accepts for want of an agreement",
    "case_not_handled": "every owner gives its result first",
    "case_no_guidance": "a matter of neither desk is closed after guidance with its basis",
    "case_one_other": "name exactly one other case",
    **work_order.REASONS,
}


class Refused(HotlineError):  # noqa: N818 - it is what becomes of an event
    """A kind of event that may not be now."""

    def __init__(self, id: str, event: Event) -> None:
        super().__init__(id, REASONS[id], {"case": event.case, "kind": event.kind}, 409)


REFUSALS = frozenset(REASONS)

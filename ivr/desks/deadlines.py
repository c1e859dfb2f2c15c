"""Until when the desks have to agree, where another desk received the matter first and its limit runs (R26).

A limit is a length, and lengths pass between desks, not moments: their clocks may be five minutes apart. A message
tells its sender's limit and when it was made, each try's signature when it was sent, both by the sender's clock; how
long it has waited is the difference. What is left is counted from its arrival by our own clock.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from ivr.desks.case_model import Case
from ivr.desks.exchange import Message

BEGINS = frozenset({"offered", "proposed"})  # kinds of events by which desks begin to negotiate
LONGEST = timedelta(days=1)  # a limit is not longer (`exchange_wire`): what waited so long is over it
REMEMBERED = 1000  # negotiations; what is older has ended


class Deadlines:
    """In memory: after a restart a limit is known with its desk's next message."""

    def __init__(self) -> None:
        self._limits: dict[str, timedelta] = {}  # by desk
        self._waited: OrderedDict[tuple[str, str, int], timedelta] = OrderedDict()  # by case and event: on its way

    def learn(self, message: Message, sent: datetime) -> None:
        """`sent`: when this try was signed. A message that comes again changes nothing."""
        if message.decide_seconds is not None:
            self._limits[message.sender] = timedelta(seconds=message.decide_seconds)
        for event in message.events:
            if event.kind in BEGINS:
                waited = min(max(timedelta(0), sent - message.made_at), LONGEST)
                self._waited.setdefault((message.case, event.origin, event.seq), waited)
        while len(self._waited) > REMEMBERED:
            self._waited.popitem(last=False)

    def ends_at(self, case: Case, since: datetime) -> datetime | None:
        """By our own clock, as `since`; None where the first desk has not told its limit."""
        limit = self._limits.get(case.first)
        if limit is None or case.negotiation is None:
            return None
        began = case.negotiation.began
        return since + limit - self._waited.get((case.id, began.origin, began.seq), timedelta(0))

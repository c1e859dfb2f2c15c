"""What is due to be erased of a call, by the site's settings and the day (R52, R65). Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ivr.calls.redaction import is_pseudonym
from ivr.settings import Retention
from ivr.store.erasure import CALL, JOURNAL, PERSONAL, RECORDINGS

HANDED_OVER = "handed over"  # what a partner took part in; its number may have to stay longer


@dataclass(frozen=True, slots=True)
class Old:
    """A call that entered long ago, as far as it matters here."""

    id: str
    entered_at: datetime
    caller: str
    recorded: bool
    handed_over: bool
    held: bool
    redacted: bool  # its number has been erased before


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time so many months ago; the month's last day where it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def limits(kept: Retention, now: datetime) -> dict[str, datetime]:
    """Kind → what entered before it is due."""
    return {
        RECORDINGS: months_before(now, kept.recordings),
        PERSONAL: months_before(now, kept.personal),
        HANDED_OVER: months_before(now, max(kept.handovers, kept.personal)),
        CALL: months_before(now, kept.call_log),
        JOURNAL: months_before(now, kept.journal),
    }


def due(call: Old, before: Mapping[str, datetime]) -> tuple[str, ...]:
    """The kinds in the order in which they are erased; nothing of a call that is held.

    What is there decides, not what was once erased: a number that came back with an old backup goes again.
    """
    shown = not call.redacted or (call.caller != "" and not is_pseudonym(call.caller))
    gone = call.entered_at < before[CALL]
    last = before[HANDED_OVER if call.handed_over else PERSONAL]
    wanted = {
        RECORDINGS: call.recorded and (gone or call.entered_at < before[RECORDINGS]),
        PERSONAL: shown and not gone and call.entered_at < last,
        CALL: gone,
    }
    return tuple(kind for kind, is_due in wanted.items() if is_due and not call.held)

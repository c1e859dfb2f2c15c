"""A machine's clock may be set back (NTP, a person) while calls run; the journal's order still tells what came first.

Rows come as the journal has them, so one that is older than its forerunner shows how far the clock was set back. Within
a call that lived through it, later rows are moved forward by as much: its story keeps its order. A call that began
afterwards is told in the new time. How long nothing was written when the clock was set back cannot be known: it counts
as `PAUSE`, and a step that is shorter than that pause is not seen.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

UNMOVED = timedelta()
PAUSE = timedelta(milliseconds=30)  # a frame of RTP, which can be a talk, and less than what parts two talks
DISORDER = timedelta(
    milliseconds=300
)  # rows that are out of order by less are; a smaller step of the clock hides in it


class SteadyClock:
    """How far the clock has been set back since the first row that was read."""

    def __init__(self) -> None:
        self.newest = datetime(1970, 1, 1, tzinfo=UTC)  # the journal's own clock: it never goes back
        self._moved = UNMOVED

    def moved(self, at: datetime) -> timedelta:
        """Told each row's time, in the journal's order: by how much it must be moved forward to stand in that order."""
        steady = at + self._moved
        if steady < self.newest - DISORDER:
            self._moved += self.newest + PAUSE - steady
            steady = self.newest + PAUSE
        self.newest = max(self.newest, steady)
        return self._moved

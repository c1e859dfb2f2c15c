"""Who may come in by the exchange's door, and what was refused there of late."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ivr.desks.signatures import public_key
from ivr.errors import HotlineError
from ivr.settings import Site

NOTED_EVERY = 60.0  # seconds: of the same refusal from the same place one row of the audit log
REMEMBERED = 1000  # places
A_SECOND, AT_ONCE = 50.0, 200.0  # messages of one partner: one that was away for a day catches up in minutes


@dataclass(slots=True)
class Refusal:
    """What was refused at the door, from one place."""

    id: str
    remote: str
    at: datetime
    times: int = 1
    noted: float = field(default=0.0, repr=False)


class BusyError(HotlineError):
    def __init__(self, seconds: float) -> None:
        whole = max(1, math.ceil(seconds))
        super().__init__("exchange_busy", f"too many messages: go on in {whole} s", {"retry_after": whole}, 429)


@dataclass(slots=True)
class Bucket:
    """Lets `rate` through a second, and at most `burst` at once."""

    rate: float
    burst: float
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> float:
        """0.0: one may pass; else the seconds until one may."""
        self.left = min(self.burst, self.left + max(0.0, now - self.at) * self.rate)
        self.at = now
        if self.left < 1.0:
            return (1.0 - self.left) / self.rate
        self.left -= 1.0
        return 0.0


class Door:
    """Whose messages come in, how many, and what was refused of late."""

    def __init__(self, site: Site) -> None:
        partners = site.exchange.values()
        self._buckets = {one.desk: Bucket(A_SECOND, AT_ONCE) for one in partners}
        self.keys = {one.desk: [public_key(key) for key in (one.key, one.next_key) if key] for one in partners}
        self.refusals: dict[tuple[str, str], Refusal] = {}

    def let_in(self, desk: str) -> None:
        """One message of a partner whose signature was good. Raises BusyError."""
        if wait := self._buckets[desk].take(time.monotonic()):
            raise BusyError(wait)

    def refused(self, id: str, remote: str) -> tuple[Refusal, bool]:
        """Count it; is it to be noted?"""
        known = self.refusals.pop((id, remote), None)
        now = datetime.now(UTC)
        one = Refusal(id, remote, now, known.times + 1, known.noted) if known else Refusal(id, remote, now)
        self.refusals[id, remote] = one
        while len(self.refusals) > REMEMBERED:
            self.refusals.pop(next(iter(self.refusals)))
        fresh = known is None or time.monotonic() - known.noted > NOTED_EVERY
        if fresh:
            one.noted = time.monotonic()
        return one, fresh

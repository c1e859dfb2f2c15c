"""Who may come in by the exchange's door, and what was refused there of late."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ivr.desks.signatures import public_key
from ivr.settings import Site

NOTED_EVERY = 60.0  # seconds: of the same refusal from the same place one row of the audit log
REMEMBERED = 1000  # places


@dataclass(slots=True)
class Refusal:
    """What was refused at the door, from one place."""

    id: str
    remote: str
    at: datetime
    times: int = 1
    noted: float = field(default=0.0, repr=False)


class Door:
    """Whose messages come in, and what was refused of late."""

    def __init__(self, site: Site) -> None:
        partners = site.exchange.values()
        self.keys = {one.desk: [public_key(key) for key in (one.key, one.next_key) if key] for one in partners}
        self.refusals: dict[tuple[str, str], Refusal] = {}

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

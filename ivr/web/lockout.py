"""Who guesses passwords is locked out for a while: by account and by address. Pure but for its clock.

No stranger can lock a person out for good. A lock ends by itself; trying on does not lengthen it; and from the address
where the account was last at home it has a count of its own, which what others do elsewhere does not touch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ivr.errors import HotlineError
from ivr.settings.model import Accounts

A_WHOLE_ROOM = 4  # as many wrong passwords as an account may have, times this: an address stands for many people
MOST_KEPT = 10_000

Key = tuple[str, str, str]


class LockedError(HotlineError):
    def __init__(self, seconds: float) -> None:
        minutes = max(1, round(seconds / 60 + 0.5))
        message = f"too many wrong passwords: try again in {minutes} min, or ask an administrator"
        super().__init__("locked", message, {"minutes": minutes, "seconds": round(seconds)}, 429)


@dataclass(slots=True)
class _Count:
    wrong: int
    over: float  # when it is forgotten


class Locks:
    """`begin` each attempt, `forgive` it where it was right; what is not forgiven was wrong."""

    def __init__(self, rules: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules, self._clock = rules, clock
        self._counts: dict[Key, _Count] = {}

    def _keys(self, user: str, address: str, at_home: bool) -> dict[Key, int]:
        """What an attempt counts for, and how many may be wrong."""
        if at_home:
            return {("home", user, address): self._rules.lock_after}
        return {
            ("account", user, ""): self._rules.lock_after,
            ("address", "", address): self._rules.lock_after * A_WHOLE_ROOM,
        }

    def begin(self, user: str, address: str, at_home: bool) -> None:
        """Counts before the answer is known: a hundred attempts at a time are a hundred. Raises LockedError."""
        now = self._clock()
        keys = self._keys(user, address, at_home)
        for key, most in keys.items():
            count = self._counts.get(key)
            if count is not None and count.over > now and count.wrong >= most:
                raise LockedError(count.over - now)
        if len(self._counts) > MOST_KEPT:
            self._counts = {key: count for key, count in self._counts.items() if count.over > now}
        for key in keys:
            count = self._counts.get(key)
            if count is None or count.over <= now:
                count = self._counts[key] = _Count(0, now)
            count.wrong, count.over = count.wrong + 1, now + self._rules.lock_minutes * 60

    def forgive(self, user: str, address: str, at_home: bool, all: bool = False) -> None:
        """It was right; `all`: the ones before it too, for this account."""
        for key in self._keys(user, address, at_home):
            if key not in self._counts:
                continue
            if all and key[0] != "address":
                del self._counts[key]
            else:
                self._counts[key].wrong -= 1

    def locks(self, user: str, address: str, at_home: bool) -> list[str]:
        """Which of `account`, `home` and `address` this attempt, which was wrong, has locked: told once."""
        keys = self._keys(user, address, at_home)
        return [key[0] for key, most in keys.items() if key in self._counts and self._counts[key].wrong == most]

    def left(self, user: str) -> float:
        """Seconds until the last lock of this account ends, wherever it was locked; 0 where none is."""
        now, most = self._clock(), self._rules.lock_after
        of_it = (count for key, count in self._counts.items() if key[1] == user and count.wrong >= most)
        return max((count.over - now for count in of_it), default=0.0)

    def unlock(self, user: str) -> None:
        self._counts = {key: count for key, count in self._counts.items() if key[1] != user}

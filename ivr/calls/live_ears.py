"""Who is heard at this moment: legs that speak, that were muted, that hold the line. By id; a leg's end ends it all.

Apart from the live state: speech begins and ends many times a minute, and only the desks of that very call show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Ears:
    speaking: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    def put(self, what: str, leg: str, on: bool) -> Ears:
        """`what` is a field's name."""
        legs: frozenset[str] = getattr(self, what)
        if not leg or (leg in legs) is on:
            return self
        return replace(self, **{what: legs | {leg} if on else legs - {leg}})

    def without(self, leg: str) -> Ears:
        return Ears(self.speaking - {leg}, self.muted - {leg}, self.held - {leg})

    def of(self, legs: Iterable[str]) -> Ears:
        """Of these legs alone: equal as long as nothing changes among them."""
        if self == SILENCE:
            return SILENCE
        own = frozenset(legs)
        return Ears(self.speaking & own, self.muted & own, self.held & own)


SILENCE = Ears()

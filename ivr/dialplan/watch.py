"""Do calls fail more often since a version came into force? A pure rule over counts from the call log."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

LEAST = 3  # calls that failed: of fewer nothing can be said
UNLIKELY = 0.001  # chance that as many or more fail by accident, at the share of the hours before
USUAL = {"lost": 0.05, "hook": 0.01}  # the share that is believed where the hours before had fewer


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls that came in during a time and have been answered or have ended."""

    calls: int
    lost: int  # ended without a human
    hook: int  # a hook of the site's failed, or did not come to its end


def verdict(before: Tally, after: Tally) -> str | None:
    """Why a version should be taken back; None while there is no reason."""
    for kind, words in (("lost", "ended without a human"), ("hook", "had a hook that failed")):
        failed, usual = getattr(after, kind), max(_share(before, kind), USUAL[kind])
        if failed >= LEAST and by_accident(after.calls, failed, usual) < UNLIKELY:
            return f"{failed} of {after.calls} calls {words}; before it were {getattr(before, kind)} of {before.calls}"
    return None


def _share(tally: Tally, kind: str) -> float:
    failed: int = getattr(tally, kind)
    return failed / tally.calls if tally.calls else 0.0


def by_accident(calls: int, failed: int, share: float) -> float:
    """The chance of `failed` or more among `calls` where each fails with the chance `share`."""
    calls, failed = max(calls, failed), min(failed, calls)
    return 1.0 - sum(comb(calls, k) * share**k * (1.0 - share) ** (calls - k) for k in range(failed))

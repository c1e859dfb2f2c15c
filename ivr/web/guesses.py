"""Somebody guesses tokens (R63): many wrong ones within a minute are one alarm, whoever they come from.

Nobody is locked out: a token has 192 bits or more, so guessing is hopeless, while a lock would shut operators out who
share an address with the guesser.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

import structlog

WRONG_TOKENS = 20  # within WINDOW
WINDOW = 60.0  # seconds
ADDRESSES_TOLD = 5

log = structlog.get_logger(__name__)


class Guesses:
    """`note` is told of each wrong token; at most one alarm a window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: deque[tuple[float, str]] = deque(maxlen=10_000)
        self._silent_until = float("-inf")

    def note(self, remote: str | None) -> None:
        now = self._clock()
        self._recent.append((now, remote or "?"))
        while now - self._recent[0][0] > WINDOW:
            self._recent.popleft()
        if len(self._recent) < WRONG_TOKENS or now < self._silent_until:
            return
        self._silent_until = now + WINDOW
        often = Counter(address for _, address in self._recent).most_common(ADDRESSES_TOLD)
        log.error("web.guessing", alarm=True, wrong=len(self._recent), seconds=WINDOW, addresses=dict(often))

"""Does the machine keep up? A thread that wants to wake twenty times a second, and notes when it could not.

What a phone sends or sees while nobody is let run comes late, or not at all: that is no fault of the log.
"""

from __future__ import annotations

import threading
import time

from tests.soak.spans import Span

BEAT = 0.05  # seconds
LATE = 0.2  # seconds that a beat may be late; ten frames, more than a jitter buffer holds


class Pulse:
    def __init__(self) -> None:
        self.stalls: list[Span] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        wanted = time.time() + BEAT
        while not self._stop.wait(BEAT):
            now = time.time()
            if now - wanted > LATE:
                self.stalls.append((wanted, now))
            wanted = now + BEAT

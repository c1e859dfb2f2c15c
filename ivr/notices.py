"""What the controller does for notices: Asterisk's copy is made equal to `notices.json` when that changes, and whenever
another Asterisk runs. `ivr notice` tells a running Asterisk by itself; the dialplan needs neither.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import structlog

from ivr.errors import HotlineError
from ivr.pbx import notices
from ivr.pbx.link import Link

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Notices:
    """`await keep_published()`: for ever; what fails now is tried again."""

    def __init__(self, link: Link, var: Path) -> None:
        self._link, self._var = link, var

    async def keep_published(self) -> None:
        done: tuple[str, float] | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._link.state != "up":
                continue
            now = (self._link.mark, self._changed())
            if now == done:
                continue
            try:
                await notices.publish(self._link, await asyncio.to_thread(notices.read, self._var), time.time())
                done = now
            except HotlineError as failure:
                log.warning("notices.not_published", why=failure.message)

    def _changed(self) -> float:
        try:
            return (self._var / "notices.json").stat().st_mtime
        except OSError:
            return 0.0

"""What the controller does for screening (R53): Asterisk's copy of the blocks is kept equal to the table, and numbers
that call very often are flagged for review. The dialplan needs neither to screen.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from ivr.errors import HotlineError
from ivr.pbx import blocks as copy
from ivr.pbx.link import Link
from ivr.store.blocks import Blocks
from ivr.store.reviews import Reviews

PUBLISH_SECONDS = 1.0  # between two looks at the table: another process may have changed it
REVIEW_SECONDS = 15.0

log = structlog.get_logger(__name__)


class Screening:
    """`await keep_published()`, `await keep_reviewing()`: for ever; what fails now is tried again."""

    def __init__(self, link: Link, blocks: Blocks, reviews: Reviews) -> None:
        self._link, self._blocks, self._reviews = link, blocks, reviews

    async def keep_published(self) -> None:
        mark, there = "", dict[str, str]()
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            try:
                if self._link.state != "up":
                    mark = ""
                else:
                    wanted = await self._blocks.in_force(datetime.now(UTC))
                    if (now := self._link.mark) != mark:  # another Asterisk: what it has is not known
                        there, mark = await copy.published(self._link), now  # not the mark of one that comes meanwhile
                    there = await copy.publish(self._link, wanted, there)
            except HotlineError as failure:
                mark = ""
                log.warning("screening.not_published", why=failure.message)

    async def keep_reviewing(self) -> None:
        while True:
            await asyncio.sleep(REVIEW_SECONDS)
            try:
                for flag in await self._reviews.look(datetime.now(UTC)):
                    log.warning("screening.for_review", calls=flag.calls)  # the number stands in the table, not in logs
            except HotlineError as failure:
                log.warning("screening.not_reviewed", why=failure.message)

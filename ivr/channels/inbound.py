"""What the controller does for channels: it reads the mailboxes, and counts who waits for a first answer too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from ivr.channels.mailbox import Mailbox
from ivr.credentials import Credentials
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store.attachments import Attachments
from ivr.store.channels import Arrivals
from ivr.tasks import Keeper

LOOK = 5.0  # seconds between two looks at the clocks

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class State:
    """How it goes, for whoever shows it."""

    late: int = 0  # cases that nobody answered within the time of their channel
    oldest: datetime | None = None  # since when the first of them is late
    trouble: dict[str, tuple[datetime, str]] = field(default_factory=dict)  # mailbox → since when and why


class Inbound:
    """`await run()`: for ever."""

    def __init__(
        self,
        site: Site,
        secrets: Credentials,
        arrivals: Arrivals,
        state: State,
        *,
        files: Attachments,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._arrivals, self._state, self._now = arrivals, state, now
        mailboxes = (one for one in site.channels.values() if one.kind == "email")
        self.mailboxes = [Mailbox(one, secrets.channels.get(one.key, ""), arrivals, files) for one in mailboxes]

    async def run(self) -> None:
        keeper = Keeper()
        try:
            for box in self.mailboxes:
                keeper.keep(f"mailbox {box.channel.key}", box.run)
            while True:
                await self.look()
                await asyncio.sleep(LOOK)
        finally:
            await keeper.close()

    async def look(self) -> None:
        now, known = self._now(), self._state.trouble
        self._state.trouble = {
            box.channel.key: (known[box.channel.key][0] if box.channel.key in known else now, box.trouble)
            for box in self.mailboxes
            if box.trouble
        }
        try:
            self._state.late, self._state.oldest = await self._arrivals.unanswered(now)
        except HotlineError as failure:
            log.warning("channels.not_counted", why=failure.message)

    def counters(self) -> dict[tuple[str, str], int]:
        return {(box.channel.key, what): count for box in self.mailboxes for what, count in box.counters.items()}

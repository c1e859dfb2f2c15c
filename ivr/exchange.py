"""What the controller does for the exchange: it tells each partner what is in the outbox, and knows who is silent.

One task a partner. Of each case one message at a time, so that their order is kept; of different cases up to
`AT_ONCE`. A partner that does not answer waits for nobody else, and nobody for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog

from ivr import posting
from ivr.desks import signatures
from ivr.desks.exchange import Fate, fate
from ivr.errors import HotlineError
from ivr.settings import Partner, Site
from ivr.store.exchange import Backlog, Messages, Outgoing
from ivr.tasks import Keeper

BACKLOG_SECONDS = 5.0  # between two looks at how much waits
PATH = "/exchange/v1/messages"

log = structlog.get_logger(__name__)


class Exchange:
    """`await run()`: for ever; `backlog` and `counters` tell how it goes."""

    def __init__(
        self, site: Site, private_key: str, messages: Messages, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._site, self._messages, self._now = site, messages, now
        self._key = signatures.private_key(private_key)
        self.backlog: Mapping[str, Backlog] = {desk: Backlog(desk) for desk in site.exchange}
        self.reached: dict[str, datetime] = {}  # desk → when it last answered well
        self.trouble: dict[str, str] = {}  # desk → why it cannot be told anything now
        self.counters: Counter[tuple[str, str]] = Counter()  # (desk, what became of a try)

    async def run(self) -> None:
        keeper = Keeper()
        try:
            for desk, partner in self._site.exchange.items():
                keeper.keep(f"exchange {desk}", lambda partner=partner: self._tell(partner))  # type: ignore[misc]
            while self._site.exchange:
                try:
                    self.backlog = await self._messages.backlog(self._site.exchange)
                except HotlineError as failure:
                    log.warning("exchange.not_counted", why=failure.message)
                await asyncio.sleep(BACKLOG_SECONDS)
            await asyncio.Event().wait()  # nobody shares cases with us
        finally:
            await keeper.close()

    def pending(self) -> float:
        """Messages that wait, of all partners."""
        return float(sum(one.pending + one.refused for one in self.backlog.values()))

    def silent(self, desk: str, now: datetime) -> timedelta | None:
        """How long the partner's oldest message has waited, where that is too long."""
        oldest = self.backlog[desk].oldest
        waited = now - oldest if oldest is not None else timedelta()
        return waited if waited > timedelta(minutes=self._site.exchange[desk].silent_minutes) else None

    async def _tell(self, partner: Partner) -> None:
        async with posting.session(posting.context(self._site)) as http:
            await posting.keep_telling(lambda: self._due(partner), lambda one: self._try(http, partner, one))

    async def _due(self, partner: Partner) -> list[Outgoing]:
        try:
            return await self._messages.due(partner.desk, self._now())
        except HotlineError as failure:
            log.warning("exchange.not_read", desk=partner.desk, why=failure.message)
            return []

    async def _try(self, http: aiohttp.ClientSession, partner: Partner, message: Outgoing) -> Fate:
        url = partner.url.rstrip("/") + PATH
        headers = signatures.sign(url, message.body, self._site.hotline.desk, self._key, self._now())
        answer = await posting.post(http, url, message.body, headers)
        found = fate(answer.status, str(answer.error.get("id", "")), answer.after)
        self._note(partner.desk, message, found, answer)
        try:
            await self._messages.settled(message, found, answer.status, answer.said, self._now())
        except HotlineError as failure:  # it is sent again, and known there
            log.warning("exchange.not_settled", desk=partner.desk, message=message.id, why=failure.message)
        return found

    def _note(self, desk: str, message: Outgoing, found: Fate, answer: posting.Answer) -> None:
        self.counters[desk, found.state if found.state != "pending" else f"again_{found.waits}"] += 1
        status, why = answer.status, answer.why
        if found.state == "delivered":
            self.reached[desk] = self._now()
            self.trouble.pop(desk, None)
            return
        if found.waits == "partner":
            first = desk not in self.trouble
            self.trouble[desk] = why
            if first or found.alarm:
                log.warning("exchange.not_told", desk=desk, status=status, why=why, alarm=found.alarm)
            return
        told = log.error if found.alarm else log.warning
        told("exchange.refused" if found.alarm else "exchange.later", desk=desk, message=message.id, case=message.case,
             status=status, why=why, alarm=found.alarm)  # fmt: skip

"""What the controller does for the exchange: it tells each partner what is in the outbox, and knows who is silent.

One task a partner. Of each case one message at a time, so that their order is kept; of different cases up to
`AT_ONCE`. A partner that does not answer waits for nobody else, and nobody for it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import structlog

from ivr.desks import signatures
from ivr.desks.exchange import Fate, fate, pause
from ivr.errors import HotlineError
from ivr.settings import Partner, Site
from ivr.store.exchange import Backlog, Messages, Outgoing
from ivr.tasks import Keeper

LOOK = 0.3  # seconds between two looks into the outbox
PATIENCE = aiohttp.ClientTimeout(total=15, connect=5)
LONGEST_ANSWER = 64 * 1024  # bytes
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
        """Everything that is due, again and again."""
        failed = 0
        connector = aiohttp.TCPConnector(ssl=_context(self._site), limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE, auto_decompress=False) as session:
            while True:
                try:
                    due = await self._messages.due(partner.desk, self._now())
                except HotlineError as failure:
                    log.warning("exchange.not_read", desk=partner.desk, why=failure.message)
                    due = []
                fates = await asyncio.gather(*(self._try(session, partner, message) for message in due))
                failed = failed + 1 if any(one.waits == "partner" for one in fates) else 0
                if failed:
                    await asyncio.sleep(pause("partner", failed))
                elif not any(one.state == "delivered" for one in fates):
                    await asyncio.sleep(LOOK)

    async def _try(self, session: aiohttp.ClientSession, partner: Partner, message: Outgoing) -> Fate:
        status, answer = await self._post(session, partner, message)
        error = answer.get("error")
        error = error if isinstance(error, dict) else {}
        found = fate(status, str(error.get("id", "")))
        self._note(partner.desk, message, found, status, error)
        try:
            await self._messages.settled(message, found, status, answer, self._now())
        except HotlineError as failure:  # it is sent again, and known there
            log.warning("exchange.not_settled", desk=partner.desk, message=message.id, why=failure.message)
        return found

    async def _post(
        self, session: aiohttp.ClientSession, partner: Partner, message: Outgoing
    ) -> tuple[int | None, dict[str, Any]]:
        """The status (None: no answer) and what was answered."""
        url = partner.url.rstrip("/") + PATH
        headers = signatures.sign(url, message.body, self._site.hotline.desk, self._key, self._now())
        began = time.monotonic()
        try:
            async with session.post(url, data=message.body, headers=headers, allow_redirects=False) as response:
                raw = await response.content.read(LONGEST_ANSWER)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError) as failure:
            why = str(failure) or f"no answer within {time.monotonic() - began:.0f} s"
            return None, {"error": {"id": "no_answer", "message": why}}
        try:
            answer = orjson.loads(raw)
        except orjson.JSONDecodeError:
            answer = {}
        return status, answer if isinstance(answer, dict) else {}

    def _note(self, desk: str, message: Outgoing, found: Fate, status: int | None, error: Mapping[str, Any]) -> None:
        self.counters[desk, found.state if found.state != "pending" else f"again_{found.waits}"] += 1
        why = str(error.get("message", f"HTTP {status}"))[:300]
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


def _context(site: Site) -> ssl.SSLContext:
    """Whom we believe that he is the partner, and by what he knows our machine."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=site.tls.ca if site.tls else None)
    if site.tls is not None:
        context.load_cert_chain(site.tls.certificate, site.tls.key)
    return context

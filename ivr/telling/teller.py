"""What the controller does so that a city's systems and citizens are told: one task a receiver, and what waits counted.

A message goes out again and again, for days; then it is given up, an alarm stands on the wallboard, and
`ivr webhooks retry` sends it after all. What a gateway or a system answers never touches a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import orjson
import structlog

from ivr import posting, webhooks
from ivr.calls.numbers import normal
from ivr.credentials import Credentials
from ivr.desks.exchange import DELIVERED, Fate, fate, instant
from ivr.errors import HotlineError
from ivr.settings import Site, texts
from ivr.settings.channels import answered
from ivr.settings.telling import SMS, Webhook
from ivr.store.cases import Cases
from ivr.store.tellings import Letter, Tellings, Waiting
from ivr.tasks import Keeper
from ivr.telling import letters
from ivr.telling.attempts import WAITS, Attempts
from ivr.telling.mailer import Mailer
from ivr.telling.texting import DAY, Later, Never, Text, decide

COUNTED = 5.0  # seconds between two looks at how much waits
FORGETTING = 60.0  # seconds between two looks for what was settled long ago
LONGEST_WAIT = 3600.0  # seconds that a receiver may ask us to wait
GONE = 410  # RFC 9110 15.5.11: it wants to hear nothing any more
SILENT = timedelta(minutes=30)  # with something that waits so long, a person has to know

log = structlog.get_logger(__name__)


def headers(id: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    return {"Content-Type": "application/json", **webhooks.sign(id, body, secrets, now)}


def _fate(status: int | None) -> Fate:
    """As a partner desk's; whoever sends us elsewhere, or wants to hear nothing any more, is asked again too."""
    elsewhere = status is not None and (300 <= status < 400 or status == GONE)
    return Fate("pending", "partner", alarm=True) if elsewhere else fate(status)


class Teller:
    """`await run()`: for ever; `waiting`, `trouble` and `counters` tell how it goes."""

    def __init__(
        self,
        site: Site,
        secrets: Credentials,
        tellings: Tellings,
        cases: Cases,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site, self._secrets, self._tellings, self._now = site, secrets, tellings, now
        self._attempts = Attempts(tellings, cases, now)
        self._mailer = Mailer(site, secrets, tellings, self._attempts, now)
        self._busy: set[str] = set()  # numbers that are being sent a text: the day's limit counts what was sent
        self._texts = texts.read(texts.file_of(site)) if site.sms else {}
        self.waiting: Mapping[str, Waiting] = {}
        self.trouble, self.counters = self._attempts.trouble, self._attempts.counters

    async def run(self) -> None:
        keeper = Keeper()
        try:
            for hook in self._site.webhooks.values():
                keeper.keep(f"webhook {hook.name}", lambda hook=hook: self._hook(hook))  # type: ignore[misc]
            if self._site.sms is not None:
                keeper.keep(SMS, self._sms)
            for name, channel in answered(self._site.channels).items():
                keeper.keep(name, lambda name=name, channel=channel: self._mailer.run(name, channel))  # type: ignore[misc]
            keeper.keep("telling forgets", self._forget)
            while self._site.webhooks or self._site.sms or answered(self._site.channels):
                try:
                    self.waiting = await self._tellings.waiting()
                    self._attempts.end_pauses(self.waiting)
                except HotlineError:  # whoever reads what is due says so
                    log.debug("telling.not_counted")
                await asyncio.sleep(COUNTED)
            await asyncio.Event().wait()  # nobody is to be told
        finally:
            await keeper.close()

    def pending(self) -> float:
        """Messages that wait, of all receivers."""
        return float(sum(one.pending for one in self.waiting.values()))

    def silent(self, now: datetime) -> dict[str, timedelta]:
        """Who takes nothing, and since when the oldest message waits."""
        return {
            name: now - one.oldest
            for name, one in self.waiting.items()
            if one.oldest is not None and name in self.trouble and now - one.oldest > SILENT
        }

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGETTING)
            try:
                await self._tellings.forget(self._now())
            except HotlineError as failure:
                log.warning("telling.not_forgotten", why=failure.message)

    async def _hook(self, hook: Webhook) -> None:
        async with posting.session(posting.context(self._site, everybody=True)) as http:
            due, hurry = self._attempts.due, self._attempts.hurry[hook.name]
            await posting.keep_telling(lambda: due(hook.name), lambda letter: self._tell(http, hook, letter), hurry)

    async def _sms(self) -> None:
        async with posting.session(posting.context(self._site, everybody=True)) as http:
            due, hurry = self._attempts.due, self._attempts.hurry[SMS]
            await posting.keep_telling(lambda: due(SMS), lambda letter: self._text(http, letter), hurry)

    async def _tell(self, http: aiohttp.ClientSession, hook: Webhook, letter: Letter) -> Fate:
        hidden = letter.now.matter.confidential
        body = letters.body(letter.then, letter.event, numbers=hook.numbers, hidden=hidden)
        answer, found = await self._post(http, hook.name, hook.url, letter, body)
        state = {"refused": "dead"}.get(found.state, found.state)
        return await self._attempts.settle(letter, state, found, answer)

    async def _text(self, http: aiohttp.ClientSession, letter: Letter) -> Fate:
        if (known := self._attempts.over(letter)) is not None:
            return await self._attempts.told(letter, SMS, *known)
        found = decide(letter, self._site, self._texts, self._now())
        to = normal(found.to, self._site.screening.country) if isinstance(found, Text) else ""
        if to in self._busy:
            return WAITS
        self._busy |= {to} - {""}
        try:
            return await self._texted(http, letter, found)
        except HotlineError as failure:
            log.warning("telling.not_read", name=SMS, why=failure.message)
            return WAITS
        finally:
            self._busy.discard(to)

    async def _texted(self, http: aiohttp.ClientSession, letter: Letter, found: Text | Later | Never) -> Fate:
        sms, now = self._site.sms, self._now()
        assert sms is not None
        if isinstance(found, Later):
            await self._tellings.postponed(letter, found.until, found.why)
            return WAITS
        if isinstance(found, Text) and await self._tellings.texts_to(found.to, now - DAY) >= sms.most_a_day:
            found = Never("too_many")
        if isinstance(found, Never):
            await self._attempts.dropped(letter, found.why)
            return DELIVERED
        return await self._send(http, sms.url, letter, found)

    async def _send(self, http: aiohttp.ClientSession, url: str, letter: Letter, found: Text) -> Fate:
        data = {"to": found.to, "text": found.words, "language": found.language}
        message = {"type": "sms.send", "timestamp": instant(self._now()), "data": data}
        answer, fated = await self._post(http, SMS, url, letter, orjson.dumps(message), words=found.words)
        return await self._attempts.told(letter, SMS, found.words, answer, fated)

    async def _post(
        self, http: aiohttp.ClientSession, name: str, url: str, letter: Letter, body: bytes, *, words: str = ""
    ) -> tuple[posting.Answer, Fate]:
        async def once() -> tuple[posting.Answer, Fate]:
            signed = headers(letter.id, body, self._secrets.webhook_secrets(name), self._now())
            answer = await posting.post(http, url, body, signed)
            longest = LONGEST_WAIT if answer.status == GONE else min(answer.after, LONGEST_WAIT)
            return replace(answer, after=longest), _fate(answer.status)

        return await self._attempts.once(name, letter, once, words)

"""What the controller does so that a city's systems and citizens are told: one task a receiver, and what waits counted.

A message goes out again and again, for days; then it is given up, an alarm stands on the wallboard, and
`ivr webhooks retry` sends it after all. What a gateway or a system answers never touches a call.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
import orjson
import structlog

from ivr import posting, webhooks
from ivr.calls.numbers import normal
from ivr.credentials import Credentials
from ivr.desks.exchange import DELIVERED, Fate, fate, instant, pause
from ivr.errors import HotlineError
from ivr.settings import Site, texts
from ivr.settings.telling import SMS, Webhook
from ivr.store import DatabaseDownError
from ivr.store.cases import Cases
from ivr.store.tellings import Letter, Tellings, Waiting
from ivr.tasks import Keeper
from ivr.telling import letters
from ivr.telling.texting import DAY, Later, Never, Text, decide

COUNTED = 5.0  # seconds between two looks at how much waits
BLIND = 1.0  # seconds between two tries to read the outbox
FORGETTING = 60.0  # seconds between two looks for what was settled long ago
GIVEN_UP = timedelta(days=3)  # a system that took nothing for so long is told by hand (`ivr webhooks retry`)
LONGEST_WAIT = 3600.0  # seconds that a receiver may ask us to wait
GONE = 410  # RFC 9110 15.5.11: it wants to hear nothing any more
SILENT = timedelta(minutes=30)  # with something that waits so long, a person has to know

WAITS = Fate("pending", "case")

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
        self._site, self._secrets, self._tellings, self._cases, self._now = site, secrets, tellings, cases, now
        self._over: dict[str, tuple[posting.Answer, Fate]] = {}  # ids of what was sent, until the database knows it
        self._blind = False  # the outbox cannot be read
        self._wait: dict[str, datetime] = {}  # name → it wants to hear nothing before that
        self._hurry: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)  # name → its pause ends now
        self._asked: dict[str, datetime] = {}  # name → when somebody last asked for its messages
        self._busy: set[str] = set()  # numbers that are being sent a text: the day's limit counts what was sent
        self._texts = texts.read(texts.file_of(site)) if site.sms else {}
        self.waiting: Mapping[str, Waiting] = {}
        self.trouble: dict[str, str] = {}  # name → why it can be told nothing now
        self.counters: Counter[tuple[str, str]] = Counter()  # (name, what became of a try)

    async def run(self) -> None:
        keeper = Keeper()
        try:
            for hook in self._site.webhooks.values():
                keeper.keep(f"webhook {hook.name}", lambda hook=hook: self._hook(hook))  # type: ignore[misc]
            if self._site.sms is not None:
                keeper.keep(SMS, self._sms)
            keeper.keep("telling forgets", self._forget)
            while self._site.webhooks or self._site.sms:
                try:
                    self.waiting = await self._tellings.waiting()
                    self._end_pauses()
                except HotlineError:  # whoever reads what is due says so
                    log.debug("telling.not_counted")
                await asyncio.sleep(COUNTED)
            await asyncio.Event().wait()  # nobody is to be told
        finally:
            await keeper.close()

    def _end_pauses(self) -> None:
        """Of whom somebody has mended, and says so."""
        for name, one in self.waiting.items():
            if one.asked is not None and one.asked != self._asked.get(name):
                self._asked[name] = one.asked
                self._wait.pop(name, None)
                self._hurry[name].set()

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
            await posting.keep_telling(
                lambda: self._due(hook.name), lambda letter: self._tell(http, hook, letter), self._hurry[hook.name]
            )

    async def _sms(self) -> None:
        async with posting.session(posting.context(self._site, everybody=True)) as http:
            await posting.keep_telling(
                lambda: self._due(SMS), lambda letter: self._text(http, letter), self._hurry[SMS]
            )

    async def _due(self, name: str) -> list[Letter]:
        if self._wait.get(name, self._now()) > self._now():
            return []
        try:
            found = await self._tellings.due(name, self._now())
        except HotlineError as failure:
            if not self._blind:  # once an outage, however many receivers there are
                self._blind = True
                log.warning("telling.not_read", why=failure.message)
            await asyncio.sleep(BLIND)
            return []
        self._blind = False
        return found

    async def _tell(self, http: aiohttp.ClientSession, hook: Webhook, letter: Letter) -> Fate:
        hidden = letter.now.matter.confidential
        body = letters.body(letter.then, letter.event, numbers=hook.numbers, hidden=hidden)
        answer, found = await self._post(http, hook.name, hook.url, letter, body)
        state = {"refused": "dead"}.get(found.state, found.state)
        return await self._settle(letter, state, found, answer)

    async def _text(self, http: aiohttp.ClientSession, letter: Letter) -> Fate:
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
            await self._tellings.settled(letter, "dropped", now, why=found.why)
            log.info("sms.not_sent", case=letter.now.id, step=letter.step, why=found.why)
            return DELIVERED
        return await self._send(http, sms.url, letter, found)

    async def _send(self, http: aiohttp.ClientSession, url: str, letter: Letter, found: Text) -> Fate:
        data = {"to": found.to, "text": found.words, "language": found.language}
        message = {"type": "sms.send", "timestamp": instant(self._now()), "data": data}
        answer, fated = await self._post(http, SMS, url, letter, orjson.dumps(message))
        if fated.state == "pending":
            return await self._settle(letter, "pending", fated, answer)
        state = "sent" if fated.state == "delivered" else "failed"
        said = {"to": "caller", "way": SMS, "step": letter.step, "words": found.words, "state": state}
        try:
            await self._cases.act(letter.now.id, "system", "told", said)  # settles the row, in one transaction
        except DatabaseDownError as failure:
            log.warning("sms.not_noted", case=letter.now.id, why=failure.message)
            return WAITS
        except HotlineError as failure:  # the case takes no more events: the outbox alone knows it
            log.warning("sms.not_noted", case=letter.now.id, why=failure.message)
            return await self._settle(letter, "delivered" if state == "sent" else "dead", fated, answer)
        self._over.pop(letter.id, None)
        return fated

    async def _post(
        self, http: aiohttp.ClientSession, name: str, url: str, letter: Letter, body: bytes
    ) -> tuple[posting.Answer, Fate]:
        """Once: what was taken is not sent again while the database cannot note it."""
        if letter.id in self._over:
            return self._over[letter.id]
        now = self._now()
        answer = await posting.post(http, url, body, headers(letter.id, body, self._secrets.webhook_secrets(name), now))
        found = _fate(answer.status)
        if found.state == "pending" and now - letter.made_at > GIVEN_UP:
            found = Fate("refused", alarm=True)
        self.counters[name, found.state if found.state != "pending" else f"again_{found.waits}"] += 1
        if found.waits == "partner":
            after = LONGEST_WAIT if answer.status == GONE else min(answer.after, LONGEST_WAIT)
            self._wait[name] = now + timedelta(seconds=after)
        if found.state == "delivered":
            self.trouble.pop(name, None)
        elif found.waits == "partner" and name not in self.trouble:
            log.warning("telling.not_told", name=name, status=answer.status, why=answer.why, alarm=found.alarm)
            self.trouble[name] = answer.why
        elif found.state == "refused":
            log.error("telling.given_up", name=name, message=letter.id, case=letter.now.id, why=answer.why, alarm=True)
        if found.state != "pending":
            self._over[letter.id] = answer, found
        return answer, found

    async def _settle(self, letter: Letter, state: str, found: Fate, answer: posting.Answer) -> Fate:
        after = pause("case", letter.tries + 1) if found.waits == "case" else 0.0
        why = "" if state == "delivered" else answer.why
        try:
            await self._tellings.settled(letter, state, self._now(), status=answer.status, why=why, after=after)
        except HotlineError as failure:
            log.warning("telling.not_settled", name=letter.name, message=letter.id, why=failure.message)
            return WAITS
        self._over.pop(letter.id, None)
        return found

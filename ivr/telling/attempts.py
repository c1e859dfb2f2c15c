"""What becomes of each try to tell somebody of a case, whatever the way: HTTP, a mail.

What was taken is not sent again while the database cannot note it; what a citizen was told stands in his case.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog

from ivr.desks.exchange import Fate, pause
from ivr.errors import HotlineError
from ivr.posting import Answer
from ivr.store import DatabaseDownError
from ivr.store.cases import Cases
from ivr.store.tellings import Letter, Tellings, Waiting

BLIND = 1.0  # seconds between two tries to read the outbox
GIVEN_UP = timedelta(days=3)  # who took nothing for so long is told by hand (`ivr webhooks retry`)
WAITS = Fate("pending", "case")

log = structlog.get_logger(__name__)


class Attempts:
    """`trouble` says who takes nothing now, `counters` what became of tries."""

    def __init__(self, tellings: Tellings, cases: Cases, now: Callable[[], datetime]) -> None:
        self._tellings, self._cases, self._now = tellings, cases, now
        self._over: dict[str, tuple[str, Answer, Fate]] = {}  # ids of what was sent, until the database knows it
        self._blind = False  # the outbox cannot be read
        self._wait: dict[str, datetime] = {}  # name → it wants to hear nothing before that
        self._asked: dict[str, datetime] = {}  # name → when somebody last asked for its messages
        self.hurry: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)  # name → its pause ends now
        self.trouble: dict[str, str] = {}  # name → why it can be told nothing now
        self.counters: Counter[tuple[str, str]] = Counter()  # (name, what became of a try)

    def end_pauses(self, waiting: Mapping[str, Waiting]) -> None:
        """Of whom somebody has mended, and says so."""
        for name, one in waiting.items():
            if one.asked is not None and one.asked != self._asked.get(name):
                self._asked[name] = one.asked
                self._wait.pop(name, None)
                self.hurry[name].set()

    async def due(self, name: str) -> list[Letter]:
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

    def over(self, letter: Letter) -> tuple[str, Answer, Fate] | None:
        """Its words and what became of it, where only the database does not know yet: no rule forbids it any more."""
        return self._over.get(letter.id)

    async def once(
        self, name: str, letter: Letter, tried: Callable[[], Awaitable[tuple[Answer, Fate]]], words: str = ""
    ) -> tuple[Answer, Fate]:
        """`tried` sends it; its answer's `after` is how long all of this receiver's messages wait."""
        if (known := self.over(letter)) is not None:
            return known[1:]
        now = self._now()
        answer, found = await tried()
        if found.state == "pending" and now - letter.made_at > GIVEN_UP:
            found = Fate("refused", alarm=True)
        self.counters[name, found.state if found.state != "pending" else f"again_{found.waits}"] += 1
        if found.waits == "partner":
            self._wait[name] = now + timedelta(seconds=answer.after)
        if found.state == "delivered":
            self.trouble.pop(name, None)
        elif found.waits == "partner" and name not in self.trouble:
            log.warning("telling.not_told", name=name, status=answer.status, why=answer.why, alarm=found.alarm)
            self.trouble[name] = answer.why
        elif found.state == "refused":
            log.error("telling.given_up", name=name, message=letter.id, case=letter.now.id, why=answer.why, alarm=True)
        if found.state != "pending":
            self._over[letter.id] = words, answer, found
        return answer, found

    async def told(self, letter: Letter, way: str, words: str, answer: Answer, fated: Fate) -> Fate:
        """A citizen was told, or could not be: his case says so, and the row is settled, in one transaction."""
        if fated.state == "pending":
            return await self.settle(letter, "pending", fated, answer)
        state = "sent" if fated.state == "delivered" else "failed"
        said = {"to": "caller", "way": way, "step": letter.step, "words": words, "state": state}
        try:
            await self._cases.act(letter.now.id, "system", "told", said)
        except DatabaseDownError as failure:
            log.warning("telling.not_noted", way=way, case=letter.now.id, why=failure.message)
            return WAITS
        except HotlineError as failure:  # the case takes no more events: the outbox alone knows it
            log.warning("telling.not_noted", way=way, case=letter.now.id, why=failure.message)
            return await self.settle(letter, "delivered" if state == "sent" else "dead", fated, answer)
        self._over.pop(letter.id, None)
        return fated

    async def dropped(self, letter: Letter, why: str) -> None:
        """A rule forbids it. Raises DatabaseDownError."""
        await self._tellings.settled(letter, "dropped", self._now(), why=why)
        log.info("telling.not_sent", name=letter.name, case=letter.now.id, step=letter.step, why=why)

    async def settle(self, letter: Letter, state: str, found: Fate, answer: Answer) -> Fate:
        after = pause("case", letter.tries + 1) if found.waits == "case" else 0.0
        why = "" if state == "delivered" else answer.why
        try:
            await self._tellings.settled(letter, state, self._now(), status=answer.status, why=why, after=after)
        except HotlineError as failure:
            log.warning("telling.not_settled", name=letter.name, message=letter.id, why=failure.message)
            return WAITS
        self._over.pop(letter.id, None)
        return found

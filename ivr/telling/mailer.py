"""Sends the mails that are due, each mailbox's by its own server: never more than a few at once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime

import structlog

from ivr import posting
from ivr.credentials import Credentials
from ivr.desks.exchange import DELIVERED, Fate
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.settings.channels import Channel
from ivr.store.tellings import Letter, Tellings
from ivr.telling import mails, smtp
from ivr.telling.attempts import WAITS, Attempts
from ivr.telling.texting import DAY, Never

AT_ONCE = 2  # connections to one server: many let nobody have more than a few

log = structlog.get_logger(__name__)


class Mailer:
    def __init__(
        self,
        site: Site,
        secrets: Credentials,
        tellings: Tellings,
        attempts: Attempts,
        now: Callable[[], datetime],
    ) -> None:
        self._site, self._secrets, self._tellings = site, secrets, tellings
        self._attempts, self._now = attempts, now
        self._busy: set[str] = set()  # addresses that are being written to: the day's limit counts what was sent

    async def run(self, name: str, channel: Channel) -> None:
        """For ever."""
        context, few = posting.context(self._site, everybody=True), asyncio.Semaphore(AT_ONCE)

        async def tell(letter: Letter) -> Fate:
            async with few:
                return await self._tell(name, channel, context, letter)

        await posting.keep_telling(lambda: self._attempts.due(name), tell, self._attempts.hurry[name])

    async def _tell(self, name: str, channel: Channel, context: ssl.SSLContext, letter: Letter) -> Fate:
        if (known := self._attempts.over(letter)) is not None:
            return await self._attempts.told(letter, "email", *known)
        to = ""
        try:
            written = await self._tellings.written(letter.now.id, channel.key)
            found = mails.decide(letter, channel, written, self._now())
            to = "" if isinstance(found, Never) else found.to
            if to in self._busy:
                to = ""  # whoever writes there now puts it back
                return WAITS
            self._busy |= {to} - {""}
            if isinstance(found, mails.Mail) and found.automatic and await self._has_enough(name, channel, to):
                found = Never("too_many")
            if isinstance(found, Never):
                await self._attempts.dropped(letter, found.why)
                return DELIVERED
            return await self._send(name, channel, context, letter, found)
        except HotlineError as failure:
            log.warning("telling.not_read", name=name, why=failure.message)
            return WAITS
        finally:
            self._busy.discard(to)

    async def _has_enough(self, name: str, channel: Channel, to: str) -> bool:
        return await self._tellings.acknowledged(name, channel.key, to, self._now() - DAY) >= channel.most_a_day

    async def _send(
        self, name: str, channel: Channel, context: ssl.SSLContext, letter: Letter, mail: mails.Mail
    ) -> Fate:
        whole = mails.composed(letter, mail, channel, self._site, self._now())
        connection = smtp.Submission(channel, self._secrets.mail_password(channel.key), context)
        answer, fated = await self._attempts.once(name, letter, lambda: smtp.send(connection, mail.to, whole))
        return await self._attempts.told(letter, "email", "", answer, fated)

"""A mailbox (IMAP, RFC 3501) whose mails become cases: each once, whoever dies meanwhile, none ever changed there.

What was taken is known by its place (UIDVALIDITY, UID) and by what it is, both written with its case. The library
waits for the server in a thread of its own; nothing here waits in the event loop.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from ivr.channels import enclosures, mail
from ivr.channels.incoming import Incoming, arrival
from ivr.desks.work_order import File
from ivr.errors import HotlineError
from ivr.settings.channels import Channel, place
from ivr.settings.exchange import is_loopback
from ivr.store.attachments import Attachments
from ivr.store.channels import NOBODY, Arrivals, Place
from ivr.store.errors import DatabaseDownError
from ivr.tasks import in_thread

MOST = 20 * 1024 * 1024  # bytes of a mail that are read; a larger one stays in the mailbox, and its case says so
TIMEOUT = 20.0  # seconds that the server may be silent
# What a server may make of a connection; the last three: an answer that is none (RFC 3501), or lacks what it must say.
FAILURES = (HotlineError, IMAPClientError, OSError, ValueError, KeyError, IndexError)
WAITS = (5.0, 15.0, 60.0, 300.0)  # seconds after the first, second … failure running
BEFORE = timedelta(days=2)  # a mailbox that was numbered anew is read again from so long before the last mail on

log = structlog.get_logger(__name__)


class MailboxError(HotlineError):
    """The server, its login or its folder cannot be used."""


class Mailbox:
    """`await run()`: for ever; `trouble` says why nothing comes, `counters` what came."""

    def __init__(
        self,
        channel: Channel,
        password: str,
        arrivals: Arrivals,
        files: Attachments,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.channel, self.trouble = channel, ""
        self.counters: Counter[str] = Counter()
        self._password, self._arrivals, self._files, self._now = password, arrivals, files, now
        self._client: IMAPClient | None = None

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self._read_on()
            except FAILURES as failure:
                failures = 1 if not self.trouble else failures + 1
                self.trouble = _why(failure)
                log.warning("mailbox.failed", channel=self.channel.key, why=self.trouble, times=failures)
            finally:
                self._hang_up()
            await asyncio.sleep(WAITS[min(failures, len(WAITS)) - 1])

    async def _read_on(self) -> None:
        _check_password(self.channel, self._password)
        validity, next_uid = await in_thread(self._open)
        known = await self._arrivals.place(self.channel.key, self.channel.folder)
        if known is None or known.validity != validity:
            # What was taken of it is known by what it is, until all of it is taken; then by its place.
            for uid in await self._begun(known):
                await self._take(uid)
            known = Place(self.channel.folder, validity, next_uid - 1)
            await self._arrivals.read_to(self.channel.key, known)
        while True:
            for uid in await self._new(known.uid):
                known = Place(self.channel.folder, validity, uid)
                await self._take(uid, known)
            self.trouble = ""
            await in_thread(self._wait)

    async def _new(self, last: int) -> list[int]:
        """UIDs above the last one that was taken, the oldest first."""
        found = await in_thread(lambda: self._search(["UID", f"{last + 1}:*"]))
        return [uid for uid in found if uid > last]  # `n:*` names the greatest even where it is below n

    async def _begun(self, known: Place | None) -> list[int]:
        """Of a mailbox that is new here, what nobody has read; of one numbered anew, what may have come meanwhile."""
        last = await self._arrivals.last(self.channel.key) if known is not None else None
        criteria = ["UNSEEN"] if last is None else ["SINCE", (last - BEFORE).date()]
        return await in_thread(lambda: self._search(criteria))

    async def _take(self, uid: int, at: Place | None = None) -> None:
        one = await in_thread(lambda: self._fetch(uid))
        if one is None:
            return  # somebody deleted it
        try:
            taken = await self._arrivals.take(arrival(one, self.channel, await self._kept(one)), at)
        except DatabaseDownError:
            raise
        except HotlineError as refusal:  # a fault of ours: its case says where it lies
            log.error("mailbox.refused", alarm=True, channel=self.channel.key, uid=uid, why=refusal.message)  # noqa: TRY400
            plain = Incoming(one.id, f"{mail.UNREADABLE} UID {uid}", one.received_at, sender=one.sender)
            taken = await self._arrivals.take(arrival(plain, self.channel), at)
        self.counters["again" if taken.again else "automatic" if taken.case is None else "taken"] += 1
        log.info("channel.taken", channel=self.channel.key, case=taken.number, uid=uid, automatic=one.automatic)

    async def _kept(self, one: Incoming) -> Sequence[File]:
        """What hung on it, unless nothing becomes of it or it was here already."""
        if not one.enclosed or one.automatic in NOBODY or await self._arrivals.taken(self.channel.key, one.id):
            return ()
        return await enclosures.keep(self._files, one.enclosed, self.channel.key)

    # --- in the thread -----------------------------------------------------------------------------------------------

    def _open(self) -> tuple[int, int]:
        """Connect, log in, look; the folder's UIDVALIDITY and UIDNEXT."""
        self._client = client = _connected(self.channel, TIMEOUT)
        return _let_in(client, self.channel, self._password)

    def _search(self, criteria: Sequence[Any]) -> list[int]:
        assert self._client is not None
        return sorted(int(uid) for uid in self._client.search(criteria))

    def _fetch(self, uid: int) -> Incoming | None:
        assert self._client is not None
        asked = [f"BODY.PEEK[]<0.{MOST}>", "INTERNALDATE", "RFC822.SIZE"]
        said = self._client.fetch([uid], asked).get(uid)
        if said is None or said.get(b"BODY[]<0>") is None:
            return None
        now, came = self._now(), said.get(b"INTERNALDATE")
        received_at = min(came.astimezone(UTC), now) if came is not None else now
        return mail.incoming(said[b"BODY[]<0>"], said[b"RFC822.SIZE"], self.channel, received_at)

    def _wait(self) -> None:
        """Until the server says that something changed, or it is time to look again."""
        assert self._client is not None
        if not self._client.has_capability("IDLE"):
            threading.Event().wait(self.channel.look_seconds)
            self._client.noop()
            return
        self._client.idle()
        self._client.idle_check(timeout=self.channel.look_seconds)
        self._client.idle_done()

    def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _cut(client)


def why_not(channel: Channel, password: str, patience: float) -> str:
    """Why the mailbox cannot be read; "" where it can. Waits for the server `patience` seconds at each step."""
    client: IMAPClient | None = None
    try:
        _check_password(channel, password)
        client = _connected(channel, patience)
        _let_in(client, channel, password)
    except FAILURES as failure:
        return _why(failure)
    finally:
        if client is not None:
            _cut(client)
    return ""


def _check_password(channel: Channel, password: str) -> None:
    if not password:
        message = f"[channels] {channel.key} of credentials.toml has no password of the mailbox"
        raise MailboxError("mailbox_password", message, {"channel": channel.key})


def _connected(channel: Channel, patience: float) -> IMAPClient:
    found = place(channel.server)
    assert found is not None  # [channels] was checked
    scheme, host, port = found
    context = ssl.create_default_context() if scheme == "imaps" else None
    client = IMAPClient(host, port, ssl=context is not None, ssl_context=context, timeout=patience)
    client.normalise_times = False
    return client


def _let_in(client: IMAPClient, channel: Channel, password: str) -> tuple[int, int]:
    """Log in and open the folder for reading; its UIDVALIDITY and UIDNEXT."""
    scheme, host, _ = place(channel.server) or ("", "", 0)
    if scheme == "imap" and client.has_capability("STARTTLS"):
        client.starttls(ssl.create_default_context())
    elif scheme == "imap" and not is_loopback(host):
        message = f"{host} offers no STARTTLS: a password is not sent over the network in the clear"
        raise MailboxError("mailbox_insecure", message, {"host": host})
    client.login(channel.user, password)
    said = client.select_folder(channel.folder, readonly=True)
    return int(said[b"UIDVALIDITY"]), int(said[b"UIDNEXT"])


def _cut(client: IMAPClient) -> None:
    try:
        client.socket().shutdown(socket.SHUT_RDWR)  # whatever still waits in a thread wakes
        client.shutdown()
    except (OSError, IMAPClientError):
        return


def _why(failure: Exception) -> str:
    if isinstance(failure, HotlineError):
        return failure.message
    said = failure.args[0] if failure.args else ""
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(failure))[:200] or type(
        failure
    ).__name__

"""A mail is handed to the city's mail server (SMTP, RFC 5321; submission, RFC 6409), once.

The library waits for the server in a thread of its own. What the server says about us (log-in, sender, relaying) lets
every mail wait; what it says about one mail or its receiver is that mail's alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from ivr.desks.exchange import DELIVERED, SILENT, Fate
from ivr.errors import HotlineError
from ivr.posting import Answer
from ivr.settings.channels import SMTP_PORTS, Channel, place
from ivr.settings.exchange import is_loopback
from ivr.tasks import in_thread

PATIENCE = 15.0  # seconds that the server may be silent
WHOLE = 60.0  # seconds for one mail, however slowly it talks
FAILURES = (HotlineError, smtplib.SMTPException, OSError, ValueError)
AGAIN, REFUSED = Fate("pending", "case"), Fate("refused", alarm=True)
TROUBLE = Fate("pending", "partner", alarm=True)  # a person has to look: all that we send would be refused
LEAVING = 421  # RFC 5321 3.8: it ends the connection, whatever we asked
_OURS = frozenset({530, 534, 535, 538})  # RFC 4954: who we are, not what we send
_RELAY = re.compile(r"relay", re.IGNORECASE)  # in the words of every server that carries mails of others for nobody


class InsecureError(HotlineError):
    def __init__(self, host: str) -> None:
        message = f"{host} offers no STARTTLS: mails and a password are not sent over the network in the clear"
        super().__init__("mail_insecure", message, {"host": host})


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the server, and at which step: sender | receiver | mail."""

    step: str
    code: int
    words: bytes = b""

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300


def judged(said: Said) -> Fate:
    if said.good:
        return DELIVERED
    if said.code == LEAVING:
        return SILENT
    about_us = said.step == "sender" or said.code in _OURS or _RELAY.search(said.words.decode("utf-8", "replace"))
    if about_us:
        return TROUBLE if said.code >= 500 else SILENT
    return REFUSED if said.code >= 500 else AGAIN


class Submission:
    """One connection for one mail; `cut` ends it from outside."""

    def __init__(self, channel: Channel, password: str, context: ssl.SSLContext, patience: float = PATIENCE) -> None:
        self._channel, self._password, self._context, self._patience = channel, password, context, patience
        self._client: smtplib.SMTP | None = None

    def send(self, to: str, message: bytes) -> Said:
        """Raises FAILURES where the server could not even be asked."""
        client = self._open()
        said = Said("sender", *client.mail(self._channel.sender))
        if said.good:
            said = Said("receiver", *client.rcpt(to))
        if said.good:
            try:
                said = Said("mail", *client.data(message))
            except smtplib.SMTPDataError as refusal:
                said = Said("mail", refusal.smtp_code, _bytes(refusal.smtp_error))
        with contextlib.suppress(*FAILURES):  # what it took, it took
            client.quit()
        return said

    def try_out(self) -> Said:
        """As far as the sender: nothing is sent. Raises as `send`."""
        client = self._open()
        said = Said("sender", *client.mail(self._channel.sender))
        with contextlib.suppress(*FAILURES):
            client.rset()
            client.quit()
        return said

    def _open(self) -> smtplib.SMTP:
        found = place(self._channel.send, SMTP_PORTS)
        assert found is not None  # [channels] was checked
        scheme, host, port = found
        us = self._channel.sender.partition("@")[2]  # the machine's own name may take the resolver long to find
        if scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, us, timeout=self._patience, context=self._context)
        else:
            client = smtplib.SMTP(host, port, us, timeout=self._patience)
        self._client = client
        client.ehlo_or_helo_if_needed()
        if scheme == "smtp" and client.has_extn("starttls"):
            client.starttls(context=self._context)
            client.ehlo()
        elif scheme == "smtp" and not is_loopback(host):
            raise InsecureError(host)
        if self._password and client.has_extn("auth"):
            client.login(self._channel.send_user or self._channel.user, self._password)
        return client

    def cut(self) -> None:
        client, self._client = self._client, None
        if client is not None and client.sock is not None:
            with contextlib.suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)  # whatever still waits in a thread wakes
            client.close()


async def send(connection: Submission, to: str, message: bytes) -> tuple[Answer, Fate]:
    """Once. Never raises."""
    try:
        async with asyncio.timeout(WHOLE):
            said = await in_thread(lambda: connection.send(to, message))
    except smtplib.SMTPResponseException as failure:  # of the log-in, or before it
        return _answer(failure.smtp_code, why(failure)), TROUBLE if failure.smtp_code >= 500 else SILENT
    except FAILURES as failure:
        return _answer(None, why(failure)), TROUBLE if isinstance(failure, HotlineError) else SILENT
    finally:
        connection.cut()
    return _answer(said.code, _words(said.code, said.words)), judged(said)


def why_not(connection: Submission) -> str:
    """Why no mail can be sent; "" where it can."""
    try:
        said = connection.try_out()
    except FAILURES as failure:
        return why(failure)
    finally:
        connection.cut()
    return "" if said.good else _words(said.code, said.words)


def why(failure: Exception) -> str:
    if isinstance(failure, HotlineError):
        return failure.message
    if isinstance(failure, smtplib.SMTPResponseException):
        return _words(failure.smtp_code, _bytes(failure.smtp_error))
    return str(failure)[:200] or type(failure).__name__


def _words(code: int, words: bytes) -> str:
    return re.sub(r"\s+", " ", f"{code} {words.decode('utf-8', 'replace')}").strip()[:200]


def _answer(code: int | None, words: str) -> Answer:
    return Answer(code, {"error": {"message": words}})


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode("utf-8", "replace")

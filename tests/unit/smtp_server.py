"""A real mail server (aiosmtpd) on a free port of loopback, in the test's own event loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "12345@city.example", "p@ss w0rd$"


@dataclass
class MailServer:
    """`sender`, `receiver`, `mail`: what it answers next at that step; then it takes everything."""

    port: int = 0
    took: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    sender: list[str] = field(default_factory=list)
    receiver: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bool]] = field(default_factory=list)  # who, and was it over TLS
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    # --- aiosmtpd's handler ------------------------------------------------------------------------------------------

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.sender:
            return self.sender.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if self.receiver:
            return self.receiver.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        if self.mail:
            return self.mail.pop(0)
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        read = message_from_bytes(envelope.content, policy=default)
        assert isinstance(read, EmailMessage)
        self.took.append((envelope.mail_from or "", list(envelope.rcpt_tos), read))
        return "250 OK"

    def authenticated(self, _: SMTP, session: Session, __: Envelope, ___: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login, session.ssl is not None))
        return AuthResult(success=given.password == self.password.encode(), handled=False)


@asynccontextmanager
async def mail_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[MailServer]:
    """`tls`: it offers STARTTLS, and takes a log-in behind it alone."""
    made = MailServer()

    def session() -> SMTP:
        return SMTP(
            made,
            hostname="mail.city.example",
            tls_context=tls,
            require_starttls=tls is not None,
            auth_require_tls=tls is not None,
            authenticator=made.authenticated,
            auth_required=tls is not None,
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()

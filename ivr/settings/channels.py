"""The channels by which matters come without a call (`[channels.NAME]`, R45): a form page, a mailbox, a gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ivr.settings.model import Site

KINDS = ("web", "email", "webhook")
WORDS = ("web", "email", "sms", "wechat", "weibo", "app")  # what a case says of how it came
_KEY = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
IMAP_PORTS = {"imaps": 993, "imap": 143}
SMTP_PORTS = {"smtps": 465, "smtp": 587}
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
MAIL = "mail/"  # and its key: what a mailbox is called among those that tell


@dataclass(frozen=True, slots=True)
class Channel:
    key: str
    kind: str  # web | email | webhook
    channel: str = ""  # a word of WORDS; "": the kind's own, of a gateway its name where that is one
    respond: str = "24h"  # a first answer is due so long after it came: 90s, 3m, 24h, 1d
    # kind web
    hourly: int = 1200  # matters that the page takes in an hour, of everybody
    address_hourly: int = 20  # and of one address
    # kind email
    server: str = ""  # imaps://imap.example.gov.cn, or imap:// (STARTTLS; without it on this machine alone)
    user: str = ""
    folder: str = "INBOX"
    look_seconds: int = 30  # between two looks, where the server does not say itself that something came
    addresses: tuple[str, ...] = field(default=())  # the mailbox's own: what comes from one of them is a loop
    send: str = ""  # how mails are answered: smtps://smtp.example.gov.cn, or smtp:// (STARTTLS); "": they are not
    send_from: str = ""  # the address that an answer bears; "": `user`
    send_user: str = ""  # who logs in to send; "": `user`
    most_a_day: int = 5  # acknowledgements to one address within 24 hours

    @property
    def word(self) -> str:
        own = "app" if self.key not in WORDS else self.key
        return self.channel or (own if self.kind == "webhook" else self.kind)

    @property
    def sender(self) -> str:
        return self.send_from or self.user

    @property
    def own(self) -> frozenset[str]:
        """Its addresses in small letters: what comes from one of them is a loop."""
        return frozenset(one.lower() for one in (*self.addresses, self.user, self.send_from) if one)

    def can_write_to(self, address: str) -> bool:
        """Nothing goes to ourselves, nor where a mail server would have to know SMTPUTF8 (RFC 6531)."""
        return ADDRESS.fullmatch(address) is not None and address.lower() not in self.own

    @property
    def limit(self) -> timedelta:
        return span(self.respond) or timedelta(days=1)


def span(text: str) -> timedelta | None:
    """`3m`, `24h`; None where it is none."""
    found = _SPAN.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found is not None else None


def web_channel(channels: Mapping[str, Channel]) -> Channel | None:
    """Whose page is /report."""
    return next((one for one in channels.values() if one.kind == "web"), None)


def answered(channels: Mapping[str, Channel]) -> Mapping[str, Channel]:
    """The mailboxes whose writers are answered by mail, by their name among those that tell."""
    return {MAIL + one.key: one for one in channels.values() if one.kind == "email" and one.send}


_LIMITS = (("hourly", 1, 100_000), ("address_hourly", 1, 10_000), ("look_seconds", 5, 3600), ("most_a_day", 1, 100))


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    pages = [one for one in site.channels.values() if one.kind == "web"]
    for one in pages[1:]:
        yield f"channels.{one.key}.kind: web is {pages[0].key} already"
    for key, one in site.channels.items():
        where = f"channels.{key}"
        if not _KEY.fullmatch(key):
            yield f"{where}: a channel's name is made of a-z, 0-9 and -"
        if one.kind not in KINDS:
            yield f"{where}.kind: expected one of {', '.join(KINDS)}, found {one.kind!r}"
        if one.channel and one.channel not in WORDS:
            yield f"{where}.channel: expected one of {', '.join(WORDS)}, found {one.channel!r}"
        if span(one.respond) is None:
            yield f'{where}.respond: expected a span such as "3m" or "24h", found {one.respond!r}'
        for name, least, most in _LIMITS:
            if not least <= getattr(one, name) <= most:
                yield f"{where}.{name}: expected {least} to {most}, found {getattr(one, name)}"
        if one.kind == "email":
            yield from _mailbox(one, where)


def _mailbox(one: Channel, where: str) -> Iterator[str]:
    for name in ("server", "user", "folder"):
        if not getattr(one, name):
            yield f"{where}.{name}: is missing; expected a text in quotes"
    if one.server and place(one.server) is None:
        yield f"{where}.server: expected an address such as imaps://imap.example.gov.cn, found {one.server!r}"
    if one.send and place(one.send, SMTP_PORTS) is None:
        yield f"{where}.send: expected an address such as smtps://smtp.example.gov.cn, found {one.send!r}"
    if one.send and not ADDRESS.fullmatch(one.sender):
        yield f"{where}.send_from: expected an address such as 12345@example.gov.cn, found {one.sender!r}"


def place(server: str, ports: Mapping[str, int] = IMAP_PORTS) -> tuple[str, str, int] | None:
    """Scheme, host and port of a mail server; None where it is no address of one."""
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError:
        return None
    plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.scheme not in ports or not parts.hostname or not plain:
        return None
    return parts.scheme, parts.hostname, port or ports[parts.scheme]

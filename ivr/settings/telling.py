"""Whom the hotline tells of its cases besides other desks: a city's own systems (`[webhooks.NAME]`), and citizens by
the text messages of a gateway (`[sms]`). Their secrets stand in credentials.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ivr.settings import texts
from ivr.settings.exchange import address, is_loopback, is_nowhere

if TYPE_CHECKING:
    from ivr.settings.model import Site

SMS = "sms"  # what the gateway is called among those that are told
EVERY = "*"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_EVENT = re.compile(r"[a-z_]{1,32}")
_SPAN = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A system of the city's that hears what happens to cases."""

    name: str
    url: str
    events: tuple[str, ...] = (EVERY,)  # kinds of a case's events
    numbers: bool = False  # it may see callers' whole numbers (R60)


@dataclass(frozen=True, slots=True)
class Sms:
    """The gateway that sends texts to citizens, and when it may."""

    url: str
    steps: tuple[str, ...] = texts.STEPS  # at which a citizen is told
    quiet: tuple[str, ...] = ("21:00-08:00",)  # spans of the site's day in which no text goes out; it goes afterwards
    most_a_day: int = 5  # texts to one number within 24 hours
    numbers: str = r"(\+?86)?1[3-9][0-9]{9}"  # whole numbers that can get a text: a landline cannot
    texts: str = ""  # a file of the city's own beside hotline.toml; "": those that ship


def spans(sms: Sms) -> tuple[tuple[time, time], ...]:
    """`quiet` as times; one that ends before it begins lasts over midnight."""
    found = (_SPAN.fullmatch(span) for span in sms.quiet)
    return tuple((time.fromisoformat(one[1]), time.fromisoformat(one[2])) for one in found if one)


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    for hook in site.webhooks.values():
        where = f"webhooks.{hook.name}"
        if not _NAME.fullmatch(hook.name):
            yield f"{where}: expected a name such as records-2"
        if hook.name == SMS:
            yield f"{where}: this name is the text messages' (see [sms]); choose another"
        yield from _url(site, f"{where}.url", hook.url)
        for n, event in enumerate(hook.events):
            if event != EVERY and not _EVENT.fullmatch(event):
                yield f"{where}.events[{n}]: expected * or kinds of events such as opened, found {event!r}"
        if not hook.events:
            yield f"{where}.events: expected * or kinds of events such as opened, found none"
    if site.sms is not None:
        yield from _url(site, "sms.url", site.sms.url)
        yield from _sms(site, site.sms)


def _sms(site: Site, sms: Sms) -> Iterator[str]:
    for n, step in enumerate(sms.steps):
        if step not in texts.STEPS:
            yield f"sms.steps[{n}]: expected one of {', '.join(texts.STEPS)}, found {step!r}"
    for n, span in enumerate(sms.quiet):
        if not _SPAN.fullmatch(span):
            yield f'sms.quiet[{n}]: expected a span such as "21:00-08:00", found {span!r}'
    if not 1 <= sms.most_a_day <= 100:
        yield f"sms.most_a_day: expected 1 to 100, found {sms.most_a_day}"
    try:
        re.compile(sms.numbers)
    except re.error as wrong:
        yield f"sms.numbers: expected a regular expression such as 1[3-9][0-9]{{9}}: {wrong}"
    try:
        texts.read(texts.file_of(site))
    except ValueError as wrong:
        yield f"sms.texts: {wrong}"


def _url(site: Site, where: str, url: str) -> Iterator[str]:
    found = list(address(where, url))
    yield from found
    if found:
        return
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]
    if is_nowhere(host):
        yield f"{where}: {host} is no address of a system of yours"
    listen = site.listen
    own = {one.port for one in (listen.sip, listen.web, listen.ami, listen.agi, listen.sip_tls, listen.sip_mtls) if one}
    if is_loopback(host) and port in own:
        yield f"{where}: {port} is this hotline's own port"


def by_name(site: Site) -> Mapping[str, Webhook | Sms]:
    """Everybody who is told."""
    return {**site.webhooks, **({SMS: site.sms} if site.sms else {})}

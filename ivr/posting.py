"""How the hotline tells others over HTTP, whoever they are: partner desks, a city's systems, the gateway of texts.

What waits stands in an outbox. It is sent again and again, each case's messages one after another, those of different
cases at once; whoever does not answer is asked again after a pause that grows.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import orjson
from aiohttp.abc import ResolveResult

from ivr.desks.exchange import Fate, pause
from ivr.settings import Site
from ivr.settings.exchange import is_nowhere

T = TypeVar("T")

LOOK = 0.3  # seconds between two looks into an outbox
PATIENCE = aiohttp.ClientTimeout(total=15, connect=5)
LONGEST_ANSWER = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int | None  # None: there was none
    said: Mapping[str, Any] = field(default_factory=dict)  # its JSON, where it has one
    after: float = 0.0  # seconds that it asks us to wait (RFC 9110 10.2.3)

    @property
    def error(self) -> Mapping[str, Any]:
        found = self.said.get("error")
        return found if isinstance(found, dict) else {}

    @property
    def why(self) -> str:
        return str(self.error.get("message", f"HTTP {self.status}"))[:300]


class _Resolver(aiohttp.ThreadedResolver):
    """Names that lead to a machine's own link (`is_nowhere`) lead nowhere."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        good = [one for one in found if not is_nowhere(one["host"])]
        if not good:
            raise OSError(f"{host} is an address of no other machine")
        return good


def session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """No proxy of the environment, no cookies that come back, nothing unpacked."""
    connector = aiohttp.TCPConnector(ssl=context, limit=0, resolver=_Resolver())
    jar = aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(connector=connector, timeout=PATIENCE, auto_decompress=False, cookie_jar=jar)


def context(site: Site, *, everybody: bool = False) -> ssl.SSLContext:
    """Whom we believe that he is the one we call, and by what he knows our machine.

    `everybody`: whom the machine's own authorities know, too; otherwise, where the site names an authority, only those.
    """
    made = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=site.tls.ca if site.tls else None)
    if everybody:
        made.load_default_certs()
    if site.tls is not None:
        made.load_cert_chain(site.tls.certificate, site.tls.key)
    return made


async def post(http: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Once. Never raises, never follows a redirect."""
    began = time.monotonic()
    try:
        async with http.post(url, data=body, headers=headers, allow_redirects=False) as response:
            raw = b""
            async for piece in response.content.iter_any():  # an answer may come in pieces
                raw += piece
                if len(raw) > LONGEST_ANSWER:
                    break
            status, after = response.status, response.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as failure:
        why = str(failure) or f"no answer within {time.monotonic() - began:.0f} s"
        return Answer(None, {"error": {"id": "no_answer", "message": why}})
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        said = {}
    return Answer(
        status, said if isinstance(said, dict) else {}, float(after) if after.isascii() and after.isdigit() else 0.0
    )


async def keep_telling(
    due: Callable[[], Awaitable[Iterable[T]]],
    attempt: Callable[[T], Awaitable[Fate]],
    hurry: asyncio.Event | None = None,
) -> None:
    """Everything that is due, again and again, for ever. `hurry`, once set, ends the pause that runs."""
    failed, hurry = 0, hurry or asyncio.Event()
    while True:
        fates = await asyncio.gather(*(attempt(one) for one in await due()))
        asked = max((one.seconds for one in fates), default=0.0)  # it works, and has enough for now
        failed = failed + 1 if any(one.waits == "partner" and not one.seconds for one in fates) else 0
        if asked or failed:
            if await _hurried(asked or pause("partner", failed), hurry):
                failed = 0
        elif not any(one.state == "delivered" for one in fates):
            await asyncio.sleep(LOOK)


async def _hurried(seconds: float, hurry: asyncio.Event) -> bool:
    """Whether somebody ended the pause before its time."""
    try:
        async with asyncio.timeout(seconds):
            await hurry.wait()
    except TimeoutError:
        return False
    hurry.clear()
    return True

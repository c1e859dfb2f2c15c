"""The operator's phone in the browser: its password (`POST /api/v1/desk/phone`) and its SIP (`/ws`).

The page has one address and one certificate; its SIP goes on to Asterisk's HTTP server on loopback. First Asterisk is
reached, then the browser is let in: one that is let in can register. Voices do not come this way.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from ivr.calls.desk_view import call_of
from ivr.calls.live_views import LiveCall
from ivr.errors import HotlineError
from ivr.pbx.web_phones import PhoneNotReadyError, WebPhones
from ivr.settings.model import Operator, Supervisor
from ivr.web.context import Asked
from ivr.web.desk import NoDeskError
from ivr.web.errors import ForbiddenError
from ivr.web.sessions import OVER
from ivr.web.sip_words import is_own

SUBPROTOCOL = "sip"  # RFC 7118
MESSAGE_LIMIT = 32_768  # bytes; a browser's INVITE has 3,000
BURST, A_SECOND = 100.0, 20.0  # messages of one browser: at once, and from then on
PING_SECONDS = 10.0
CONNECT_SECONDS = 3.0
GOODBYE_SECONDS = 1.0
LOOK = 0.2  # seconds between two looks at whether a talk is over
ELSEWHERE = 4409  # close code (RFC 6455 7.4.2): the phone was opened in another page

PROXIES: web.AppKey[dict[str, web.WebSocketResponse]] = web.AppKey("browsers' phones", dict)  # endpoint → its socket

log = structlog.get_logger(__name__)


class NoSubprotocolError(HotlineError):
    def __init__(self) -> None:
        super().__init__("no_sip", "this address is for SIP over WebSocket: ask for the subprotocol sip", status=400)


class NoBrowserPhoneError(HotlineError):
    def __init__(self) -> None:
        message = 'your phone is a desk phone; transport = "wss" under [[operators]] makes it the browser'
        super().__init__("desk_phone", message, status=409)


def phones_of(asked: Asked) -> WebPhones:
    phones = asked.services.phones
    if phones is None:
        raise PhoneNotReadyError
    return phones


def phone_of(asked: Asked) -> Operator | Supervisor:
    """Whose phone it is: an operator's, or a supervisor's. Raises NoDeskError."""
    number, site = (asked.who.number if asked.who is not None else None) or "", asked.services.site
    found = site.operators.get(number) or site.supervisors.get(number)
    if found is None:
        raise NoDeskError
    return found


def endpoint_of(phone: Operator | Supervisor) -> str:
    return phone.endpoint if isinstance(phone, Supervisor) else phone.number


async def credentials(asked: Asked) -> dict[str, Any]:
    """What the page's phone needs; a desk phone needs nothing of us. A new password each time."""
    phone, services = phone_of(asked), asked.services
    if phone.transport != "wss":
        return {"phone": {"kind": "desk"}}
    number, endpoint = phone.number, endpoint_of(phone)
    password = await phones_of(asked).give(endpoint)
    return {
        "phone": {
            "kind": "browser",
            "uri": f"sip:{endpoint}@{services.site.hotline.node}.invalid",
            "user": endpoint,
            "password": password,
            "socket": "/ws",
            "ice": [],
            "back": services.site.keys.back if _talk_of(asked, number) else None,
        }
    }


async def sip(asked: Asked) -> web.StreamResponse:
    phone, request = phone_of(asked), asked.request
    if phone.transport != "wss":
        raise NoBrowserPhoneError
    if urlsplit(request.headers.get("Origin", "")).netloc.lower() != request.host.lower():
        raise ForbiddenError(asked.who.role if asked.who else "")
    if SUBPROTOCOL not in [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]:
        raise NoSubprotocolError
    phones = phones_of(asked)
    async with aiohttp.ClientSession() as session:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                asterisk = await session.ws_connect(
                    phones.upstream, protocols=[SUBPROTOCOL], max_msg_size=MESSAGE_LIMIT, compress=0
                )
        except (aiohttp.ClientError, OSError):
            raise PhoneNotReadyError from None
        browser = web.WebSocketResponse(
            protocols=[SUBPROTOCOL],
            heartbeat=PING_SECONDS,
            max_msg_size=MESSAGE_LIMIT,
            compress=False,
            timeout=GOODBYE_SECONDS,
        )
        await browser.prepare(request)
        await _serve(asked, phone, browser, asterisk)
    return browser


def _talk_of(asked: Asked, number: str) -> LiveCall | None:
    """The call in which this operator talks."""
    state = asked.services.live.snapshot()
    call = call_of(state, number) if number in state.operators else None
    talks = call and any(leg.role == "operator" and leg.party == number and leg.state == "up" for leg in call.legs)
    return call if talks else None


async def _last_talk(asked: Asked, phone: Operator | Supervisor) -> None:
    """The login has ended: from now on this phone can neither register nor call. But no caller is cut off for that: a
    talk is ended by those who talk, and until then its phone keeps its line."""
    with contextlib.suppress(HotlineError):
        await phones_of(asked).take(endpoint_of(phone))
    while _talk_of(asked, phone.number):  # noqa: ASYNC110  the live state wakes nobody
        await asyncio.sleep(LOOK)


async def _page_gone(asked: Asked, phone: Operator | Supervisor, code: int | None) -> None:
    """Somebody may hear nothing now. Where we have closed the socket, page and voice are there."""
    call = _talk_of(asked, phone.number)
    if call is None or code in (OVER, WSCloseCode.SERVICE_RESTART):
        return
    with contextlib.suppress(HotlineError):
        await asked.services.orders.page_gone(call.id, phone.number)


async def _serve(
    asked: Asked,
    phone: Operator | Supervisor,
    browser: web.WebSocketResponse,
    asterisk: aiohttp.ClientWebSocketResponse,
) -> None:
    open_, endpoint = asked.request.app[PROXIES], endpoint_of(phone)
    before = open_.get(endpoint)
    open_[endpoint] = browser
    if before is not None:
        await before.close(code=ELSEWHERE, message=b"opened in another page")
    log.info("web_phone.up", endpoint=endpoint)
    back = asyncio.create_task(_to_browser(browser, asterisk), name="phone's answers")
    try:
        session = asked.who.session_id if asked.who else ""
        with asked.services.sessions.attached(session, browser, lambda: _last_talk(asked, phone)):
            await _to_asterisk(endpoint, browser, asterisk)
    finally:
        if open_.get(endpoint) is browser:
            del open_[endpoint]
        back.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await back
        await asterisk.close()
        log.info("web_phone.down", endpoint=endpoint, code=browser.close_code)
        await _page_gone(asked, phone, browser.close_code)


async def _to_asterisk(
    endpoint: str, browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse
) -> None:
    loop = asyncio.get_running_loop()
    left, seen = BURST, loop.time()
    async for message in browser:
        if message.type is not WSMsgType.TEXT:
            await browser.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"SIP is text here")
            return
        now = loop.time()
        left, seen = min(BURST, left + (now - seen) * A_SECOND) - 1, now
        if left < 0 or not is_own(message.data, endpoint):
            log.warning("web_phone.refused_message", endpoint=endpoint, much=left < 0)
            await browser.close(code=WSCloseCode.POLICY_VIOLATION, message=b"not yours, or too much")
            return
        try:
            await asterisk.send_str(message.data)
        except ConnectionError:
            return


async def _to_browser(browser: web.WebSocketResponse, asterisk: aiohttp.ClientWebSocketResponse) -> None:
    async for message in asterisk:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data = message.data if isinstance(message.data, str) else message.data.decode("utf-8", "replace")
            await browser.send_str(data)
    await browser.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"Asterisk is gone")


async def close_all(app: web.Application) -> None:
    """aiohttp's `on_shutdown`: voices go on, the page comes back when the controller does."""
    closing = (one.close(code=WSCloseCode.SERVICE_RESTART) for one in tuple(app[PROXIES].values()))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), GOODBYE_SECONDS)


def attach(app: web.Application) -> None:
    app[PROXIES] = {}
    app.on_shutdown.append(close_all)

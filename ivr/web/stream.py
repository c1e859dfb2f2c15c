"""`GET /api/v1/live/stream`: the live state over a WebSocket, first whole, then what changes.

Frames are those of `Hub`. A page of our own is let in by its cookie, a program by a token in the `Authorization` header
or as the first message, `{"token": "…"}`. A foreign page that connects has nothing to show and gets nothing.
"""

from __future__ import annotations

import asyncio
import contextlib

import orjson
from aiohttp import WSCloseCode, WSMsgType, web

from ivr.errors import HotlineError
from ivr.web import auth
from ivr.web.context import SERVICES, Asked, Who
from ivr.web.errors import ForbiddenError
from ivr.web.hub import Hub
from ivr.web.roles import may
from ivr.web.sessions import OVER

TOKEN_SECONDS = 5.0  # for the first message
SEND_SECONDS = 15.0  # a reader that takes nothing for so long is gone
LAGGED_SECONDS = 2.0  # a reader that took so long for a frame begins anew with a snapshot
PING_SECONDS = 20.0
GOODBYE_SECONDS = 1.0  # that a reader's answer to our close may take
MOST_READERS = 500
MOST_STRANGERS = 200  # who have not shown a token yet; they never take a reader's place
MESSAGE_LIMIT = 4096  # bytes; readers have nothing to tell but their token
CLOSE_SECONDS = 0.5  # at shutdown; who takes no goodbye is left
ACCESS = "room"  # of ivr.web.roles


class TooManyReadersError(HotlineError):
    def __init__(self, most: int) -> None:
        message = f"{most} readers follow the live state already; close some, or ask GET /api/v1/live"
        super().__init__("too_many_streams", message, {"most": most}, 503)


async def stream(asked: Asked) -> web.StreamResponse:
    services = asked.services
    hub = services.hub
    trusted = asked.request.headers.get("Authorization") is not None
    who = auth.of_socket(asked.request, services)
    if trusted and who is None:
        raise auth.UnauthorizedError
    if who is not None and not may(who, ACCESS):
        raise ForbiddenError(who.role)
    if len(hub.readers) >= MOST_READERS:
        raise TooManyReadersError(MOST_READERS)
    if who is None and len(hub.strangers) >= MOST_STRANGERS:
        raise TooManyReadersError(MOST_STRANGERS)
    socket = web.WebSocketResponse(
        heartbeat=PING_SECONDS, max_msg_size=MESSAGE_LIMIT, compress=False, timeout=GOODBYE_SECONDS
    )
    who = who or await _let_in(socket, asked)
    if who is not None:
        with services.sessions.attached(who.session_id, socket):
            await _serve(socket, asked.request, hub, who.sees_numbers)
    return socket


async def _let_in(socket: web.WebSocketResponse, asked: Asked) -> Who | None:
    """Who a stranger is, where he shows a token in time; if not, the socket is closed."""
    hub = asked.services.hub
    hub.strangers.add(socket)
    try:
        await socket.prepare(asked.request)
        who = await _shown(socket, asked)
        if who is None:
            asked.services.guesses.note(asked.request.remote)
            await socket.close(code=OVER, message=b"unauthorized")
            return None
    finally:
        hub.strangers.discard(socket)
    if len(hub.readers) >= MOST_READERS:  # since it knocked
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many readers")
        return None
    return who


async def _serve(socket: web.WebSocketResponse, request: web.Request, hub: Hub, whole: bool) -> None:
    hub.readers.add(socket)
    try:
        if not socket.prepared:
            await socket.prepare(request)
        sender = asyncio.create_task(_send(socket, request, hub, whole), name="live stream")
        try:
            await _listen(socket)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sender
    finally:
        hub.readers.discard(socket)


async def close_all(app: web.Application) -> None:
    """aiohttp's `on_shutdown`: readers come back when the controller does."""
    hub = app[SERVICES].hub
    closing = (socket.close(code=WSCloseCode.GOING_AWAY) for socket in hub.readers | hub.strangers)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), CLOSE_SECONDS)


async def _shown(socket: web.WebSocketResponse, asked: Asked) -> Who | None:
    try:
        message = await socket.receive(TOKEN_SECONDS)
        token = orjson.loads(message.data)["token"] if message.type is WSMsgType.TEXT else ""
    except (TimeoutError, ValueError, KeyError, TypeError):
        return None
    who = auth.of_token(token, asked.services.credentials) if isinstance(token, str) else None
    return who if who is not None and may(who, ACCESS) else None


async def _listen(socket: web.WebSocketResponse) -> None:
    """Until the reader goes; it has nothing more to say."""
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"nothing is expected here")


async def _send(socket: web.WebSocketResponse, request: web.Request, hub: Hub, whole: bool) -> None:
    """`whole`: with callers' numbers as they are; people see them masked (R60)."""
    loop = asyncio.get_running_loop()
    seen, frame = hub.look(), None
    while not socket.closed:
        began = loop.time()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_frame(frame or hub.snapshot(seen, whole), WSMsgType.TEXT)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()  # a closing handshake would wait behind what the reader does not take
            return
        lagged = loop.time() - began > LAGGED_SECONDS
        newest = await hub.newer_than(seen)
        frame = None if lagged else hub.changes(seen, newest, whole)
        seen = newest

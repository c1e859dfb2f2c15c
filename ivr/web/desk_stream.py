"""`GET /api/v1/desk/stream`: the operator's desk over a WebSocket, whole, whenever it changed (at most five a second).

A page of another site that connects is refused by its Origin; a reader that takes nothing is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from ivr.tasks import ended
from ivr.web.context import Asked
from ivr.web.desk import DESKS, number_of
from ivr.web.desks import INTERVAL, Desks, Reader
from ivr.web.errors import ForbiddenError
from ivr.web.stream import GOODBYE_SECONDS, MESSAGE_LIMIT, PING_SECONDS, SEND_SECONDS, TooManyReadersError

MOST_READERS = 1000


class Sockets:
    """Those that are open."""

    def __init__(self) -> None:
        self.open: set[web.WebSocketResponse] = set()


SOCKETS: web.AppKey[Sockets] = web.AppKey("desk sockets", Sockets)


async def stream(asked: Asked) -> web.StreamResponse:
    number, request = number_of(asked), asked.request
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise ForbiddenError(asked.who.role if asked.who else "")
    desks = request.app[DESKS]
    if desks.readers >= MOST_READERS:
        raise TooManyReadersError(MOST_READERS)
    socket = web.WebSocketResponse(
        heartbeat=PING_SECONDS, max_msg_size=MESSAGE_LIMIT, compress=False, timeout=GOODBYE_SECONDS
    )
    await socket.prepare(request)
    reader = desks.open(number)
    sockets = request.app[SOCKETS].open
    sockets.add(socket)
    sender = asyncio.create_task(_send(socket, request, desks, reader), name="desk stream")
    session = asked.who.session_id if asked.who is not None else ""
    try:
        with asked.services.sessions.attached(session, socket):
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"nothing is expected here")
    finally:
        sockets.discard(socket)
        desks.close(reader)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await sender
    return socket


async def _send(socket: web.WebSocketResponse, request: web.Request, desks: Desks, reader: Reader) -> None:
    while not socket.closed:
        reader.wake.clear()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_str((b'{"type":"desk","desk":%b}' % desks.view(reader.number)).decode())
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()  # a closing handshake would wait behind what the reader does not take
            return
        await asyncio.sleep(INTERVAL)
        await reader.wake.wait()


async def close_all(app: web.Application) -> None:
    """aiohttp's `on_shutdown`."""
    closing = (socket.close(code=WSCloseCode.GOING_AWAY) for socket in tuple(app[SOCKETS].open))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*closing, return_exceptions=True), GOODBYE_SECONDS)


def attach(app: web.Application, desks: Desks) -> None:
    """The desks live as long as the application."""
    app[DESKS], app[SOCKETS] = desks, Sockets()
    app.on_shutdown.append(close_all)

    async def kept(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(desks.run(), name="desks")
        yield
        await ended(task)

    app.cleanup_ctx.append(kept)

"""The HTTP server: the table of routes, put together with what surrounds every request."""

from __future__ import annotations

import ssl

from aiohttp import web

from ivr.settings import Address
from ivr.web import access, board, checkup, desk_stream, errors, exports, lookups, room, sip_proxy, stream
from ivr.web.context import SERVICES, Services
from ivr.web.desks import Desks
from ivr.web.openapi import TABLE
from ivr.web.routes import register
from ivr.web.table import ROUTES

SHUTDOWN_SECONDS = 1.0  # for requests under way
IDLE_SECONDS = 15.0  # for the next request's head, the first one's too, however slowly its bytes drip in


def create(services: Services) -> web.Application:
    """The application; everything that it needs is handed in."""
    refusals = errors.middleware(services.site.hotline.languages[0])
    app = web.Application(middlewares=[access.note, refusals], client_max_size=errors.BODY_LIMIT)
    app[SERVICES] = services
    app[TABLE] = ROUTES
    app[board.BOARD], app[lookups.LOOKS] = board.Board(), lookups.Looks()
    app.on_response_prepare.append(access.dress)
    app.on_shutdown.append(stream.close_all)
    app.cleanup_ctx.append(room.kept)
    app.cleanup_ctx.append(checkup.kept)
    app.on_cleanup.append(exports.close_all)
    desk_stream.attach(app, Desks(services))
    sip_proxy.attach(app)
    register(app, ROUTES)
    return app


class Server:
    """`await start()`, `await stop()`; no request is answered after that."""

    def __init__(self, services: Services, address: Address, secure: ssl.SSLContext | None = None) -> None:
        self._runner = web.AppRunner(
            create(services),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_SECONDS,
            keepalive_timeout=IDLE_SECONDS,
        )
        self._address, self._secure = address, secure

    async def start(self) -> None:
        """Raises OSError if the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address.host, self._address.port, ssl_context=self._secure).start()

    @property
    def port(self) -> int:
        """The one that was given by the system where the address says 0."""
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        await self._runner.cleanup()

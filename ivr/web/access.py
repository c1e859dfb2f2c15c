"""Around every request: the headers that every answer has, one log line, one count.

Lines name the route (`/api/v1/phone/{token}/{action}`), never the URL that came: no token gets into a log.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web, web_response

from ivr.web.context import SERVICES
from ivr.web.replies import HEADERS

web_response.SERVER_SOFTWARE = "hotline"  # type: ignore[attr-defined]  # aiohttp tells malformed requests its version

log = structlog.get_logger(__name__)


async def dress(_: web.Request, response: web.StreamResponse) -> None:
    """aiohttp's `on_response_prepare`."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


@web.middleware
async def note(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    began = time.perf_counter()
    route = request.match_info.route.resource
    name = route.canonical if route is not None else "unknown"
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except ConnectionError:
        status = 499  # the client went away
        raise
    else:
        return response
    finally:
        request.app[SERVICES].metrics.requests.labels(name, str(status)).inc()
        call = {"call": request.match_info["id"]} if "id" in request.match_info else {}
        log.info(
            "web.request",
            method=request.method,
            route=name,
            status=status,
            ms=round(1000 * (time.perf_counter() - began), 1),
            remote=request.remote,
            **call,
        )

"""Around every request: the headers that every answer has, one log line, one count.

Lines name the route (`/api/v1/phone/{token}/{action}`), never the URL that came: no token gets into a log.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web, web_protocol, web_response

from ivr.errors import HotlineError
from ivr.web import errors, replies
from ivr.web.context import SERVICES
from ivr.web.replies import HEADERS

NOT_A_GUESS: web.RequestKey[bool] = web.RequestKey("not_a_guess", bool)  # a 401 of one who showed nothing, or knew it

log = structlog.get_logger(__name__)


def refuse_malformed(
    _: web_protocol.RequestHandler,
    request: web.BaseRequest,
    status: int = 500,
    exc: BaseException | None = None,
    message: str | None = None,
) -> web.StreamResponse:
    """For bytes that are no HTTP: aiohttp would repeat them, a token among them, in its answer and in a traceback."""
    if status < 500:
        log.info("web.malformed", remote=request.remote, status=status, why=type(exc).__name__)
    else:
        log.error("web.failed", remote=request.remote, exc_info=exc)
    if request.writer.output_size > 0:
        raise ConnectionError("an answer is under way already")
    refusal = HotlineError("bad_request", "these bytes are no HTTP request that could be understood", status=status)
    response = replies.json(errors.body(refusal, "en"), status)
    response.headers.update(HEADERS)
    response.force_close()
    return response


web_response.SERVER_SOFTWARE = "hotline"  # type: ignore[attr-defined]  # aiohttp tells malformed requests its version
web_protocol.RequestHandler.handle_error = refuse_malformed  # type: ignore[assignment]  # no hook is offered for it


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
        if status == 401 and not request.get(NOT_A_GUESS, False):
            request.app[SERVICES].guesses.note(request.remote)
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

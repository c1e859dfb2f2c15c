"""Every refusal in one shape, `{"error": {"id", "message", "details"}}`; foreign errors are mapped here."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from ivr.errors import HotlineError
from ivr.web import messages, replies

BODY_LIMIT = 64 * 1024  # bytes of a request's body

log = structlog.get_logger(__name__)


class ForbiddenError(HotlineError):
    def __init__(self, role: str) -> None:
        super().__init__("forbidden", f"the role {role} may not do this", {"role": role}, 403)


def body(error: HotlineError, language: str) -> dict[str, object]:
    return {"error": {"id": error.id, "message": messages.said(error, language), "details": dict(error.details)}}


def middleware(default_language: str) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def refuse_in_one_shape(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except HotlineError as error:
            refused = error
        except web.HTTPException as error:
            refused = _foreign(error, request)
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("web.failed", incident=incident)
            refused = HotlineError(
                "internal", f"something failed here; see incident {incident} in the log", {"incident": incident}, 500
            )
        language = messages.chosen(request.headers.get("Accept-Language", ""), default_language)
        response = replies.json(body(refused, language), refused.status)
        response.headers["Content-Language"] = language
        if refused.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if refused.status == 429 and isinstance(seconds := refused.details.get("retry_after"), int):
            response.headers["Retry-After"] = str(seconds)
        if refused.status == 405:
            response.headers["Allow"] = str(refused.details["allowed"])
        return response

    return refuse_in_one_shape


def _foreign(error: web.HTTPException, request: web.Request) -> HotlineError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        message = f"{request.method} is not known here; {allowed} is"
        return HotlineError("method_not_allowed", message, {"method": request.method, "allowed": allowed}, 405)
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        message = f"the body is larger than {BODY_LIMIT} bytes"
        return HotlineError("body_too_large", message, {"limit": BODY_LIMIT}, 413)
    if isinstance(error, web.HTTPNotFound):
        return HotlineError("not_found", "nothing is here; /api/v1/openapi.json lists what there is", status=404)
    return HotlineError("bad_request", f"the request was not understood: {error.reason}", status=error.status)

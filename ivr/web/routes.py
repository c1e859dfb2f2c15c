"""A route is one row: what it is called, who may use it, what it takes and gives. `register` makes the server obey it,
`ivr.web.openapi` prints it: the description cannot say anything else than what is done.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from aiohttp import web

from ivr.errors import HotlineError
from ivr.settings import Text
from ivr.web import auth, messages, replies
from ivr.web.access import NOT_A_GUESS
from ivr.web.context import SERVICES, Asked, Handler, Services, Who
from ivr.web.errors import ForbiddenError
from ivr.web.roles import MAY, may
from ivr.web.schema import InvalidRequestError, Schema, check, from_query, obj, string

CALLER = string(
    r"([1-9][0-9]{2,18}|(\+|00?)[1-9][0-9]{4,18})",
    21,
    description="a caller's number, such as 13800138000, 01012345678 or +8613800138000",
)
BY = string(r"[^\x00-\x1f\x7f]+", 64, description="who decides; told by a nameless token only")
USER = string(r"[A-Za-z0-9._-]{1,64}", 64, description="an account's user: letters, digits, . _ -")
PATH: Mapping[str, Schema] = {  # parts of paths, by name
    "id": string(r"[0-9A-Za-z._-]+", 128, description="a call's id"),
    "number": string(r"[0-9]{1,20}", 20, description="an operator's number"),
    "leg": string(r"[0-9A-Za-z._-]+", 128, description="a leg's id"),
    "user": USER,
    "caller": CALLER,
    "file": string(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}\.conf", 65, description="a dialplan file's name"),
    "version": string(r"[1-9][0-9]{0,8}", 9, description="a version's number"),
    "asset": string(r"[a-z0-9][A-Za-z0-9_./-]*", 128, description="a file of the pages, such as shell/app.js"),
    "section": string(r"[a-z]{2,20}", 20, description="a section of the administration"),
    "notice": string(r"[1-9][0-9]{0,8}", 9, description="a notice's number"),
    "channel": string(r"[a-z0-9-]{1,32}", 32, description="a channel of hotline.toml"),
    "message": string(r"(all|[0-9a-f-]{36})", 36, description="the id of a message between desks, or all"),
    "export": string(r"[0-9a-f]{16}", 16, description="an export's id"),
    "attachment": string(r"[0-9a-f]{32}", 32, description="the id of a photograph or paper"),
    "token": string(r"[!-~]+", 128, description="an operator's key"),
    "language": string(r"[a-z]{2,3}", 3, description="a language of the site, such as zh"),
    "prompt": string(
        r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)?", 64, description="a prompt's name; its / is written %2F"
    ),
    "action": string(r"[0-9a-z_-]+(/[^/\x00-\x1f\x7f]+)?", 128, description="what the phone's key does"),
}
NOTHING: Schema = obj({})
BODY_SECONDS = 10.0

log = structlog.get_logger(__name__)


def words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # parts in braces are named in PATH
    handler: Handler
    summary: Text
    answer: Schema | None = None  # of a JSON answer
    status: int = 200
    access: str = (
        "admin"  # of roles.MAY; phone: token in the path; own: the handler looks; signed: by a desk; open: all
    )
    body: Schema | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    media: str = "application/json"
    upload: int = 0  # bytes at most of a body that is a file: the handler takes it
    takes: Schema | None = None  # JSON that the handler reads itself, as its very bytes are signed

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(piece[1:-1] for piece in self.path.split("/") if piece.startswith("{"))


class BadJsonError(HotlineError):
    def __init__(self, why: str) -> None:
        super().__init__("bad_json", f"the body is no JSON: {why}", status=400)


class SlowBodyError(HotlineError):
    def __init__(self) -> None:
        message = f"the body was not whole within {BODY_SECONDS:g} s"
        super().__init__("slow_body", message, {"seconds": BODY_SECONDS}, 408)


class UnsupportedMediaError(HotlineError):
    def __init__(self, given: str) -> None:
        message = f"the body came as {given}; send JSON with Content-Type: application/json"
        super().__init__("unsupported_media_type", message, {"given": given}, 415)


def register(app: web.Application, routes: Iterable[Route]) -> None:
    for route in routes:
        # A line break too: `check` refuses it.
        pattern = re.sub(r"{(action|asset)}", r"{\1:(?s:.+)}", route.path)
        app.router.add_route(route.method, pattern, _served(route))


def _served(route: Route) -> Any:
    async def serve(request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        accepted = request.headers.get("Accept-Language", "")
        language = messages.chosen(accepted, services.site.hotline.languages[0])
        with structlog.contextvars.bound_contextvars(**_named(route, request)):
            try:
                asked = await _asked(route, request, services, language)
                given = await route.handler(asked)
            except HotlineError as refusal:
                if route.media != "text/plain":
                    raise
                return web.Response(text=f"{messages.said(refusal, language)}\n", status=refusal.status)
        return given if isinstance(given, web.StreamResponse) else replies.json(given, route.status)

    return serve


def _named(route: Route, request: web.Request) -> dict[str, str]:
    """What every log line of this request says of it."""
    whose = next((word for word in ("order", "case") if f"/{word}s/{{id}}" in route.path), "call")
    return {whose: request.match_info["id"]} if "id" in request.match_info else {}


async def _asked(route: Route, request: web.Request, services: Services, language: str) -> Asked:
    who = _who(route, request, services)
    for name in route.parts:
        check(PATH[name], request.match_info[name], name)
    query = _query(route, request)
    for name, schema in route.headers.items():
        if name in request.headers:
            check(schema, request.headers[name], name)
    takes = route.method in ("POST", "PUT", "PATCH", "DELETE") and not route.upload
    body = await _body(route.body or NOTHING, request) if takes else {}
    return Asked(services, who, language, dict(request.match_info), query, body, request)


def _who(route: Route, request: web.Request, services: Services) -> Who | None:
    if route.access in ("open", "own", "signed"):
        return None
    if route.access == "phone":
        who = auth.of_phone_key(request.match_info["token"], services.credentials, services.site)
        refusal: HotlineError = auth.BadKeyError()
    else:
        who = auth.of_request(request, services)
        refusal = auth.UnauthorizedError()
        request[NOT_A_GUESS] = "Authorization" not in request.headers
    if who is None:
        log.warning("web.unauthorized", remote=request.remote, route=route.path)
        raise refusal
    if route.access in MAY and not may(who, route.access):
        raise ForbiddenError(who.role)
    if who.must is not None and route.access != "session":
        raise auth.MustError(who.must)
    auth.means_it(request, who)
    return who


def _query(route: Route, request: web.Request) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if route.media == "text/html":  # a page's own script reads it: /room?big=1
        return values
    for name, text in request.query.items():
        if name not in route.query:
            raise InvalidRequestError(name[:64], f"none but {', '.join(route.query) or 'no parameter'}")
        if name in values:
            raise InvalidRequestError(name, "one value, and there are two")
        values[name] = from_query(route.query[name], text, name)
    return values


async def _body(schema: Schema, request: web.Request) -> dict[str, Any]:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await request.read()
    except TimeoutError:
        raise SlowBodyError from None
    if raw and request.content_type != "application/json":
        raise UnsupportedMediaError(request.content_type)
    try:
        document = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as failure:
        raise BadJsonError(str(failure)) from None
    check(schema, document)
    return dict(document)

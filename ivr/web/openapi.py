"""The API's description (OpenAPI 3.1), printed from the table of routes that the server itself obeys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from ivr.web.auth import CSRF_HEADER, UNATTENDED_HEADER
from ivr.web.context import Asked
from ivr.web.errors import BODY_LIMIT
from ivr.web.examples import REFUSALS, REQUESTS
from ivr.web.roles import MAY
from ivr.web.routes import PATH, Route
from ivr.web.schema import Schema
from ivr.web.sessions import COOKIE
from ivr.web.shapes import ERROR

TABLE: web.AppKey[tuple[Route, ...]] = web.AppKey("table", tuple[Route, ...])

_TITLE = {"zh": "热线控制系统接口", "en": "Hotline controller API"}
_ABOUT = {
    "zh": (
        "程序带请求头 Authorization: Bearer <令牌>：credentials.toml 的 [api] token 或 [api.tokens.名称]；"
        "网页用登录 cookie。"
        "拒绝时返回 {error: {id, message, details}}，message 的语言由 Accept-Language 决定。时间为 UTC（RFC 3339）。"
        "带 Idempotency-Key 的请求可以放心重发。"
        "网上来件见 docs/channels.md，平台互通见 docs/exchange.md，通知见 docs/telling.md。"
    ),
    "en": (
        "Programs send Authorization: Bearer <token>, of [api] or [api.tokens.NAME] in credentials.toml; "
        "pages have the cookie of a login. A refusal is {error: {id, message, details}}, "
        "its message in the language of Accept-Language. Times are UTC (RFC 3339). "
        "A request with an Idempotency-Key may be sent again. Matters without a call: docs/channels.md; "
        "other desks: docs/exchange.md; what is told to others: docs/telling.md."
    ),
}
_ERROR = {"zh": "拒绝：id 供程序判断，message 供人阅读", "en": "Refused: programs look at id, people read message"}
_CSRF = {
    "zh": f"登录后的会话；除 GET 外，每个请求须带请求头 {CSRF_HEADER}（见 GET /api/v1/session 的 csrf）。"
    f"页面自行刷新的 GET 带 {UNATTENDED_HEADER}，不算本人操作",
    "en": f"a login; every request but GET needs {CSRF_HEADER} (`csrf` of GET /api/v1/session). "
    f"A GET with {UNATTENDED_HEADER} is a page's own: it does not keep the login alive",
}
_BEARER: dict[str, list[str]] = {"bearer": []}
_COOKIE: dict[str, list[str]] = {"cookie": []}
_ACCESS: dict[str, list[dict[str, list[str]]]] = {
    **{word: [_BEARER, _COOKIE] if allowed.tokens else [_COOKIE] for word, allowed in MAY.items()},
    "own": [_BEARER, _COOKIE, {}],  # or as the first message
    "phone": [],  # the token stands in the path
    "signed": [],  # by the desk, as docs/exchange.md tells
    "open": [],
}


async def document(asked: Asked) -> dict[str, Any]:
    table: tuple[Route, ...] = asked.request.app[TABLE]
    return describe(table, asked.language)


def describe(routes: Iterable[Route], language: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, language)
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE[language], "version": "1", "description": _ABOUT[language]},
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": _CSRF[language]},
            },
            "schemas": {"Error": ERROR},
        },
    }


def _operation(route: Route, language: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": f"{route.method.lower()} {route.path}",
        "summary": route.summary[language],
        "security": _ACCESS[route.access],
        "responses": {
            str(route.status): _answer(route, language),
            **{
                str(status): {**_refusal(route, language), "description": ", ".join(ids)}
                for status, ids in REFUSALS.get(route.name, {}).items()
            },
            "default": _refusal(route, language),
        },
    }
    parameters = [
        *(_parameter("path", name, PATH[name]) for name in route.parts),
        *(_parameter("query", name, schema) for name, schema in route.query.items()),
        *(_parameter("header", name, schema) for name, schema in route.headers.items()),
    ]
    if parameters:
        told["parameters"] = parameters
    if route.body is not None:
        told["requestBody"] = {
            "required": bool(route.body["required"]),
            "description": f"≤ {BODY_LIMIT} B",
            "content": {"application/json": _shown(route, route.body)},
        }
    if route.takes is not None:
        told["requestBody"] = {
            "required": True,
            "description": f"≤ {route.upload} B",
            "content": {"application/json": _shown(route, route.takes)},
        }
    elif route.upload:
        file = {"schema": {"type": "string", "format": "binary"}}
        media = "application/x-www-form-urlencoded" if route.media == "text/html" else "application/octet-stream"
        told["requestBody"] = {
            "required": True,
            "description": f"≤ {route.upload} B",
            "content": {media: file},
        }
    return told


def _shown(route: Route, schema: Schema) -> dict[str, Any]:
    examples = {name: {"value": value} for name, value in REQUESTS.get(route.name, {}).items()}
    return {"schema": schema, **({"examples": examples} if examples else {})}


def _parameter(place: str, name: str, schema: Schema) -> dict[str, Any]:
    return {"in": place, "name": name, "required": place == "path", "schema": schema}


def _answer(route: Route, language: str) -> dict[str, Any]:
    told: dict[str, Any] = {"description": route.summary[language]}
    if route.status != 101:
        schema = route.answer or {"type": "string"}
        told["content"] = {media: {"schema": schema} for media in route.media.split(", ")}
    return told


def _refusal(route: Route, language: str) -> dict[str, Any]:
    schema = {"type": "string"} if route.media == "text/plain" else {"$ref": "#/components/schemas/Error"}
    media = "text/plain" if route.media == "text/plain" else "application/json"
    return {"description": _ERROR[language], "content": {media: {"schema": schema}}}

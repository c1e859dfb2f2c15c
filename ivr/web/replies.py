"""Answers as bytes: JSON, and the headers that every answer carries."""

from __future__ import annotations

import orjson
from aiohttp import web

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def dumps(document: object) -> bytes:
    """Dataclasses become objects, times `2026-11-22T08:00:00.123456Z`."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)


def json(document: object, status: int = 200) -> web.Response:
    return web.Response(body=dumps(document), status=status, content_type="application/json", charset="utf-8")

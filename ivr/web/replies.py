"""Answers as bytes: JSON with times in one form, and the headers that every answer carries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from aiohttp import web

from ivr.store.export import instant

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
    return orjson.dumps(document, default=_other, option=orjson.OPT_PASSTHROUGH_DATETIME)


def json(document: object, status: int = 200) -> web.Response:
    return web.Response(body=dumps(document), status=status, content_type="application/json", charset="utf-8")


def _other(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    raise TypeError(f"{type(value).__name__} is no JSON")

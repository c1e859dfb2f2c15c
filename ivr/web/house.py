"""The house about itself: health, metrics, the description of the API, and a page for whoever opens the address."""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from ivr.errors import HotlineError
from ivr.web import auth, errors, replies
from ivr.web.context import Asked
from ivr.web.health import DRAIN


async def health(asked: Asked) -> web.Response:
    """Everybody may know whether it is well; what is wrong (paths, the database's words) is for the administrator."""
    trusted = auth.of_request(asked.request, asked.services.credentials) is not None
    problems = await asked.services.health.problems()
    checks = [_told(name, problem, asked.language if trusted else None) for name, problem in problems.items()]
    failing = {name for name, problem in problems.items() if problem is not None}
    status = "failing" if failing - {DRAIN} else "draining" if failing else "ok"
    told = {"status": status, "checks": checks, "dialplan": asked.services.office.versions.current}
    return replies.json(told, 503 if failing else 200)


def _told(name: str, problem: HotlineError | None, language: str | None) -> dict[str, Any]:
    if problem is None:
        return {"name": name, "ok": True}
    if language is None:
        return {"name": name, "ok": False, "error": {"id": problem.id}}
    return {"name": name, "ok": False, **errors.body(problem, language)}


async def metrics(asked: Asked) -> web.Response:
    return web.Response(body=asked.services.metrics.text(), content_type="text/plain", charset="utf-8")


_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
<h1>{title}</h1>
<p>{what}</p>
<ul>
<li><a href="/healthz">/healthz</a> — {health}</li>
<li><a href="/metrics">/metrics</a> — {metrics}</li>
<li><a href="/api/v1/openapi.json">/api/v1/openapi.json</a> — {api}</li>
</ul>
</body>
</html>
"""
_WORDS = {
    "zh": {
        "what": "热线控制系统正在运行。这里提供接口，供坐席台、大屏和其他系统使用。",
        "health": "运行是否正常",
        "metrics": "运行指标（Prometheus）",
        "api": "接口说明（OpenAPI）",
    },
    "en": {
        "what": "The hotline controller is running. Here is the API for consoles, wallboards and other systems.",
        "health": "is everything well",
        "metrics": "numbers for Prometheus",
        "api": "the API's description (OpenAPI)",
    },
}


async def home(asked: Asked) -> web.Response:
    hotline = asked.services.site.hotline
    title = escape(hotline.name.get(asked.language, hotline.number))
    page = _PAGE.format(language=asked.language, title=title, **_WORDS[asked.language])
    return web.Response(text=page, content_type="text/html", headers={"Content-Language": asked.language})

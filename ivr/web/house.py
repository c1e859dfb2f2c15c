"""The house about itself: health and metrics."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ivr.errors import HotlineError
from ivr.web import auth, errors, replies
from ivr.web.context import Asked
from ivr.web.health import DRAIN


async def health(asked: Asked) -> web.Response:
    """Everybody may know whether it is well; what is wrong (paths, the database's words) is for the administrator."""
    who = auth.of_request(asked.request, asked.services)
    trusted = who is not None and who.must is None
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

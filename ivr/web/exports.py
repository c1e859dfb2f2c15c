"""Exports of calls: a process writes the sheet (`ivr.store.sheets`), whoever asked watches and takes it.

Whoever gets whole numbers has the role for it and gives a reason. What was exported is on record before it is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import asdict
from typing import Any

import structlog
from aiohttp import web

from ivr.errors import HotlineError
from ivr.store.audit import Audit
from ivr.store.sheets import Job
from ivr.tasks import ended
from ivr.web.calls import may_look_for
from ivr.web.context import SERVICES, Asked
from ivr.web.exported import Export, ExportError
from ivr.web.uncovering import may_uncover

MOST_ROWS = 100_000
KILL_SECONDS = 5.0  # that a process may take to die
MEDIA = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

log = structlog.get_logger(__name__)


def _whose(asked: Asked) -> str:
    who = asked.who
    return f"{who.role} {who.user or who.name}" if who is not None else ""


async def ask(asked: Asked) -> dict[str, Any]:
    body, services = asked.body, asked.services
    wanted, full = dict(body.get("filters", {})), bool(body.get("full"))
    may_look_for(asked, wanted)
    if full:
        may_uncover(asked)
        if not str(body.get("reason", "")).strip():
            raise ExportError("no_reason", "give the reason, on one line", status=422)
    export = services.exports.begin(services.var / "exports", _whose(asked), body["format"])
    site = services.site
    job = Job(
        site.database_url, str(export.path), export.format, "en" if asked.language == "en" else "zh",
        site.hotline.timezone, full, wanted, MOST_ROWS,
    )  # fmt: skip
    export.task = asyncio.create_task(_made(asked, export, job))
    return {"export": export.as_dict()}


async def _made(asked: Asked, export: Export, job: Job) -> None:
    try:
        await _written(export, job)
        details = {"filters": dict(job.wanted), "rows": export.rows, "full": job.full}
        who = asked.who
        why = str(asked.body.get("reason", ""))
        await Audit(asked.services.store).note(
            asked.by, who.role if who else "", "call.export", export.format, why, details
        )
        export.state = "ready"
    except HotlineError as refusal:
        export.state, export.error = "failed", refusal
    except OSError as failure:
        export.state = "failed"
        export.error = ExportError("export_failed", f"the sheet could not be written: {failure}", status=500)
    if export.state == "failed":
        export.path.unlink(missing_ok=True)
        log.warning("web.export_failed", why=str(export.error))


async def _written(export: Export, job: Job) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ivr.store.sheets",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(asdict(job)).encode())
        process.stdin.close()
        async for line in process.stdout:
            told = json.loads(line)
            if refused := told.get("error"):
                raise HotlineError(refused["id"], refused["message"], refused["details"], refused["status"])
            export.rows, export.total = told["rows"], told["total"]
        if await process.wait() != 0:
            raise ExportError("export_failed", "the process that writes the sheet ended too early", status=500)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KILL_SECONDS):
                    await process.wait()


async def shown(asked: Asked) -> dict[str, Any]:
    return {"export": asked.services.exports.of(asked.path["export"], _whose(asked)).as_dict()}


async def file(asked: Asked) -> web.StreamResponse:
    export = asked.services.exports.of(asked.path["export"], _whose(asked))
    if export.state != "ready":
        raise ExportError("export_not_ready", "the sheet is not ready yet", {"state": export.state}, 409)
    name = f'attachment; filename="calls-{export.id}.{export.format}"'
    headers = {"Content-Disposition": name, "Content-Type": MEDIA[export.format], "Cache-Control": "no-store"}
    return web.FileResponse(export.path, headers=headers)


async def drop(asked: Asked) -> dict[str, Any]:
    export = asked.services.exports.of(asked.path["export"], _whose(asked))
    asked.services.exports.drop(export)
    return {"export": {**export.as_dict(), "url": None}}


async def close_all(app: web.Application) -> None:
    """aiohttp's `on_cleanup`: no process writes on for a server that has ended."""
    running = app[SERVICES].exports.all.values()
    await ended(*(export.task for export in running if export.task is not None))

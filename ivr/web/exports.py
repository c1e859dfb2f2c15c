"""Exports: a process writes the sheet (`ivr.store.call_sheets`), whoever asked watches and takes it.

Whoever gets whole numbers has the role for it and gives a reason. What was exported is on record before it is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import structlog
from aiohttp import web

from ivr.errors import HotlineError
from ivr.store import call_sheets
from ivr.store.audit import Audit
from ivr.tasks import ended
from ivr.web.calls import may_look_for
from ivr.web.context import SERVICES, Asked
from ivr.web.exported import Export, ExportError
from ivr.web.uncovering import may_uncover

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST_ROWS = 100_000
KILL_SECONDS = 5.0  # that a process may take to die
PIECE = 256 * 1024  # bytes
MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}

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
    job = call_sheets.Job(
        site.database_url, str(export.path), export.format, "en" if asked.language == "en" else "zh",
        site.hotline.timezone, full, wanted, MOST_ROWS,
    )  # fmt: skip
    why = str(body.get("reason", ""))
    told = Told("call.export", why, {"filters": dict(job.wanted), "full": job.full})
    export.task = asyncio.create_task(_made(asked, export, call_sheets.MODULE, job, told))
    return {"export": export.as_dict()}


@dataclass(frozen=True, slots=True)
class Told:
    """What the audit says of an export."""

    what: str
    why: str
    details: Mapping[str, Any]


async def at_once(
    asked: Asked, module: str, of: Callable[[Path], DataclassInstance], name: str, told: Told
) -> web.StreamResponse:
    """Make a sheet or a paper and give it, in one request: for programs, and for what is ready within seconds.

    `of`: the job of the process that `module` is, which writes the file; `name`: of the file, with its form behind the
    dot. Raises ExportError and what the process says.
    """
    services, format = asked.services, name.rpartition(".")[2]
    export = services.exports.begin(services.var / "exports", _whose(asked), format)
    try:
        export.task = asyncio.create_task(_made(asked, export, module, of(export.path), told))
        await export.task
        if export.error is not None:
            raise export.error
        file = await asyncio.to_thread(_opened, export.path)
    finally:
        services.exports.drop(export)
    return await _sent(asked, file, name, format)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


async def _sent(asked: Asked, file: BinaryIO, name: str, format: str) -> web.StreamResponse:
    """The file has no name any more: it is gone when it has been read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    response = web.StreamResponse(headers={**headers, "Content-Type": MEDIA[format]})
    with file:
        response.content_length = os.fstat(file.fileno()).st_size
        await response.prepare(asked.request)
        while piece := await asyncio.to_thread(file.read, PIECE):
            await response.write(piece)
    await response.write_eof()
    return response


async def _made(asked: Asked, export: Export, module: str, job: DataclassInstance, told: Told) -> None:
    try:
        await _written(export, module, job)
        who = asked.who
        details = {**told.details, "rows": export.rows}
        await Audit(asked.services.store).note(
            asked.by, who.role if who else "", told.what, export.format, told.why, details
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


async def _written(export: Export, module: str, job: DataclassInstance) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
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

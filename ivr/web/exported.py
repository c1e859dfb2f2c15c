"""Exports of calls that are being written, or lie ready: under `var/exports`, for an hour.

A file that a controller before this one left goes at once.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import HotlineError

AT_ONCE = 2
KEPT_SECONDS = 3600.0


class ExportError(HotlineError):
    """An export that cannot be made, or is not there."""


@dataclass
class Export:
    id: str
    whose: str
    format: str
    path: Path
    state: str = "running"  # running | ready | failed
    rows: int = 0
    total: int | None = None
    error: HotlineError | None = None
    began: float = field(default_factory=time.monotonic)
    task: asyncio.Task[None] | None = None

    def as_dict(self) -> dict[str, Any]:
        error = self.error
        told = {"id": error.id, "message": error.message, "details": dict(error.details)} if error else None
        url = f"/api/v1/exports/{self.id}/file" if self.state == "ready" else None
        return {
            "id": self.id, "format": self.format, "state": self.state, "rows": self.rows, "total": self.total,
            "error": told, "url": url,
        }  # fmt: skip


class Exports:
    def __init__(self) -> None:
        self.all: dict[str, Export] = {}
        self._swept = False

    def begin(self, folder: Path, whose: str, format: str) -> Export:
        """Raises ExportError where too many run."""
        if not self._swept:
            shutil.rmtree(folder, ignore_errors=True)
            self._swept = True
        folder.mkdir(mode=0o700, exist_ok=True)
        for old in [one for one in self.all.values() if time.monotonic() - one.began > KEPT_SECONDS]:
            self.drop(old)
        if sum(one.state == "running" for one in self.all.values()) >= AT_ONCE:
            message = f"{AT_ONCE} exports are being written already; try again when one is ready"
            raise ExportError("exports_busy", message, {"most": AT_ONCE}, 429)
        id = secrets.token_hex(8)
        self.all[id] = export = Export(id, whose, format, folder / f"{id}.{format}")
        return export

    def of(self, id: str, whose: str) -> Export:
        """Raises ExportError: nobody sees another's."""
        export = self.all.get(id)
        if export is None or export.whose != whose:
            raise ExportError("unknown_export", f"there is no export {id}; it is kept for an hour", {"export": id}, 404)
        return export

    def drop(self, export: Export) -> None:
        if export.task is not None:
            export.task.cancel()
        self.all.pop(export.id, None)
        export.path.unlink(missing_ok=True)

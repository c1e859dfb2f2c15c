"""Photographs and papers of work orders: sent by whoever works on them, seen by whoever may see the order."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from ivr.desks.work_order import LARGEST, OPEN, PICTURES
from ivr.errors import HotlineError
from ivr.store.attachments import UnknownFileError
from ivr.web import work_orders
from ivr.web.context import Asked
from ivr.web.health import DISK_LIMIT
from ivr.web.upload import taken

# A picture that is more than a picture runs nothing and loads nothing.
CLOSED = "default-src 'none'; sandbox"


class NoRoomError(HotlineError):
    def __init__(self, why: str) -> None:
        message = f"the file could not be kept ({why}): `ivr doctor` tells how much room the disk has"
        super().__init__("no_room", message, {"why": why}, 507)


async def sent(asked: Asked) -> dict[str, Any]:
    """The bytes are the body; `name` is what it is called."""
    row = await work_orders.mine(asked)
    if row["state"] not in OPEN:
        raise work_orders.OrderNotOpenError(row["id"])
    files, who = asked.services.attachments, asked.who
    await asyncio.to_thread(_room, files.folder)
    department = who.department if who is not None else ""
    name = asked.query.get("name", "") or "photo"
    try:
        async with taken(asked.request, LARGEST, files.folder, "attachment_too_large") as file:
            kept = await files.add(row, department, name, file, work_orders.by(asked))
    except OSError as failure:
        raise NoRoomError(str(failure)) from failure
    return {"file": asdict(kept)}


def _room(folder: Path) -> None:
    """Raises NoRoomError before photographs take what journal and recordings need."""
    folder.mkdir(0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < DISK_LIMIT + 2 * LARGEST:  # as it comes, and as it is kept
        raise NoRoomError(f"{free} bytes left")


async def shown(asked: Asked) -> web.StreamResponse:
    row = await work_orders.mine(asked)
    file = await asked.services.attachments.get(row, asked.path["attachment"])
    path = asked.services.attachments.path(file.id)
    if not await asyncio.to_thread(path.is_file):
        raise UnknownFileError(file.id)
    how = "inline" if file.type in PICTURES else "attachment"
    headers = {
        "Content-Type": file.type,
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": CLOSED,
        "Cache-Control": "private, no-cache",
    }
    return web.FileResponse(path, headers=headers)

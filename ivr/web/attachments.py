"""Photographs of work orders, sent by whoever works on them, seen by whoever may see the order; what hung on mails."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote

from aiohttp import web

from ivr.desks.work_order import LARGEST, OPEN, PICTURES, File
from ivr.store.attachments import NoRoomError, Place, UnknownFileError, make_room
from ivr.store.audit import Audit
from ivr.web import work_orders
from ivr.web.context import Asked
from ivr.web.upload import taken

# A picture that is more than a picture runs nothing and loads nothing.
CLOSED = "default-src 'none'; sandbox"


async def sent(asked: Asked) -> dict[str, Any]:
    """The bytes are the body; `name` is what it is called."""
    row = await work_orders.mine(asked)
    if row["state"] not in OPEN:
        raise work_orders.OrderNotOpenError(row["id"])
    files, who = asked.services.attachments, asked.who
    await asyncio.to_thread(make_room, files.folder)
    place = replace(work_orders.files_of(row), department=who.department if who is not None else "")
    name = asked.query.get("name", "") or "photo"
    try:
        async with taken(asked.request, LARGEST, files.folder, "attachment_too_large") as file:
            kept = await files.add(place, name, file, work_orders.by(asked))
    except OSError as failure:
        raise NoRoomError(str(failure)) from failure
    return {"file": asdict(kept)}


async def shown(asked: Asked) -> web.StreamResponse:
    row = await work_orders.mine(asked)
    file = await asked.services.attachments.get(work_orders.files_of(row), asked.path["attachment"])
    return await _answer(asked, file, "inline" if file.type in PICTURES else "attachment", file.type)


async def of_case(asked: Asked) -> web.StreamResponse:
    """What hung on a letter of the case: who took it is on record, and no browser opens it by itself (R62)."""
    case, services = (await asked.services.cases.get(asked.path["id"])).case, asked.services
    file = await services.attachments.get(Place(case.id), asked.path["attachment"])
    details = {"case": case.id, "file": file.id, "sha256": file.sha256}
    role = asked.who.role if asked.who is not None else ""
    await Audit(services.store).note(asked.by, role, "case.file", case.number or case.id, "", details)
    return await _answer(asked, file, "attachment", "application/octet-stream")


async def _answer(asked: Asked, file: File, how: str, type: str) -> web.StreamResponse:
    path = asked.services.attachments.path(file.id)
    if not await asyncio.to_thread(path.is_file):
        raise UnknownFileError(file.id)
    headers = {
        "Content-Type": type,
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": CLOSED,
        "Cache-Control": "private, no-cache",
    }
    return web.FileResponse(path, headers=headers)

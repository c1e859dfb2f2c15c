"""A bulletin is written by a process of its own: `python -m ivr.bulletin.made`, its job on stdin."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.bulletin import pdf, xlsx
from ivr.bulletin.document import Document, Named, document
from ivr.bulletin.job import Job, limits
from ivr.errors import HotlineError
from ivr.pbx import debian, fonts
from ivr.store import Store
from ivr.store.bulletin import month
from ivr.store.making import Tell, main


class NoFontError(HotlineError):
    def __init__(self, why: str) -> None:
        message = f"no font with Chinese letters is on this machine, and none could be fetched: {why}"
        super().__init__("no_chinese_font", message, {"package": fonts.PACKAGE, "why": why}, 503)


async def counted(asked: Job) -> Document:
    """Raises DatabaseDownError."""
    zone, now = ZoneInfo(asked.zone), datetime.now(UTC)
    before, since, until = limits(asked.month, zone)
    late = timedelta(minutes=asked.accept_minutes)
    store = Store(asked.url)
    await store.open(may_migrate=False)
    try:
        this = await month(store, asked.desk, since, until, now, late, zone)
        last = await month(store, asked.desk, before, since, now, late, zone)
    finally:
        await store.close()
    named = Named(asked.hotline, asked.desk, asked.classes, asked.departments, asked.targets, asked.accept_minutes)
    return document(this, last, named, asked.language, now, zone)


def write(asked: Job) -> None:
    """Raises DatabaseDownError, NoFontError, OSError."""
    path = Path(asked.path)
    try:
        font = fonts.chinese() if asked.format == "pdf" else None
    except debian.PackageError as failure:
        raise NoFontError(failure.message) from failure
    told = asyncio.run(counted(asked))
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    if font is not None:
        pdf.write(told, path, font)
    else:
        xlsx.write(told, path)


def make(asked: Job, tell: Tell) -> None:
    write(asked)
    tell({"rows": 1, "total": 1})


if __name__ == "__main__":
    main(Job, make)

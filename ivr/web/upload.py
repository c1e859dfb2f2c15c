"""A file that is sent: taken piece by piece, never more than so many bytes, never too slowly."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from ivr.errors import HotlineError

SECONDS = 60.0  # for the whole of it
PREFIX = ".upload-"
LEFT_SECONDS = 3600.0  # so old a file is of a process that was killed


class UploadError(HotlineError):
    """It came too slowly, or too much of it."""


@asynccontextmanager
async def taken(
    request: web.Request, most: int, folder: Path, too_large: str = "sound_too_large"
) -> AsyncIterator[Path]:
    """The file, which is gone afterwards. `most` in bytes; `too_large`: the refusal of more. Raises UploadError."""
    _clear(folder)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PREFIX) as file:
        size = 0
        try:
            async with asyncio.timeout(SECONDS):
                async for piece in request.content.iter_chunked(64 * 1024):
                    size += len(piece)
                    if size > most:
                        message = f"the file is larger than {most} bytes"
                        raise UploadError(too_large, message, {"limit": most}, 413)
                    file.write(piece)
        except TimeoutError:
            message = f"the file was not whole within {SECONDS:g} s"
            raise UploadError("slow_upload", message, {"seconds": SECONDS}, 408) from None
        file.flush()
        yield Path(file.name)


def _clear(folder: Path) -> None:
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_SECONDS:
                path.unlink()

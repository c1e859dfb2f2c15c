"""What a machine sends, whole: no longer and no slower than its door allows."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ivr.errors import HotlineError

SECONDS = 10.0  # that a message may take to arrive, where its door says nothing else


async def body_of(request: web.Request, most: int, seconds: float | None = None) -> bytes:
    """Raises HotlineError where it is too large or too slow."""
    seconds = SECONDS if seconds is None else seconds
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.content.iter_chunked(64 * 1024):
                body += piece
                if len(body) > most:
                    message = f"the body is larger than {most} bytes"
                    raise HotlineError("body_too_large", message, {"limit": most}, 413)
    except TimeoutError:
        message = f"the body was not whole within {seconds:g} s"
        raise HotlineError("slow_body", message, {"seconds": seconds}, 408) from None
    return bytes(body)

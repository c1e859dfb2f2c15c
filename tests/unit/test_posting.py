"""One message over HTTP: an answer may come in pieces, and what is no address of another machine is not called."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from aiohttp import web

from ivr import posting

PIECES = (b'{"error": {"id": "exchange_', b'not_yet", "message": "later"}}')


async def in_pieces(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=409)
    await response.prepare(request)
    for piece in PIECES:
        await response.write(piece)
        await asyncio.sleep(0.05)  # the next one comes by itself
    return response


async def test_given_an_answer_in_pieces_then_all_of_it_is_read() -> None:
    app = web.Application()
    app.router.add_post("/", in_pieces)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with posting.session(ssl.create_default_context()) as http:
            answer = await posting.post(http, f"http://127.0.0.1:{runner.addresses[0][1]}/", b"{}", {})
    finally:
        await runner.cleanup()
    assert (answer.status, answer.error) == (409, {"id": "exchange_not_yet", "message": "later"})


@pytest.mark.parametrize("name", ["2852039166", "0"])
async def test_given_a_name_that_leads_to_the_machines_own_link_then_it_leads_nowhere(name: str) -> None:
    """The C library reads 2852039166 as 169.254.169.254, and 0 as 0.0.0.0: this machine."""
    with pytest.raises(OSError, match="no other machine"):
        await posting._Resolver().resolve(name, 9)

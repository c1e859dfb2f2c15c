"""HTTP as an attacker speaks it: no token, tricks with methods, shapes that split one request into two, giant things.

After each attack the orders to Asterisk are what they were: none.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from ivr.pbx.orders import OrderError, Orders
from ivr.web.errors import BODY_LIMIT
from ivr.web.pages import ADDRESSES, POLICY
from ivr.web.replies import HEADERS
from ivr.web.table import ROUTES
from tests.web.house import CALL, PHONE_KEY, TOKEN, House, a_house

TRANSFERS = f"/api/v1/calls/{CALL}/transfers"
ORDER = b'{"target": "110", "mode": "transfer"}'
OWN = {("GET", "/report"): {"Cache-Control": "private, no-cache"}}  # Back shows the same form again
OPEN = {
    *ADDRESSES,
    "/healthz",
    "/metrics",
    "/api/v1/openapi.json",
    "/exchange/v1/schema.json",
    "/report",
    "/report/progress",
    "/api/v1/progress",
}  # and nothing else
LOGIN = ("POST", "/api/v1/session")
SECONDS = 30.0  # until the first word, which only bounds a failure
QUIET = 0.7  # seconds without a further word: it has said all


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, interval=0.02) as opened:
        opened.in_a_call()
        yield opened
        assert (await opened.ask("GET", "/healthz"))[0] == 200  # it serves on


def head(method: str, path: str, *lines: str, token: str | None = TOKEN) -> bytes:
    bearer = [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *bearer, *lines, "", ""]).encode()


async def raw(house: House, *pieces: bytes) -> bytes:
    """Everything that the server says to these bytes until it closes, or until nothing more has come for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    said = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        while data := await asyncio.wait_for(reader.read(65536), QUIET if said else SECONDS):
            said += data
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return said


def filled(path: str) -> str:
    named = {"id": CALL, "token": "no-such-key", "action": "transfer/110", "caller": "13800138000", "language": "zh"}
    return path.format_map(Named({"number": "1002", "name": "greeting"} | named))


class Named(dict[str, str]):
    """What a path may name that no test knows: an ordinary word."""

    def __missing__(self, name: str) -> str:
        return "one"


async def test_given_bytes_that_are_no_http_then_the_answer_does_not_repeat_them(house: House) -> None:
    for shape in (
        b"get /api/v1/phone/%b/ready HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Bearer %b\x01\r\n\r\n",
    ):
        with structlog.testing.capture_logs() as lines:
            said = await raw(house, shape.replace(b"%b", TOKEN.encode()))
        assert b" 400 " in said
        assert b"no-store" in said
        assert TOKEN.encode() not in said
        assert TOKEN not in repr(lines)
        assert [line["event"] for line in lines] == ["web.malformed"]


def routes_of(house: House) -> list[tuple[str, str]]:
    """What the server really serves, not what the table says."""
    served = house.server._runner.app.router.routes()
    return [(route.method, route.resource.canonical) for route in served if route.resource is not None]


async def test_given_no_token_when_each_route_is_asked_then_only_the_open_ones_answer(house: House) -> None:
    served = routes_of(house)
    assert len(served) >= len(ROUTES)
    for method, path in served:
        status, _ = await house.ask(method, filled(path), token=None)
        if (method, path) == LOGIN:
            wanted = {422}  # who logs in says who he is: tests/web/test_logins.py
        elif method == "POST" and path in {"/report", "/report/progress"}:
            wanted = {415}  # of the public, but no form: tests/web/test_report.py, test_progress_api.py
        elif path.startswith("/static/"):
            wanted = {404}  # no such file of the program
        else:
            wanted = {200} if path in OPEN else {400, 401} if path.endswith("/stream") else {401}
        assert status in wanted, f"{method} {path} without a token: {status}"
    assert house.orders.asked == []


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND", "get"])
async def test_given_another_method_when_a_guarded_route_is_asked_then_nothing_is_told_or_done(
    house: House, method: str
) -> None:
    for path in (TRANSFERS, "/api/v1/calls", "/api/v1/live"):
        said = await raw(house, head(method, path, "Connection: close", token=None))
        status = int(said.split()[1]) if said else 400
        assert status in (400, 401, 404, 405), said
        assert CALL.encode() not in said.partition(b"\r\n\r\n")[2]
    assert house.orders.asked == []


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
async def test_given_a_method_in_a_header_then_it_is_the_requests_own_that_counts(house: House, name: str) -> None:
    status, _ = await house.ask("GET", "/api/v1/live", headers={name: "DELETE"})
    assert status == 200
    assert house.orders.asked == []


@pytest.mark.parametrize(
    "cookie", [f"token={TOKEN}", f"Authorization=Bearer {TOKEN}", f"session={TOKEN}", f"api_token={TOKEN}"]
)
async def test_given_the_token_as_a_cookie_then_it_opens_nothing(house: House, cookie: str) -> None:
    """So a foreign page whose request carries the browser's cookies cannot order anything (CSRF)."""
    status, _ = await house.ask("GET", "/api/v1/live", token=None, headers={"Cookie": cookie})
    assert status == 401
    status, _ = await house.ask("GET", f"/api/v1/live?token={TOKEN}", token=None)
    assert status == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_given_a_foreign_page_then_no_answer_is_readable_to_it(house: House, origin: str) -> None:
    for method, path in (("GET", "/api/v1/openapi.json"), ("GET", "/api/v1/live"), ("OPTIONS", TRANSFERS)):
        more = {"Origin": origin, "Access-Control-Request-Method": "POST", "Authorization": f"Bearer {TOKEN}"}
        async with house.client.request(method, path, headers=more) as response:
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_given_any_answer_then_it_has_the_headers_that_protect_its_reader(house: House) -> None:
    asked = [(method, filled(path)) for method, path in routes_of(house)] + [("GET", "/nothing"), ("PUT", "/healthz")]
    for method, path in asked:
        async with house.client.request(method, path) as response:
            page = response.content_type == "text/html"
            wanted = {**HEADERS, **({"Content-Security-Policy": POLICY} if page else {}), **OWN.get((method, path), {})}
            lacking = {name for name, value in wanted.items() if response.headers.get(name) != value}
            assert not lacking, f"{method} {path} {response.status}: {lacking}"
            assert "Server" not in response.headers
    assert HEADERS["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "", "a" * 4000, "x\tz"])
async def test_given_a_forged_host_then_it_stands_in_no_answer(house: House, host: str) -> None:
    said = await raw(house, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
    assert not host or host.encode() not in said or len(host) < 4


SMUGGLED = head("POST", TRANSFERS, "Content-Type: application/json", f"Content-Length: {len(ORDER)}") + ORDER
LENGTH = f"Content-Length: {len(SMUGGLED)}"
JSON = "Content-Type: application/json"


@pytest.mark.parametrize(
    "shape",
    [
        head("GET", "/healthz", LENGTH, "Transfer-Encoding: chunked", token=None) + b"0\r\n\r\n",
        head("GET", "/healthz", "Content-Length: 0", LENGTH, token=None),
        head("GET", "/healthz", "Content-Length: +0", token=None),
        head("GET", "/healthz", "Content-Length: 0x0", token=None),
        head("GET", "/healthz", "Content-Length: -1", token=None),
        head("GET", "/healthz", "Transfer-Encoding: chunked, identity", token=None) + b"0\r\n\r\n",
        head("GET", "/healthz", "Transfer-Encoding: xchunked", token=None) + b"0\r\n\r\n",
        head("GET", "/healthz", "Transfer-Encoding : chunked", token=None) + b"0\r\n\r\n",
        head("GET", "/healthz", "Transfer-Encoding:\x0bchunked", token=None) + b"0\r\n\r\n",
        head("POST", "/healthz", "Transfer-Encoding: chunked", token=None) + b"-1\r\n\r\n",
        head("POST", "/healthz", "Transfer-Encoding: chunked", token=None) + b"0_0\r\n\r\n",
        head("POST", "/healthz", "Transfer-Encoding: chunked", token=None) + b"fffffffffffffffff\r\n",
        head("GET", "/healthz", "X: y\r\n Content-Length: 0", token=None),
        b"GET /healthz HTTP/1.1\nHost: x\n\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # a TLS hello
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=range(20),
)  # fmt: skip
async def test_given_a_request_of_two_meanings_then_what_hides_behind_it_is_seen_as_itself_or_not_at_all(
    house: House, shape: bytes
) -> None:
    """A proxy before us may read it otherwise; so a request that has two lengths must end its connection.

    What hides is an order with a wrong token: were it ever run, or taken for a part of another request, it would show.
    """
    hidden = SMUGGLED.replace(TOKEN.encode(), b"the-proxy-let-this-through")
    said = await raw(house, shape, hidden)
    statuses = [line.split()[1] for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    assert set(statuses) <= {b"200", b"400", b"401", b"404", b"405", b"413", b"505"}, said
    assert b" 202 " not in said
    assert house.orders.asked == []


@pytest.mark.parametrize(
    ("lines", "body", "status"),
    [
        (["Content-Type: application/json"], b"[" * 30_000 + b"]" * 30_000, 400),
        (["Content-Type: application/json"], b'{"a":' * 10_000, 400),
        (["Content-Type: application/json"], b'{"target": "110", "mode": ' + b"9" * 60_000 + b"}", (400, 422)),
        (["Content-Type: application/json"], b'{"target": "\\ud800", "mode": "transfer"}', (400, 422)),
        (["Content-Type: application/json"], b'{"target": "110\\u0000", "mode": "transfer"}', 422),
        (["Content-Type: application/json"], b'{"target": "110", "target": "gas", "mode": "x"}', 422),
        (["Content-Type: application/json; charset=utf-16"], ORDER.decode().encode("utf-16"), 400),
        (["Content-Type: text/plain"], ORDER, 415),
        (["Content-Type: application/x-www-form-urlencoded"], b"target=110&mode=transfer", 415),
        (["Content-Type: multipart/form-data; boundary=x"], b"--x\r\n\r\n", 415),
        (["Content-Type: application/xml"], b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", 415),
        (["Content-Type: \xff\xfe"], ORDER, (400, 415)),
        ([], ORDER, 415),
        (["Content-Type: application/json", "Content-Encoding: gzip"], b"\x1f\x8b\x08\x00garbage", (400, 422)),
        (["Content-Type: application/json", "Content-Encoding: br"], ORDER, (400, 415, 422)),
    ],
    ids=range(15),
)  # fmt: skip
async def test_given_a_body_that_is_no_order_then_it_is_refused_and_nothing_is_done(
    house: House, lines: list[str], body: bytes, status: int | tuple[int, ...]
) -> None:
    said = await raw(house, head("POST", TRANSFERS, *lines, f"Content-Length: {len(body)}", "Connection: close"), body)
    assert int(said.split()[1]) in (status if isinstance(status, tuple) else (status,)), said
    assert house.orders.asked == []


async def test_given_a_bomb_of_gzip_then_it_is_refused_at_the_limit(house: House) -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    assert len(bomb) < BODY_LIMIT
    lines = [JSON, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}", "Connection: close"]
    said = await raw(house, head("POST", TRANSFERS, *lines), bomb)
    assert int(said.split()[1]) in (400, 413), said
    assert house.orders.asked == []


async def test_given_a_giant_body_in_chunks_then_it_is_cut_at_the_limit(house: House) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    said = await raw(house, head("POST", TRANSFERS, JSON, "Transfer-Encoding: chunked"), *[chunk] * 64)
    assert said.split()[1] == b"413", said
    assert house.orders.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"b" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 40_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X" * 100_000,
    ],
    ids=["path", "header", "headers", "name"],
)
async def test_given_a_giant_head_then_it_is_refused(house: House, request_: bytes) -> None:
    said = await raw(house, request_)
    assert said == b"" or said.split()[1] in (b"400", b"414", b"431"), said[:200]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/calls/..%2f..%2fcredentials.toml",
        "/api/v1/calls/%2e%2e/%2e%2e/credentials.toml",
        "/../../../../etc/passwd",
        "//etc/passwd",
        "/api/v1/calls/a%00b",
        "/api/v1/calls/%c0%ae%c0%ae%c0%afpasswd",
        "/api/v1/calls/" + "a" * 5000,
        "/api/v1/calls?before=../../etc/passwd",
        "/api/v1/calls?caller=%27%20OR%201=1--",
        "/api/v1/calls?caller=%25%25%25%25%25",
        "/static/../credentials.toml",
        "/credentials.toml",
        "/recordings/",
    ],
)
async def test_given_a_path_of_tricks_then_no_file_is_shown(house: House, path: str) -> None:
    said = await raw(house, head("GET", path, "Connection: close"))
    status, body = int(said.split()[1]), said.partition(b"\r\n\r\n")[2]
    assert status in (200, 400, 404, 422), said
    assert status != 200 or body == b'{"calls":[],"next":null,"notes":{}}'
    assert b"root:" not in body
    assert b"[api]" not in body


@pytest.mark.parametrize(
    "action",
    [
        "transfer/110%5E__X%3D1",
        "transfer/110%2C1)",
        "transfer/%24%7BSHELL(id)%7D",
        "transfer/110%0D%0AAction:%20Command",
        "transfer/..%2F..%2Fetc",
        "pause/%0D%0AAction:%20Originate",
        "pause/" + "x" * 65,
        "transfer",
        "transfer/",
        "/transfer/110",
        "cancel/1",
        "%2e%2e/%2e%2e/calls",
    ],
)
async def test_given_tricks_in_a_phone_keys_url_then_no_order_carries_them(house: House, action: str) -> None:
    """The order itself refuses a target that the site has not, before anything is said to Asterisk."""
    said = await raw(house, head("GET", f"/api/v1/phone/{PHONE_KEY}/{action}", "Connection: close", token=None))
    if house.orders.asked:
        ((_, _, target, mode, *_),) = house.orders.asked
        with pytest.raises(OrderError):
            Orders(None, None, house.services.site).allowed(target, mode)
    else:
        assert int(said.split()[1]) in (401, 404, 422), said


@pytest.mark.parametrize("key", ["a b", "键", "x" * 256, "a\x00b", ""])
async def test_given_tricks_in_the_idempotency_key_then_it_is_refused(house: House, key: str) -> None:
    lines = [JSON, f"Content-Length: {len(ORDER)}", f"Idempotency-Key: {key}", "Connection: close"]
    said = await raw(house, head("POST", TRANSFERS, *lines), ORDER)
    assert int(said.split()[1]) in (400, 422), said
    assert house.orders.asked == []

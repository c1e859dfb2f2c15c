"""The pages for people: one shell for every address, and the files under `static/` that it loads.

A page's views change without a reload, since the operator's phone lives in the page. The files come from the package,
never from a site, and nothing in them comes from another host (Content-Security-Policy).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from aiohttp import web

from ivr.desks.case_model import DISPATCHER
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.settings.channels import web_channel
from ivr.web.context import Asked

STATIC = Path(__file__).parent / "static"
ADDRESSES = (
    *("/", "/login", "/desk", "/room", "/cases", "/cases/{id}", "/orders", "/orders/{id}", "/calls", "/calls/{id}"),
    *("/board", "/admin", "/admin/{section}"),
)
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain",
}
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_BUNDLING = STATIC / "vendor/bundling"  # what the bundles are made from; not served


@dataclass(frozen=True, slots=True)
class Served:
    """A file as it goes out. `etag` as RFC 9110 8.8.3 writes it, its quotes included."""

    body: bytes
    packed: bytes  # by gzip
    etag: str
    media: str


class NoSuchPageError(HotlineError):
    def __init__(self) -> None:
        super().__init__("not_found", "nothing is here; /api/v1/openapi.json lists what there is", status=404)


async def shell(asked: Asked) -> web.Response:
    """The same for every address: which page it is, the browser decides."""
    site = asked.services.site
    page = _shell(json.dumps(about(site), ensure_ascii=False), site.hotline.name.get(asked.language, ""))
    return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": POLICY})


async def static(asked: Asked) -> web.Response:
    """A file under `static/`. The browser asks each time and gets 304 while it has the newest."""
    path, request = STATIC / asked.path["asset"], asked.request
    inside = path.suffix in TYPES and ".." not in path.parts and not path.is_relative_to(_BUNDLING)
    if not inside or not path.is_file():
        raise NoSuchPageError
    file = _served(path, path.stat().st_mtime_ns)
    headers = {
        "ETag": file.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match") == file.etag:
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=file.packed, content_type=file.media, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=file.body, content_type=file.media, headers=headers)


def about(site: Site) -> dict[str, object]:
    """What a page may know before anybody has logged in."""
    hotline = site.hotline
    return {
        "number": hotline.number,
        "name": dict(hotline.name),
        "zone": hotline.timezone,
        "desk": _looks(site),
        "report": web_channel(site.channels) is not None,
        "languages": [language for language in hotline.languages if language in ("zh", "en")] or ["zh", "en"],
    }


def _looks(site: Site) -> dict[str, str]:
    """Who sees two desks' screens side by side knows which is which by words and colour."""
    own = "police" if site.hotline.desk == DISPATCHER else "hotline"
    words = site.desk.words or own
    return {"words": words, "accent": site.desk.accent or ("violet" if words == "police" else "blue")}


@lru_cache(maxsize=8)
def _shell(about: str, title: str) -> str:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    return page.replace("{hotline}", escape(about)).replace("{title}", escape(title))


@lru_cache(maxsize=512)
def _served(path: Path, _: int) -> Served:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:32]
    return Served(body, gzip.compress(body, 9, mtime=0), f'"{digest}"', TYPES[path.suffix])

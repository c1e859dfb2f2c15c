"""`/report`: the public form page. It works on a telephone, without a login and without a script (R45).

What was sent is stored before anybody is told so. The form bears a token of ours: sent twice, it is one case.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from ivr.channels.incoming import Incoming, arrival, number
from ivr.desks.case_kinds import MATTER_KINDS
from ivr.errors import HotlineError
from ivr.settings.channels import Channel, web_channel
from ivr.store.errors import DatabaseDownError
from ivr.web.bodies import body_of
from ivr.web.channels import told
from ivr.web.context import Asked
from ivr.web.limits import address_of
from ivr.web.pages import NoSuchPageError
from ivr.web.public import ADDRESS, Page
from ivr.web.report_words import WORDS

PAGE = Page(ADDRESS, "page.html", WORDS)
MOST_BODY = 64 * 1024  # bytes
MOST_TEXT = 4000  # characters
MOST_FIELDS = 40
TOKEN_SECONDS = 24 * 3600.0
FIELDS = ("text", "place", "happened", "kind", "name", "phone", "contact", "confidential", "longitude", "latitude")
CONTACT = ("", "sms_only", "no_call_back")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows. `wrong` is a field's name."""

    form: bool = True
    said: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""  # a word of error.*
    wrong: str = ""
    receipt: str = ""
    status: int = 200
    wait: float = 0.0  # seconds


async def page(asked: Asked) -> web.Response:
    """The empty form, or the number of what was sent with a form's token."""
    channel, query = _channel(asked), asked.request.query
    sent = query.get("sent")
    if sent is None:
        return _answer(asked, channel, View())
    try:
        found = await asked.services.arrivals.taken(channel.key, sent) if is_made_here(sent, _key(asked)) else None
    except DatabaseDownError:
        return _answer(asked, channel, View(form=False, problem="later", status=503))
    return _answer(asked, channel, View(receipt=found) if found else View(form=False, problem="gone", status=404))


async def sent(asked: Asked) -> web.Response:
    """`POST /report`."""
    channel, services, request = _channel(asked), asked.services, asked.request
    wait = services.limits.take(address_of(request, services.site.listen.proxies))
    if wait:
        return _answer(asked, channel, View(form=False, problem="busy", status=429, wait=wait))
    try:
        said = _said(await body_of(request, MOST_BODY), request.content_type)
    except HotlineError as refusal:
        problem = "size" if refusal.status == 413 else "form"
        return _answer(asked, channel, View(form=False, problem=problem, status=refusal.status))
    problem, wrong = _problem(said, _key(asked), time.time())
    token = said.get("token", "")
    try:
        if (
            problem == "token"
            and is_made_here(token, _key(asked))
            and await services.arrivals.taken(channel.key, token)
        ):
            return _see(asked, token)  # it was sent before that
        if problem:
            return _answer(asked, channel, View(said=said, problem=problem, wrong=wrong, status=422))
        told(channel, await services.arrivals.take(arrival(_incoming(said, token), channel)))
    except DatabaseDownError as failure:
        log.warning("report.not_stored", why=failure.id)
        return _answer(asked, channel, View(said=said, problem="later", status=503))
    return _see(asked, token)


def _channel(asked: Asked) -> Channel:
    channel = web_channel(asked.services.site.channels)
    if channel is None:
        raise NoSuchPageError
    return channel


def _said(body: bytes, media: str) -> dict[str, str]:
    if media != "application/x-www-form-urlencoded":
        raise HotlineError("unsupported_media_type", "a form is expected", {"given": media}, 415)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HotlineError("bad_request", "this is no form", status=400) from None
    return dict(pairs)


def _problem(said: Mapping[str, str], key: bytes, now: float) -> tuple[str, str]:
    """What is wrong, and in which field; ("", "") where nothing is."""
    if said.get("website"):
        return "trap", ""
    if not said.get("text", "").strip():
        return "text", "text"
    if len(said["text"].replace("\r\n", "\n")) > MOST_TEXT:
        return "text_long", "text"
    if said.get("phone", "").strip() and not number(said["phone"]):
        return "phone", "phone"
    return ("", "") if is_ours(said.get("token", ""), key, now) else ("token", "")


def _incoming(said: Mapping[str, str], token: str) -> Incoming:
    return Incoming(
        id=token,
        words=said["text"],
        received_at=datetime.now(UTC),
        name=said.get("name", ""),
        phone=said.get("phone", ""),
        place=said.get("place", ""),
        happened=said.get("happened", ""),
        kind=said.get("kind", ""),
        contact=said.get("contact", ""),
        confidential=said.get("confidential") == "yes",
        longitude=_degrees(said.get("longitude", "")),
        latitude=_degrees(said.get("latitude", "")),
        sender=number(said.get("phone", "")),
    )


def _degrees(said: str) -> float | None:
    try:
        degrees = float(said)
    except ValueError:
        return None
    return degrees if math.isfinite(degrees) else None


# --- the form's token ------------------------------------------------------------------------------------------------


def _key(asked: Asked) -> bytes:
    return hashlib.sha256(b"report:" + asked.services.credentials.account_key.encode()).digest()


def new_token(key: bytes, now: float) -> str:
    """`<random>.<when>.<mac>`: who sends it back had the page from us, and sends one case with it."""
    what = f"{secrets.token_hex(16)}.{int(now)}"
    return f"{what}.{_mac(key, what)}"


def is_ours(token: str, key: bytes, now: float) -> bool:
    """It may still be sent with."""
    if not is_made_here(token, key):
        return False
    when = token.split(".")[1]
    return 0 <= now - int(when) + 1 <= TOKEN_SECONDS


def is_made_here(token: str, key: bytes) -> bool:
    """However long ago; nothing else is looked up in the database."""
    what, _, mac = token.rpartition(".")
    return hmac.compare_digest(_mac(key, what).encode(), mac.encode("utf-8", "replace"))


def _mac(key: bytes, what: str) -> str:
    return hmac.new(key, what.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


# --- answers ---------------------------------------------------------------------------------------------------------


def _see(asked: Asked, token: str) -> web.Response:
    """The address of the receipt: a page that is loaded again sends nothing again."""
    return web.Response(status=303, headers={"Location": f"{ADDRESS}?sent={token}&lang={PAGE.language(asked)}"})


def _answer(asked: Asked, channel: Channel, view: View) -> web.Response:
    hotline, fresh = asked.services.site.hotline, view.form and not view.receipt
    filled = {
        "number": hotline.number,
        "emergency": hotline.emergency_target,
        "respond": _respond(channel, PAGE.language(asked)),
        "most": MOST_TEXT,
    }
    values = {
        "form": view.form,
        "said": {name: view.said.get(name, "") for name in FIELDS},
        "wrong": view.wrong,
        "receipt": view.receipt,
        "token": new_token(_key(asked), time.time()) if fresh else "",
        "most": MOST_TEXT,
        "kinds": ("", *MATTER_KINDS),
        "contacts": CONTACT,
    }
    answer = PAGE.answer(asked, filled, values, problem=view.problem, status=view.status, wait=view.wait)
    if fresh:
        answer.headers["Cache-Control"] = "private, no-cache"  # Back shows the same token again: it sends nothing twice
    return answer


def _respond(channel: Channel, language: str) -> str:
    """`24 小时`, `3 minutes`, `1 day`."""
    count, unit = channel.respond[:-1], channel.respond[-1]
    one = "1" if count == "1" else ""
    return WORDS[language][f"span.{unit}{one}"].format(n=count)

"""What a citizen may ask without a login: how far is my matter? Only the step and when it began are told.

The page works without a script, as the public form does. It takes the numbers in a form's body, not in an address:
addresses stand in the logs of whatever lies between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from aiohttp import web

from ivr.desks.local import local
from ivr.desks.progress import Progress
from ivr.errors import HotlineError
from ivr.settings.channels import web_channel
from ivr.store.errors import DatabaseDownError
from ivr.store.export import instant
from ivr.store.progress import TooManyTriesError
from ivr.web.bodies import body_of
from ivr.web.context import Asked
from ivr.web.limits import address_of
from ivr.web.pages import NoSuchPageError
from ivr.web.progress_words import WORDS
from ivr.web.public import ADDRESS, Page

PAGE = Page(f"{ADDRESS}/progress", "progress.html", WORDS)
MOST_BODY = 4096  # bytes
LONGEST = 64  # characters of a number


@dataclass(frozen=True, slots=True)
class View:
    found: Progress | None = None
    problem: str = ""  # a word of error.*
    said: dict[str, str] = field(default_factory=dict)
    status: int = 200
    wait: float = 0.0  # seconds


async def asked_for(asked: Asked) -> dict[str, Any]:
    """`null` where the number and the case do not belong together: nobody learns which of them is wrong."""
    number, case = asked.query.get("number"), asked.query.get("case")
    found = await _look(asked, number, case) if number and case else None
    return {"progress": {"step": found.step, "at": instant(found.at)} if found is not None else None}


async def page(asked: Asked) -> web.Response:
    """The empty form."""
    _public(asked)
    return _answer(asked, View())


async def looked_up(asked: Asked) -> web.Response:
    """`POST /report/progress`."""
    _public(asked)
    request = asked.request
    if request.content_type != "application/x-www-form-urlencoded":
        raise HotlineError("unsupported_media_type", "a form is expected", {"given": request.content_type}, 415)
    body = (await body_of(request, MOST_BODY)).decode("utf-8", "replace")
    said = {name: value.strip()[:LONGEST] for name, value in parse_qsl(body, max_num_fields=None)}
    number = "".join(sign for sign in said.get("number", "") if sign in "+0123456789")
    if not number or not said.get("case"):
        return _answer(asked, View(problem="blank", said=said, status=422))
    try:
        found = await _look(asked, number, said["case"])
    except TooManyTriesError as refusal:
        return _answer(asked, View(problem="busy", said=said, status=429, wait=float(str(refusal.details["seconds"]))))
    except DatabaseDownError:
        return _answer(asked, View(problem="later", said=said, status=503))
    return _answer(asked, View(found) if found is not None else View(problem="none", said=said, status=404))


async def _look(asked: Asked, number: str, case: str) -> Progress | None:
    services = asked.services
    return await services.lookups.ask(address_of(asked.request, services.site.listen.proxies), number, case)


def _public(asked: Asked) -> None:
    """It stands beside the public form, where the hotline has one."""
    if web_channel(asked.services.site.channels) is None:
        raise NoSuchPageError


def _answer(asked: Asked, view: View) -> web.Response:
    hotline = asked.services.site.hotline
    at = f"{local(view.found.at, ZoneInfo(hotline.timezone)):%Y-%m-%d %H:%M}" if view.found else ""
    values = {
        "step": view.found.step if view.found else "",
        "said": {name: view.said.get(name, "") for name in ("number", "case")},
        "longest": LONGEST,
    }
    filled = {"hotline": hotline.number, "at": at}
    return PAGE.answer(asked, filled, values, problem=view.problem, status=view.status, wait=view.wait)

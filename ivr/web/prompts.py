"""What callers hear, over HTTP: looked at, listened to, changed. Every change goes on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from aiohttp import web

from ivr.dialplan import heard
from ivr.errors import HotlineError
from ivr.pbx.prompts import book, change, judge, make
from ivr.pbx.prompts.book import Entry
from ivr.pbx.prompts.categories import CATEGORIES
from ivr.pbx.prompts.change import Change
from ivr.pbx.prompts.ffmpeg import LARGEST
from ivr.store.audit import Audit
from ivr.web.context import Asked
from ivr.web.upload import taken

__all__ = ["CATEGORIES", "LARGEST", "bring_in", "checked", "listed", "say", "shown", "sound", "take_out"]

_WORKER = ThreadPoolExecutor(1, "prompts")  # speaking and measuring take a processor: never more than one
T = TypeVar("T")

log = structlog.get_logger(__name__)


class UnknownPromptError(HotlineError):
    def __init__(self, prompt: str, language: str) -> None:
        message = f"no prompt {prompt} in {language!r}; GET /api/v1/prompts lists them"
        super().__init__("unknown_prompt", message, {"prompt": prompt, "language": language}, 404)


class NotMadeError(HotlineError):
    def __init__(self, prompt: str, language: str) -> None:
        message = f"the prompt {prompt} in {language!r} is not made yet: `ivr prompts make` makes it"
        super().__init__("prompt_not_made", message, {"prompt": prompt, "language": language}, 404)


async def listed(asked: Asked) -> dict[str, Any]:
    entries, _ = await _work(lambda: _looked(asked))
    return {"prompts": [entry.as_dict() for entry in entries]}


async def checked(asked: Asked) -> dict[str, Any]:
    _, faults = await _work(lambda: _looked(asked))
    return {"findings": faults}


async def shown(asked: Asked) -> dict[str, Any]:
    prompt, language = asked.path["prompt"], asked.path["language"]
    entries, faults = await _work(lambda: _looked(asked, prompt, language))
    if not entries:
        raise UnknownPromptError(prompt, language)
    return {"prompt": entries[0].as_dict(), "findings": faults}


async def sound(asked: Asked) -> web.StreamResponse:
    prompt, language = asked.path["prompt"], asked.path["language"]
    path = make.file(asked.services.var, language, prompt)
    if language not in asked.services.site.hotline.languages or not path.is_file():
        raise NotMadeError(prompt, language)
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


async def bring_in(asked: Asked) -> dict[str, Any]:
    prompt, language, category = asked.path["prompt"], asked.path["language"], asked.query.get("category")
    site, var = asked.services.site, asked.services.var
    async with taken(asked.request, LARGEST, var) as file:
        wish = await _work(lambda: change.bring_in(site, var, prompt, language, file, category=category))
    return await _change(asked, wish)


async def say(asked: Asked) -> dict[str, Any]:
    prompt, words, category = (
        asked.path["prompt"],
        {asked.path["language"]: asked.body["text"]},
        asked.body.get("category"),
    )
    site, var = asked.services.site, asked.services.var
    return await _change(asked, await _work(lambda: change.say(site, var, prompt, words, category)))


async def take_out(asked: Asked) -> dict[str, Any]:
    prompt, language = asked.path["prompt"], asked.path["language"]
    site, var = asked.services.site, asked.services.var

    def prepared() -> Change:
        played = book.played(site, prompt, lambda one: heard.anywhere(site, var, one))
        return change.take_out(site, var, prompt, language, played)

    return await _change(asked, await _work(prepared))


async def _change(asked: Asked, wish: Change) -> dict[str, Any]:
    """On record, then done: what cannot be noted is not done."""
    role = asked.who.role if asked.who is not None else ""
    await Audit(asked.services.store).note(asked.by, role, wish.what, wish.prompt, details=wish.details)
    done = (await _work(wish.do))[0]
    log.warning(wish.what, prompt=done.prompt, language=done.language, by=asked.by)
    _, faults = await _work(lambda: _looked(asked, done.prompt, done.language))
    return {"changed": done.as_dict(), "findings": faults}


def _looked(
    asked: Asked, prompt: str | None = None, language: str | None = None
) -> tuple[list[Entry], list[dict[str, Any]]]:
    """All prompts, or one, and what is wrong with them."""
    site, var = asked.services.site, asked.services.var
    plays = heard.in_draft(site, var)
    entries = book.book(site, var, plays.places, None if prompt is None else [prompt])
    named = {name: where for name, where in plays.named.items() if prompt in {None, name}}
    faults = judge.check(entries, site.hotline.languages, named)
    return (
        [entry for entry in entries if language in {None, entry.language}],
        [fault.as_dict() for fault in faults if language in {None, fault.language}],
    )


async def _work(job: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_WORKER, job)

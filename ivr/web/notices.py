"""Notices over HTTP, as `ivr notice` does it: on record first, then spoken and in force over by itself."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from ivr.errors import HotlineError
from ivr.pbx import notices
from ivr.pbx.notices import PLACES, Notice
from ivr.pbx.prompts import make, sound, texts
from ivr.pbx.prompts.ffmpeg import LARGEST
from ivr.store.audit import Audit
from ivr.web.context import Asked
from ivr.web.upload import taken

__all__ = ["LARGEST", "LONGEST_DAYS", "PLACES", "end", "hear", "listed", "preview", "record", "say"]

LONGEST_DAYS = 31  # what stays longer is a prompt of the site


class NoticeRefusedError(HotlineError):
    """A notice that cannot be as it was asked for."""


async def listed(asked: Asked) -> dict[str, Any]:
    now, every = time.time(), asked.query.get("state") == "all"
    found = await asyncio.to_thread(notices.read, asked.services.var)
    return {"notices": [_told(one, now) for one in reversed(found) if every or one.state(now) != "over"]}


async def say(asked: Asked) -> dict[str, Any]:
    """Words, spoken. Those of one language are said to callers of every language."""
    given = {code: " ".join(text.split()) for code, text in asked.body["texts"].items() if text.strip()}
    known = asked.services.site.hotline.languages
    for code in given:
        if code not in known:
            message = f"the site speaks no {code[:16]!r}; it speaks {', '.join(known)} ([hotline] languages)"
            raise NoticeRefusedError("unknown_language", message, {"given": code[:16], "known": ", ".join(known)}, 422)
    if not given:
        raise NoticeRefusedError("no_notice_words", "write what is said, in one language at least", status=422)
    return await _make(asked, asked.body, given)


async def record(asked: Asked) -> dict[str, Any]:
    """A sound file of any kind, for callers of every language."""
    if not {"place", "until"} <= set(asked.query):
        raise NoticeRefusedError("notice_incomplete", "a notice needs `place` and `until` in its address", status=422)
    async with taken(asked.request, LARGEST, asked.services.var) as file:
        return await _make(asked, asked.query, {}, file)


async def _make(asked: Asked, wish: Any, words: dict[str, str], wav: Path | None = None) -> dict[str, Any]:
    site, var, now = asked.services.site, asked.services.var, int(time.time())
    begins, ends = _moment(wish["from"]) if wish.get("from") else now, _moment(wish["until"])
    if not max(now, begins) < ends <= now + LONGEST_DAYS * 86400:
        message = f"a notice ends after it begins and later than now, and within {LONGEST_DAYS} days"
        raise NoticeRefusedError("bad_notice_end", message, {"days": LONGEST_DAYS}, 422)
    why = wish.get("why", "")
    draft = Notice(0, wish["place"], begins, ends, words, wav is not None, 0.0, asked.by, why, now)
    made = await asyncio.to_thread(notices.say, site, var, draft, _recorder(asked, "notice.say", why), wav)
    return {"notice": _told(made, time.time())}


async def end(asked: Asked) -> dict[str, Any]:
    note = _recorder(asked, "notice.end", asked.body.get("why", ""))
    ended = await asyncio.to_thread(
        notices.end, asked.services.var, int(asked.path["notice"]), asked.by, int(time.time()), note
    )
    return {"notice": _told(ended, time.time())}


async def hear(asked: Asked) -> web.StreamResponse:
    site, number = asked.services.site, asked.path["notice"]
    language = asked.query.get("language", site.hotline.languages[0])
    path = make.file(asked.services.var, language, f"{notices.FAMILY}/{number}")
    if language not in site.hotline.languages or not path.is_file():
        raise NoticeRefusedError("no_notice", f"there is no sound of notice {number}", {"notice": number}, 404)
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


async def preview(asked: Asked) -> web.Response:
    """What callers would hear of these words; nothing is kept."""
    site, language = asked.services.site, asked.query.get("language", asked.language)

    def spoken() -> bytes:
        words = texts.filled(asked.query.get("text", ""), site, language, "text")
        with tempfile.TemporaryDirectory(prefix=".preview-", dir=asked.services.var) as folder:
            path = Path(folder) / "preview.wav"
            sound.write(path, make.voice(words, language))
            return path.read_bytes()

    return web.Response(body=await asyncio.to_thread(spoken), content_type="audio/wav")


def _recorder(asked: Asked, what: str, why: str) -> Callable[[Notice], None]:
    """Puts it on record from the thread that does the work: what cannot be noted is not done."""
    loop, role = asyncio.get_running_loop(), asked.who.role if asked.who is not None else ""

    def note(notice: Notice) -> None:
        row = Audit(asked.services.store).note(
            asked.by, role, what, f"notice {notice.id}", why, notice.as_dict(time.time())
        )
        asyncio.run_coroutine_threadsafe(row, loop).result()

    return note


def _moment(given: str | datetime) -> int:
    moment = given if isinstance(given, datetime) else datetime.fromisoformat(given)
    return int(moment.astimezone(UTC).timestamp())


def _told(notice: Notice, now: float) -> dict[str, Any]:
    return dict(notice.as_dict(now))

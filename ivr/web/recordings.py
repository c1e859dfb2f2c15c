"""Listening to a call (R62): a reason, a role, a row in the audit log; then a ticket that plays this call, for an hour.

What is played is put together on the way out: all parties on one time axis, so that they are in step whatever the
browser does. A ticket holds for the login (or token) that got it; every request, and every piece of an answer, is
judged anew. Nothing is cached, and nothing is offered as a file.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import struct
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web

from ivr.calls.model import Call
from ivr.errors import HotlineError
from ivr.store import erasure
from ivr.store.audit import Audit
from ivr.store.export import instant
from ivr.store.recordings import RATE, Mixed, RecordingError, Track, pcm, peaks, read, track
from ivr.web import auth
from ivr.web.calls import the_call
from ivr.web.context import Asked
from ivr.web.uncovering import told

SECONDS = 3600  # that a ticket holds
PIECE = 64 * 1024  # bytes written at once
HEADER = 44  # bytes of a wav's


class ListeningError(HotlineError):
    """There is nothing to hear, or not for whoever asks."""


async def listen(asked: Asked) -> dict[str, Any]:
    call = await the_call(asked)
    if call.ended_at is None:
        raise ListeningError("call_running", "the call is still running; its recording can be heard when it is over",
                             {"call": call.id}, 409)  # fmt: skip
    folder = asked.services.var / "recordings"
    legs = await asyncio.to_thread(_legs, call, folder)
    found: list[Track] = [leg["track"] for leg in legs if leg["track"] is not None]
    if not found:
        raise await _nothing(asked, call, bool(legs))
    role = asked.who.role if asked.who is not None else ""
    parties = {"parties": [f"{part.leg.role} {told_party(asked, call, part)}" for part in found]}
    await Audit(asked.services.store).note(asked.by, role, "call.listen", call.id, asked.body["reason"], parties)
    until = int(time.time()) + SECONDS
    ticket = f"{until}.{_signed(asked, call.id, until)}"
    mixed = Mixed(found)
    return {
        "listening": {
            "ticket": ticket,
            "url": f"/api/v1/calls/{call.id}/sound?ticket={ticket}",
            "ends_at": instant(datetime.fromtimestamp(until, UTC)),
            "from": instant(mixed.begins),
            "seconds": mixed.length / RATE,
            "legs": [_as_dict(asked, call, leg) for leg in legs],
        }
    }


def told_party(asked: Asked, call: Call, part: Track) -> str:
    return next(leg.party for leg in told(asked, call).legs if leg.id == part.leg.id)


async def _nothing(asked: Asked, call: Call, named: bool) -> ListeningError:
    erased, _ = await erasure.kept(asked.services.store, call.id)
    if named:
        return ListeningError("recording_missing", "the recording's files are not there, or cannot be read; "
                              "look for them on the disk and in the backup", {"call": call.id}, 404)  # fmt: skip
    if erased:
        return ListeningError("recording_erased", "the recording was erased when its time was over",
                              {"call": call.id}, 404)  # fmt: skip
    return ListeningError("not_recorded", "nothing of this call was recorded", {"call": call.id}, 404)


def _legs(call: Call, folder: Path) -> list[dict[str, Any]]:
    """Every recorded leg, the caller's first; `track` is None where its file is not there or is no recording."""
    found: list[dict[str, Any]] = []
    recorded = [leg for leg in call.legs if leg.recording]
    for leg in sorted(recorded, key=lambda leg: (leg.role != "caller", leg.started_at)):
        try:
            part = track(leg, folder)
        except RecordingError:
            found.append({"leg": leg, "track": None, "step": 0.0, "peaks": []})
        else:
            step, values = _peaks(part.path, part.path.stat().st_mtime_ns)
            found.append({"leg": leg, "track": part if len(part.samples) else None, "step": step, "peaks": values})
    return found


@lru_cache(maxsize=256)
def _peaks(path: Path, _: int) -> tuple[float, list[int]]:
    return peaks(read(path))


def _as_dict(asked: Asked, call: Call, found: dict[str, Any]) -> dict[str, Any]:
    leg, part = found["leg"], found["track"]
    shown = next(one for one in told(asked, call).legs if one.id == leg.id)
    return {
        "leg": leg.id,
        "role": leg.role,
        "party": shown.party,
        "from": instant(part.begins) if part is not None else None,
        "seconds": part.seconds if part is not None else 0,
        "step": found["step"],
        "peaks": found["peaks"],
        "problem": None if part is not None else "missing",
    }


async def sound(asked: Asked) -> web.StreamResponse:
    """A wav of all parties, or of all but `without`; any range of it (RFC 9110 14)."""
    _check(asked)
    call = await the_call(asked)
    legs = await asyncio.to_thread(_legs, call, asked.services.var / "recordings")
    found = [leg["track"] for leg in legs if leg["track"] is not None]
    if not found:
        raise await _nothing(asked, call, bool(legs))
    mixed, without = Mixed(found), frozenset(str(asked.query.get("without", "")).split(","))
    first, last, whole = _range(asked.request, HEADER + 2 * mixed.length)
    answer = web.StreamResponse(status=200 if whole else 206)
    answer.headers.update({"Accept-Ranges": "bytes", "Content-Disposition": "inline", "Cache-Control": "no-store"})
    if not whole:
        answer.headers["Content-Range"] = f"bytes {first}-{last - 1}/{HEADER + 2 * mixed.length}"
    answer.content_type, answer.content_length = "audio/wav", last - first
    await answer.prepare(asked.request)
    while first < last:
        end = min(first + PIECE, last)
        await answer.write(await asyncio.to_thread(_bytes, mixed, first, end, without))
        first = end
        if first < last:
            try:
                _check(asked)
            except HotlineError:
                answer.force_close()
                if asked.request.transport is not None:
                    asked.request.transport.abort()  # it was promised whole: the browser must see that it is not
                break
    return answer


def _range(request: web.Request, size: int) -> tuple[int, int, bool]:
    """First byte, the byte after the last, and whether it is all. Raises ListeningError."""
    try:
        wanted = request.http_range
    except ValueError:
        wanted = slice(size, None)
    first, last, _ = wanted.indices(size)
    if first >= last:
        raise ListeningError("bad_range", f"the recording has {size} bytes", {"size": size}, 416)
    return first, last, "Range" not in request.headers


def _bytes(mixed: Mixed, first: int, last: int, without: frozenset[str]) -> bytes:
    head = _header(mixed.length)[first:last]
    at, end = max(first - HEADER, 0), max(last - HEADER, 0)
    if at >= end:
        return head
    body = pcm(mixed.block(at // 2, -(-end // 2), without))
    return head + body[at % 2 : at % 2 + end - at]


def _header(samples: int) -> bytes:
    size = 2 * samples
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def _signed(asked: Asked, call_id: str, until: int) -> str:
    """Of this call, this hour, and the login or token that asks."""
    holder = asked.who.cookie if asked.who is not None and asked.who.cookie else ""
    holder = holder or asked.request.headers.get("Authorization", "")
    key = hashlib.sha256(b"listening " + asked.services.credentials.api_token.encode()).digest()
    return hmac.new(key, f"{until} {call_id} {holder}".encode("utf-8", "surrogateescape"), "sha256").hexdigest()


def _check(asked: Asked) -> None:
    """Raises ListeningError where the ticket does not hold (any more)."""
    until, _, signature = str(asked.query.get("ticket", "")).partition(".")
    good = until.isdigit() and hmac.compare_digest(
        signature.encode(), _signed(asked, asked.path["id"], int(until)).encode()
    )
    still = auth.of_request(asked.request, asked.services) is not None
    if not good or not still or int(until) < time.time():
        raise ListeningError("bad_ticket", "this ticket does not play this call, or its hour is over; "
                             "ask to listen again", {"call": asked.path["id"]}, 403)  # fmt: skip

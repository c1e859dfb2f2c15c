"""One real call through a draft, in a scratch Asterisk, with phones of our own. Nothing that runs is touched."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ivr.calls.model import Call, Row
from ivr.calls.projection import project
from ivr.calls.rows import RowError, parse, split_records
from ivr.dialplan import trial_stage as stage
from ivr.dialplan.model import Dialplan
from ivr.dialplan.scratch import Scratch
from ivr.dialplan.scratch_run import ScratchError
from ivr.dialplan.scratch_site import route_name
from ivr.dialplan.trial_model import CALLER, Trial, Wish, is_place
from ivr.dialplan.trial_phones import Phone, Talk
from ivr.dialplan.trial_stage import END_SECONDS, LOOK, until
from ivr.dialplan.trial_watch import Watch
from ivr.pbx.prompts import texts
from ivr.settings import Site

LISTEN_SECONDS = 8.0  # so long a key waits to be asked for; then it is pressed all the same
REACTION = 0.2  # seconds from the question to the key
TALK_SECONDS = 1.0  # a talk that has lasted so long, with nothing else going on, is where the call stands
WAIT_SECONDS = 3.0  # and so is a queue


async def trial(scratch: Scratch, dialplan: Dialplan, wish: Wish) -> Trial:
    """Play it. `scratch` must have loaded `dialplan`. Raises ScratchError, OSError."""
    site = scratch.site
    endpoint, place = _origin(site, wish)
    watch = Watch(dialplan, _words(site), endpoint)
    await scratch.speak()
    log_from, journal_from = _size(scratch.log), _size(_journal(scratch))
    await stage.make_ready(scratch, wish)
    async with stage.phones(scratch, wish) as phones, stage.controller(scratch, wish):
        caller, operators = phones[place], [phones[f"operator-{number}"] for number in site.operators]
        await stage.wait_operators(scratch, there=wish.operator != "none")
        scratch.ears.sink = lambda event: watch.hear(event, time.time())
        talk = caller.call(wish.number or site.hotline.number, wish.caller)
        pressing = [
            asyncio.ensure_future(_press(wish.press, watch, caller, lambda: talk, CALLER)),
            asyncio.ensure_future(_press_as_operator(wish.operator_press, watch, operators)),
        ]
        try:
            await _until_it_stands(watch, wish, talk, pressing)
        finally:
            for task in pressing:
                task.cancel()
        stands, by_us = watch.stands(), talk.state != "over"
        caller.hang_up(talk)
        await until(lambda: watch.began is None or not watch.live, END_SECONDS)
        if watch.live:
            await scratch.command("channel request hangup all")
            await until(lambda: not watch.live, END_SECONDS)
    scratch.ears.sink = None
    rows, call = await _logged(scratch, journal_from, watch)
    watch.read_log(scratch.said_since(log_from))
    if watch.began is None:
        stands = f"refused {talk.status}"
    elif not by_us:
        watch.hung_up_by_hotline()
        stands = watch.stands()
    reached = tuple(watch.reached())
    return Trial(wish, watch.in_order(), reached, stands, rows, call)


async def _until_it_stands(watch: Watch, wish: Wish, talk: Talk, pressing: Sequence[asyncio.Future[None]]) -> None:
    """Until the call is over or stands where it stays, or the seconds are over."""
    end = time.monotonic() + wish.seconds
    since, seen = time.monotonic(), (0, "")
    while time.monotonic() < end and talk.state != "over":
        await asyncio.sleep(LOOK)
        now = (watch.steps if not watch.waits_in else 0, watch.stands())
        if now != seen or not all(task.done() for task in pressing):
            since, seen = time.monotonic(), now
            continue
        stood = time.monotonic() - since
        if wish.until and not any(is_place(name, wish.until) for _, name in watch.reached()):
            continue
        if watch.company or watch.waits_in:
            if watch.calm and stood > (TALK_SECONDS if watch.company else WAIT_SECONDS):
                return
        elif wish.until and stood > TALK_SECONDS:
            return


# — keys ——————————————————————————————————————————————————————————————————————————————————————————————————————————————


async def _press(keys: str, watch: Watch, phone: Phone, talk: Callable[[], Talk], who: str) -> None:
    """A group of keys waits until the call asks for one; `w5` waits 5 s."""
    answered = -1
    for group in keys.split():
        if (pause := re.fullmatch(r"w(\d+(?:\.\d+)?)", group)) is not None:
            await asyncio.sleep(float(pause[1]))
            continue
        asked = answered
        await until(lambda asked=asked: watch.listens and watch.steps > asked, LISTEN_SECONDS)  # type: ignore[misc]
        await asyncio.sleep(REACTION)
        answered = watch.steps
        await _strike(group, watch, phone, talk(), who)


async def _press_as_operator(keys: str, watch: Watch, operators: list[Phone]) -> None:
    """Once one of them talks with the caller."""
    if not keys:
        return
    talking: list[Phone] = []

    def look() -> bool:
        talking[:] = [one for one in operators if f"operator {one.name}" in watch.company]
        return bool(talking)

    await until(look, math.inf)
    await asyncio.sleep(REACTION)
    phone = talking[0]
    talk = next(one for one in phone.talks.values() if one.state == "up")
    for group in keys.split():
        if (pause := re.fullmatch(r"w(\d+(?:\.\d+)?)", group)) is not None:
            await asyncio.sleep(float(pause[1]))
        else:
            await _strike(group, watch, phone, talk, f"operator {phone.name}")


async def _strike(group: str, watch: Watch, phone: Phone, talk: Talk, who: str) -> None:
    for key in group:
        phone.press(talk, key)
        watch.note("press", who, key, time.time())
        await asyncio.sleep(0.1)


def _origin(site: Site, wish: Wish) -> tuple[str, str]:
    """The endpoint that the caller comes from, and its place in the plan. Raises ScratchError."""
    key = wish.origin or next(iter(site.trunks))
    if key in site.trunks:
        return site.trunks[key].endpoint, site.trunks[key].endpoint
    if key in site.targets and site.targets[key].match:
        return site.targets[key].endpoint, route_name(key, 1)
    known = ", ".join([*site.trunks, *(key for key, target in site.targets.items() if target.match)])
    raise ScratchError("no_origin", f"no call comes from {key!r}; known are {known}", {"origin": key}, 422)


def _words(site: Site) -> Callable[[str, str], str]:
    told = {language: texts.texts(site, language) for language in site.hotline.languages}
    return lambda language, prompt: told.get(language, {}).get(prompt, "")


# — the journal ———————————————————————————————————————————————————————————————————————————————————————————————————————


async def _logged(scratch: Scratch, read_from: int, watch: Watch) -> tuple[tuple[Row, ...], Call | None]:
    """The call's rows, once the last of them is there, and the call that they make."""
    rows: tuple[Row, ...] = ()

    def whole() -> bool:
        nonlocal rows
        rows = tuple(_rows(_journal(scratch), read_from, scratch.site.hotline.node))
        return any(row.event == "LINKEDID_END" and row.uniqueid == row.linkedid == first_id(rows) for row in rows)

    def first_id(found: tuple[Row, ...]) -> str:
        return next((row.linkedid for row in found if row.user_event == "CALL"), "")

    if watch.began is not None:
        await until(whole, END_SECONDS)
    calls = project(rows)
    return rows, calls[0] if calls else None


def _rows(path: Path, read_from: int, node: str) -> Iterator[Row]:
    with path.open("rb") as file:
        file.seek(read_from)
        records, _ = split_records(file.read())
    for record in records:
        with contextlib.suppress(RowError):
            yield parse(record.fields, node)


def _journal(scratch: Scratch) -> Path:
    return scratch.var / "journal/journal.csv"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

"""What a citizen is told by a text message, and when: decided without a clock, a database or a gateway.

R56: a text that lights the screen of somebody in danger tells whoever stands beside him. So none is sent while a call
of the case goes on, nor in the minutes in which its operator still writes down what it was about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ivr.desks.local import local
from ivr.desks.progress import DIGITS, silent
from ivr.settings import Site
from ivr.settings.telling import Sms, spans
from ivr.store.tellings import Letter

AFTER_CALL = timedelta(minutes=2)  # after its call an operator still marks what the case is
LOOK_AGAIN = timedelta(seconds=10)  # while a call of the case goes on
UNKNOWN_CALL = timedelta(hours=12)  # a call that is not in the log by then never will be
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Text:
    to: str
    words: str
    language: str


@dataclass(frozen=True, slots=True)
class Later:
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Never:
    why: str


def decide(letter: Letter, site: Site, texts: Mapping[str, Mapping[str, str]], now: datetime) -> Text | Later | Never:
    """What to do about a text that is due. Everything is judged by the case as it is now, not as it was then."""
    assert site.sms is not None
    if why := _forbidden(letter, site.sms):
        return Never(why)
    waits = _waits(letter, site, site.sms, now)
    if waits is not None:
        return waits
    language = letter.language if letter.language in texts[letter.step] else site.hotline.languages[0]
    words = texts[letter.step].get(language, texts[letter.step]["zh"])
    return Text(letter.now.matter.caller, words.format_map(_facts(letter, site, language)), language)


def _forbidden(letter: Letter, sms: Sms) -> str:
    """Why no text goes out, as one word; "" where one may."""
    case = letter.now
    if case.state == "merged":
        return "merged"  # its other case speaks for it
    if letter.followed:
        return "followed"  # a newer step is due: one text tells both
    return silent(case) or ("" if re.fullmatch(sms.numbers, case.matter.caller) else "no_mobile")


def _waits(letter: Letter, site: Site, sms: Sms, now: datetime) -> Later | None:
    if letter.running and now - letter.made_at < UNKNOWN_CALL:
        return Later(now + LOOK_AGAIN, "call_goes_on")
    if letter.ended_at is not None and now < letter.ended_at + AFTER_CALL:
        return Later(letter.ended_at + AFTER_CALL, "just_ended")
    morning = quiet_until(sms, now, ZoneInfo(site.hotline.timezone))
    return Later(morning, "quiet_hours") if morning is not None else None


def quiet_until(sms: Sms, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the span of quiet in which we are ends, in UTC's terms; None where it is not quiet."""
    here = now.astimezone(zone)
    ends = [_end(here, begin, end) for begin, end in spans(sms)]
    return max((end for end in ends if end is not None), default=None)


def _end(here: datetime, begin: time, end: time) -> datetime | None:
    clock = here.time()
    over_midnight = end <= begin
    inside = (clock >= begin or clock < end) if over_midnight else begin <= clock < end
    if not inside:
        return None
    day = here.date() + timedelta(days=1) if over_midnight and clock >= begin else here.date()
    return datetime.combine(day, end, here.tzinfo)


def _facts(letter: Letter, site: Site, language: str) -> dict[str, str]:
    """Who asked to stay unnamed reads nothing of who works on it: the telephone may lie open (R60)."""
    case, order = letter.now, _order(letter)
    names = {"zh": ("有关平台", "有关部门"), "en": ("the responsible desk", "the responsible department")}
    desk, department = names.get(language, names["en"])
    if not case.matter.confidential:
        desk = _desk(case.owner, site, language)
        known = site.departments.get(order[0]) if order is not None else None
        department = known.name.get(language, department) if known is not None else department
    until = f"{local(order[1], ZoneInfo(site.hotline.timezone)):%Y-%m-%d %H:%M}" if order is not None else ""
    return {
        "name": site.hotline.name.get(language, site.hotline.number),
        "hotline": site.hotline.number,
        "number": case.number,
        "digits": case.number[-DIGITS:],
        "desk": desk,
        "department": department,
        "until": until,
    }


def _desk(key: str, site: Site, language: str) -> str:
    if key == site.hotline.desk:
        return site.hotline.name.get(language, key)
    partner = site.exchange.get(key)
    target = site.targets.get(next(iter(partner.targets), key) if partner is not None else key)
    return target.name.get(language, key) if target is not None else key


def _order(letter: Letter) -> tuple[str, datetime] | None:
    """The department that works on it, and until when, where the event was about an order."""
    id = letter.event.data.get("order")
    order = next((one for one in letter.now.orders if (one.desk, one.id) == (letter.event.origin, id)), None)
    return (order.department, order.due) if order is not None else None

"""Stories: a trial call and what must come of it, as `dialplans/site/tests/*.toml` tells them.

    [[story]]
    name = "The emergency key reaches 110 from the greeting"
    press = "0"
    must = {reaches = "desk 110", hears = ["emergency-connecting"], within = 10}

`ivr.dialplan.stories` plays them.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from ivr.dialplan.trial_model import NUMBER, SECONDS, Controller, Operators, Wish
from ivr.dialplan.trial_phones import MANNERS
from ivr.errors import HotlineError
from ivr.settings import Site

TIME = "%Y-%m-%d %H:%M"  # of the site
PRESS = re.compile(r"(?:w\d+(?:\.\d+)?|[0-9*#]+)(?:\s+(?:w\d+(?:\.\d+)?|[0-9*#]+))*|")


class StoryError(HotlineError):
    """A story that cannot be understood; the message names file, story and key."""


@dataclass(frozen=True, slots=True)
class Must:
    """What has to come of it. Places are those of `Trial.reached`; `operator` stands for every operator."""

    reaches: tuple[str, ...] = ()
    never_reaches: tuple[str, ...] = ()
    stands: str = ""  # where the caller is at the end
    hears: tuple[str, ...] = ()  # prompts (greeting, or en/greeting), in this order
    never_hears: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()  # contexts, or places: site-hours or site-hours,s,3
    never_passes: tuple[str, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)  # variable → the value that it has once
    within: float | None = None  # seconds until the first of `reaches`


@dataclass(frozen=True, slots=True)
class Story:
    file: Path
    line: int
    name: str
    wish: Wish
    must: Must


# — reading ———————————————————————————————————————————————————————————————————————————————————————————————————————————


def files(own: Path) -> list[Path]:
    """The stories of a site's dialplans."""
    return sorted((own / "tests").glob("*.toml"))


def read(path: Path, site: Site, now: datetime) -> list[Story]:
    """A file's stories. Raises StoryError."""
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise StoryError("story", f"{path} cannot be read: {failure}", {"file": str(path)}, 422) from failure
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*story\s*\]\]", line)]
    stories = tables.get("story")
    if not isinstance(stories, list) or set(tables) != {"story"}:
        raise StoryError("story", f"{path}: expected [[story]] tables and nothing else", {"file": str(path)}, 422)
    lines += [1] * (len(stories) - len(lines))
    return [_story(path, line, table, site, now) for line, table in zip(lines, stories, strict=False)]


def _story(path: Path, line: int, table: Mapping[str, Any], site: Site, now: datetime) -> Story:
    reader = _Table(f"{path}:{line}", dict(table))
    name = reader.take("name", str, f"{path.stem}:{line}")
    wish = Wish(
        caller=reader.take("from", str, NUMBER),
        number=reader.take("to", str, site.hotline.number),
        origin=reader.take("origin", str, ""),
        press=reader.keys("press"),
        at=reader.time(site, now),
        controller=reader.choice("controller", get_args(Controller), "up"),
        operator=reader.choice("operator", get_args(Operators), "free"),
        operator_press=reader.keys("operator_press"),
        desks=reader.manners("desk"),
        seconds=float(reader.take("seconds", (int, float), SECONDS)),
    )
    told = reader.take("must", dict, {})
    reader.end()
    within = _Table(f"{path}:{line}: must", dict(told))
    must = Must(
        reaches=within.words("reaches"),
        never_reaches=within.words("never_reaches"),
        stands=within.take("stands", str, ""),
        hears=within.words("hears"),
        never_hears=within.words("never_hears"),
        passes=within.words("passes"),
        never_passes=within.words("never_passes"),
        sets={key: str(value) for key, value in within.take("sets", dict, {}).items()},
        within=within.take("within", (int, float), None),
    )
    within.end()
    if must == Must():
        raise StoryError("story", f"{path}:{line}: `must` says nothing; a story that cannot fail is no test", {}, 422)
    if must.reaches:
        wish = dataclasses.replace(wish, until=must.reaches[-1])
    return Story(path, line, name, wish, must)


class _Table:
    """Takes a table's keys one by one; what is left over is unknown."""

    def __init__(self, where: str, table: dict[str, Any]) -> None:
        self.where, self.table = where, table
        self.known: list[str] = []

    def take(self, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        self.known.append(key)
        value = self.table.pop(key, default)
        if value is not default and not isinstance(value, kind):
            raise self.wrong(key, f"{value!r} is of the wrong kind")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        value = self.take(key, (str, list), [])
        return (value,) if isinstance(value, str) else tuple(map(str, value))

    def choice(self, key: str, known: Sequence[str], default: str) -> Any:
        value = self.take(key, str, default)
        if value not in known:
            raise self.wrong(key, f"{value!r}; expected {', '.join(known)}")
        return value

    def keys(self, key: str) -> str:
        value: str = self.take(key, str, "")
        if not PRESS.fullmatch(value):
            raise self.wrong(key, f'{value!r}; expected keys and waits, such as "1 w5 0"')
        return value

    def manners(self, key: str) -> Mapping[str, Any]:
        value: dict[str, Any] = self.take(key, dict, {})
        for desk, manner in value.items():
            if manner not in MANNERS:
                raise self.wrong(key, f"{desk} = {manner!r}; expected {', '.join(MANNERS)}")
        return value

    def time(self, site: Site, now: datetime) -> datetime | None:
        hour, at = self.take("hour", int, None), self.take("at", str, None)
        try:
            return moment(site, now, hour, at)
        except ValueError as failure:
            raise self.wrong("at" if at else "hour", str(failure)) from None

    def wrong(self, key: str, why: str) -> StoryError:
        return StoryError("story", f"{self.where}: {key}: {why}", {"key": key}, 422)

    def end(self) -> None:
        if self.table:
            raise self.wrong(next(iter(self.table)), f"unknown; known are {', '.join(self.known)}")


def moment(site: Site, now: datetime, hour: int | None, at: str | None) -> datetime | None:
    """`hour` of today or `at` ("2026-10-01 10:00"), in the site's time. Raises ValueError."""
    zone = ZoneInfo(site.hotline.timezone)
    if at is not None:
        return datetime.strptime(at, TIME).replace(tzinfo=zone)
    if hour is None:
        return None
    if hour not in range(24):
        raise ValueError(f"{hour}; expected 0 to 23")
    return now.astimezone(zone).replace(hour=hour, minute=0, second=0, microsecond=0)

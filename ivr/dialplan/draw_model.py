"""A picture of a call's way, before it has a size: boxes, what happens in each, and the ways between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivr.dialplan.model import At


class Kind(StrEnum):
    """What a box is."""

    START = "start"  # somebody calls
    CORE = "core"  # the product's dialplan
    SITE = "site"  # the site's own
    HUMAN = "human"  # a person talks with the caller
    END = "end"  # the call ends here
    AWAY = "away"  # the call goes to a place that this picture does not show


class Way(StrEnum):
    """What an arrow is."""

    GO = "go"  # the call goes on there
    VISIT = "visit"  # it goes there and comes back
    KEY = "key"  # a key of the caller's takes it there
    FORK = "fork"  # another leg starts there
    HOOK = "hook"  # core asks the site


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happens in a box. `sign` is a letter that says what it is: see `draw_told.SIGNS`."""

    sign: str
    text: str
    at: At | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """`id` is the context's name, or a word with a `/` (which no context drawn has) for what is none."""

    id: str
    kind: Kind
    title: str  # in words
    name: str = ""  # as the dialplan names it
    at: At | None = None
    items: tuple[Item, ...] = ()
    marks: tuple[str, ...] = ()  # what is wrong here, in words
    calls: int | None = None  # how many calls came here; None where nobody counted


@dataclass(frozen=True, slots=True)
class Arrow:
    source: str
    target: str
    way: Way = Way.GO
    words: tuple[str, ...] = ()  # when a call takes it: each a reason of its own
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """`language` is that of all its words. Boxes stand in the order in which a call comes to them."""

    title: str
    language: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    note: str = ""  # what the numbers of calls are of

    def by_id(self) -> Mapping[str, Box]:
        return {box.id: box for box in self.boxes}

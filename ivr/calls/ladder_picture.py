"""A call as a picture: columns, bars, moments, for whoever draws it. The story is the terminal's ladder's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.calls.ladder_story import Moment, columns, moments, talk_times, who
from ivr.calls.ladder_text import shown
from ivr.calls.ladder_words import OUTCOMES, ROLES, Language, Words
from ivr.calls.model import Call, Leg

RINGS, ALONE, TALKS = "rings", "alone", "talks"


@dataclass(frozen=True, slots=True)
class Column:
    role: str
    name: str  # of the role, in words
    party: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What a leg did from … to …; no end: it goes on."""

    column: int
    leg: str
    kind: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Rung:
    """A moment, its parties by their columns."""

    at: datetime
    text: str
    arrow: tuple[int, int] | None
    joined: tuple[int, ...]
    ended: tuple[int, ...]
    marked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    id: str
    caller: str
    number: str
    entered_at: datetime
    ended_at: datetime | None
    outcome: str | None
    outcome_words: str
    columns: tuple[Column, ...]
    bars: tuple[Bar, ...]
    moments: tuple[Rung, ...]
    facts: tuple[str, ...]


def picture(call: Call, language: Language) -> Picture:
    words = Words(language)
    found = columns(call.legs)
    column_of = {leg.id: at for at, legs in enumerate(found) for leg in legs}
    return Picture(
        id=call.id,
        caller=call.caller,
        number=call.number,
        entered_at=call.entered_at,
        ended_at=call.ended_at,
        outcome=call.outcome,
        outcome_words=words.of(OUTCOMES, call.outcome) if call.outcome else words.say("running"),
        columns=tuple(Column(l[0].role, words.of(ROLES, l[0].role), shown(l[0].party)) for l in found),  # noqa: E741
        bars=tuple(bar for at, legs in enumerate(found) for leg in legs for bar in _bars(call, leg, at)),
        moments=tuple(_rung(moment, column_of) for moment in moments(call, words)) if call.legs else (),
        facts=tuple(_facts(call, found, words)),
    )


def _rung(moment: Moment, column_of: dict[str, int]) -> Rung:
    def places(ids: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted({column_of[id] for id in ids if id in column_of}))

    arrow = tuple(column_of[id] for id in moment.arrow or () if id in column_of)
    return Rung(
        moment.at,
        moment.text,
        (arrow[0], arrow[1]) if len(arrow) == 2 and arrow[0] != arrow[1] else None,
        places(moment.joined),
        places(moment.ended),
        places(moment.marked),
    )


def _bars(call: Call, leg: Leg, column: int) -> Iterator[Bar]:
    up = leg.started_at if leg.direction == "in" else leg.answered_at
    if up is None or up > leg.started_at:
        yield Bar(column, leg.id, RINGS, leg.started_at, up or leg.ended_at)
    if up is None:
        return
    at: datetime = up
    for began, ended in _talks(call, leg):
        if began > at:
            yield Bar(column, leg.id, ALONE, at, began)
        yield Bar(column, leg.id, TALKS, max(began, at), ended)
        if ended is None:
            return
        at = max(ended, at)
    if leg.ended_at is None or leg.ended_at > at:
        yield Bar(column, leg.id, ALONE, at, leg.ended_at)


def _talks(call: Call, leg: Leg) -> list[tuple[datetime, datetime | None]]:
    """When it heard anybody: its talks, those that overlap or touch as one."""
    found: list[tuple[datetime, datetime | None]] = []
    own = (talk for talk in call.talks if leg.id in (talk.leg_a, talk.leg_b))
    for talk in sorted(own, key=lambda talk: talk.started_at):
        if found and (found[-1][1] is None or talk.started_at <= found[-1][1]):
            began, before = found[-1]
            ended = None if before is None or talk.ended_at is None else max(before, talk.ended_at)
            found[-1] = (began, ended)
        else:
            found.append((talk.started_at, talk.ended_at))
    return found


def _facts(call: Call, found: Sequence[Sequence[Leg]], words: Words) -> Iterator[str]:
    if call.ended_at:
        yield words.say("total", time=_clock(call.ended_at - call.entered_at))
    if call.answered_at:
        yield words.say("waited", time=_clock(call.answered_at - call.entered_at))
    for one, other, time in talk_times(call, found):
        yield words.say("together", one=who(one, words), other=who(other, words), time=_clock(time))


def _clock(span: timedelta) -> str:
    minutes, seconds = divmod(max(round(span.total_seconds()), 0), 60)
    return f"{minutes}:{seconds:02d}"

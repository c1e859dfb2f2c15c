"""A call drawn for the terminal: parties are columns, time runs downwards, talks are thick bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from ivr.calls.ladder_story import Moment, columns, moments, talk_times, who
from ivr.calls.ladder_text import cells, fit, shown, wrap, wrap_list
from ivr.calls.ladder_words import OUTCOMES, ROLES, Language, Words
from ivr.calls.model import Call, Leg, Talk

_TIME = 11  # cells of the time's column
_COLUMN = (9, 15)  # cells of a party's column: at least, at most
_TEXT = (26, 34)  # cells that the words get: rather than a party's whole number, rather than wide columns
_PAUSE = timedelta(seconds=2)  # a longer one gets a line of its own
_AT_ONCE = timedelta(milliseconds=100)

RINGS, ALONE, TALKS = "┊", "│", "┃"
_END = {RINGS: "╵", ALONE: "┴", TALKS: "┸"}
_DOT = "◆"


def draw(call: Call, width: int = 100, language: Language = "zh", zone: tzinfo = UTC) -> str:
    """The ladder of one call, lines of at most `width` cells where its parties fit in. `zone`: of the call's date."""
    if not call.legs:
        return shown(call.id)
    return "\n".join(line.rstrip() for line in _Ladder(call, width, Words(language), zone).lines())


class _Ladder:
    def __init__(self, call: Call, width: int, words: Words, zone: tzinfo) -> None:
        self._call, self._words, self._zone = call, words, zone
        self._columns = columns(call.legs)
        self._column_of = {leg.id: at for at, legs in enumerate(self._columns) for leg in legs}
        self._column = _column_width(width - _TIME, self._columns)
        self._text = max(width - _TIME - self._column * len(self._columns) - 1, 16)
        self._width = width

    def lines(self) -> Iterator[str]:
        yield from self._head()
        before: datetime | None = None
        for moment in moments(self._call, self._words):
            if before and moment.at - before > _PAUSE:
                yield self._bars(before)
            yield from self._moment(moment)
            before = moment.at
        yield from self._foot()

    def _head(self) -> Iterator[str]:
        call = self._call
        began = f"{call.entered_at.astimezone(self._zone):%Y-%m-%d %H:%M:%S %Z}"
        outcome = self._words.of(OUTCOMES, call.outcome) if call.outcome else self._words.say("running")
        yield fit(f"{self._words.say('call')} {shown(call.id)}  {began}  {outcome}", self._width)
        yield ""
        roles = [self._words.of(ROLES, legs[0].role) for legs in self._columns]
        parties = [shown(legs[0].party) for legs in self._columns]
        for names in (roles, parties):
            yield " " * _TIME + "".join(_centred(fit(name, self._column - 1), self._column) for name in names)

    def _moment(self, moment: Moment) -> Iterator[str]:
        rungs = self._rungs(moment.at)
        for id in moment.ended:
            rungs[self._column_of[id]] = _END[self._last_rung(id)]
        row = self._row(rungs)
        if moment.joined:
            self._join(row, moment.joined)
        elif moment.arrow:
            self._arrow(row, *moment.arrow)
        for id in moment.marked & self._column_of.keys():
            row[self._axis(self._column_of[id])] = _DOT
        first, *more = wrap(moment.text, self._text)
        yield f"{_clock(moment.at - self._call.entered_at, 3):>{_TIME - 2}}  {''.join(row)} {first}"
        for line in more:
            yield f"{self._bars(moment.at)} {line}"

    def _bars(self, at: datetime) -> str:
        return " " * _TIME + "".join(self._row(self._rungs(at)))

    def _rungs(self, at: datetime) -> list[str]:
        """What each party does from that moment on, a character each."""
        rungs = []
        for legs in self._columns:
            alive = (leg for leg in legs if leg.started_at <= at and not (leg.ended_at and leg.ended_at <= at))
            leg = next(alive, None)
            rungs.append(self._rung(leg, at) if leg else " ")
        return rungs

    def _rung(self, leg: Leg, at: datetime) -> str:
        if leg.direction == "out" and (leg.answered_at is None or leg.answered_at > at):
            return RINGS
        on = any(talk.started_at <= at and (talk.ended_at is None or talk.ended_at > at) for talk in self._talks(leg))
        return TALKS if on else ALONE

    def _last_rung(self, id: str) -> str:
        """What a leg did when it ended."""
        leg = next(leg for leg in self._call.legs if leg.id == id)
        if leg.direction == "out" and leg.answered_at is None:
            return RINGS
        ends = [talk.ended_at for talk in self._talks(leg) if talk.ended_at]
        return TALKS if leg.ended_at and ends and leg.ended_at - max(ends) < _AT_ONCE else ALONE

    def _talks(self, leg: Leg) -> Iterator[Talk]:
        return (talk for talk in self._call.talks if leg.id in (talk.leg_a, talk.leg_b))

    def _axis(self, column: int) -> int:
        return column * self._column + self._column // 2

    def _row(self, rungs: Sequence[str]) -> list[str]:
        row = [" "] * (self._column * len(self._columns))
        for column, rung in enumerate(rungs):
            row[self._axis(column)] = rung
        return row

    def _join(self, row: list[str], joined: frozenset[str]) -> None:
        columns = sorted({self._column_of[id] for id in joined})
        self._line(row, columns[0], columns[-1], "━")
        for column in columns:
            end = {columns[0]: "┣", columns[-1]: "┫"}
            row[self._axis(column)] = end.get(column, "╋") if len(columns) > 1 else TALKS

    def _arrow(self, row: list[str], source: str, target: str) -> None:
        start, end = self._column_of[source], self._column_of[target]
        if start == end:
            return
        self._line(row, min(start, end), max(start, end), "┄")
        row[self._axis(end) + (-1 if start < end else 1)] = "▶" if start < end else "◀"

    def _line(self, row: list[str], left: int, right: int, stroke: str) -> None:
        """Between two columns; the parties in between are not met."""
        for at in range(self._axis(left) + 1, self._axis(right)):
            if row[at] == " ":
                row[at] = stroke

    def _foot(self) -> Iterator[str]:
        call, say = self._call, self._words.say
        if call.ended_at is None:
            yield self._bars(max(moment.at for moment in moments(call, self._words)))
        yield ""
        facts = []
        if call.ended_at:
            facts.append(say("total", time=_clock(call.ended_at - call.entered_at)))
        if call.answered_at:
            facts.append(say("waited", time=_clock(call.answered_at - call.entered_at)))
        recordings = sum(1 for leg in call.legs if leg.recording)
        if recordings:
            facts.append(say("recordings", count=recordings))
        yield from wrap_list(facts, self._width)
        pairs = talk_times(self._call, self._columns)
        yield from wrap_list(
            [
                say("together", one=who(one, self._words), other=who(other, self._words), time=_clock(time))
                for one, other, time in pairs
            ],
            self._width,
        )


def _column_width(room: int, columns: Sequence[Sequence[Leg]]) -> int:
    least, most = _COLUMN
    number = min(max(cells(shown(legs[0].party)) for legs in columns) + 1, most)
    wide, narrow = ((room - text) // len(columns) for text in reversed(_TEXT))
    return max(min(wide, most), number if number <= narrow else least)


def _centred(text: str, width: int) -> str:
    """With its middle on the column's axis."""
    left = max(width // 2 - cells(text) // 2, 0)
    return " " * left + text + " " * max(width - left - cells(text), 0)


def _clock(span: timedelta, digits: int = 1) -> str:
    """Minutes, seconds and a fraction: `1:02.5`."""
    seconds = span.total_seconds()
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes:.0f}:{rest:0{digits + 3}.{digits}f}"

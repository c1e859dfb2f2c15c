"""A call as moments: what the ladder draws, one line each, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ivr.calls.ladder_text import shown
from ivr.calls.ladder_words import CAUSES, MODES, RESULTS, ROLES, STEPS, TRIGGERS, VALUES, Words
from ivr.calls.model import Attempt, Call, Leg, Talk, Transfer

_TOGETHER = timedelta(milliseconds=400)  # legs that end within it end as one moment
_JOIN = timedelta(milliseconds=50)  # talks that begin within it begin as one
_APART = timedelta(seconds=1)  # a leg that talks to nobody for so long has left the talk


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the ladder. Sets and pairs hold leg ids."""

    at: datetime
    text: str
    arrow: tuple[str, str] | None = None  # from … to …: somebody is called
    joined: frozenset[str] = field(default_factory=frozenset)  # hear each other from now on
    ended: frozenset[str] = field(default_factory=frozenset)
    marked: frozenset[str] = field(default_factory=frozenset)  # did something


def moments(call: Call, words: Words) -> list[Moment]:
    """Everything worth a line, in the order of time."""
    story = _Story(call, words)
    found = [
        *story.arrivals(),
        *story.steps(),
        *story.ends(),
        *story.transfers(),
        *story.joins(),
        *story.departures(),
    ]
    return sorted(found, key=lambda moment: moment.at)  # stable: at one time, in the order above


class _Story:
    def __init__(self, call: Call, words: Words) -> None:
        self._call, self._words = call, words
        self._legs: Mapping[str, Leg] = {leg.id: leg for leg in call.legs}
        self._attempts: Mapping[str, tuple[Transfer, Attempt]] = {
            attempt.leg_id: (transfer, attempt)
            for transfer in call.transfers
            for attempt in transfer.attempts
            if attempt.leg_id
        }

    def arrivals(self) -> Iterator[Moment]:
        say, caller = self._words.say, self._call.legs[0]
        for leg in self._call.legs:
            if leg is caller:
                number = shown(self._call.number)
                text = say("enters", number=number)
                if self._call.handed_over_by:
                    text = say("handed_over", who=shown(self._call.handed_over_by), number=number)
                yield Moment(leg.started_at, text, marked=frozenset((leg.id,)))
            elif leg.direction == "in":
                yield Moment(leg.started_at, say("calls_in", who=self._who(leg)), marked=frozenset((leg.id,)))
            elif leg.id in self._attempts:
                transfer, attempt = self._attempts[leg.id]
                by = transfer.asked_by if transfer.asked_by in self._legs else caller.id
                yield Moment(leg.started_at, say("route", uri=shown(attempt.route)), arrow=(by or caller.id, leg.id))
            else:
                yield Moment(leg.started_at, say("calls", who=self._who(leg)), arrow=(caller.id, leg.id))

    def steps(self) -> Iterator[Moment]:
        for step in self._call.steps:
            name = self._words.of(STEPS, shown(step.step))
            value = self._words.of(VALUES, step.value) if step.value in VALUES else shown(step.value)
            between = self._words.mark("colon") if step.value in VALUES else " "
            yield Moment(
                step.at, f"{name}{between}{value}" if value else name, marked=frozenset((self._call.legs[0].id,))
            )

    def transfers(self) -> Iterator[Moment]:
        for transfer in self._call.transfers:
            yield from self._transfer(transfer)

    def _transfer(self, transfer: Transfer) -> Iterator[Moment]:
        of, mark = self._words.of, self._words.mark
        name = self._words.say("transfer", target=shown(transfer.target))
        how = mark("comma").join((of(MODES, shown(transfer.mode)), of(TRIGGERS, shown(transfer.trigger))))
        asked = f"{name}{mark('open')}{how}{mark('close')}"
        result, reason = transfer.result, transfer.reason
        by = frozenset((transfer.asked_by,) if transfer.asked_by else ())
        if result == "refused":
            why = self._result("running" if reason == "busy" else reason)
            text = f"{asked}{mark('colon')}{self._result(result)}"
            yield Moment(transfer.asked_at, text + (mark("comma") + why if why else ""), marked=by)
            return
        yield Moment(transfer.asked_at, asked, marked=by)
        for attempt in transfer.attempts:
            if attempt.leg_id not in self._legs:
                route = self._words.say("route", uri=shown(attempt.route))
                yield Moment(attempt.dialled_at, f"{route}{mark('colon')}{self._failure(attempt)}")
        if transfer.ended_at and result:
            text = f"{name}{mark('colon')}{self._result(result)}"
            if reason and self._result(reason) != self._result(result):
                text += mark("comma") + self._result(reason)
            yield Moment(self._after_attempts(transfer, transfer.ended_at), text)

    def _after_attempts(self, transfer: Transfer, at: datetime) -> datetime:
        """The last leg ends a millisecond after the word of it; the word is told after it."""
        ends = [leg.ended_at for leg in map(self._legs.get, (one.leg_id or "" for one in transfer.attempts)) if leg]
        return max([at, *(end for end in ends if end and timedelta() < end - at < _JOIN)])

    def joins(self) -> Iterator[Moment]:
        talks = sorted(self._call.talks, key=lambda talk: talk.started_at)
        while talks:
            first = talks[0].started_at
            new = [talk for talk in talks if talk.started_at - first <= _JOIN]
            talks = talks[len(new) :]
            at = new[-1].started_at
            together = _connected(new, [talk for talk in self._call.talks if _is_on(talk, at)])
            for group in together:
                count = len(group)
                text = self._words.say(f"talk{count}" if count < 4 else "talk", count=count)
                yield Moment(at, text, joined=group)

    def departures(self) -> Iterator[Moment]:
        """Legs that go on without the talk: they wait, or are in a private talk elsewhere."""
        left = sorted(
            ((end, leg.id) for leg in self._call.legs for end in self._pauses(leg)), key=lambda pause: pause[0]
        )
        while left:
            at = left[0][0]
            together = [id for end, id in left if end - at <= _JOIN]
            left = left[len(together) :]
            names = self._names([leg for leg in self._call.legs if leg.id in together])
            phrase = "leave" if len(together) > 1 else "leaves"
            yield Moment(at, self._words.say(phrase, who=names), marked=frozenset(together))

    def _pauses(self, leg: Leg) -> Iterator[datetime]:
        """When it heard nobody any more, for a while."""
        until: datetime | None = None
        for talk in self._call.talks:  # by start
            if leg.id not in (talk.leg_a, talk.leg_b):
                continue
            if until and talk.started_at - until > _APART:
                yield until
            if talk.ended_at is None:
                return
            until = max(until or talk.ended_at, talk.ended_at)
        if until and (leg.ended_at is None or leg.ended_at - until > _APART):
            yield until

    def ends(self) -> Iterator[Moment]:
        """Legs that end because one party left end in one line."""
        over = sorted((leg for leg in self._call.legs if leg.ended_at), key=lambda leg: (leg.ended_at, leg.id))
        while over:
            group = [leg for leg in over if leg is over[0] or _ends_with(leg, over[0])]
            over = [leg for leg in over if leg not in group]
            last = max(leg.ended_at for leg in group if leg.ended_at)
            yield Moment(last, self._goodbye(group), ended=frozenset(leg.id for leg in group))

    def _goodbye(self, group: Sequence[Leg]) -> str:
        say = self._words.say
        leg = next((leg for leg in group if leg.hung_up_by == leg.role), group[0])
        if leg.hung_up_by == "interrupted":
            return say("interrupted")
        if (leg.answered_at is None and leg.direction == "out") or self._never_came_in(leg):
            return self._names(group) + self._words.mark("colon") + self._unanswered(leg)
        if leg.hung_up_by == leg.role:
            return say("hangs_up", who=self._who(leg)) + self._cause(leg)
        phrases = {"timeout": "is_gone", "system": "is_released"}
        return say(phrases.get(leg.hung_up_by or "", "is_ended"), who=self._names(group)) + self._cause(leg)

    def _never_came_in(self, leg: Leg) -> bool:
        """It answered and did not acknowledge, or was cancelled meanwhile."""
        return leg.id in self._attempts and self._attempts[leg.id][1].result not in (None, "answered")

    def _unanswered(self, leg: Leg) -> str:
        if leg.id in self._attempts:
            return self._failure(self._attempts[leg.id][1])
        return f"{self._words.of(CAUSES, str(leg.cause))} ({leg.cause})" if leg.cause else self._result("cancelled")

    def _failure(self, attempt: Attempt) -> str:
        return self._result(attempt.result) + (f" ({attempt.cause})" if attempt.cause else "")

    def _cause(self, leg: Leg) -> str:
        if leg.cause is None:
            return ""
        return f"{self._words.mark('colon')}{self._words.of(CAUSES, str(leg.cause))} ({leg.cause})"

    def _result(self, result: str | None) -> str:
        return self._words.of(RESULTS, shown(result or ""))

    def _names(self, legs: Sequence[Leg]) -> str:
        return self._words.mark("list").join(self._who(leg) for leg in legs)

    def _who(self, leg: Leg) -> str:
        return who(leg, self._words)


def who(leg: Leg, words: Words) -> str:
    """`坐席 1001`; there is one caller, so his role names him."""
    role = words.of(ROLES, leg.role)
    return role if leg.role == "caller" else f"{role} {shown(leg.party)}"


def columns(legs: Sequence[Leg]) -> list[list[Leg]]:
    """Legs of one party that follow each other share a column."""
    found: list[list[Leg]] = []
    for leg in legs:
        for column in found:
            last = column[-1]
            same = (last.role, last.party) == (leg.role, leg.party)
            if same and last.ended_at and last.ended_at <= leg.started_at:
                column.append(leg)
                break
        else:
            found.append([leg])
    return found


def talk_times(call: Call, columns: Sequence[Sequence[Leg]]) -> Iterator[tuple[Leg, Leg, timedelta]]:
    """How long each pair of parties talked; what goes on is not counted."""
    column_of = {leg.id: at for at, legs in enumerate(columns) for leg in legs}
    sums: dict[tuple[int, int], timedelta] = {}
    for talk in call.talks:
        if talk.ended_at and talk.leg_a in column_of and talk.leg_b in column_of:
            pair = (column_of[talk.leg_a], column_of[talk.leg_b])
            sums[pair] = sums.get(pair, timedelta()) + (talk.ended_at - talk.started_at)
    for (one, other), time in sorted(sums.items()):
        yield columns[one][0], columns[other][0], time


def _is_on(talk: Talk, at: datetime) -> bool:
    return talk.started_at <= at and (talk.ended_at is None or talk.ended_at > at)


def _connected(new: Sequence[Talk], running: Sequence[Talk]) -> list[frozenset[str]]:
    """Groups of legs that hear each other now and did not all before."""
    groups: list[set[str]] = []
    for talk in (*new, *running):
        pair = {talk.leg_a, talk.leg_b}
        touched = [group for group in groups if group & pair]
        groups = [group for group in groups if group not in touched]
        groups.append(pair.union(*touched))
    fresh = {id for talk in new for id in (talk.leg_a, talk.leg_b)}
    return [frozenset(group) for group in groups if group & fresh]


def _ends_with(leg: Leg, first: Leg) -> bool:
    """It ended because the same party left, or was released for the same reason at nearly the same time."""
    if leg.ended_at is None or first.ended_at is None or leg.hung_up_by != first.hung_up_by:
        return False
    if leg.hung_up_by in ROLES:
        alike = leg.role != leg.hung_up_by or first.role != first.hung_up_by  # not two that both left by themselves
    else:
        alike = (leg.cause, leg.answered_at is None) == (first.cause, first.answered_at is None)
    return alike and leg.ended_at - first.ended_at <= _TOGETHER

"""The log against the phones: does a call's log tell what its phones did and heard? Pure; answers in words.

Tolerances, and why they are no smaller:
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ivr.calls.check import faults
from ivr.calls.model import Attempt, Call, Leg
from tests.pbx.hotline import open_ends
from tests.soak.evidence import Ask, Ear, Evidence, World
from tests.soak.spans import Span, around, common, length, merged, padded, without

EDGE = 0.5  # seconds at both ends of a talk: jitter buffer 40 ms, softmix's frame, the phone's clock on a busy machine
TOLD = 1.0  # seconds that are heard or told in vain before it is a difference; a key costs 0.2 s of voice a digit
CLOCK = (
    2.0  # seconds between what a phone saw and its row: an INVITE, an answer or a BYE that was repeated once or twice
)
SILENCE = 6.0  # seconds without a sound: ringing is silent for 4 s, asking a hung controller takes 3 s
DEAD_SILENCE = 10.0  # seconds, where a party's phone died: rtp_timeout is 6 s, and is looked at once a second
REPEATED = 8.5  # seconds for which an INVITE to a dead phone is repeated (timer B, 8 s): it may ring in the phone after
DYING = 9.0  # seconds until a dead phone's leg is over: rtp_timeout is 6 s, and what is told then
LINGER = 3.0  # seconds that a leg may go on after the caller has left: the prompt that tells it
REASON = 3.0  # seconds between a reason and the end that it explains: the prompt in between
SWALLOWED = 2.5  # seconds; an order in so short a time before something ended or died may have come to nothing
ASKED = 5.0  # seconds between a key and its row: three digits, Asterisk's wait for a longer code, a repeated packet
TORN = 1.5  # seconds at Asterisk's death that the journal may tell too much or too little: a recording's last second

USER_BUSY = 17  # Q.850
RESULT_OF = {"busy": "busy", "reject": "rejected", "unavailable": "unreachable"}
STOPPED = {"no_answer", "cancelled", "abandoned", "interrupted", "unreachable"}  # a phone that only rang


def differences(calls: Sequence[Call], heard: Evidence, world: World) -> list[str]:
    """Everything in which the log of one caller's number differs from what the phones did and heard."""
    cut = _cut(heard, world)
    call, extra = _the_call(calls, heard, cut)
    if call is None:
        may_miss = heard.caller.answered is None or (cut is not None and heard.caller.answered > cut - TORN)
        return [] if may_miss else ["the log has no call"]
    found = [*extra, *faults(call), *open_ends(call)]
    return [*found, *_Comparison(call, heard, world, cut).all()]


def _cut(heard: Evidence, world: World) -> float | None:
    """When Asterisk died in the midst of this call."""
    over = heard.caller.over
    died = [start for start, _ in world.asterisk_down if heard.caller.began <= start and (over is None or start < over)]
    return min(died, default=None)


def _the_call(calls: Sequence[Call], heard: Evidence, cut: float | None) -> tuple[Call | None, list[str]]:
    """One call a number; two only where Asterisk died before it answered: the INVITE was repeated to the next one."""
    ordered = sorted(calls, key=lambda call: call.entered_at)
    if len(ordered) <= 1:
        return (ordered[0] if ordered else None), []
    unanswered = cut is not None and (heard.caller.answered is None or heard.caller.answered > cut)
    if unanswered and all(call.outcome == "interrupted" for call in ordered[:-1]):
        return ordered[-1], []
    return ordered[-1], [f"the log has {len(ordered)} calls instead of one"]


class _Comparison:
    def __init__(self, call: Call, heard: Evidence, world: World, cut: float | None) -> None:
        self.call, self.heard, self.world = call, heard, world
        answered = heard.caller.answered
        # Where the INVITE was answered by the Asterisk after, that one's call is not cut.
        self.cut = None if cut is not None and _at(call.entered_at) > cut else cut
        self.answered = answered
        self.of_ear: dict[int, Leg] = {}  # index of the ear → its leg
        self.routes = {tried.leg_id: tried.route for one in call.transfers for tried in one.attempts if tried.leg_id}
        self._pair()

    def all(self) -> Iterator[str]:
        yield from self._legs()
        yield from self._ends()
        yield from self._talks()
        yield from self._dropped()
        yield from self._alone()
        yield from self._left_over()
        yield from self._transfers()
        yield from self._attempts()
        yield from self._outcome()

    def _outcome(self) -> Iterator[str]:
        """Only where hearing tells: who came to talk with anybody, and whether Asterisk died."""
        outcome = self.call.outcome
        if self.cut is not None and outcome != "interrupted":
            yield f"Asterisk died in this call, and its outcome is {outcome}"
        talked = any(length(span) >= TOLD for spans in self.heard.caller.heard.values() for span in spans)
        if talked and outcome in ("abandoned", "rejected"):
            yield f"the caller talked with somebody, and the outcome is {outcome}"

    # — legs ——————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _pair(self) -> None:
        """Each phone's call with the leg of its party that began nearest."""
        free = {leg.id: leg for leg in self.call.legs}
        caller = self.call.legs[0] if self.call.legs else None
        if caller is not None:
            self.of_ear[0] = free.pop(caller.id)
        for index, ear in enumerate(self.heard.ears[1:], 1):
            same = [leg for leg in free.values() if self._may_be(leg, ear)]
            nearest = min(same, key=lambda leg: abs(_at(leg.started_at) - ear.began), default=None)
            if nearest is not None:
                self.of_ear[index] = free.pop(nearest.id)
        self.unseen = list(free.values())

    def _may_be(self, leg: Leg, ear: Ear) -> bool:
        """The same party, at the address that was dialled, in time; an INVITE may have waited for its phone."""
        if (leg.role, leg.party) != (ear.role, ear.party):
            return False
        if ear.uri and self.routes.get(leg.id, ear.uri) != ear.uri:
            return False
        late = ear.began - _at(leg.started_at)
        return abs(late) <= CLOCK or (0 < late <= REPEATED and self._absent(leg))

    def _absent(self, leg: Leg) -> bool:
        """Its phone was dead when it was called; that it is back, Asterisk learns a moment later."""
        return around(self.world.absent.get(f"{leg.role} {leg.party}", ()), _at(leg.started_at), 0.5, CLOCK)

    def _legs(self) -> Iterator[str]:
        for index, ear in enumerate(self.heard.ears):
            leg = self.of_ear.get(index)
            if leg is None:
                if not self._torn(ear.began):
                    yield f"{ear.name} was called at {ear.began:.3f} and has no leg"
                continue
            if ear.answered is not None and leg.answered_at is None and not self._torn(ear.answered):
                yield f"{ear.name} answered at {ear.answered:.3f} and its leg never did"
            if ear.answered is None and leg.answered_at is not None and ear.died is None and ear.left is None:
                yield f"the leg of {ear.name} was answered at {_at(leg.answered_at):.3f} and the phone never did"
            if ear.answered is not None and leg.answered_at is not None:
                apart = abs(_at(leg.answered_at) - ear.answered)
                if apart > CLOCK:
                    yield f"{ear.name} answered at {ear.answered:.3f}, its leg {apart:.1f} s off"
        for leg in self.unseen:
            name, began = f"{leg.role} {leg.party}", _at(leg.started_at)
            full = leg.cause == USER_BUSY and around(self.world.full.get(name, ()), began, EDGE, EDGE)
            if not self._absent(leg) and not full and not self._torn(began):
                yield f"the log has a leg of {name} from {began:.3f} that no phone saw"

    def _ends(self) -> Iterator[str]:
        for index, ear in enumerate(self.heard.ears):
            leg = self.of_ear.get(index)
            if leg is None or leg.ended_at is None:
                continue
            ended = _at(leg.ended_at)
            if self.cut is not None and (ear.over is None or ear.over > self.cut):
                if leg.hung_up_by != "interrupted" and ended < self.cut - TORN:
                    yield f"the leg of {ear.name} ended {self.cut - ended:.1f} s before Asterisk died"
                continue
            if ear.ended is None or ear.died is not None:
                continue
            repeated = ear.began - _at(leg.started_at) > CLOCK
            if abs(ended - ear.ended) > CLOCK and not repeated and not self._refers(ear, ended):
                yield f"{ear.name} was over at {ear.ended:.3f}, its leg {ended - ear.ended:+.1f} s off"
            left_first = (
                ear.left is not None
                and ear.answered is not None
                and ended >= ear.left - EDGE
                and self._first_to_leave(ear)
            )
            if left_first and leg.hung_up_by != ear.role:
                yield f"{ear.name} hung up, and its leg was ended by {leg.hung_up_by}"

    def _refers(self, ear: Ear, ended: float) -> bool:
        """An operator who pressed Transfer: his leg is over at once, his phone is told later how it went."""
        return ear.role == "operator" and any(
            "refer" in ask.trigger and ask.at <= ended + CLOCK and ear.ended is not None and ear.ended > ended
            for ask in self.heard.asks
        )

    def _first_to_leave(self, ear: Ear) -> bool:
        """Nobody else, and no prompt, ended anything near the moment when its owner hung up."""
        assert ear.left is not None
        near = (ear.left - REASON, ear.left + 0.5)
        others = [one.over for one in self.heard.ears if one is not ear and one.over is not None]
        orders = [done.at for done in self.heard.done] + [_at(t.ended_at) for t in self.call.transfers if t.ended_at]
        return not any(near[0] <= moment <= near[1] for moment in [*others, *orders] if moment != ear.ended) or all(
            moment >= ear.left for moment in others if near[0] <= moment <= near[1]
        )

    # — talks —————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _talks(self) -> Iterator[str]:
        tones = {ear.tone: ear.name for ear in self.heard.ears}
        for index, ear in enumerate(self.heard.ears):
            leg = self.of_ear.get(index)
            if leg is None or ear.answered is None:
                continue
            for tone, name in tones.items():
                if tone != ear.tone:
                    yield from self._heard_as_told(ear, leg, tone, name)
            for tone, spans in ear.heard.items():
                if tone not in tones and any(length(span) >= TOLD for span in spans):
                    yield f"{ear.name} heard a stranger ({tone} Hz) from {spans[0][0]:.3f} to {spans[-1][1]:.3f}"

    def _heard_as_told(self, listener: Ear, leg: Leg, tone: int, name: str) -> Iterator[str]:
        """What the listener heard of the speakers who have this tone, against the talks of the legs."""
        speakers = [(ear, self.of_ear.get(n)) for n, ear in enumerate(self.heard.ears) if ear.tone == tone]
        told = [
            span
            for ear, its in speakers
            if its is not None
            for span in common(self._told(leg, its), [self._alive(ear)])
        ]
        told = common(told, [self._alive(listener)])
        heard = merged(listener.heard.get(tone, ()), EDGE)
        mute = padded((span for ear, _ in speakers for span in ear.mute), 0.3)
        silent = without(without(padded(told, -EDGE), mute), padded(listener.deaf, EDGE))
        for start, end in without(silent, heard):
            if end - start >= TOLD:
                yield f"the log has {listener.name} talk with {name}, who was not heard from {start:.3f} to {end:.3f}"
        known = padded(told, EDGE) + ([(self.cut - TORN, self.cut + TORN)] if self.cut is not None else [])
        for start, end in without(heard, known):
            if end - start >= TOLD:
                yield f"{listener.name} heard {name} from {start:.3f} to {end:.3f}, and the log has no such talk"

    def _told(self, one: Leg, other: Leg) -> list[Span]:
        return merged(
            (_at(talk.started_at), _at(talk.ended_at) if talk.ended_at else float("inf"))
            for talk in self.call.talks
            if {talk.leg_a, talk.leg_b} == {one.id, other.id}
        )

    def _alive(self, ear: Ear) -> Span:
        ends = [moment for moment in (ear.over, self.cut) if moment is not None]
        return ear.began, min(ends, default=float("inf"))

    # — nobody is dropped, nobody is alone, nobody is forgotten ———————————————————————————————————————————————————————

    def _dropped(self) -> Iterator[str]:
        for ear in self.heard.ears:
            ended = ear.ended
            if ear.answered is None or ended is None or ear.left is not None or ear.died is not None:
                continue
            if self.cut is not None and ended > self.cut - EDGE:
                continue
            reasons = self._why_caller(ended) if ear is self.heard.caller else self._why_far(ear, ended)
            if not reasons:
                yield f"{ear.name} was dropped at {ended:.3f}"

    def _why_caller(self, ended: float) -> bool:
        """The caller's call may only be ended by the last far party that hung up."""
        return any(ear.left is not None and ended - REASON <= ear.left <= ended + EDGE for ear in self.heard.ears[1:])

    def _why_far(self, ear: Ear, ended: float) -> bool:
        """The caller has left; the operator was released by a transfer; the desk was cancelled or has handed back."""
        caller = self.heard.caller.over
        if caller is not None and ended - REASON <= caller <= ended + EDGE:
            return True
        if any(ended - REASON <= done.at <= ended + EDGE for done in self.heard.done):
            return True
        if any(one is not ear and _near(one.died, ended, DYING) for one in self.heard.ears):
            return True
        # A private talk, or a second line: its other party has hung up, or its phone has died.
        if any(
            other is not ear and other is not self.heard.caller and _near(other.left, ended)
            for other in self.heard.ears
        ):
            return True
        return ear.role == "operator" and any(
            one.mode in ("transfer", "blind", "consult")
            and one.ended_at is not None
            and abs(_at(one.ended_at) - ended) <= 2 * REASON
            and one.result in ("completed", "failed", "dropped", "abandoned")
            for one in self.call.transfers
        )

    def _alone(self) -> Iterator[str]:
        died = any(ear.died is not None for ear in self.heard.ears)
        most = DEAD_SILENCE if died else SILENCE
        until = min((m for m in (self.cut, self.heard.caller.over) if m is not None), default=float("inf"))
        for start, end in common(self.heard.caller.silent, [(0.0, until)]):
            if end - start > most:
                yield f"the caller was alone in silence from {start:.3f} to {end:.3f} ({end - start:.1f} s)"

    def _left_over(self) -> Iterator[str]:
        over = self.heard.caller.over
        if over is None:
            yield "the caller's phone never was free again"
            return
        for ear in self.heard.ears[1:]:
            if ear.began > over + CLOCK:
                yield f"{ear.name} was called {ear.began - over:.1f} s after the caller had left"
            late = (ear.over or float("inf")) - over
            died = any(one.died is not None for one in self.heard.ears)
            refers = self._refers(ear, over)
            if late > LINGER and not self._private(ear, over) and self.cut is None and not died and not refers:
                yield f"{ear.name} was still there {late:.1f} s after the caller had left"

    def _private(self, ear: Ear, since: float) -> bool:
        """It talked on with another far party (consult, second line)."""
        others = {other.tone for other in self.heard.ears[1:] if other.tone != ear.tone}
        return any(end > since for tone in others for _, end in ear.heard.get(tone, ()))

    # — transfers —————————————————————————————————————————————————————————————————————————————————————————————————————

    def _transfers(self) -> Iterator[str]:
        left = list(self.call.transfers)
        for ask in self.heard.asks:
            same = [
                one
                for one in left
                if (one.target, one.mode, one.trigger) == (ask.target, ask.mode, ask.trigger)
                and -EDGE <= _at(one.asked_at) - ask.at <= ASKED
            ]
            if same:
                left.remove(same[0])
            elif not self._swallowed(ask):
                yield f"{ask.mode} to {ask.target} was asked by {ask.trigger} at {ask.at:.3f}; the log has no transfer"
        for one in left:
            when = _at(one.asked_at)
            late = any(
                (one.target, one.mode) == (ask.target, ask.mode) and around(self.world.controller_down, ask.at, 1, 1)
                for ask in self.heard.asks
            )
            if not late and one.trigger != "caller_key":
                yield f"nobody asked for the {one.mode} to {one.target} by {one.trigger} at {when:.3f}"

    def _swallowed(self, ask: Ask) -> bool:
        """It may have come to nothing: something ended just then, or it needs the controller, which was not there."""
        ends = [ear.over for ear in self.heard.ears if ear.over is not None and ear.answered is not None]
        if any(ask.at - EDGE <= end <= ask.at + SWALLOWED for end in ends) or self._torn(ask.at):
            return True
        return ask.trigger != "key" and around(self.world.controller_down, ask.at, ASKED, ASKED)

    def _attempts(self) -> Iterator[str]:
        tried = {one.leg_id: one for transfer in self.call.transfers for one in transfer.attempts if one.leg_id}
        second_lines = any(done.what == "second_line" for done in self.heard.done)
        for index, ear in enumerate(self.heard.ears):
            leg = self.of_ear.get(index)
            if leg is None or not ear.incoming or ear.role not in ("desk", "department"):
                continue
            attempt = tried.get(leg.id)
            if attempt is None:
                if not second_lines and not self._torn(ear.began):
                    yield f"{ear.name} was called at {ear.began:.3f}, and no attempt of a transfer tells it"
            elif wrong := _wrong_result(attempt, ear):
                yield wrong

    def _torn(self, moment: float) -> bool:
        """Near Asterisk's death: the row may never have come onto the disk."""
        return any(start - TORN <= moment <= end + TORN for start, end in self.world.asterisk_down)


def _wrong_result(attempt: Attempt, ear: Ear) -> str | None:
    result = attempt.result or "open"
    if ear.died is not None or result == "interrupted":
        return None
    if ear.refused is not None:
        expected = {RESULT_OF[ear.refused]} | ({"cancelled", "abandoned"} if ear.left is None else set())
    elif ear.answered is not None:
        expected = {"answered", "not_acknowledged", "cancelled", "abandoned"}
    else:
        expected = STOPPED
    if result in expected:
        return None
    did = ear.refused or ("answered" if ear.answered else "rang")
    return f"{ear.name} {did} at {ear.began:.3f}, and the attempt's result is {result}"


def _near(moment: float | None, ended: float, before: float = REASON) -> bool:
    return moment is not None and ended - before <= moment <= ended + EDGE


def _at(moment: datetime) -> float:
    return moment.timestamp()

"""One call's log beside the evidence of its phones, leg by leg; and how exactly the two can agree. Pure."""

from __future__ import annotations

from datetime import datetime

from ivr.calls.model import Call, Leg
from tests.soak.evidence import Ear, Evidence, World
from tests.soak.spans import around, common, length

EDGE = 0.5  # seconds at both ends of a talk: jitter buffer 40 ms, softmix's frame, the phone's clock on a busy machine
TOLD = 1.0  # seconds that are heard or told in vain before it is a difference; a key costs 0.2 s of voice a digit
CLOCK = 2.0  # seconds between what a phone saw and its row: an INVITE, an answer, a BYE that was repeated once or twice
SILENCE = 6.0  # seconds without a sound: ringing is silent for 4 s, asking a hung controller takes 3 s
DEAD_SILENCE = 10.0  # seconds, where a party's phone died: rtp_timeout is 6 s, and is looked at once a second
REPEATED = 8.5  # seconds for which an INVITE to a dead phone is repeated (timer B, 8 s): it may ring in the phone after
DYING = 9.0  # seconds until a dead phone's leg is over: rtp_timeout is 6 s, and what is told then
LINGER = 3.0  # seconds that a leg may go on after the caller has left: the prompt that tells it
REASON = 3.0  # seconds between a reason and the end that it explains: the prompt in between
SWALLOWED = 2.5  # seconds; an order in so short a time before something ended or died may have come to nothing
ASKED = 5.0  # seconds between a key and its row: three digits, Asterisk's wait for a longer code, a repeated packet
CROSSED = 0.5  # seconds until a phone is free whose answer crossed Asterisk's CANCEL: it does not count
SLOW = 5.0  # seconds on both sides of a moment in which a standstill of the machine still tells in it
TORN = 1.5  # seconds at Asterisk's death that the journal may tell too much or too little: a recording's last second


class Case:
    """`of_ear`: index of a phone's call → its leg; `unseen`: the other legs; `cut`: when Asterisk died in this call."""

    def __init__(self, call: Call, heard: Evidence, world: World, cut: float | None) -> None:
        self.call, self.heard, self.world = call, heard, world
        # Where the INVITE was answered by the Asterisk after, that one's call is not cut.
        self.cut = None if cut is not None and at(call.entered_at) > cut else cut
        self.of_ear: dict[int, Leg] = {}
        self._routes = {tried.leg_id: tried.route for one in call.transfers for tried in one.attempts if tried.leg_id}
        self._pair()

    def _pair(self) -> None:
        """Each phone's call with the leg of its party that began nearest."""
        free = {leg.id: leg for leg in self.call.legs}
        caller = self.call.legs[0] if self.call.legs else None
        if caller is not None:
            self.of_ear[0] = free.pop(caller.id)
        for index, ear in enumerate(self.heard.ears[1:], 1):
            same = [leg for leg in free.values() if self._may_be(leg, ear)]
            nearest = min(same, key=lambda leg: abs(at(leg.started_at) - ear.began), default=None)
            if nearest is not None:
                self.of_ear[index] = free.pop(nearest.id)
        self.unseen = list(free.values())

    def _may_be(self, leg: Leg, ear: Ear) -> bool:
        """The same party, at the address that was dialled, in time; an INVITE may have waited for its phone."""
        if (leg.role, leg.party) != (ear.role, ear.party):
            return False
        if ear.uri and self._routes.get(leg.id, ear.uri) != ear.uri:
            return False
        late = ear.began - at(leg.started_at)
        return abs(late) <= CLOCK + self.slack(ear.began) or (0 < late <= REPEATED and self.absent(leg))

    def absent(self, leg: Leg) -> bool:
        """Its phone was dead when it was called; that it is back, Asterisk learns a moment later."""
        return around(self.world.absent.get(f"{leg.role} {leg.party}", ()), at(leg.started_at), 0.5, CLOCK)

    def slack(self, moment: float) -> float:
        """Seconds that a thing may be late, since around this moment the machine stood still for so long."""
        return sum(map(length, common(self.world.stalled, [(moment - SLOW, moment + SLOW)])))

    def crossed(self, ear: Ear) -> bool:
        """It was answered in the moment in which it was cancelled (RFC 3261 9.1): an answer that nobody waited for."""
        if ear.answered is None or ear.ended is None or ear.left is not None:
            return False
        return ear.ended - ear.answered <= CROSSED

    def torn(self, moment: float) -> bool:
        """Near Asterisk's death: the row may never have come onto the disk."""
        return any(start - TORN <= moment <= end + TORN for start, end in self.world.asterisk_down)

    def refers(self, ear: Ear, ended: float) -> bool:
        """An operator who pressed Transfer: his leg is over at once, his phone is told later how it went."""
        return ear.role == "operator" and any(
            "refer" in ask.trigger and ask.at <= ended + CLOCK and ear.ended is not None and ear.ended > ended
            for ask in self.heard.asks
        )


def at(moment: datetime) -> float:
    return moment.timestamp()

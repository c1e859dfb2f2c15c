"""The live state's working records: channels, calls, operators, targets, and the picture of each one.

Times are seconds since the epoch, as AMI stamps them; 0 is "told by a listing, without a stamp". Every group of facts
keeps the stamp of its newest source, and an older event changes nothing: so a pair that came in the wrong order, or
came twice, leaves the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.calls.live_views import LiveCall, LiveLeg, LiveOperator, LiveStep, LiveTarget, LiveTransfer, when

WRAP_UP = "wrap-up"  # the reason of a pause that is after-call work
OVERFLOW = "q-overflow"
FAR_ROLES = ("desk", "department", "interpreter")
_DEVICE_STATES = {  # AST_DEVICE_*, as queue members' events number them
    "0": "UNKNOWN",
    "1": "NOT_INUSE",
    "2": "INUSE",
    "3": "BUSY",
    "4": "INVALID",
    "5": "UNAVAILABLE",
    "6": "RINGING",
    "7": "RINGINUSE",
    "8": "ONHOLD",
}


def role_and_party(endpoint: str) -> tuple[str, str]:
    """`desk-110` → (desk, 110), `trunk-public` → (caller, ""), `1001` → (operator, 1001); see docs/contracts.md."""
    prefix, dash, rest = endpoint.partition("-")
    if dash and prefix in (*FAR_ROLES, "supervisor"):
        return prefix, rest
    if dash and prefix == "trunk":
        return "caller", ""
    return "operator", endpoint


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    role: str
    party: str
    linkedid: str
    started: float
    state: str = "dialling"  # dialling | ringing | up
    since: float = 0.0  # of `state`
    seen: float = -1.0  # stamp of the newest picture of this channel
    number: str = ""
    language: str = ""
    call: str = ""
    bridge: str | None = None
    bridge_seen: float = -1.0
    in_hook: bool = False  # hears a hook of the site's dialplans, which is nobody
    queue: str | None = None
    queue_seen: float = -1.0
    waiting_since: float | None = None  # kept from the first queue to the first talk
    queued_at: float | None = None  # when that wait began, kept after it
    overflowed: bool = False  # waits for the second time, or with a priority

    def talks(self) -> None:
        self.waiting_since, self.overflowed = None, False

    def leg(self, role: str, mode: str | None = None) -> LiveLeg:
        party = self.number if role == "caller" else self.party
        return LiveLeg(self.id, role, party, self.name, self.state, when(self.since), self.bridge, mode)


@dataclass(slots=True)
class Transfer:
    id: str
    target: str  # empty until the ask was seen: then it is not shown
    state: str
    since: float
    mode: str | None = None
    trigger: str | None = None
    result: str | None = None
    reason: str | None = None
    route: int | None = None

    def view(self, legs: Iterable[Channel]) -> LiveTransfer:
        """While a route is tried, the target's own leg says how far it is."""
        state, since = self.state, self.since
        if state == "dialling":
            for leg in legs:
                if leg.party == self.target and leg.state in ("ringing", "up"):
                    state, since = ("answered" if leg.state == "up" else "ringing"), leg.since
        said = (self.mode, self.trigger, self.result, self.reason, self.route)
        return LiveTransfer(self.id, self.target, state, when(since), *said)


@dataclass(slots=True)
class Call:
    id: str
    channels: dict[str, Channel] = field(default_factory=dict)
    caller: str | None = None  # uniqueid of the leg with the CALL event, once known
    number: str = ""  # the caller's, kept when the caller is gone
    language: str | None = None
    handed_over_by: str | None = None
    requeued: str | None = None
    since: float | None = None
    transfers: dict[str, Transfer] = field(default_factory=dict)
    steps: list[LiveStep] = field(default_factory=list)
    supervision: dict[str, str] = field(default_factory=dict)  # supervisor's number → mode

    def caller_leg(self) -> Channel | None:
        """The leg of the CALL event; where that was not seen: the trunk's leg, else a partner's that called us."""
        if self.caller is not None:
            return self.channels.get(self.caller)
        legs = self.channels.values()
        for leg in legs:
            if leg.role == "caller":
                return leg
        return next((leg for leg in legs if leg.role in FAR_ROLES and leg.linkedid == leg.id), None)

    @property
    def priority(self) -> bool:
        caller = self.caller_leg()
        return bool(self.handed_over_by or self.requeued or (caller and caller.role in FAR_ROLES))

    def know_caller(self) -> Channel | None:
        """The caller's leg, and what it shows kept for the time after it."""
        caller = self.caller_leg()
        if caller is not None:
            self.caller = caller.id
            self.number = caller.number or self.number
            self.language = caller.language or self.language
            self.since = caller.started if self.since is None else self.since
            if caller.role in FAR_ROLES:
                self.handed_over_by = self.handed_over_by or caller.party
        return caller

    def view(self) -> LiveCall:
        caller = self.know_caller()
        legs = sorted(self.channels.values(), key=lambda leg: (leg.started, leg.id))
        return LiveCall(
            id=self.id,
            caller=self.number,
            state=self._state(caller),
            since=when(self.since if self.since is not None else legs[0].started),
            language=self.language,
            handed_over_by=self.handed_over_by,
            requeued=self.requeued,
            queue=caller.queue if caller else None,
            caller_channel=caller.name if caller else None,
            legs=tuple(self._leg(leg, caller) for leg in legs),
            transfers=tuple(self._transfers(caller, legs)),
            queued_at=when(caller.queued_at) if caller and caller.queued_at else None,
            steps=tuple(self.steps),
        )

    def _leg(self, leg: Channel, caller: Channel | None) -> LiveLeg:
        mode = self.supervision.get(leg.party) if leg.role == "supervisor" else None
        return leg.leg("caller" if leg is caller else leg.role, mode)

    def _state(self, caller: Channel | None) -> str:
        if caller is None:
            return "caller_gone"
        others = [leg for leg in self.channels.values() if leg is not caller]
        if caller.bridge and any(leg.bridge == caller.bridge for leg in others):
            return "talking"
        if caller.queue:
            return "waiting"
        return "apart" if any(leg.state == "up" and leg.role != "supervisor" for leg in others) else "entering"

    def _transfers(self, caller: Channel | None, legs: list[Channel]) -> Iterable[LiveTransfer]:
        far = [leg for leg in legs if leg is not caller and leg.role in FAR_ROLES]
        yield from (transfer.view(far) for transfer in self.transfers.values() if transfer.target)
        known = {transfer.target for transfer in self.transfers.values()}
        for leg in far:
            if leg.party not in known and not leg.bridge:
                state = "answered" if leg.state == "up" else leg.state
                yield LiveTransfer(None, leg.party, state, when(leg.since))


@dataclass(slots=True)
class Device:
    state: str | None = None  # Asterisk's word: NOT_INUSE, BUSY, UNAVAILABLE, …
    seen: float = -1.0

    def take(self, state: str, at: float) -> None:
        if at >= self.seen:
            self.state, self.seen = state, at

    @property
    def gone(self) -> bool:
        return self.state is None or self.state in ("UNAVAILABLE", "INVALID", "UNKNOWN")


@dataclass(slots=True)
class Operator:
    number: str
    name: str
    legs: dict[str, Channel] = field(default_factory=dict)
    device: Device = field(default_factory=Device)
    pauses: dict[str, tuple[float, bool, str]] = field(default_factory=dict)  # queue → (stamp, paused, reason)
    last_call: float = 0.0
    last_pause: float = 0.0
    login: float = 0.0
    touched: float = 0.0  # stamp of the newest event about it
    last: str | None = None  # the call that he was in last
    shown: LiveOperator | None = None

    def membership(self, event: Mapping[str, str], at: float) -> None:
        """A QueueMember, QueueMemberStatus or QueueMemberPause."""
        queue = event.get("Queue", "")
        if at >= self.pauses.get(queue, (-1.0, False, ""))[0]:
            self.pauses[queue] = (at, event.get("Paused") == "1", event.get("PausedReason", ""))
        self.last_call = max(self.last_call, float(event.get("LastCall") or 0))
        self.last_pause = max(self.last_pause, float(event.get("LastPause") or 0))
        self.login = max(self.login, float(event.get("LoginTime") or 0))
        self.device.take(_DEVICE_STATES.get(event.get("Status", ""), "UNKNOWN"), at)

    def leaves(self, event: Mapping[str, str], at: float) -> None:
        """A QueueMemberRemoved."""
        if at >= self.pauses.get(event.get("Queue", ""), (-1.0, False, ""))[0]:
            self.pauses.pop(event.get("Queue", ""), None)

    @property
    def skills(self) -> tuple[str, ...]:
        """Those of the queues that he is in."""
        return tuple(sorted(queue[2:] for queue in self.pauses if queue.startswith("q-") and queue != OVERFLOW))

    def view(self, now: float, wrap_up: float) -> LiveOperator:
        """Its picture at `now`; `since` moves only when the state or the reason does."""
        state, reason, call = self._state(now, wrap_up)
        if self.shown and (self.shown.state, self.shown.reason) == (state, reason):
            since = self.shown.since
        elif self.shown and call is None:
            since = when(self.touched)
        else:
            since = when(self._known_since(state) or now)
        ends = self.wraps_up_until(wrap_up)
        until = when(ends) if state == WRAP_UP and ends > now else None
        more = (until, self.last, self.skills)
        self.shown = LiveOperator(self.number, self.name, state, since, reason, call, *more)
        return self.shown

    def _state(self, now: float, wrap_up: float) -> tuple[str, str | None, str | None]:
        in_calls = [leg for leg in self.legs.values() if leg.call]
        for word, state in (("up", "talking"), ("ringing", "ringing")):
            for leg in reversed(in_calls):
                if leg.state == word:
                    return state, None, leg.call
        if self.device.gone:
            return "unreachable", None, None
        reasons = [reason for _, paused, reason in self.pauses.values() if paused]
        if reasons:
            return (WRAP_UP, None, None) if reasons[0] == WRAP_UP else ("paused", reasons[0] or None, None)
        return (WRAP_UP, None, None) if now < self.wraps_up_until(wrap_up) else ("available", None, None)

    def wraps_up_until(self, wrap_up: float) -> float:
        """End of the after-call work by the queue's own clock (app_queue: lastcall + wrapuptime); 0: none."""
        return self.last_call + wrap_up if wrap_up and self.last_call else 0.0

    def _known_since(self, state: str) -> float:
        """What a listing tells of the time before we looked."""
        if state in ("talking", "ringing"):
            word = "up" if state == "talking" else "ringing"
            return min((leg.since for leg in self.legs.values() if leg.state == word and leg.call), default=0.0)
        if state in ("paused", WRAP_UP) and self.last_pause:
            return self.last_pause
        return max(self.last_call, self.last_pause, self.login)


@dataclass(slots=True)
class Target:
    key: str
    device: Device = field(default_factory=Device)
    contacts: dict[str, tuple[float, bool]] = field(default_factory=dict)  # URI → (stamp, reachable)

    def contact(self, event: Mapping[str, str], at: float) -> None:
        """A ContactStatus."""
        uri = event.get("URI", "")
        if at >= self.contacts.get(uri, (-1.0, False))[0]:
            self.contacts[uri] = (at, event.get("ContactStatus") not in ("Unreachable", "Removed"))

    def view(self) -> LiveTarget:
        """The device speaks for all its contacts; one contact's change may be all that we have seen of them."""
        routes = {uri: reachable for uri, (_, reachable) in self.contacts.items()}
        known = any(routes.values()) if routes else None
        return LiveTarget(self.key, known if self.device.state is None else not self.device.gone, routes)


def remember(call: Call, old: Mapping[str, Call]) -> None:
    """After a resynchronisation: what no listing tells is taken from before, as far as the call still lives."""
    before = old.get(call.id)
    if before is None:
        return
    call.caller, call.number, call.language = before.caller, before.number, before.language
    call.handed_over_by, call.requeued, call.since = before.handed_over_by, before.requeued, before.since
    call.transfers, call.steps = dict(before.transfers), list(before.steps)
    call.supervision = dict(before.supervision)

"""What the live screen shows, as frozen dataclasses, and the difference between two such pictures.

All times are aware datetimes in UTC. A picture shares every unchanged part with the one before it, so that keeping one
per reader costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

# In the order in which they win: an operator whose phone is gone while the leg lives on is still talking.
OPERATOR_STATES = ("talking", "ringing", "unreachable", "wrap-up", "paused", "available")
CALL_STATES = ("entering", "waiting", "talking", "apart", "caller_gone")
TRANSFER_STATES = ("asked", "dialling", "ringing", "answered", "joined", "ended")


@dataclass(frozen=True, slots=True)
class LiveLeg:
    id: str  # uniqueid, public form
    role: str  # caller | operator | desk | department | interpreter | supervisor
    party: str  # 1001, 110, the caller's number
    channel: str  # Asterisk's name, what an AMI action takes
    state: str  # dialling | ringing | up
    since: datetime  # of this state
    bridge: str | None  # legs of one bridge hear each other
    mode: str | None = None  # of a supervisor's leg: listen | whisper | barge | join


@dataclass(frozen=True, slots=True)
class LiveTransfer:
    """An attempt to bring a target in. Without `id` where only its leg was seen (the ask was before we looked)."""

    id: str | None
    target: str
    state: str  # one of TRANSFER_STATES
    since: datetime
    mode: str | None = None
    trigger: str | None = None
    result: str | None = None  # once ended: a transfer result of docs/contracts.md; before: the last route's result
    reason: str | None = None  # why refused or failed
    route: int | None = None  # which of the target's routes is tried: 1, 2, …


@dataclass(frozen=True, slots=True)
class LiveStep:
    """What the caller chose or heard on the way, as in the call log's steps."""

    at: datetime
    step: str
    value: str


@dataclass(frozen=True, slots=True)
class LiveCall:
    id: str
    caller: str
    state: str  # one of CALL_STATES; apart: the caller hears music while the others talk (consult, suspend)
    since: datetime
    language: str | None = None
    handed_over_by: str | None = None
    requeued: str | None = None  # why the caller went back to the queue's head
    queue: str | None = None
    caller_channel: str | None = None  # None once the caller is gone
    legs: tuple[LiveLeg, ...] = ()  # oldest first
    transfers: tuple[LiveTransfer, ...] = ()  # oldest first, the ended ones too
    queued_at: datetime | None = None  # when the newest wait in a queue began, also once it is over
    steps: tuple[LiveStep, ...] = ()  # oldest first

    @property
    def operator_channels(self) -> tuple[str, ...]:
        """Channels of the operators who talk in this call, first come first; a ringing phone is not among them."""
        return tuple(leg.channel for leg in self.legs if leg.role == "operator" and leg.state == "up")

    def operator(self, number: str) -> LiveLeg | None:
        """The newest answered leg of operator `number` in this call."""
        mine = [leg for leg in self.legs if leg.role == "operator" and leg.party == number and leg.state == "up"]
        return mine[-1] if mine else None


@dataclass(frozen=True, slots=True)
class LiveWaiting:
    call: str
    position: int  # 1 is next
    caller: str
    since: datetime  # of the wait, an overflow to another queue included
    priority: bool  # goes before those who came later: handed over, sent back to the queue, or overflowed
    language: str | None = None


@dataclass(frozen=True, slots=True)
class LiveQueue:
    name: str
    waiting: tuple[LiveWaiting, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveOperator:
    number: str
    name: str
    state: str  # one of OPERATOR_STATES
    since: datetime
    reason: str | None = None  # of a pause
    call: str | None = None
    until: datetime | None = None  # when the after-call work ends by itself
    last_call: str | None = None  # the one that ended last
    skills: tuple[str, ...] = ()  # that he works with now


@dataclass(frozen=True, slots=True)
class LiveTarget:
    key: str
    reachable: bool | None = None  # None: nothing is known (a flow, or not qualified)
    routes: Mapping[str, bool] = field(default_factory=dict)  # SIP URI → reachable


@dataclass(frozen=True, slots=True)
class LiveState:
    version: int
    at: datetime  # of the newest event in it
    connected: bool  # False: AMI is down, this is how it was
    calls: Mapping[str, LiveCall]
    queues: Mapping[str, LiveQueue]
    operators: Mapping[str, LiveOperator]
    targets: Mapping[str, LiveTarget]


@dataclass(frozen=True, slots=True)
class LiveChanges:
    """Takes a reader from `since_version` to `version`: replace what is named, forget `calls_gone`."""

    since_version: int
    version: int
    at: datetime
    connected: bool
    calls: tuple[LiveCall, ...]
    calls_gone: tuple[str, ...]
    queues: tuple[LiveQueue, ...]
    operators: tuple[LiveOperator, ...]
    targets: tuple[LiveTarget, ...]


_View = TypeVar("_View")


def changes(old: LiveState, new: LiveState) -> LiveChanges:
    """The difference, by identity first: unchanged parts are the same objects."""
    return LiveChanges(
        since_version=old.version,
        version=new.version,
        at=new.at,
        connected=new.connected,
        calls=tuple(_changed(old.calls, new.calls)),
        calls_gone=tuple(id for id in old.calls if id not in new.calls),
        queues=tuple(_changed(old.queues, new.queues)),
        operators=tuple(_changed(old.operators, new.operators)),
        targets=tuple(_changed(old.targets, new.targets)),
    )


def _changed(old: Mapping[str, _View], new: Mapping[str, _View]) -> Iterable[_View]:
    for key, view in new.items():
        before = old.get(key)
        if before is not view and before != view:
            yield view


def when(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)

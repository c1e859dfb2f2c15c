"""The words of the call log as frozen dataclasses: a call, its legs, talks, transfers and steps (design: "The words").

All times are aware datetimes in UTC with microseconds. Nothing here imports anything of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the journal (a CEL row). Ids are public: they carry the node's name, never Asterisk's mark."""

    event: str  # CHAN_START, ANSWER, HANGUP, CHAN_END, BRIDGE_ENTER, BRIDGE_EXIT, APP_START, USER_DEFINED, …
    at: datetime
    num: str
    name: str
    exten: str
    context: str
    channel: str
    app: str
    data: str
    uniqueid: str
    linkedid: str
    peer: str
    user_event: str  # name of a CELGenUserEvent, else ""
    extra: Mapping[str, str] = field(default_factory=dict)  # EventExtra's JSON; a user event's query string, unfolded
    run: str = ""  # which run of Asterisk wrote it: a hash of the mark. Another run means that the earlier one is over


@dataclass(frozen=True, slots=True)
class Leg:
    id: str  # uniqueid, public form
    call_id: str
    role: str  # caller | operator | desk | department | interpreter | supervisor
    party: str  # 1001, 110, the caller's number
    number: str
    direction: str  # in (it called us) | out (we called it)
    started_at: datetime
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int | None = None  # Q.850
    hung_up_by: str | None = None  # a role, "system", "timeout" (RTP died) or "interrupted"
    recording: str | None = None  # relative to var/recordings
    recorded_from: datetime | None = None  # when the recording begins


@dataclass(frozen=True, slots=True)
class Talk:
    """Two legs heard each other from … to; three parties make three talks."""

    call_id: str
    leg_a: str
    leg_b: str
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    route: str  # the SIP URI that was dialled
    dialled_at: datetime
    leg_id: str | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    result: str | None = None
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    id: str
    call_id: str
    asked_by: str | None  # leg id
    target: str
    mode: str
    trigger: str
    asked_at: datetime
    result: str | None = None
    cause: int | None = None
    reason: str | None = None  # why refused or failed, a stable word
    ended_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    call_id: str
    at: datetime
    step: str
    value: str


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    number: str  # what was dialled
    caller: str
    entered_at: datetime
    node: str
    answered_at: datetime | None = None  # the first human
    ended_at: datetime | None = None
    outcome: str | None = None
    handed_over_by: str | None = None  # target key, where a desk handed the call over
    language: str | None = None
    legs: tuple[Leg, ...] = ()
    talks: tuple[Talk, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    steps: tuple[Step, ...] = ()

"""Channels → legs: who each party is, and who ended it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

from ivr.calls.model import Leg
from ivr.calls.projection_channels import Channel, Stay

ROLES = frozenset({"caller", "operator", "desk", "department", "interpreter", "supervisor"})
NORMAL, NO_ANSWER, RTP_TIMEOUT, ANSWERED_ELSEWHERE = 16, 19, 44, 26  # Q.850
_ALERTED = frozenset({NORMAL, NO_ANSWER, ANSWERED_ELSEWHERE})
_FOLLOWS = timedelta(seconds=2)  # an end within it after another's is that one's doing
_SLACK = timedelta(milliseconds=10)  # within it rows may be out of order


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose call it is."""

    call_id: str
    channel: str
    number: str


def role_of(endpoint: str) -> tuple[str, str]:
    """Role and party by the endpoint's name (docs/contracts.md): `desk-110` → desk, 110; `1001` → operator, 1001."""
    prefix, dash, key = endpoint.partition("-")
    if dash and prefix in ("desk", "department", "interpreter", "supervisor"):
        return prefix, key
    if dash and prefix == "trunk":
        return "caller", key
    return "operator", endpoint


def legs_of(
    caller: Caller,
    channels: Mapping[str, Channel],
    stays: Iterable[Stay],
    over: Mapping[str, datetime],
    dialled: Mapping[str, str],
) -> tuple[Leg, ...]:
    """The legs, the caller's first, the others as they began.

    `over`: runs of Asterisk that are over → their last row's time. `dialled`: channel → the SIP URI that was dialled.
    """
    parties = _Parties(caller, channels, stays, over)
    return tuple(
        Leg(
            id=channel.id,
            call_id=caller.call_id,
            role=role,
            party=party,
            number=_user(dialled[channel.id]) if channel.id in dialled else party,
            direction="out" if _is_out(channel) else "in",
            started_at=channel.started_at,
            ringing_at=_within(_ringing(channel), channel.started_at, channel.answered_at or end),
            answered_at=_within(channel.answered_at, channel.started_at, end),
            ended_at=end,
            cause=_cause(channel, parties),
            hung_up_by=parties.who_ended(channel),
            recording=channel.recording,
            recorded_from=channel.recorded_from,
        )
        for channel, (role, party), end in parties.all()
    )


def _end(channel: Channel, over: Mapping[str, datetime]) -> datetime | None:
    if channel.ended_at is None and channel.run in over:
        return max(over[channel.run], channel.last_at)
    return channel.ended_at


def _within(moment: datetime | None, start: datetime, end: datetime | None) -> datetime | None:
    return moment if moment and start <= moment and (end is None or moment <= end) else None


def _role(channel: Channel, caller: Caller) -> tuple[str, str]:
    if channel.id == caller.channel:
        return "caller", caller.number
    role, party = role_of(channel.endpoint)
    if channel.role in ROLES:
        role = channel.role
    return role, channel.party or (channel.num if role == "caller" else party)


def _is_out(channel: Channel) -> bool:
    """We called it: Asterisk made it for another channel, or for Dial, Queue or Originate."""
    return channel.linkedid != channel.id or channel.app.startswith("App")


def _user(uri: str) -> str:
    """`sip:110@127.0.0.110:5060` → `110`."""
    user, at, _ = uri.partition("@")
    return unquote(user.partition(":")[2] or user) if at else uri


def _ringing(channel: Channel) -> datetime | None:
    """When it began to ring.

    CEL has no ringing event. The dialplan tells it where it knows (`ring_ms` of a transfer's route, `RINGING`);
    otherwise a leg that must have rung (it was answered, or the queue, which rings reachable phones only, gave it up)
    is taken to have rung when it was dialled.
    """
    if channel.ringing_at or not _is_out(channel):
        return channel.ringing_at
    given_up = channel.app == "AppQueue" and channel.ended_at and (not channel.cause or channel.cause in _ALERTED)
    return channel.started_at if channel.answered_at or given_up else None


def _cause(channel: Channel, parties: _Parties) -> int | None:
    """Q.850. Asterisk gives none to a leg that it stops ringing: 16 where the caller has left, 19 otherwise.

    44 that comes with a name is an earlier leg's: HANGUPCAUSE is sticky.
    """
    if channel.ended_at is None:
        return None
    if not channel.cause and channel.answered_at is None and _is_out(channel):
        return NORMAL if parties.caller_left_before(channel) else NO_ANSWER
    if channel.cause == RTP_TIMEOUT and channel.hangup_source:
        return NORMAL
    return channel.cause or None


class _Parties:
    """The channels with somebody at their end, and who ended each.

    hangupsource is sticky, and names the wrong party when two leave within milliseconds: times decide then.
    """

    def __init__(
        self, caller: Caller, channels: Mapping[str, Channel], stays: Iterable[Stay], over: Mapping[str, datetime]
    ) -> None:
        found = [channel for channel in channels.values() if channel.is_party or channel.id == caller.channel]
        found.sort(key=lambda channel: (channel.id != caller.channel, channel.started_at, channel.id))
        self._channels, self._caller, self._over = found, caller, over
        self._ends = {channel.id: _end(channel, over) for channel in found}
        self._roles = {channel.id: _role(channel, caller) for channel in found}
        self._named = {channel.name: channel for channel in found}
        self._left: dict[str, datetime] = {}  # channel → when it left its last bridge
        for stay in stays:
            if stay.end:
                self._left[stay.channel] = max(stay.end, self._left.get(stay.channel, stay.end))

    def all(self) -> Iterator[tuple[Channel, tuple[str, str], datetime | None]]:
        """Each with its role and party, and its end."""
        for channel in self._channels:
            yield channel, self._roles[channel.id], self._ends[channel.id]

    def who_ended(self, channel: Channel) -> str | None:
        """A role, "system", "timeout" or "interrupted"; None while it lives."""
        if channel.ended_at is None:
            return "interrupted" if channel.run in self._over else None
        if channel.cause == RTP_TIMEOUT and not channel.hangup_source:
            return "timeout"
        source = self._named.get(channel.hangup_source)
        if source is None:
            return self._ended_by_asterisk(channel)
        if source is not channel and (self._is_stale(source, channel) or self._left_first(channel, source)):
            source = self._said_goodbye_to(channel) or channel
        return self._roles[source.id][0]

    def caller_left_before(self, channel: Channel) -> bool:
        """The caller's leg ended, and this one's end followed."""
        end = self._ends.get(self._caller.channel)
        return bool(end and channel.ended_at and end - _SLACK <= channel.ended_at <= end + _FOLLOWS)

    def _ended_by_asterisk(self, channel: Channel) -> str:
        """Because the caller had left, or, if it is the caller's own leg, because a far party had?"""
        if channel.id != self._caller.channel:
            return "caller" if self.caller_left_before(channel) else "system"
        other = self._said_goodbye_to(channel)
        return self._roles[other.id][0] if other else "system"

    def _said_goodbye_to(self, channel: Channel) -> Channel | None:
        """The party that left this one's last talk just before it, by hanging up itself."""
        left = self._left.get(channel.id)
        if left is None or channel.ended_at is None or channel.ended_at - left > _FOLLOWS:
            return None  # it lived on by itself: a goodbye so long ago did not end it
        before = [
            (its, other.id, other)
            for other in self._channels
            if other is not channel
            and other.hangup_source == other.name
            and (its := self._left.get(other.id))
            and left - _FOLLOWS < its <= left + _SLACK
        ]
        return max(before)[2] if before else None

    def _is_stale(self, source: Channel, channel: Channel) -> bool:
        end = self._ends[source.id]
        return bool(end and channel.ended_at and channel.ended_at - end > _FOLLOWS)

    def _left_first(self, channel: Channel, source: Channel) -> bool:
        """It had left the talk by itself before the named one did."""
        mine, its = self._left.get(channel.id), self._left.get(source.id)
        if mine is None or its is None or channel.ended_at is None:
            return False
        return mine < its - _SLACK and channel.ended_at - mine < _FOLLOWS

"""What AMI events tell, gathered: one handler an event, found in a dict by the event's name.

A world begins empty and is filled by listings and events alike, in any order: a listing's line never overrides a
stamped event, and a channel that hung up does not come back. Only PJSIP channels are parties; Local ones are left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ivr.calls import live_journal
from ivr.calls.live_ears import SILENCE
from ivr.calls.live_records import OVERFLOW, Call, Channel, Operator, Target, remember, role_and_party

Event = Mapping[str, str]

_REMEMBERED_HANGUPS = 20_000
CITIZENS = 400_000_000  # dialplans/core/waiting.conf: above it are those whom a desk handed over or who were sent back
_CHANNEL_STATES = {"4": "ringing", "5": "ringing", "6": "up"}  # AST_STATE_RING, _RINGING, _UP; all others: dialling


@dataclass(slots=True)
class Dirty:
    """What the next picture has to draw anew."""

    calls: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)  # endpoints

    def __bool__(self) -> bool:
        return bool(self.calls or self.queues or self.operators or self.targets)


class World:
    def __init__(self, operators: Mapping[str, str], targets: Mapping[str, str], before: World | None = None) -> None:
        """`operators`: number → name. `targets`: endpoint → key. `before`: the world until a resynchronisation."""
        self.now: float = before.now if before else 0.0
        self.channels: dict[str, Channel] = {}
        self.calls: dict[str, Call] = {}
        self.queues: dict[str, list[str]] = {}
        self.operators = {number: Operator(number, name) for number, name in operators.items()}
        self.targets = {endpoint: Target(key) for endpoint, key in targets.items()}
        self.drawn = False
        self.dirty = Dirty(operators=set(operators), targets=set(targets))
        self.before = before
        self.ears = SILENCE
        self._hung_up: set[str] = set()
        self._hung_up_order: deque[str] = deque()
        if before:
            self.ears = replace(before.ears, speaking=frozenset())
            for number, operator in self.operators.items():
                if number in before.operators:
                    operator.shown = before.operators[number].shown
                    operator.last = before.operators[number].last

    def apply(self, event: Event) -> None:
        handler = HANDLERS.get(event.get("Event", ""))
        if handler is not None:
            at = float(event.get("Timestamp") or 0.0)
            self.now = max(self.now, at)
            handler(self, event, at)

    def _channel(self, event: Event, at: float, prefix: str = "") -> Channel | None:
        """The channel that the event shows, brought up to date; None for one that is no party or has hung up."""
        id = event.get(prefix + "Uniqueid", "")
        name = event.get(prefix + "Channel", "")
        if not id or not name.startswith("PJSIP/") or id in self._hung_up:
            return None
        channel = self.channels.get(id)
        if channel is None:
            channel = self._new_channel(id, name, event.get(prefix + "Linkedid", ""), at or self.now)
        if at >= channel.seen:
            channel.seen = at
            shown = event.get(prefix + "ChannelState")  # QueueEntry and CEL do not show it
            state = channel.state if shown is None else _CHANNEL_STATES.get(shown, "dialling")
            if state != channel.state:
                channel.state, channel.since = state, at or channel.started
            number = event.get(prefix + "CallerIDNum", "")
            if number and number != "<unknown>":
                channel.number = number
            channel.language = event.get(prefix + "Language", channel.language)
        call = event.get(prefix + "ChanVariable", "").partition("CALL_ID=")[2]
        if call and call != channel.call:
            self._tie(channel, call)
        self._touch(channel, at)
        return channel

    def _new_channel(self, id: str, name: str, linkedid: str, at: float) -> Channel:
        role, party = role_and_party(name[6:].rpartition("-")[0])
        channel = self.channels[id] = Channel(id, name, role, party, linkedid, at)
        old = self.before.channels.get(id) if self.before else None
        if old is not None:
            channel.started, channel.state, channel.since = old.started, old.state, old.since
            channel.waiting_since, channel.queued_at = old.waiting_since, old.queued_at
        if party in self.operators:
            self.operators[party].legs[id] = channel
        return channel

    def _tie(self, channel: Channel, call_id: str) -> None:
        self._untie(channel)
        channel.call = call_id
        call = self.calls.get(call_id)
        if call is None:
            call = self.calls[call_id] = Call(call_id)
            if self.before:
                remember(call, self.before.calls)
        call.channels[channel.id] = channel

    def _untie(self, channel: Channel) -> None:
        call = self.calls.get(channel.call)
        if call is not None:
            call.know_caller()
            call.channels.pop(channel.id, None)
            self.dirty.calls.add(call.id)
            if not call.channels:
                del self.calls[call.id]

    def _touch(self, channel: Channel, at: float) -> None:
        if channel.call:
            self.dirty.calls.add(channel.call)
        if channel.party in self.operators:
            self._touch_operator(channel.party, at)

    def _one_channel(self, event: Event, at: float) -> None:
        self._channel(event, at)

    def _both_channels(self, event: Event, at: float) -> None:
        self._channel(event, at)
        self._channel(event, at, "Dest")

    def _dial_begins(self, event: Event, at: float) -> None:
        self._both_channels(event, at)
        channel = self.channels.get(event.get("Uniqueid", ""))
        if channel is not None:
            channel.in_hook = "@hook-leg-" in event.get("DestChannel", "")

    def _listed_channel(self, event: Event, at: float) -> None:
        known = event.get("Uniqueid", "") in self.channels
        channel = self._channel(event, at)
        if channel is None:
            return
        if not known and not (self.before and channel.id in self.before.channels):
            channel.started = channel.since = self.now - _seconds(event.get("Duration", ""))
        if at >= channel.bridge_seen:
            channel.bridge, channel.bridge_seen = event.get("BridgeId") or None, at
            if channel.bridge:
                channel.talks()

    def _rename(self, event: Event, _: float) -> None:
        channel = self.channels.get(event.get("Uniqueid", ""))
        if channel is not None:
            channel.name = event.get("Newname", channel.name)
            self._touch(channel, 0.0)

    def _bridge_enter(self, event: Event, at: float) -> None:
        channel = self._channel(event, at)
        if channel is not None and at >= channel.bridge_seen and not channel.in_hook:
            channel.bridge, channel.bridge_seen = event.get("BridgeUniqueid"), at
            channel.talks()

    def _bridge_leave(self, event: Event, at: float) -> None:
        channel = self._channel(event, at)
        if channel is not None and at >= channel.bridge_seen:
            channel.bridge_seen, channel.in_hook = at, False
            if channel.bridge == event.get("BridgeUniqueid"):
                channel.bridge = None

    def _hangup(self, event: Event, at: float) -> None:
        id = event.get("Uniqueid", "")
        if id and id not in self._hung_up:
            self._hung_up.add(id)
            self._hung_up_order.append(id)
            if len(self._hung_up_order) > _REMEMBERED_HANGUPS:
                self._hung_up.discard(self._hung_up_order.popleft())
        if id in self.ears.speaking or id in self.ears.muted or id in self.ears.held:
            self.ears = self.ears.without(id)
        channel = self.channels.pop(id, None)
        if channel is None:
            return
        self._leave_queue(channel)
        self._touch(channel, at)
        self._untie(channel)
        if channel.party in self.operators:
            operator = self.operators[channel.party]
            operator.legs.pop(id, None)
            if channel.call and channel.state == "up":
                operator.last = channel.call

    # ---- who is heard

    def _speaks(self, event: Event, _: float) -> None:
        self.ears = self.ears.put("speaking", event.get("Uniqueid", ""), event.get("Event") == "ChannelTalkingStart")

    def _holds(self, event: Event, _: float) -> None:
        self.ears = self.ears.put("held", event.get("Uniqueid", ""), event.get("Event") == "Hold")

    # ---- queues

    def _queue_join(self, event: Event, at: float) -> None:
        channel = self._channel(event, at)
        if channel is not None and at >= channel.queue_seen:
            self._enter_queue(channel, {**event, "Priority": ""}, at, at or self.now)  # there: of the dialplan

    def _queue_entry(self, event: Event, at: float) -> None:
        """A listing's line; its channel may be listed before or after it."""
        channel = self._channel(event, at)
        if channel is not None and at >= channel.queue_seen:
            self._enter_queue(channel, event, at, self.now - float(event.get("Wait") or 0))

    def _enter_queue(self, channel: Channel, event: Event, at: float, since: float) -> None:
        name = event.get("Queue", "")
        if channel.queue == name and channel.queue_seen == at:
            return  # the same event again
        self._leave_queue(channel)
        waiting = self.queues.setdefault(name, [])
        waiting.insert(max(int(event.get("Position") or 1) - 1, 0), channel.id)
        channel.queue, channel.queue_seen = name, at
        first = name == OVERFLOW or int(event.get("Priority") or 0) > CITIZENS
        channel.overflowed |= channel.waiting_since is not None or first
        if channel.waiting_since is None:
            channel.waiting_since = channel.queued_at = since
        self.dirty.queues.add(name)

    def _queue_leave(self, event: Event, at: float) -> None:
        channel = self._channel(event, at)
        if channel is not None and at >= channel.queue_seen:
            channel.queue_seen = at
            self._leave_queue(channel)

    def _leave_queue(self, channel: Channel) -> None:
        if channel.queue is not None:
            self.queues[channel.queue].remove(channel.id)
            self.dirty.queues.add(channel.queue)
            channel.queue = None

    def _queue_params(self, event: Event, _: float) -> None:
        self.queues.setdefault(event.get("Queue", ""), [])
        self.dirty.queues.add(event.get("Queue", ""))

    # ---- operators and targets

    def _queue_member(self, event: Event, at: float) -> None:
        interface = event.get("Interface") or event.get("Location", "")
        operator = self.operators.get(interface.removeprefix("PJSIP/"))
        if operator is not None:
            operator.membership(event, at)
            self._touch_operator(operator.number, at)

    def _queue_member_gone(self, event: Event, at: float) -> None:
        operator = self.operators.get(event.get("Interface", "").removeprefix("PJSIP/"))
        if operator is not None:
            operator.leaves(event, at)
            self._touch_operator(operator.number, at)

    def _device(self, event: Event, at: float) -> None:
        endpoint = event.get("Device", "").removeprefix("PJSIP/")
        if endpoint in self.operators:
            self.operators[endpoint].device.take(event.get("State", ""), at)
            self._touch_operator(endpoint, at)
        elif endpoint in self.targets:
            self.targets[endpoint].device.take(event.get("State", ""), at)
            self.dirty.targets.add(endpoint)

    def _contact(self, event: Event, at: float) -> None:
        endpoint = event.get("AOR", "")
        if endpoint in self.targets:
            self.targets[endpoint].contact(event, at)
            self.dirty.targets.add(endpoint)

    def _touch_operator(self, number: str, at: float) -> None:
        self.operators[number].touched = at or self.now
        self.dirty.operators.add(number)

    # ---- the journal's user events, as AMI repeats them

    def _journal_event(self, event: Event, at: float) -> None:
        name = event.get("UserDefType") or event.get("EventName", "")  # by cel.conf's show_user_defined
        facts = live_journal.facts(event.get("Extra", ""))
        if name == "CALL" and facts.get("id"):
            self._call_begins(event, facts)
        call = self.calls.get(facts.get("call") or facts.get("id", ""))
        if call is not None:
            live_journal.note(call, name, facts, at or self.now)
            self.dirty.calls.add(call.id)

    def _call_begins(self, event: Event, facts: Event) -> None:
        named = {**event, "Uniqueid": event.get("UniqueID", ""), "Linkedid": event.get("LinkedID", "")}
        channel = self._channel(named, 0.0)
        if channel is not None:
            if channel.call != facts["id"]:
                self._tie(channel, facts["id"])
            self.calls[facts["id"]].caller = channel.id


HANDLERS: Mapping[str, Callable[[World, Event, float], None]] = {  # also what Asterisk is asked to send (manager.conf)
    "Newchannel": World._one_channel,
    "Newstate": World._one_channel,
    "NewCallerid": World._one_channel,
    "Rename": World._rename,
    "DialBegin": World._dial_begins,
    "DialState": World._both_channels,
    "DialEnd": World._both_channels,
    "BridgeEnter": World._bridge_enter,
    "BridgeLeave": World._bridge_leave,
    "Hangup": World._hangup,
    "ChannelTalkingStart": World._speaks,
    "ChannelTalkingStop": World._speaks,
    "Hold": World._holds,
    "Unhold": World._holds,
    "QueueCallerJoin": World._queue_join,
    "QueueCallerLeave": World._queue_leave,
    "QueueParams": World._queue_params,
    "QueueEntry": World._queue_entry,
    "QueueMember": World._queue_member,
    "QueueMemberAdded": World._queue_member,
    "QueueMemberRemoved": World._queue_member_gone,
    "QueueMemberStatus": World._queue_member,
    "QueueMemberPause": World._queue_member,
    "DeviceStateChange": World._device,
    "ContactStatus": World._contact,
    "ContactStatusDetail": World._contact,
    "CoreShowChannel": World._listed_channel,
    "CEL": World._journal_event,
}


def _seconds(duration: str) -> float:
    """`HH:MM:SS` of CoreShowChannel."""
    total = 0
    for part in filter(str.isdigit, duration.split(":")):
        total = total * 60 + int(part)
    return float(total)

"""The live state: what goes on at this moment, from AMI events alone. For screens and orders, never for the call log.

Pure: events go in, pictures come out; no socket, no clock. An event is a mapping of one AMI event's headers, unique ids
public already. `Resynchronise` begins a new world and `ResynchroniseComplete` publishes it once the listings are in: no
reader ever sees a half-filled state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ivr.calls.live_ears import Ears
from ivr.calls.live_records import WRAP_UP
from ivr.calls.live_views import LiveCall, LiveQueue, LiveState, LiveWaiting, when
from ivr.calls.live_world import Dirty, World


class Live:
    def __init__(self, operators: Mapping[str, str], targets: Mapping[str, str], wrap_up: float = 0.0) -> None:
        """`operators`: number → name. `targets`: endpoint (`desk-110`) → key. `wrap_up`: after-call work in seconds."""
        self._operators, self._targets, self._wrap_up = dict(operators), dict(targets), wrap_up
        self._world = World(operators, targets)
        self._whole: World | None = None  # the last that was complete
        self._connected = False
        self._state = LiveState(0, when(0), False, {}, {}, {}, {})
        self.stirred: Callable[[], object] = lambda: None  # called when the next picture may be another one

    def apply(self, event: Mapping[str, str]) -> None:
        """Take one event in. Unknown events change nothing; doubled and swapped ones leave the same state."""
        name = event.get("Event")
        if name == "Resynchronise":
            self.snapshot()
            self._world = World(self._operators, self._targets, before=self._whole)
        elif name == "ResynchroniseComplete":
            self._world.before = None
            self._whole, self._connected = self._world, True
        elif name == "Disconnected":
            self._connected = False
        else:
            self._world.apply(event)
        self.stirred()

    def tick(self, now: float) -> None:
        """Let time pass (seconds since the epoch): after-call work ends by itself."""
        self._world.now = max(self._world.now, now)
        for operator in self._world.operators.values():
            if operator.shown is not None and operator.shown.state == WRAP_UP:
                operator.touched = max(operator.touched, min(now, operator.wraps_up_until(self._wrap_up)))
                self._world.dirty.operators.add(operator.number)
        if self._world.dirty:
            self.stirred()

    def snapshot(self) -> LiveState:
        """The newest picture, the same object until something changes; while we resynchronise, the one before."""
        if self._whole is not None and self._whole is not self._world:
            if self._state.connected != self._connected:
                self._state = replace(self._state, version=self._state.version + 1, connected=self._connected)
        elif self._world.dirty or self._state.connected != self._connected:
            new = self._draw(self._world)
            if replace(new, version=self._state.version, at=self._state.at) != self._state:
                self._state = new
        return self._state

    def call(self, call_id: str) -> LiveCall | None:
        return self.snapshot().calls.get(call_id)

    def calls_of_operator(self, number: str) -> tuple[LiveCall, ...]:
        """Running calls that operator `number` talks in, oldest first."""
        calls = [call for call in self.snapshot().calls.values() if call.operator(number)]
        return tuple(sorted(calls, key=lambda call: call.since))

    @property
    def ears(self) -> Ears:
        """Who is heard now; changes without the picture."""
        return (self._whole or self._world).ears

    def note_muted(self, leg: str, muted: bool) -> None:
        """We asked for it: no event tells."""
        for world in {id(world): world for world in (self._whole, self._world) if world}.values():
            world.ears = world.ears.put("muted", leg, muted)

    def _draw(self, world: World) -> LiveState:
        """Only what is marked dirty is drawn anew."""
        old = self._state
        fresh = not world.drawn  # the first picture of this world: nothing of the old one may stay
        calls = {} if fresh else dict(old.calls)
        queues = {} if fresh else dict(old.queues)
        operators = {} if fresh else dict(old.operators)
        targets = {} if fresh else dict(old.targets)
        for call_id in world.dirty.calls:
            if call_id in world.calls:
                calls[call_id] = world.calls[call_id].view()
            else:
                calls.pop(call_id, None)
        for name in sorted(world.dirty.queues):
            queues[name] = _queue(world, name)
        for number in self._operators if fresh else world.dirty.operators:
            operators[number] = world.operators[number].view(world.now, self._wrap_up)
        for endpoint in self._targets if fresh else world.dirty.targets:
            target = world.targets[endpoint].view()
            targets[target.key] = target
        world.drawn = True
        world.dirty = Dirty()
        return LiveState(old.version + 1, when(world.now), self._connected, calls, queues, operators, targets)


def _queue(world: World, name: str) -> LiveQueue:
    waiting = []
    for position, id in enumerate(world.queues.get(name, ()), start=1):
        channel = world.channels[id]
        call = world.calls.get(channel.call)
        waiting.append(
            LiveWaiting(
                call=channel.call,
                position=position,
                caller=channel.number,
                since=when(channel.waiting_since or channel.started),
                priority=channel.overflowed or bool(call and call.priority),
                language=channel.language or None,
            )
        )
    return LiveQueue(name, tuple(waiting))

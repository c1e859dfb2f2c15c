"""What Python may ask of a running call. It asks; the dialplan (dialplans/core) does it, guards it and records it.

So an order that comes too late, twice or beside another is refused there, and a controller that dies changes nothing.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from ivr.errors import HotlineError
from ivr.pbx.manager import AmiFailedError, AmiLostError, AmiTimeoutError
from ivr.settings import Site, Target

MODES = ("transfer", "conference", "consult", "suspend", "blind")
WRAP_UP = "wrap-up"  # QueuePause reason, the same word as in dialplans/core/operator-phone.conf
MUTED = "DESK_MUTED"  # channel variable
TALK_DETECT = "600,256"  # ms of silence that end an utterance; loudness of speech (Asterisk's own)
REMEMBERED = 10_000  # transfer ids: an order that is sent again is known, whatever happened to its answer


class Manager(Protocol):
    """`ivr.pbx.ami.Ami`."""

    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]: ...
    def private_id(self, uniqueid: str) -> str: ...


class RunningLeg(Protocol):
    @property
    def id(self) -> str: ...  # uniqueid, public form
    @property
    def channel(self) -> str: ...


class RunningCall(Protocol):
    @property
    def caller_channel(self) -> str | None: ...
    @property
    def legs(self) -> Sequence[RunningLeg]: ...
    @property
    def operator_channels(self) -> tuple[str, ...]: ...
    def operator(self, number: str) -> RunningLeg | None: ...


class Live(Protocol):
    """`ivr.calls.live.Live`."""

    def call(self, call_id: str) -> RunningCall | None: ...
    def note_muted(self, leg: str, muted: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the helper legs of a transfer are told. Channels by name."""

    id: str
    call_id: str
    target: str
    mode: str
    trigger: str
    caller: str
    operator: str
    asked_by: str  # the asking leg's uniqueid as Asterisk has it
    target_channel: str = ""  # the target's leg where it has answered already, on the operator's second line

    @property
    def helper(self) -> tuple[str, str]:
        """Contexts of the pair's two halves: the one that waits or whispers, the one that acts."""
        if self.target_channel:
            return "transfer-whisper", "attended-leg"
        return ("suspend-idle", "suspend-helper") if self.mode == "suspend" else ("transfer-whisper", "transfer-leg")

    @property
    def variables(self) -> dict[str, str]:
        """Inherited by every leg that the helper makes (docs/contracts.md)."""
        told = {
            "OPERATOR": self.operator,
            "CALLER": self.caller,
            "CALL_ID": self.call_id,
            "TRANSFER_ID": self.id,
            "TARGET": self.target,
            "MODE": self.mode,
            "TRIGGER": self.trigger,
            "ASKED_BY": self.asked_by,
        }
        return {**told, "DESK": self.target_channel} if self.target_channel else told


async def variable(ami: Manager, channel: str, name: str) -> str:
    """A channel's variable; empty if it is not set, or the channel is gone."""
    try:
        return (await ami.action({"Action": "Getvar", "Channel": channel, "Variable": name}))[0]["Value"]
    except AmiFailedError:
        return ""


class OrderError(HotlineError):
    """An order that this call, this target or this operator does not allow."""


class Orders:
    def __init__(self, ami: Manager, live: Live, site: Site) -> None:
        self._ami, self._live, self._site = ami, live, site
        self._given: OrderedDict[str, None] = OrderedDict()

    async def transfer(
        self,
        call_id: str,
        target: str,
        mode: str,
        trigger: str,
        *,
        by: str | None = None,
        transfer_id: str | None = None,
    ) -> str:
        """Start bringing `target` in; returns the transfer's id at once. How it goes stands in the live state.

        `by` is the number of the operator who asks and is released; without it the first operator in the call.
        With the `transfer_id` of an order given before nothing is done again. Raises OrderError or AmiError.
        """
        known = self.allowed(target, mode)
        caller, call = self._running(call_id)
        leg = call.operator(by) if by is not None else None
        if by is not None and leg is None:
            message = f"operator {by} is not in call {call_id}; only who talks with the caller can transfer him"
            raise OrderError("not_in_call", message, {"operator": by, "call": call_id}, 409)
        operator = leg.channel if leg is not None else self._first_operator(call_id, call)
        asked_by = self._ami.private_id(leg.id) if leg is not None else ""
        id = transfer_id or str(uuid.uuid4())
        await self.start(Attempt(id, call_id, known.key, mode, trigger, caller, operator, asked_by))
        return id

    def allowed(self, key: str, mode: str) -> Target:
        """The target, if this mode may bring it in. Raises OrderError."""
        target = self._site.targets.get(key)
        if target is None:
            message = f"there is no target {key}; hotline.toml names {', '.join(self._site.targets)}"
            raise OrderError("unknown_target", message, {"target": key, "known": list(self._site.targets)}, 404)
        fits = bool(target.flow) if mode == "suspend" else mode in MODES and bool(target.routes)
        if not fits or (mode == "blind" and target.emergency):
            why = "an emergency target is always supervised" if mode == "blind" else "choose another mode"
            raise OrderError(
                "bad_mode", f"{key} cannot be reached by {mode}: {why}", {"target": key, "mode": mode}, 409
            )
        return target

    async def start(self, attempt: Attempt) -> None:
        """By the same helper legs as the operator's keys start them; an id that was started is not started again."""
        if attempt.id in self._given:
            return
        self._given[attempt.id] = None
        if len(self._given) > REMEMBERED:
            self._given.popitem(last=False)
        idle, helper = attempt.helper
        try:
            await self._ami.action(
                {
                    "Action": "Originate",
                    "Async": "true",
                    "Channel": f"Local/s@{idle}/n",
                    "Context": helper,
                    "Exten": attempt.target,
                    "Priority": "1",
                    "Variable": [f"__{name}={value}" for name, value in attempt.variables.items()],
                }
            )
        except (AmiLostError, AmiTimeoutError):
            raise  # it may run: the same id must not start it again
        except HotlineError:
            self._given.pop(attempt.id, None)
            raise

    async def cancel(self, call_id: str) -> None:
        """End the attempt that runs: whatever rings is hung up, caller and operator talk on."""
        caller, _ = self._running(call_id)
        await self._redirect(call_id, await variable(self._ami, caller, "SHARED(ATTEMPT)"), "transfer-cancelled", "s")

    async def take_back(self, call_id: str) -> None:
        """Cancel the attempt, or let the party that came in last leave; the operator keeps the caller."""
        caller, call = self._running(call_id)
        self._first_operator(call_id, call)
        attempt, joined = await asyncio.gather(
            variable(self._ami, caller, "SHARED(ATTEMPT)"), variable(self._ami, caller, "SHARED(LAST_JOINED)")
        )
        if await self._exists(attempt):
            await self._redirect(call_id, attempt, "transfer-cancelled", "s")
        elif await self._exists(joined):
            await self._ami.action({"Action": "Hangup", "Channel": joined, "Cause": "16"})
        else:
            raise _no_transfer(call_id)

    async def join(self, call_id: str) -> None:
        """In a consult: bring the caller in, so that all three talk."""
        caller, _ = self._running(call_id)
        desk = await variable(self._ami, caller, "SHARED(CONSULT)")
        if not desk:
            raise _no_transfer(call_id)
        three = f"SHARED(THREE_WITH_{await variable(self._ami, desk, 'TARGET')})"  # R21
        await self._ami.action({"Action": "Setvar", "Channel": caller, "Variable": three, "Value": "1"})
        await self._redirect(call_id, caller, "consult-caller", "join")

    async def mute(self, call_id: str, leg_id: str, muted: bool) -> None:
        """What this leg says is heard by nobody, until it is taken back or the leg ends."""
        channel = self._leg(call_id, leg_id)
        state = {"Direction": "in", "State": "on" if muted else "off"}
        silence = {"Action": "MuteAudio", "Channel": channel, **state}
        # A controller that starts anew asks for it: whatever dies between the two, nobody is muted and not known to be.
        note = {"Action": "Setvar", "Channel": channel, "Variable": MUTED, "Value": "1" if muted else ""}
        try:
            for action in (note, silence) if muted else (silence, note):
                await self._ami.action(action)
        except AmiFailedError:
            raise _no_leg(call_id, leg_id) from None
        self._live.note_muted(leg_id, muted)

    async def remove(self, call_id: str, leg_id: str) -> None:
        """Hang this leg up, as its own phone would; the others talk on. Never the caller: he is not ours to hang up."""
        channel = self._leg(call_id, leg_id)
        if channel == self._running(call_id)[0]:
            message = "the caller is not removed from his own call; end your own leg instead"
            raise OrderError("caller_stays", message, {"call": call_id}, 409)
        try:
            await self._ami.action({"Action": "Hangup", "Channel": channel, "Cause": "16"})
        except AmiFailedError:
            raise _no_leg(call_id, leg_id) from None

    async def tell_phone(self, call_id: str, leg_id: str, event: str) -> None:
        """`talk`: answer, or take off hold; `hold`. By NOTIFY in the call's own dialog (Yealink, Polycom, Snom)."""
        channel = self._leg(call_id, leg_id)
        try:
            await self._ami.action({"Action": "PJSIPNotify", "Channel": channel, "Variable": f"Event={event}"})
        except AmiFailedError:
            raise _no_leg(call_id, leg_id) from None

    async def page_gone(self, call_id: str, operator: str) -> None:
        """His browser's socket has closed in a talk: if his voice is gone too, the caller hears that it comes back."""
        caller, call = self._running(call_id)
        leg = call.operator(operator)
        if leg is None:
            return
        told = {"OPERATOR": leg.channel, "CALLER": caller, "CALL_ID": call_id, "ASKED_BY": operator}
        await self._ami.action(
            {
                "Action": "Originate",
                "Async": "true",
                "Channel": "Local/s@page-gone/n",
                "Context": "page-gone-words",
                "Exten": "s",
                "Priority": "1",
                "Variable": [f"__{name}={value}" for name, value in told.items()],
            }
        )

    async def watch(self, channel: str, leg_id: str) -> None:
        """From now on events tell when this leg speaks; whether it was muted before we looked is asked."""
        with suppress(AmiFailedError):
            await self._ami.action(
                {"Action": "Setvar", "Channel": channel, "Variable": "TALK_DETECT(set)", "Value": TALK_DETECT}
            )
            await self.recall_mute(channel, leg_id)

    async def recall_mute(self, channel: str, leg_id: str) -> None:
        """Whoever was muted before we looked is known to be so."""
        if await variable(self._ami, channel, MUTED):
            self._live.note_muted(leg_id, True)

    def _leg(self, call_id: str, leg_id: str) -> str:
        """Its channel."""
        _, call = self._running(call_id)
        for leg in call.legs:
            if leg.id == leg_id:
                return leg.channel
        raise _no_leg(call_id, leg_id)

    async def ready(self, operator: str) -> None:
        """Calls come again, from every queue."""
        await self._pause(operator, paused=False, reason="")

    async def pause(self, operator: str, reason: str) -> None:
        """No calls come, from any queue; a running call goes on."""
        await self._pause(operator, paused=True, reason=reason)

    async def wrap_up(self, operator: str) -> None:
        """After-call work: a pause whose reason the live state knows."""
        await self._pause(operator, paused=True, reason=WRAP_UP)

    async def beat(self, epoch: int, hears_refer: bool) -> None:
        """Tell the dialplan that the controller lives (seconds since the epoch): it asks nobody who has not said so.

        `hears_refer`: ARI is up. Otherwise the phone's Transfer key goes the dialplan's own way.
        """
        beats = {"CONTROLLER_BEAT": epoch, "REFER_BEAT": epoch if hears_refer else 0}
        for name, value in beats.items():
            await self._ami.action({"Action": "Setvar", "Variable": name, "Value": str(value)})

    def _running(self, call_id: str) -> tuple[str, RunningCall]:
        call = self._live.call(call_id)
        if call is None or call.caller_channel is None:
            message = f"no call {call_id} is running; GET /api/v1/live lists those that are"
            raise OrderError("unknown_call", message, {"call": call_id}, 404)
        return call.caller_channel, call

    def _first_operator(self, call_id: str, call: RunningCall) -> str:
        if not call.operator_channels:
            message = f"no operator talks in call {call_id} now; wait until one has answered"
            raise OrderError("no_operator", message, {"call": call_id}, 409)
        return call.operator_channels[0]

    async def _exists(self, channel: str) -> bool:
        return "/" in channel and bool(await variable(self._ami, channel, "CHANNEL(name)"))

    async def _redirect(self, call_id: str, channel: str, context: str, exten: str) -> None:
        if not await self._exists(channel):
            raise _no_transfer(call_id)
        where = {"Context": context, "Exten": exten, "Priority": "1"}
        try:
            await self._ami.action({"Action": "Redirect", "Channel": channel, **where})
        except AmiFailedError:
            raise _no_transfer(call_id) from None

    async def _pause(self, operator: str, *, paused: bool, reason: str) -> None:
        if operator not in self._site.operators:
            message = f"there is no operator {operator}; hotline.toml names them under [[operators]]"
            raise OrderError("unknown_operator", message, {"operator": operator}, 404)
        told = {"Paused": "true" if paused else "false", "Reason": reason}
        await self._ami.action({"Action": "QueuePause", "Interface": f"PJSIP/{operator}", **told})


def _no_leg(call_id: str, leg_id: str) -> OrderError:
    message = f"call {call_id} has no leg {leg_id} now; GET /api/v1/desk shows those that it has"
    return OrderError("unknown_leg", message, {"call": call_id, "leg": leg_id}, 404)


def _no_transfer(call_id: str) -> OrderError:
    message = f"no transfer runs in call {call_id} that could be changed"
    return OrderError("no_transfer", message, {"call": call_id}, 409)

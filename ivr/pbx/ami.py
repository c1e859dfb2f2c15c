"""AMI held up: one login after another, a bounded stream of genuine events, actions with a deadline.

AMI feeds the live screen and carries orders. It decides nothing about a call and nothing of it enters the call log.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

import structlog

from ivr.calls.ids import hide
from ivr.pbx.manager import (
    AmiDownError,
    AmiError,
    AmiFailedError,
    AmiLoginError,
    AmiManager,
    AmiTimeoutError,
    Headers,
    Order,
)
from ivr.settings import Address

log = structlog.get_logger(__name__)

State = Literal["down", "connecting", "up", "refused"]
Event = dict[str, str]

ACTION_SECONDS = 3.0
BACK_OFF = (0.2, 5.0)  # seconds before the next attempt: first, longest
REFUSED_BACK_OFF = 60.0  # a wrong password does not mend itself
RESYNCHRONISE_EVERY = (1.0, 30.0)  # seconds at least between two; longest while forged events go on coming
SNAPSHOT = ("CoreShowChannels", "QueueStatus", "DeviceStateList")  # a channel's bridge stands in CoreShowChannels


class EventQueue(asyncio.Queue[Event]):
    """Bounded: reading stops when it fills and goes on when it has drained, so that nothing is lost in between."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity + 10)  # a marker or two still finds room
        self.high, self.low = capacity, capacity // 2
        self.ami: AmiManager | None = None

    def offer(self, event: Event) -> bool:
        """Never waits, never raises. False: there was no room."""
        try:
            self.put_nowait(event)
        except asyncio.QueueFull:
            return False
        if self.ami is not None and self.qsize() >= self.high:
            self.ami.hear(False)
        return True

    def _get(self) -> Event:
        event: Event = super()._get()
        if self.ami is not None and self.ami.deaf and self.qsize() <= self.low:
            self.ami.hear(True)
        return event


class Ami:
    """Asterisk's manager interface.

    `events` are dicts of one AMI event each, ids in public form, in the order of the stream. After each login, and when
    an event was forged or lost, comes `{"Event": "Resynchronise", "Reason": …}`: forget everything; then, among the
    events, the items of CoreShowChannels, QueueStatus, DeviceStateList and PJSIPShowEndpoint (for each of `endpoints`,
    whose contacts are to be known); then `{"Event": "ResynchroniseComplete"}`. A lost link gives `Disconnected`.
    `counters`: events, forged, lost, late, actions, timeouts, logins, refused, resynchronised.
    """

    def __init__(
        self,
        address: Address,
        user: str,
        secret: str,
        mark: str,
        *,
        node: str = "hotline",
        endpoints: Sequence[str] = (),
        capacity: int = 10_000,
        silence: float = 6.0,
    ) -> None:
        self.node = node
        self._snapshot = [{"Action": name} for name in SNAPSHOT]
        self._snapshot += [{"Action": "PJSIPShowEndpoint", "Endpoint": endpoint} for endpoint in endpoints]
        self.state: State = "down"
        self.counters: Counter[str] = Counter()
        self.events = EventQueue(capacity)
        self._up = asyncio.Event()
        self._wanted = asyncio.Event()
        self._reason = ""
        self._task: asyncio.Task[None] | None = None
        self._manager = AmiManager(
            mark,
            self._believe,
            self._doubt,
            silence,
            host=address.host,
            port=address.port,
            username=user,
            secret=secret,
        )
        self.events.ami = self._manager

    @property
    def mark(self) -> str:
        """What genuine events and uniqueids of this run of Asterisk carry."""
        return self._manager.mark

    async def start(self) -> None:
        """Begin to connect, in the background and for ever."""
        if self._task is None:
            self._task = asyncio.create_task(self._hold(), name="ami")

    async def stop(self) -> None:
        """Close the link; actions under way fail. Nothing of ours runs afterwards."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self.state = "down"

    async def wait_up(self, seconds: float) -> None:
        """Until logged in. Raises TimeoutError."""
        await asyncio.wait_for(self._up.wait(), seconds)

    async def action(self, headers: Headers, timeout: float = ACTION_SECONDS) -> list[dict[str, str]]:  # noqa: ASYNC109
        """Send one action; its answer's frames, the response first, then a list's items; ids in public form.

        A list value repeats the header (`Variable`). Raises AmiDownError, AmiTimeoutError, AmiLostError, AmiFailedError
        or BadValueError. It is sent once and never again.
        """
        return await self._ask(Order(headers), timeout)

    def private_id(self, uniqueid: str) -> str:
        """A public uniqueid as Asterisk knows it."""
        return (
            uniqueid.replace(f"{self.node}-", f"{self.mark}-", 1) if uniqueid.startswith(f"{self.node}-") else uniqueid
        )

    async def _ask(self, order: Order, seconds: float) -> list[dict[str, str]]:
        name = order["Action"]
        if self.state != "up":
            raise AmiDownError(name, f"AMI is {self.state}")
        self.counters["actions"] += 1
        try:
            async with asyncio.timeout(seconds):
                frames = await self._manager.send_action(order)
        except TimeoutError:
            self.counters["timeouts"] += 1
            raise AmiTimeoutError(name, seconds) from None
        finally:
            self._manager.forget(order)
        return [self._public(frame) for frame in frames]

    async def _hold(self) -> None:
        delay = BACK_OFF[0]
        while True:
            self.state = "connecting"
            try:
                await self._manager.open()
                delay = BACK_OFF[0]
                await self._session()
            except AmiLoginError as refused:
                self.state, delay = "refused", max(delay, 1.0)
                self.counters["refused"] += 1
                log.error("ami.login_refused", alarm=True, why=refused.message, again_in=delay)  # noqa: TRY400
            except (OSError, AmiError) as failure:  # TimeoutError is an OSError
                self.state = "down"
                log.warning("ami.down", why=str(failure) or type(failure).__name__, again_in=delay)
            finally:
                self._manager.close()
            await asyncio.sleep(delay)
            delay = min(delay * 2, REFUSED_BACK_OFF if self.state == "refused" else BACK_OFF[1])

    async def _session(self) -> None:
        """From login to loss, which raises AmiLostError."""
        self.state = "up"
        self.counters["logins"] += 1
        self._want("login")
        self._up.set()
        pause, longest = RESYNCHRONISE_EVERY
        try:
            while True:
                await self._manager.unless_lost(self._wanted.wait())
                self._wanted.clear()
                await self._resynchronise(self._reason)
                await self._manager.unless_lost(asyncio.sleep(pause))
                pause = min(pause * 2, longest) if self._wanted.is_set() else RESYNCHRONISE_EVERY[0]
        finally:
            self.state = "down"
            self._up.clear()
            self._offer({"Event": "Disconnected"})

    async def _resynchronise(self, reason: str) -> None:
        if reason != "login":
            log.error("ami.resynchronise", alarm=True, reason=reason, **self.counters)
        self._offer({"Event": "Resynchronise", "Reason": reason})
        for listing in self._snapshot:
            try:
                await self._ask(Order(listing, sink=self._believe), ACTION_SECONDS * 3)
            except AmiFailedError as failure:  # a list that Asterisk has not; it would not have it the next time either
                log.warning("ami.no_listing", why=failure.message)
            except AmiTimeoutError:
                return self._want("incomplete")
        self.counters["resynchronised"] += 1
        self._offer({"Event": "ResynchroniseComplete"})
        return None

    def _want(self, reason: str) -> None:
        self._reason = reason
        self._wanted.set()

    def _believe(self, event: Event) -> None:
        self.counters["events"] += 1
        self._offer(self._public(event))

    def _offer(self, event: Event) -> None:
        if not self.events.offer(event):
            self.counters["lost"] += 1
            self._want("overflow")

    def _doubt(self, why: str) -> None:
        self.counters["forged"] += 1
        self._want(why)

    def _public(self, frame: Event) -> Event:
        mark = self._manager.mark
        return {
            name: hide(value, mark, self.node) if mark in value else value
            for name, value in frame.items()
            if name != "SystemName"
        }

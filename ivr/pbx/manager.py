"""panoramisk's AMI client with its faults cured: one connection, from login to loss. `ivr.pbx.ami` holds it up.

Each override names the fault that it cures.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from ivr.errors import HotlineError
from ivr.pbx.frames import Cutter, EndlessFrameError, Frame, disbelief, parse, torn

CONNECT_SECONDS = 3.0
LOGIN_SECONDS = 5.0
BOOT_SECONDS = 60.0

Headers = Mapping[str, str | Sequence[str]]
Sink = Callable[[dict[str, str]], None]


class AmiError(HotlineError):
    """An action that did not reach Asterisk, was not answered, or was refused."""


class AmiDownError(AmiError):
    def __init__(self, action: str, why: str) -> None:
        message = f"AMI action {action} was not sent: {why}; see `ivr doctor`"
        super().__init__("pbx_unreachable", message, {"action": action}, 503)


class AmiLostError(AmiError):
    def __init__(self, action: str) -> None:
        message = f"AMI was lost while {action} ran; it may have been carried out, look before you ask again"
        super().__init__("pbx_lost", message, {"action": action}, 504)


class AmiTimeoutError(AmiError):
    def __init__(self, action: str, seconds: float) -> None:
        message = f"Asterisk did not answer {action} within {seconds:g} s; it may have been carried out"
        super().__init__("pbx_silent", message, {"action": action, "seconds": seconds}, 504)


class AmiFailedError(AmiError):
    def __init__(self, action: str, said: str) -> None:
        message = f"Asterisk refused {action}: {said}"
        super().__init__("pbx_refused", message, {"action": action, "said": said}, 502)


class AmiLoginError(AmiError):
    def __init__(self, user: str, said: str) -> None:
        message = f"Asterisk refused AMI user {user}: {said}; compare manager.conf with credentials.toml and reload"
        super().__init__("ami_login_refused", message, {"user": user, "said": said}, 502)


class BadValueError(AmiError):
    def __init__(self, action: str, header: str, why: str) -> None:
        message = f"AMI action {action}: {header} {why}"
        super().__init__("bad_value", message, {"action": action, "header": header}, 400)


class Order(Action):  # type: ignore[misc]  # panoramisk is untyped
    """An action whose answer ends where its EventList ends; panoramisk guesses by words and may wait for ever.

    `future` gives the answer's frames, the response first. With a `sink` the items of a list go there at once instead,
    in the stream's own order among the events.
    """

    def __init__(self, headers: Headers, sink: Sink | None = None) -> None:
        name = str(headers.get("Action", ""))
        for header, value in headers.items():
            values = [value] if isinstance(value, str) else value
            if any(sign in text for text in (header, *values) for sign in "\r\n\0"):
                raise BadValueError(name, header, "holds a line break or NUL")
        if name.lower() == "originate" and str(headers.get("Async", "")).lower() != "true":
            raise BadValueError(name, "Async", "must be true: a synchronous Originate stops the whole session")
        super().__init__(headers)
        self.future.add_done_callback(lambda future: future.cancelled() or future.exception())  # nobody need look
        self.sink = sink

    def add_message(self, frame: dict[str, str]) -> bool:
        """True when this was the last of the answer."""
        if self.future.done():
            return True
        event = frame.get("Event")
        if event is None:
            self.responses.append(frame)
            if frame.get("Response") == "Error":
                self.future.set_exception(AmiFailedError(self["Action"], frame.get("Message", "")))
            elif frame.get("EventList") != "start":
                self.future.set_result(self.responses)
        elif event.endswith("Complete"):
            self.future.set_result(self.responses)
        elif self.sink is not None:
            self.sink(frame)
        else:
            self.responses.append(frame)
        return bool(self.future.done())


class Protocol(AMIProtocol):  # type: ignore[misc]
    """Whole frames only; nothing that a frame does can drop the link; an unanswered action is never sent again."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.cutter = Cutter()
        self.backlog: deque[bytes] = deque()  # what came in one read with the event that filled the queue
        self.heard_at = asyncio.get_running_loop().time()

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        try:
            frames = self.cutter.feed(data)
        except EndlessFrameError:
            self.transport.abort()
            return
        self.backlog.extend(frames)
        self.drain()

    def drain(self) -> None:
        while self.backlog and not self.factory.deaf:
            self.factory.take(parse(self.backlog.popleft()), self.responses)

    def close(self) -> None:
        for order in self.responses.values():
            if not order.future.done():
                order.future.set_exception(AmiLostError(order["Action"]))
        self.responses.clear()  # panoramisk would queue them and dial 110 twice
        super().close()


class AmiManager(Manager):  # type: ignore[misc]
    """One connection at a time: `await open()`, `send_action`, `await lost.wait()`, `close()`. It never reconnects.

    `on_event` gets every genuine event and must not raise; `on_doubt` gets the reason why a frame is not believed.
    """

    def __init__(
        self, mark: str, on_event: Sink, on_doubt: Callable[[str], None], silence: float, **config: Any
    ) -> None:
        super().__init__(protocol_factory=Protocol, ping_delay=1, ping_interval=1, **config)
        self.callbacks.clear()  # panoramisk's own FullyBooted handler sends unanswered actions again
        self.patterns.clear()
        self.mark, self.on_event, self.on_doubt, self.silence = mark, on_event, on_doubt, silence
        self.deaf = False  # reading is paused: silence is ours
        self.trusting = False  # the mark is known
        self._suspect = False  # the frame before was not believed
        self.lost, self.booted = asyncio.Event(), asyncio.Event()

    async def open(self) -> None:
        """Connect, log in, wait until Asterisk is fully booted (before, it knows few actions), learn its mark.

        Raises OSError, TimeoutError or AmiError.
        """
        self.loop = asyncio.get_running_loop()
        self.lost.clear()
        self.booted.clear()
        self.deaf = self.trusting = False
        async with asyncio.timeout(CONNECT_SECONDS):
            await self.connect()
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                await self.authenticated_future
        except AmiFailedError as refused:
            raise AmiLoginError(self.config["username"], str(refused.details["said"])) from None
        await self.unless_lost(self.booted.wait(), BOOT_SECONDS)
        async with asyncio.timeout(LOGIN_SECONDS):
            settings = await self.send_action({"Action": "CoreSettings"})
        if not settings[0].get("SystemName"):
            raise AmiLoginError(self.config["username"], "asterisk.conf sets no systemname, no event could be believed")
        self.mark = settings[0]["SystemName"]  # new with each start of Asterisk
        self.trusting = True

    async def unless_lost(self, wanted: Coroutine[Any, Any, Any], seconds: float | None = None) -> None:
        """Wait; raises AmiLostError if the link goes first, TimeoutError after `seconds`."""
        tasks = {asyncio.ensure_future(wanted), asyncio.ensure_future(self.lost.wait())}
        try:
            done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        if self.lost.is_set():
            raise AmiLostError("session")
        if not done:
            raise TimeoutError("no FullyBooted from Asterisk; its AMI user needs read=system")

    def connection_made(self, future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:  # else panoramisk would reconnect behind our back
            super().connection_made(future)

    def send_action(self, action: Any, as_list: None = None, **_: Any) -> asyncio.Future[list[dict[str, str]]]:
        order = action if isinstance(action, Order) else Order(action)
        future: asyncio.Future[list[dict[str, str]]] = self.protocol.send(order)
        return future

    def login(self, future: asyncio.Future[Any]) -> None:
        self.authenticated = not future.cancelled() and future.exception() is None

    def ping(self) -> None:
        """Every second; a peer that has sent nothing for `silence` seconds is gone (panoramisk does not look)."""
        self.pinger = self.loop.call_later(self.ping_interval, self.ping)
        if not self.deaf and self.loop.time() - self.protocol.heard_at > self.silence:
            self.protocol.transport.abort()
        elif self.authenticated:
            self.send_action({"Action": "Ping"})

    def take(self, frame: Frame, pending: dict[str, Order]) -> None:
        """Sort one frame: an answer to one of our actions, a genuine event, or doubt."""
        headers = frame.headers
        suspect, self._suspect = self._suspect, False
        ours = headers.get("ActionID", "").startswith(self._our_actions)
        if ours and not ("Event" in headers and "SystemName" in headers):  # OriginateResponse is an event of its own
            # A frame that opens with our ActionID is nobody else's; where it comes last (QueueEntry), a caller's number
            # may have cut the frame and own the part that it ends.
            if frame.repeated or torn(headers, self.mark) or (suspect and list(headers).index("ActionID") > 1):
                self._doubt("torn answer")
            elif (order := pending.get(headers["ActionID"])) is not None and order.add_message(headers):
                pending.pop(headers["ActionID"], None)
        elif headers.get("Event") == "FullyBooted":
            self.booted.set()  # sent to each login, without the mark
        elif not self.trusting:
            return  # a snapshot follows
        elif (doubt := disbelief(frame, self.mark)) is not None:
            self._doubt(doubt)
        else:
            self.on_event(headers)

    def _doubt(self, why: str) -> None:
        self._suspect = True
        self.on_doubt(why)

    @property
    def _our_actions(self) -> str:
        return f"action/{Action.action_id_generator.uid}/"  # holds a random UUID: nobody can forge an answer

    def forget(self, order: Order) -> None:
        """After its deadline; a late answer is then dropped."""
        if self.protocol is not None:
            self.protocol.responses.pop(order.id, None)

    def hear(self, wanted: bool) -> None:
        """Pause or resume reading."""
        transport = self.protocol.transport if self.protocol is not None else None
        if transport is None or transport.is_closing() or wanted != self.deaf:
            return
        self.deaf = not wanted
        if wanted:
            self.protocol.heard_at = self.loop.time()
            transport.resume_reading()
            self.loop.call_soon(self.protocol.drain)
        else:
            transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()

    def close(self) -> None:
        super().close()
        self.lost.set()

"""ARI, for one thing only: hearing that an operator pressed the phone's own Transfer key (REFER).

With `PJSIP_TRANSFER_HANDLING()=ari-only` (Asterisk ≥ 22.3) on the operator's leg Asterisk answers a REFER with 202,
sends `ChannelTransfer` here and does nothing itself: caller and operator talk on until our supervised transfer ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
import structlog

from ivr.settings import Address

log = structlog.get_logger(__name__)

State = Literal["down", "connecting", "up", "refused"]

APP = "hotline"
CONNECT_SECONDS = 5.0
HEARTBEAT_SECONDS = 5.0  # a peer that answers no ping for half of it is gone
BACK_OFF = (0.2, 5.0)  # seconds before the next attempt: first, longest
CAPACITY = 1000
AT_ONCE = 50  # endpoints in one request
_FILTER = {"allowed": [{"type": "ChannelTransfer"}]}


@dataclass(frozen=True, slots=True)
class ReferRequest:
    """What the operator's phone asks by REFER. Channels are names, what AMI actions take; ids as Asterisk has them."""

    kind: Literal["blind", "attended"]
    operator_channel: str  # the line with the caller
    operator_id: str
    exten: str  # whom the phone wants to reach
    second_line: str | None = None  # attended: the operator's own other line (RFC 3891 Replaces)
    target_channel: str | None = None  # attended: who answered there; None while it still rings
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False)


def read(event: Mapping[str, Any]) -> ReferRequest | None:
    """The request in a `ChannelTransfer` event, or None where there is nothing to do.

    Asterisk sends the event once more when the operator's leg ends (seen on 22.10.1): then that leg is in no bridge.
    Raises KeyError or TypeError if the event is not in Asterisk's shape.
    """
    by, to = event["referred_by"], event["refer_to"]
    if event["type"] != "ChannelTransfer" or "bridge" not in by:
        return None
    source, wanted = by["source_channel"], to["requested_destination"]
    second = to.get("destination_channel")
    return ReferRequest(
        kind="attended" if "protocol_id" in wanted else "blind",
        operator_channel=source["name"],
        operator_id=source["id"],
        exten=wanted.get("destination", ""),
        second_line=second["name"] if second else None,
        target_channel=to["connected_channel"]["name"] if "connected_channel" in to else None,
        raw=event,
    )


class Ari:
    """`transfers` gets each ReferRequest of `endpoints` (PJSIP's names) once. Reconnects for ever, `state` tells.

    Of whoever is subscribed to, Asterisk makes an event for each step of dialplan before it looks at the filter: so to
    operators' endpoints only, never to all.

    `counters`: events, transfers, lost (queue full), connections.
    """

    def __init__(
        self, address: Address, user: str, password: str, endpoints: Sequence[str] = (), app: str = APP
    ) -> None:
        self.state: State = "down"
        self.transfers: asyncio.Queue[ReferRequest] = asyncio.Queue(CAPACITY)
        self.counters: Counter[str] = Counter()
        self._base = f"http://{address.host}:{address.port}/ari"
        self._app, self._endpoints = app, tuple(endpoints)
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}"}
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to connect, in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._hold(), name="ari")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self.state = "down"

    async def wait_up(self, seconds: float) -> None:
        """Until Asterisk sends transfers. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._up.wait()

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> int:
        """One request below `/ari/`; its status, 0 where Asterisk does not answer."""
        limit = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=limit) as session,
                session.request(method, f"{self._base}/{path}", json=body) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, OSError):
            return 0

    async def _hold(self) -> None:
        delay = BACK_OFF[0]
        limits = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS)
        async with aiohttp.ClientSession(headers=self._headers, timeout=limits) as session:
            while True:
                self.state = "connecting"
                try:
                    await self._listen(session)
                    delay, why, refused = BACK_OFF[0], "closed by Asterisk", False
                except (aiohttp.ClientError, OSError) as failure:  # TimeoutError is an OSError
                    why = str(failure) or type(failure).__name__
                    refused = isinstance(failure, aiohttp.ClientResponseError) and failure.status in (401, 403)
                finally:
                    self._up.clear()
                self.state = "refused" if refused else "down"
                log.warning("ari.down", alarm=refused, why=why, again_in=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, BACK_OFF[1])

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await session.ws_connect(
                f"{self._base}/events",
                params={"app": self._app},
                heartbeat=HEARTBEAT_SECONDS,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
        async with socket:
            async with asyncio.timeout(CONNECT_SECONDS):
                url = f"{self._base}/applications/{self._app}/eventFilter"
                async with session.put(url, json=_FILTER) as answer:
                    answer.raise_for_status()
            await self._subscribe(session)
            self.state = "up"
            self.counters["connections"] += 1
            self._up.set()
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)

    async def _subscribe(self, session: aiohttp.ClientSession) -> None:
        """To each endpoint. One that this Asterisk does not know (its settings are older) is told and left out."""
        waiting = [self._endpoints[at : at + AT_ONCE] for at in range(0, len(self._endpoints), AT_ONCE)]
        while waiting:
            part = waiting.pop()
            sources = ",".join(f"endpoint:PJSIP/{endpoint}" for endpoint in part)
            async with asyncio.timeout(CONNECT_SECONDS):
                url = f"{self._base}/applications/{self._app}/subscription"
                async with session.post(url, params={"eventSource": sources}) as answer:
                    status = answer.status
            if status >= 400 and len(part) > 1:
                waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
            elif status >= 400:
                log.warning("ari.no_endpoint", endpoint=part[0], status=status)

    def _take(self, text: str) -> None:
        self.counters["events"] += 1
        try:
            event = json.loads(text)
            request = read(event) if event.get("type") == "ChannelTransfer" else None
        except (ValueError, KeyError, TypeError, AttributeError):
            log.exception("ari.odd_event")
            return
        if request is None:
            return
        try:
            self.transfers.put_nowait(request)
            self.counters["transfers"] += 1
        except asyncio.QueueFull:
            self.counters["lost"] += 1

"""The phone's own Transfer key ends in the same supervised path as every other transfer.

A REFER comes over ARI, an attempt goes out over AMI, and the phone is told how it ended: with the target in the talk it
leaves, after a failure it takes its line back. Left alone it would hear of a failure when its leg ends, always.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Protocol

import structlog

from ivr.errors import HotlineError
from ivr.pbx.ari import ReferRequest
from ivr.pbx.orders import Attempt, Manager, OrderError, Orders, variable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.2
SUCCESS = "200 OK"
FAILURES = {"busy": "486 Busy Here", "no_answer": "480 Temporarily Unavailable", "unknown_target": "404 Not Found"}
OTHER_FAILURE = "503 Service Unavailable"


class RunningTransfer(Protocol):
    @property
    def id(self) -> str | None: ...
    @property
    def state(self) -> str: ...  # …, joined, ended
    @property
    def result(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...


class TransferredCall(Protocol):
    @property
    def transfers(self) -> Sequence[RunningTransfer]: ...


class Live(Protocol):
    """`ivr.calls.live.Live`."""

    def call(self, call_id: str) -> TransferredCall | None: ...


class Refers:
    def __init__(self, requests: asyncio.Queue[ReferRequest], orders: Orders, ami: Manager, live: Live) -> None:
        self._requests, self._orders, self._ami, self._live = requests, orders, ami, live

    async def run(self) -> None:
        """Serve requests until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self.serve(await self._requests.get()), name="refer")

    async def serve(self, request: ReferRequest) -> None:
        """One request, to its end. Never raises."""
        try:
            try:
                status = await self._outcome(*await self.order(request))
            except HotlineError as refused:
                status = FAILURES.get(refused.id, OTHER_FAILURE)
                log.warning("refer.refused", channel=request.operator_channel, exten=request.exten, why=refused.message)
            if status is not None:
                await self._tell(request, status)
        except HotlineError as unreachable:  # the phone is gone, or Asterisk is
            log.warning("refer.phone_not_told", channel=request.operator_channel, why=unreachable.message)
        except Exception:
            log.exception("refer.failed", channel=request.operator_channel)

    async def order(self, request: ReferRequest) -> tuple[str, str]:
        """Start the attempt; returns (call id, transfer id). Raises OrderError or AmiError.

        Attended and the target has answered on the operator's second line: that leg joins the caller. While it still
        rings, that line is given up and the target is called anew.
        """
        channel = request.operator_channel
        target = self._orders.allowed(request.exten, "transfer")
        call_id, caller = await asyncio.gather(
            variable(self._ami, channel, "CALL_ID"), variable(self._ami, channel, "CALLER")
        )
        if not call_id or not caller:
            message = f"{channel} is in no call of ours, nothing of it can be transferred"
            raise OrderError("unknown_call", message, {"call": channel}, 404)
        if request.second_line is not None and request.target_channel is None:
            await self._ami.action({"Action": "Hangup", "Channel": request.second_line, "Cause": "16"})
        attempt = Attempt(
            id=str(uuid.uuid4()),
            call_id=call_id,
            target=target.key,
            mode="transfer",
            trigger="refer" if request.kind == "blind" else "attended_refer",
            caller=caller,
            operator=channel,
            asked_by=request.operator_id,
            target_channel=request.target_channel or "",
        )
        await self._orders.start(attempt)
        return call_id, attempt.id

    async def _outcome(self, call_id: str, transfer_id: str) -> str | None:
        """The SIP status that says how the transfer went; None if the call ended first."""
        while (call := self._live.call(call_id)) is not None:
            for transfer in call.transfers:
                if transfer.id == transfer_id and (transfer.state == "joined" or transfer.result == "completed"):
                    return SUCCESS
                if transfer.id == transfer_id and transfer.state == "ended":
                    return FAILURES.get(transfer.reason or "", OTHER_FAILURE)
            await asyncio.sleep(LOOK_SECONDS)
        return None

    async def _tell(self, request: ReferRequest, status: str) -> None:
        """The one NOTIFY that ends the phone's waiting (RFC 3515 2.4.5); Asterisk marks it terminated by itself."""
        sipfrag = ["Event=refer", "Content-type=message/sipfrag;version=2.0", f"Content=SIP/2.0 {status}"]
        await self._ami.action({"Action": "PJSIPNotify", "Channel": request.operator_channel, "Variable": sipfrag})

"""Nobody stays muted in a call that no operator is in any more: nobody there could take it back (rule 3).

An operator mutes 110 or the caller to speak alone, and leaves, or his phone dies: those who stay must hear each other.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import structlog

from ivr.calls.live_ears import Ears
from ivr.calls.live_views import LiveCall, LiveState
from ivr.errors import HotlineError

LOOK = 0.2  # seconds

log = structlog.get_logger(__name__)


class Orders(Protocol):
    async def mute(self, call_id: str, leg_id: str, muted: bool) -> None: ...


class Live(Protocol):
    @property
    def ears(self) -> Ears: ...
    def snapshot(self) -> LiveState: ...


class Unmuting:
    def __init__(self, orders: Orders, live: Live) -> None:
        self._orders, self._live = orders, live

    async def keep(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        muted = self._live.ears.muted
        if not muted:
            return
        for call in self._live.snapshot().calls.values():
            for leg in _left_mute(call, muted):
                with suppress(HotlineError):  # it ends right now, or the next look tries again
                    await self._orders.mute(call.id, leg, False)
                    log.info("call.heard_again", call=call.id, leg=leg)


def _left_mute(call: LiveCall, muted: frozenset[str]) -> list[str]:
    return [] if call.operator_channels else [leg.id for leg in call.legs if leg.id in muted]

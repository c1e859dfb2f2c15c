"""Nobody stays muted in a call that no operator is in any more: nobody there could take it back (rule 3).

An operator mutes 110 or the caller to speak alone, and leaves, or his phone dies: those who stay must hear each other.
Of legs that were there before us nobody may have told that they are muted: they are asked once no operator is there.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import structlog

from ivr.calls.live_ears import Ears
from ivr.calls.live_views import LiveState
from ivr.errors import HotlineError

LOOK = 0.2  # seconds

log = structlog.get_logger(__name__)


class Orders(Protocol):
    async def mute(self, call_id: str, leg_id: str, muted: bool) -> None: ...
    async def recall_mute(self, channel: str, leg_id: str) -> None: ...


class Live(Protocol):
    @property
    def ears(self) -> Ears: ...
    def snapshot(self) -> LiveState: ...


class Unmuting:
    def __init__(self, orders: Orders, live: Live) -> None:
        self._orders, self._live = orders, live
        self._before_us: set[str] | None = None  # legs, by id, that are still to be asked; None: nothing was seen yet

    async def keep(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        state = self._live.snapshot()
        if self._before_us is None and state.connected:
            self._before_us = {leg.id for call in state.calls.values() for leg in call.legs}
        if self._before_us:
            await self._ask(state, self._before_us)
        muted = self._live.ears.muted
        for call in state.calls.values() if muted else ():
            for leg in () if call.operator_channels else call.legs:
                if leg.id in muted:
                    with suppress(HotlineError):  # it ends right now, or the next look tries again
                        await self._orders.mute(call.id, leg.id, False)
                        log.info("call.heard_again", call=call.id, leg=leg.id)

    async def _ask(self, state: LiveState, before_us: set[str]) -> None:
        before_us &= {leg.id for call in state.calls.values() for leg in call.legs}
        for call in state.calls.values():
            for leg in () if call.operator_channels else call.legs:
                if leg.id in before_us:
                    with suppress(HotlineError):
                        await self._orders.recall_mute(leg.channel, leg.id)
                        before_us.discard(leg.id)

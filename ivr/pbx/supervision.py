"""Supervisors on running calls. It rings the supervisor's own phone; the dialplan (dialplans/core/supervise.conf) does
the rest and writes down who heard whom and how. Who asked, from when and until when, stands in the audit log, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from ivr.calls.live import Live
from ivr.calls.live_views import LiveLeg
from ivr.errors import HotlineError
from ivr.pbx.manager import AmiFailedError
from ivr.pbx.orders import Manager, OrderError
from ivr.settings import Site

RING_SECONDS = 20
LOOK_SECONDS = 0.5
AUTO_ANSWER = (  # for phones that heed one of them; a browser's does
    "PJSIP_HEADER(add,X-Hotline-Auto-Answer)=1",
    "PJSIP_HEADER(add,Alert-Info)=<http://hotline.invalid>\\;info=alert-autoanswer",
)

Note = Callable[..., Awaitable[object]]
"""`ivr.store.audit.Audit.note`"""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Visit:
    """One supervisor on one call, from the order until his leg is gone."""

    call_id: str
    who: str
    role: str
    since: datetime
    until_seen: float  # loop's clock: if the leg has not been seen by then, the phone was not answered
    modes: list[str] = field(default_factory=list)
    seen: bool = False


class Supervision:
    """`begin`, `end`; `await keep_noting()` for ever. Each order raises OrderError or AmiError."""

    def __init__(self, ami: Manager, live: Live, site: Site, note: Note) -> None:
        self._ami, self._live, self._site, self._note = ami, live, site, note
        self._visits: dict[str, _Visit] = {}
        self._lock = asyncio.Lock()

    async def begin(self, call_id: str, mode: str, supervisor: str, who: str, role: str) -> None:
        """Ring this supervisor's phone for the call, or change the mode of the leg that is there."""
        async with self._lock:
            known = self._site.supervisors.get(supervisor)
            if known is None:
                message = f"there is no supervisor {supervisor!r}; hotline.toml names them under [[supervisors]]"
                raise OrderError("no_supervisor_phone", message, {"supervisor": supervisor}, 409)
            call = self._live.call(call_id)
            if call is None or call.caller_channel is None:
                message = f"no call {call_id} is running; GET /api/v1/live lists those that are"
                raise OrderError("unknown_call", message, {"call": call_id}, 404)
            leg = self._leg(call_id, supervisor)
            if leg is None:
                await self._is_free(supervisor, known.endpoint)
            await self._note(who, role, f"supervision.{mode}", call_id, details={"supervisor": supervisor})
            if leg is not None:
                await self._switch(leg, mode)
            else:
                await self._ring(call_id, call.caller_channel, mode, known.endpoint)
            now = asyncio.get_running_loop().time()
            visit = self._visits.get(supervisor)
            if visit is None or leg is None:
                visit = _Visit(call_id, who, role, datetime.now(UTC), now + RING_SECONDS + 2)
                self._visits[supervisor] = visit
            visit.modes.append(mode)

    async def end(self, call_id: str, supervisor: str) -> None:
        """The supervisor's leg ends, whatever its mode; the call goes on."""
        leg = self._leg(call_id, supervisor)
        if leg is None:
            message = f"supervisor {supervisor} is not in call {call_id}"
            raise OrderError("not_supervising", message, {"supervisor": supervisor, "call": call_id}, 409)
        await self._ami.action({"Action": "Hangup", "Channel": leg.channel, "Cause": "16"})

    async def keep_noting(self) -> None:
        """Until when each of them was on the line."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for supervisor, visit in list(self._visits.items()):
                there = self._leg(visit.call_id, supervisor) is not None
                visit.seen = visit.seen or there
                now = asyncio.get_running_loop().time()
                if there or (not visit.seen and now < visit.until_seen) or not self._live.snapshot().connected:
                    continue
                times = {"from": _iso(visit.since), "until": _iso(datetime.now(UTC))}
                details = {"supervisor": supervisor, "modes": visit.modes, "answered": visit.seen, **times}
                try:
                    await self._note(visit.who, visit.role, "supervision.end", visit.call_id, details=details)
                except HotlineError as failure:
                    log.warning("supervision.not_noted", why=failure.message)
                    continue
                if self._visits.get(supervisor) is visit:
                    del self._visits[supervisor]

    def _leg(self, call_id: str, supervisor: str) -> LiveLeg | None:
        call = self._live.call(call_id)
        legs = call.legs if call is not None else ()
        return next((leg for leg in legs if leg.role == "supervisor" and leg.party == supervisor), None)

    async def _is_free(self, supervisor: str, endpoint: str) -> None:
        """His phone is there, and on no other call."""
        asked = {"Action": "Getvar", "Variable": f"DEVICE_STATE(PJSIP/{endpoint})"}
        state = (await self._ami.action(asked))[0].get("Value", "")
        if state in ("UNAVAILABLE", "INVALID", "UNKNOWN", ""):
            message = f"the phone of supervisor {supervisor} is not registered (SIP user {endpoint}); switch it on"
            raise OrderError("supervisor_phone_off", message, {"supervisor": supervisor}, 409)
        if state != "NOT_INUSE":
            message = f"the phone of supervisor {supervisor} is in use; leave that call first"
            raise OrderError("supervising", message, {"supervisor": supervisor}, 409)

    async def _ring(self, call_id: str, caller: str, mode: str, endpoint: str) -> None:
        where = {"Context": "supervise", "Exten": mode, "Priority": "1"}
        told = [f"__CALL_ID={call_id}", f"__CALLER={caller}", *AUTO_ANSWER]
        order: Mapping[str, str | list[str]] = {
            "Action": "Originate",
            "Async": "true",
            "Channel": f"PJSIP/{endpoint}",
            "Timeout": str(RING_SECONDS * 1000),
            "CallerID": f"<{self._site.hotline.number}>",
            "Variable": told,
            **where,
        }
        await self._ami.action(order)

    async def _switch(self, leg: LiveLeg, mode: str) -> None:
        if leg.state != "up":
            message = f"the phone of supervisor {leg.party} still rings; answer it first"
            raise OrderError("supervising", message, {"supervisor": leg.party}, 409)
        where = {"Context": "supervise", "Exten": mode, "Priority": "1"}
        try:
            await self._ami.action({"Action": "Redirect", "Channel": leg.channel, **where})
        except AmiFailedError:
            message = f"supervisor {leg.party} has just left the call"
            raise OrderError("not_supervising", message, {"supervisor": leg.party, "call": ""}, 409) from None


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

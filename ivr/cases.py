"""What happens to cases by itself: pressing a target offers the call's case to that desk (R40), a voice that failed is
told there (R16), a case that a desk hands over with a call is the call's, and the limit of a negotiation ends (R26).

All of it can be asked for again: an offer is known by its transfer, a call's case by its call. What was missed while
the controller was down is made up for when the journal is read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from ivr.calls.live import Live
from ivr.calls.live_views import LiveCall
from ivr.calls.model import Call, Transfer
from ivr.desks.case import Case, Refused
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store import DatabaseDownError
from ivr.store.case_calls import belongs, is_number, offered, offered_with, their_call
from ivr.store.cases import Cases, Known, UnknownCaseError

LATELY = timedelta(hours=1)  # older transfers are history: a log that is computed anew offers nothing again
REMEMBERED = 10_000
TICK = 0.5  # seconds between two looks at the limits
VOICE_FAILED = frozenset({"failed"})  # results of a transfer

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[object]]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Came:
    """What a call that a desk handed over is called there."""

    desk: str | None  # that shares cases with us; None: it does not
    call: str


class Keeping:
    """`look` is told of saved calls, `run` does what follows from them; nothing here may stop a call."""

    def __init__(
        self, cases: Cases, live: Live, site: Site, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._cases, self._live, self._site, self._clock = cases, live, site, clock
        self._todo: asyncio.Queue[Work] = asyncio.Queue()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._came: OrderedDict[str, Came] = OrderedDict()  # calls that desks handed over
        self._limit = timedelta(seconds=site.desk.decide_seconds)

    def look(self, calls: Iterable[Call]) -> None:
        """For `Watched`: each saved call; again and again the same."""
        since = self._clock() - LATELY
        for call in calls:
            theirs = their_call(call.steps)
            if theirs and (call.ended_at is None or call.ended_at >= since) and call.id not in self._came:
                came = Came(self._site.partner_of(call.handed_over_by), theirs)
                _remember(self._came, call.id, came)
                self._todo.put_nowait(partial(self.came, call, came))
            for transfer in call.transfers:
                target = self._site.targets.get(transfer.target)
                if target is None or not target.is_desk or transfer.asked_at < since:
                    continue
                for kind in ("offered", "voice_failed") if transfer.result in VOICE_FAILED else ("offered",):
                    self._once(kind, transfer.id, partial(self.happened, kind, call, transfer))

    def _once(self, kind: str, id: str, work: Work) -> None:
        if (kind, id) in self._seen:
            return
        _remember(self._seen, (kind, id), None)
        self._todo.put_nowait(work)

    def changed(self, known: Known) -> None:
        """For `Cases.listeners`: a case that another desk hands over with a call becomes that call's."""
        if self._handed_over(known.case) is not None:
            self._todo.put_nowait(lambda: self.link(known.case.id))

    def taken(self, case_id: str) -> None:
        """For `Messages.listeners`: another desk's events came."""
        self._todo.put_nowait(lambda: self._tell(case_id))

    async def _tell(self, case_id: str) -> None:
        with contextlib.suppress(UnknownCaseError):
            self._cases.changed(await self._cases.get(case_id))

    async def run(self) -> None:
        """Until cancelled. What the database cannot take now is tried again, before what came after it."""
        await self._insist(self._cases.read_again)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    work = await self._todo.get()
                await self._insist(work)
            await self._end_limits()

    async def _insist(self, work: Work) -> None:
        waits = False
        while True:
            try:
                await work()
            except Refused as refusal:
                log.info("case.refused", why=refusal.id, **refusal.details)
            except DatabaseDownError as error:
                if not waits:
                    waits = True
                    log.warning("case.waits", why=error.id)
                await asyncio.sleep(TICK)
                continue
            except HotlineError as error:
                log.error("case.not_told", alarm=True, why=error.message)  # noqa: TRY400  a refusal, not a fault of ours
            return

    async def happened(self, kind: str, call: Call, transfer: Transfer) -> Known:
        """Make the call's case say so, once. Raises HotlineError."""
        by = next((leg.party for leg in call.legs if leg.id == transfer.asked_by and leg.role == "operator"), "system")
        known = await self._case_of(call, by)
        offers = [offer for offer in known.case.offers if offer.transfer == transfer.id]
        if kind == "voice_failed":
            if offers and offers[0].voice != "failed":
                data = {"transfer": transfer.id, **({"cause": transfer.reason} if transfer.reason else {})}
                known = await self._cases.act(known.case.id, "system", kind, data)
            return known
        if offers:
            return known
        partner = self._site.partner_of(transfer.target)
        # Who cannot answer over the exchange cannot negotiate either: nobody's limit runs.
        mode = transfer.mode if partner is not None or transfer.mode != "conference" else ""
        data = {"to": partner or transfer.target, "way": "voice", "mode": mode, "transfer": transfer.id}
        return await self._cases.act(known.case.id, by, kind, data)

    async def _case_of(self, call: Call, by: str) -> Known:
        known = await self._cases.of_call(call.id)
        if known is not None:
            return known
        caller = call.caller if is_number(call.caller) else ""
        return await self._cases.open(by, "phone", {"caller": caller}, call=call.id)

    async def _end_limits(self) -> None:
        """R26: without an agreement the desk that first received the call accepts, and only it says so."""
        data = {"owner": self._cases.desk, "reason": "first_received"}
        with contextlib.suppress(DatabaseDownError):  # the next look comes soon
            for id in await self._cases.undecided(self._clock() - self._limit):
                try:
                    await self._cases.act(id, "system", "decided", data)
                except DatabaseDownError:
                    raise
                except HotlineError as error:  # decided meanwhile
                    log.info("case.limit_waits", case=id, why=error.id)

    async def came(self, call: Call, came: Came) -> None:
        """A call that a desk hands over: its case may be here already."""
        known = await offered_with(self._cases, call, came.desk, came.call)
        if known is not None:
            await self._cases.act(known.case.id, "system", "called", {"call": call.id})

    async def link(self, id: str) -> None:
        known = await self._cases.get(id)
        call = self._handed_over(known.case)
        if call is not None:
            await self._cases.act(id, "system", "called", {"call": call})

    def _handed_over(self, case: Case) -> str | None:
        return handed_over(case, self._cases.desk, self._live, self._came, self._site)


def handed_over(case: Case, own: str, live: Live, came: Mapping[str, Came], site: Site) -> str | None:
    """The call that an open offer to us came with; None where there is none, or it is known.

    `came`: calls that desks handed over, by their ids here. Such a one may be over by now: its case comes later where
    the exchange was down. Where no id is told the number counts, of calls that run.
    """
    if not offered(case, own):
        return None
    known = {link.call for link in case.calls if link.desk == own}
    theirs = {Came(link.desk, link.call) for link in case.calls if link.desk != own}
    told = next((ours for ours, there in came.items() if there in theirs and ours not in known), None)
    if told is not None:
        return told

    def its(call: LiveCall) -> bool:
        there = came.get(call.id) or Came(site.partner_of(call.handed_over_by), "")
        return belongs(case, own, call, there.desk, there.call)

    calls = [call for call in live.snapshot().calls.values() if its(call)]
    return min(calls, key=lambda call: call.since).id if calls else None


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)

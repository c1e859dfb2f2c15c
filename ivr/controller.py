"""The controller: the parts of the house put together and kept running. Calls live in the dialplan and need none of it.

AMI → live state; FastAGI → agi_scripts; the phone's Transfer key → orders; the journal → call log; the web over all.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from prometheus_client import Histogram

from ivr import credentials, log, vitals
from ivr.alarms import FailedTransfers
from ivr.apply import Applying
from ivr.calls.live import Live
from ivr.calls.model import Call
from ivr.cases import Keeping
from ivr.channels.inbound import Inbound
from ivr.dialplan.office import Office
from ivr.errors import HotlineError
from ivr.exchange import Exchange
from ivr.notices import Notices
from ivr.pbx import drain, routing
from ivr.pbx.agi import Answer, FastAgi, Question, Script, scripts
from ivr.pbx.link import Link
from ivr.pbx.orders import Orders
from ivr.pbx.refers import Refers
from ivr.pbx.skills import Skills
from ivr.pbx.supervision import Supervision
from ivr.pbx.unmuting import Unmuting
from ivr.pbx.web_phones import WebPhones
from ivr.screening import Screening
from ivr.settings import Site, tls
from ivr.store import DatabaseDownError, Position, Store
from ivr.store.audit import Audit
from ivr.store.blocks import Blocks
from ivr.store.calllog import POLL, CallLog
from ivr.store.exchange import Messages
from ivr.store.progress import TooManyTriesError
from ivr.store.retention_daily import erase_daily
from ivr.store.reviews import Reviews
from ivr.tasks import Keeper
from ivr.telling.teller import Teller
from ivr.web.app import Server
from ivr.web.context import Services
from ivr.web.health import Health
from ivr.web.hub import Hub
from ivr.web.lockout import Locks
from ivr.web.metrics import Metrics
from ivr.web.sessions import Sessions
from ivr.work_orders import Clocks

BEAT = 3.0  # seconds; the dialplan asks nobody whose last beat is older than 10
DRAIN_LOOK = 1.0  # seconds between two looks at whether the hotline is being emptied
CHECKED = 10.0  # seconds that what is known of the dialplans is good for
TICK = 0.5  # seconds between two looks at the clock
CLOSE_SECONDS = 3.0  # for a graceful end
DRAIN_SECONDS = 1.0  # of these, for the last rows of the journal

logger = structlog.get_logger(__name__)


async def run(site: Site, var: Path) -> None:
    """Until SIGTERM or SIGINT. Raises HotlineError where it cannot begin at all."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for word in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(word, stop.set)
    with log.kept_in(var / "log/controller.log"):
        controller = Controller(site, var)
        try:
            await controller.start()
            await stop.wait()
        finally:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await controller.close()
            except TimeoutError:
                logger.warning("controller.closed_late", seconds=CLOSE_SECONDS)


class Watched(Store):
    """The store, with each saved call shown to those who count and those who alarm."""

    def __init__(self, url: str, *watchers: Callable[[list[Call]], None]) -> None:
        super().__init__(url)
        self.watchers = list(watchers)

    async def save(self, calls: Iterable[Call], position: Position | None = None) -> None:
        told = list(calls)
        await super().save(told, position)
        for watch in self.watchers:
            watch(told)


class Controller:
    """`await start()`, `await close()`. Nothing that fails in between ends it."""

    def __init__(self, site: Site, var: Path) -> None:
        self.site, self.var = site, var
        self.keeper, self.metrics = Keeper(), Metrics()
        secrets = credentials.load(var)
        self.live = Live(
            {number: operator.name for number, operator in site.operators.items()},
            {target.endpoint: target.key for target in site.targets.values()},
            site.queue.wrap_up,
        )
        self.live.tick(time.time())
        self.draining = False  # new calls are turned away (`ivr drain`)
        self.store = Watched(site.database_url, self.metrics.count, FailedTransfers(site.targets).look)
        self.link = Link(site, var, secrets, self.live.apply)
        self.orders = Orders(self.link, self.live, site)
        self.skills = Skills(self.link, site, var)
        self.supervision = Supervision(self.link, self.live, site, Audit(self.store).note)
        self.unmuting = Unmuting(self.orders, self.live)
        self.refers = Refers(self.link.transfers, self.orders, self.link, self.live)
        self.call_log = CallLog(self.store, var / "journal", site.hotline.node)
        self.agi = FastAgi(site.listen.agi, site, self, lambda: self.link.mark, routes=_timed(self.metrics.agi_seconds))
        self.hub = Hub(self.live)
        health = Health(
            self.link,
            self.live,
            self.store,
            self.call_log.writer,
            node=site.hotline.node,
            var=var,
            stopped=self.keeper.stopped,
            draining=lambda: self.draining,
        )
        self.screening = Screening(self.link, Blocks(self.store, site.screening), Reviews(self.store, site.screening))
        self.notices = Notices(self.link, var)
        self.office = Office(site, var, self.link, self.store)
        health.checks["dialplans"] = (self.office.unlike, CHECKED)
        self.messages = Messages(self.store, site.hotline.desk, site.exchange)
        self.exchange = Exchange(site, secrets.exchange_key, self.messages)
        self.services = Services(
            site,
            secrets,
            self.live,
            self.store,
            self.orders,
            health,
            self.metrics,
            self.hub,
            var,
            self.office,
            Sessions(self.store, site, secrets),
            Locks(site.accounts),
            self.skills,
            self.supervision,
            Applying(var, self.link),
            phones=WebPhones(self.link),
            exchange=self.exchange,
        )
        self.teller = Teller(site, secrets, self.services.tellings, self.services.cases)
        self.services.teller.append(self.teller)
        self.cases = Keeping(self.services.cases, self.live, site)
        self.services.cases.listeners.append(self.cases.changed)
        services = self.services
        self.inbound = Inbound(site, secrets, services.arrivals, services.inbound, files=services.attachments)
        self.order_clocks = Clocks(self.services.work_orders, self.services.attachments, self.services.order_counts)
        self.services.cases.listeners.append(self.order_clocks.changed)
        self.services.messages.listeners.append(self.cases.taken)
        self.store.watchers.append(self.cases.look)
        self._watch()

    async def start(self) -> None:
        logger.info("controller.starts", node=self.site.hotline.node, var=str(self.var))
        await asyncio.to_thread(routing.publish, self.site, self.var)
        self.keeper.keep("call log", self._keep_call_log)
        self.keeper.keep("link", self.link.run)
        self.keeper.keep("transfer key", self.refers.run)
        self.keeper.keep("live stream", self.hub.run)
        self.keeper.keep("clock", self._keep_time)
        self.keeper.keep("drain", self._keep_drain)
        self.keeper.keep("retention", lambda: erase_daily(self.store, self.var, self.site))
        self.keeper.keep("accounts", self.services.sessions.run)
        self.keeper.keep("web", self._keep_web)
        self.keeper.keep("agi", self._keep_agi)
        self.keeper.keep("blocks", self.screening.keep_published)
        self.keeper.keep("dialplans", self.office.run)
        self.keeper.keep("reviews", self.screening.keep_reviewing)
        self.keeper.keep("notices", self.notices.keep_published)
        self.keeper.keep("skills", self.skills.keep_in_force)
        self.keeper.keep("cases", self.cases.run)
        self.keeper.keep("channels", self.inbound.run)
        self.keeper.keep("work orders", self.order_clocks.run)
        self.keeper.keep("supervision", self.supervision.keep_noting)
        self.keeper.keep("exchange", self.exchange.run)
        self.keeper.keep("telling", self.teller.run)
        self.keeper.keep("unmuting", self.unmuting.keep)

    async def close(self) -> None:
        """The dialplan is told, so that no call waits for answers that will not come; the last rows are saved."""
        logger.info("controller.stops")
        await self.keeper.end("agi", "web")
        with contextlib.suppress(HotlineError, TimeoutError):
            async with asyncio.timeout(0.5):
                await self.orders.beat(0, hears_refer=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._drain()
        await self.keeper.close()
        await self.store.close()

    async def _drain(self) -> None:
        """What Asterisk has written until now gets into the call log."""
        await asyncio.sleep(2.5 * POLL)
        while self.call_log.writer.behind:  # noqa: ASYNC110  it cannot be told
            await asyncio.sleep(POLL / 2)

    async def last_language(self, caller: str) -> str | None:
        """For agi_scripts: the language of this caller's last call."""
        if not caller or "*" in caller:
            return None
        try:
            return await self.store.last_language(caller)
        except DatabaseDownError:
            return None

    async def progress(self, call: str, caller: str, digits: str) -> str:
        """For agi_scripts: how far the matter of this caller with these digits is, as one word."""
        try:
            found = await self.services.lookups.ask(f"call {call}", caller, digits)
        except TooManyTriesError:
            return "wait"
        except DatabaseDownError:
            return "late"
        return found.step if found is not None else "none"

    # ---- tasks

    async def _keep_call_log(self) -> None:
        await self.store.open()
        await self.call_log.run()

    async def _keep_web(self) -> None:
        secure = tls.server_context(self.site.tls) if self.site.tls and self.site.tls.web else None
        server = Server(self.services, self.site.listen.web, secure)
        try:
            await server.start()
            await asyncio.Event().wait()
        finally:
            await server.stop()

    async def _keep_agi(self) -> None:
        """Serve the dialplan, and say so every few seconds; who does not serve does not say so."""
        try:
            await self.agi.start()
            while True:
                with contextlib.suppress(HotlineError):
                    await self.orders.beat(int(time.time()), self.link.hears_refer)
                await asyncio.sleep(BEAT if self.link.hears_refer else TICK)
        finally:
            await self.agi.stop()

    async def _keep_drain(self) -> None:
        """Whoever told the dialplan, and by whatever: it is asked."""
        while True:
            with contextlib.suppress(HotlineError):
                draining = await drain.stage_of(self.link) is not drain.Stage.OPEN
                if draining is not self.draining:
                    logger.warning("drain.begins" if draining else "drain.ends", alarm=draining)
                self.draining = draining
            await asyncio.sleep(DRAIN_LOOK)

    async def _keep_time(self) -> None:
        while True:
            self.live.tick(time.time())
            vitals.beat(self.var)
            await asyncio.sleep(TICK)

    # ---- numbers

    def _watch(self) -> None:
        writer = self.call_log.writer
        self.metrics.watch(
            self.live,
            {
                "hotline_ami_up": ("1 while AMI is up.", lambda: float(self.link.state == "up")),
                "hotline_draining": ("1 while new calls are turned away.", lambda: float(self.draining)),
                "hotline_call_log_lag_seconds": ("How far the call log is behind.", lambda: writer.lag_seconds),
                "hotline_call_log_refused": ("Calls that the database refuses.", lambda: float(len(writer.refused))),
                "hotline_exchange_pending": ("Messages that desks were not told yet.", self.exchange.pending),
                "hotline_telling_pending": ("Messages to a city's systems and citizens.", self.teller.pending),
                "hotline_orders_overdue": (
                    "Work orders that are late.",
                    lambda: float(sum(count.overdue for count in self.order_clocks.counts.values())),
                ),
                "hotline_live_streams": ("Readers of the live stream.", lambda: float(len(self.hub.readers))),
            },
            {
                "hotline_ami": ("AMI: events, forged, lost, actions, …", ("what",), lambda: self.link.counters),
                "hotline_ari": ("ARI: events, transfers, lost, …", ("what",), lambda: self.link.ari_counters),
                "hotline_exchange": ("Messages told to desks.", ("desk", "what"), lambda: self.exchange.counters),
                "hotline_telling": ("Messages told.", ("name", "what"), lambda: self.teller.counters),
                "hotline_mail": ("Mails of the mailboxes.", ("channel", "what"), self.inbound.counters),
                "hotline_agi": ("Questions of the dialplan.", ("script", "outcome"), lambda: self.agi.counters),
            },
        )


def _timed(seconds: Histogram) -> dict[str, Script]:
    """Every script of agi_scripts, with a stop-watch."""

    def with_watch(name: str, script: Script) -> Script:
        async def answer(question: Question) -> Answer | None:
            with seconds.labels(name).time():
                return await script(question)

        return answer

    return {name: with_watch(name, script) for name, script in scripts().items()}

"""The link to whichever Asterisk runs now. Each start of it has a new mark and a new ARI port (`run/state.json`); the
link notices and connects anew, and whoever holds the link need not know.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from ivr.credentials import Credentials
from ivr.errors import HotlineError
from ivr.pbx.ami import ACTION_SECONDS, Ami, Event
from ivr.pbx.ari import CAPACITY, Ari, ReferRequest
from ivr.pbx.manager import AmiDownError
from ivr.pbx.recordings import last_recorded
from ivr.pbx.state import State, StateError, read
from ivr.settings import Address, Site

USER = "hotline"  # of manager.conf and ari.conf
LOOK = 0.3  # seconds between two looks at state.json
BEGIN_SECONDS = 60.0  # that an Asterisk may take to its first login
BREATH = 200  # events taken in one go, a millisecond or two

log = structlog.get_logger(__name__)


class Link:
    """`await run()` holds it up. `on_event` gets every genuine event and must be quick."""

    def __init__(
        self,
        site: Site,
        var: Path,
        credentials: Credentials,
        on_event: Callable[[Event], None],
    ) -> None:
        self.transfers: asyncio.Queue[ReferRequest] = asyncio.Queue(CAPACITY)  # presses of phones' Transfer keys
        self._site, self._var, self._credentials, self._on_event = site, var, credentials, on_event
        self._ami: Ami | None = None
        self._ari: Ari | None = None
        self.http: Address | None = None  # where Asterisk's HTTP server is: ARI, and browsers' SIP

    async def run(self) -> None:
        now = await self._running()
        while True:
            secrets, listen = self._credentials, self._site.listen
            # Of an operator's phone the device tells enough: 500 more actions would hold up each resynchronisation.
            endpoints = tuple(target.endpoint for target in self._site.targets.values() if target.routes)
            node = self._site.hotline.node
            ami = Ami(listen.ami, USER, secrets.ami_secret, now.mark, node=node, endpoints=endpoints)
            ari_host = listen.ari.host if listen.ari else "127.0.0.1"
            operators = tuple(self._site.operators)
            ari = Ari(Address(ari_host, now.ari_port), USER, secrets.ari_password, operators)
            self._ami, self._ari = ami, ari
            self.http = Address(ari_host, now.ari_port)
            try:
                await ami.start()
                await ari.start()
                async with asyncio.TaskGroup() as ears:
                    hearing = [ears.create_task(one) for one in (self._hear(ami), self._heed(ari), self._begin(ami))]
                    now = await self._another_than(now)
                    log.warning("link.asterisk_restarted")
                    for task in hearing:
                        task.cancel()
            finally:
                self._ami = self._ari = self.http = None
                await asyncio.gather(ami.stop(), ari.stop())
                self._on_event({"Event": "Disconnected"})

    async def _hear(self, ami: Ami) -> None:
        for count in itertools.count(1):
            event = await ami.events.get()
            try:
                self._on_event(event)
            except Exception:
                log.exception("link.odd_event", name=event.get("Event"))
            if count % BREATH == 0:
                await asyncio.sleep(0)  # a full queue never makes `get` wait

    async def _begin(self, ami: Ami) -> None:
        """A first row in this run's journal: by it the calls that the run before left open are known to be over."""
        with suppress(TimeoutError, HotlineError, OSError):
            await ami.wait_up(BEGIN_SECONDS)
            last = await asyncio.to_thread(last_recorded, self._var)
            first = {"Action": "Originate", "Channel": "Local/s@started/n", "Application": "Wait", "Data": "1"}
            await ami.action(
                {**first, "Async": "true", "Variable": f"__LAST={last:%Y-%m-%dT%H:%M:%S.%fZ}" if last else "__LAST="}
            )

    async def _heed(self, ari: Ari) -> None:
        while True:
            await self.transfers.put(await ari.transfers.get())

    @property
    def state(self) -> str:
        return self._ami.state if self._ami is not None else "down"

    @property
    def hears_refer(self) -> bool:
        """ARI is up: a press of a phone's Transfer key comes into `transfers`."""
        return self._ari is not None and self._ari.state == "up"

    @property
    def mark(self) -> str:
        """Of the Asterisk that runs now; a mark that no Asterisk has where none does."""
        return self._ami.mark if self._ami is not None else "none"

    @property
    def counters(self) -> Mapping[str, int]:
        return self._ami.counters if self._ami is not None else Counter()

    @property
    def ari_counters(self) -> Mapping[str, int]:
        return self._ari.counters if self._ari is not None else Counter()

    async def action(
        self,
        headers: Mapping[str, str | Sequence[str]],
        timeout: float = ACTION_SECONDS,  # noqa: ASYNC109
    ) -> list[dict[str, str]]:
        """`Ami.action` of the Asterisk that runs now."""
        if self._ami is None:
            raise AmiDownError(str(headers.get("Action", "")), "no Asterisk runs")
        return await self._ami.action(headers, timeout)

    async def ari(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> int:
        """`Ari.ask` of the Asterisk that runs now; 0 where none does."""
        return await self._ari.ask(method, path, body) if self._ari is not None else 0

    def private_id(self, uniqueid: str) -> str:
        return self._ami.private_id(uniqueid) if self._ami is not None else uniqueid

    async def _running(self) -> State:
        while True:
            try:
                return await asyncio.to_thread(read, self._var)
            except StateError:
                await asyncio.sleep(LOOK)

    async def _another_than(self, old: State) -> State:
        """Settings that are brought into force change the file too: a start is known by its mark."""
        while (now := await self._running()).mark == old.mark:  # noqa: ASYNC110  a file tells nobody
            await asyncio.sleep(LOOK)
        return now

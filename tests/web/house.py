"""A web server on a free port with a real live state and a real SQLite store; only the orders to Asterisk are noted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from ivr.apply import Applied
from ivr.calls.live import Live
from ivr.credentials import ApiToken, Credentials
from ivr.dialplan import at_start
from ivr.dialplan.findings import Report
from ivr.dialplan.office import NOTHING, Publishing
from ivr.dialplan.trial_model import Wish
from ivr.dialplan.versions import Version, Versions
from ivr.settings import Address, Department, Hotline, Listen, Operator, Partner, Site, Target, Trunk
from ivr.settings.channels import Channel
from ivr.store import Store
from ivr.web import health
from ivr.web.app import Server
from ivr.web.context import Services
from ivr.web.health import Health
from ivr.web.hub import Hub
from ivr.web.lockout import Locks
from ivr.web.metrics import Metrics
from ivr.web.routes import Route
from ivr.web.schema import check
from ivr.web.sessions import Sessions
from ivr.web.table import ROUTES
from tests.unit import databases
from tests.unit.live_streams import OPERATORS, TARGETS, Event, recorded

health.LOOK_SECONDS = 30.0  # which only bounds a failure here

TOKEN = "the-administrators-token-0123456789"
PHONE_KEY = "the-phone-key-of-1002-0123456789"
TOKENS = {
    "wang": ApiToken("the-token-of-wang-0123456789", ("dialplan_admin",)),
    "li": ApiToken("the-token-of-li-0123456789", ("auditor",)),
}
PASSWORDS = {number: f"first-password-of-{number}" for number in OPERATORS}
SANDBOX = Path(__file__).parents[2] / "hotline.toml"
HERE = Address("127.0.0.1", 0)
WELL = ("sh", "-c", """echo '{"findings": [], "facts": {}}'""")  # in the place of `ivr`: a doctor who finds nothing
GATEWAY_SECRET = "whsec_" + "QQ" * 20
CALL = "d821de36-6acc-4c0c-8a62-3759070ad934"  # of the recorded stream


@dataclass
class NotedOrders:
    """Remembers what was asked; `refuse` makes the next one fail."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    refuse: Exception | None = None
    watched: list[str] = field(default_factory=list)

    async def _note(self, *order: Any) -> None:
        self.asked.append(order)
        if self.refuse is not None:
            refusal, self.refuse = self.refuse, None
            raise refusal

    async def transfer(
        self,
        call_id: str,
        target: str,
        mode: str,
        trigger: str,
        *,
        by: str | None = None,
        transfer_id: str | None = None,
    ) -> str:
        await self._note("transfer", call_id, target, mode, trigger, by)
        return transfer_id or "made"

    async def begin(self, call_id: str, mode: str, supervisor: str, who: str, role: str) -> None:
        await self._note("supervise", call_id, mode, supervisor)

    async def end(self, call_id: str, supervisor: str) -> None:
        await self._note("end_supervision", call_id, supervisor)

    async def change(self, number: str, skills: Iterable[str]) -> tuple[str, ...]:
        await self._note("skills", number, *skills)
        return tuple(skills)

    async def cancel(self, call_id: str) -> None:
        await self._note("cancel", call_id)

    async def take_back(self, call_id: str) -> None:
        await self._note("take_back", call_id)

    async def join(self, call_id: str) -> None:
        await self._note("join", call_id)

    async def mute(self, call_id: str, leg_id: str, muted: bool) -> None:
        await self._note("mute", call_id, leg_id, muted)

    async def remove(self, call_id: str, leg_id: str) -> None:
        await self._note("remove", call_id, leg_id)

    async def tell_phone(self, call_id: str, leg_id: str, event: str) -> None:
        await self._note("tell_phone", call_id, leg_id, event)

    async def watch(self, channel: str, leg_id: str) -> None:
        self.watched.append(channel)

    async def pause(self, operator: str, reason: str) -> None:
        await self._note("pause", operator, reason)

    async def ready(self, operator: str) -> None:
        await self._note("ready", operator)

    async def wrap_up(self, operator: str) -> None:
        await self._note("wrap_up", operator)


@dataclass
class Asterisk:
    """What health asks of AMI."""

    state: str = "up"
    cel: str = "CEL Logging: Enabled\nCEL Event Subscriber: CEL Custom CSV Logging"

    async def action(self, headers: Any) -> list[dict[str, str]]:
        assert headers["Command"] == "cel show status"
        return [{"Response": "Success", "Output": self.cel}]


@dataclass
class Office:
    """Files and versions are real; what an Asterisk would be needed for is answered at once."""

    site: Site
    versions: Versions
    published: list[tuple[str, str, str, int | None]] = field(default_factory=list)
    publishing: Publishing | None = None

    def start(self) -> None:
        """As Asterisk's start publishes it."""
        at_start.ready(self.site, self.versions.folder.parent)

    async def running(self) -> int | None:
        return self.versions.current

    async def check(self, unsaved: Mapping[str, str] = NOTHING, *, quick: bool = False) -> Report:
        return Report(())

    async def rehearse(self) -> list[dict[str, Any]]:
        return [{"name": "a story", "passed": True}]

    async def play(self, wish: Wish, language: str = "en", unsaved: Mapping[str, str] = NOTHING) -> dict[str, Any]:
        return {"from": wish.caller}

    async def vocabulary(self, language: str) -> dict[str, Any]:
        return {"contexts": [], "prompts": [], "targets": [], "applications": []}

    async def picture(self, language: str, unsaved: Mapping[str, str] = NOTHING) -> str:
        return f"<svg xmlns='http://www.w3.org/2000/svg' lang='{language}'/>"

    async def publish(self, by: str, why: str, role: str, content_of: int | None = None) -> Version:
        self.published.append((by, why, role, content_of))
        self.start()
        assert self.versions.current is not None
        return self.versions.get(self.versions.current)


@dataclass
class SettingsOffice:
    """The file is real; that it came into force is noted alone."""

    var: Path
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    known: dict[str, str] = field(default_factory=dict)
    applied: list[Site] = field(default_factory=list)
    refuse: Exception | None = None

    def pending(self, site: Site) -> tuple[bool, tuple[str, ...]]:
        return bool(self.applied) and self.applied[-1].source == site.source, ()

    async def apply(self, site: Site) -> Applied:
        if self.refuse is not None:
            raise self.refuse
        self.applied.append(site)
        return Applied(("pjsip.conf",), renewed=True)


@dataclass
class Log:
    lag_seconds: float = 0.0
    refused: set[str] = field(default_factory=set)
    last_error: str | None = None


def a_site(folder: Path) -> Site:
    """Its file is the sandbox's, for the administration to show and to change."""
    (folder / "hotline.toml").write_text(SANDBOX.read_text(encoding="utf-8"), encoding="utf-8")
    return Site(
        path=str(folder / "hotline.toml"),
        hotline=Hotline("12345", {"zh": "12345政务服务便民热线", "en": "12345 Government Service Hotline"}),
        listen=Listen(HERE, (10000, 10999), HERE, HERE, HERE),
        database_url=f"sqlite+aiosqlite:///{folder}/ivr.db",
        trunks={"public": Trunk("public", ("127.0.0.11",), "sip:127.0.0.11:5060")},
        targets={
            "110": Target("110", {"zh": "110报警服务台", "en": "110 Police"}, ("sip:110@127.0.0.110",), emergency=True),
            "gas": Target("gas", {"zh": "燃气公司", "en": "Gas"}, ("sip:gas@127.0.0.120",), role="department"),
            "survey": Target("survey", {"zh": "满意度", "en": "Survey"}, flow="flow-survey"),
        },
        operators={number: Operator(number, name) for number, name in OPERATORS.items()},
        channels={
            "web": Channel("web", "web", hourly=100_000, address_hourly=10_000),
            "wechat": Channel("wechat", "webhook", respond="3m"),
        },
        departments={
            "chengguan": Department("chengguan", {"zh": "城市管理局", "en": "City Management"}),
            "shuiwu": Department("shuiwu", {"zh": "水务局", "en": "Water Authority"}),
        },
    )


@dataclass
class House:
    live: Live
    store: Store
    orders: NotedOrders
    asterisk: Asterisk
    log: Log
    services: Services
    server: Server
    client: aiohttp.ClientSession
    office: Office
    stopped: list[str] = field(default_factory=list)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKEN}"}

    def feed(self, *events: Event) -> None:
        for event in events:
            self.live.apply(event)

    def in_a_call(self) -> None:
        """The caller talks with operator 1002; nobody was called in yet."""
        events = recorded("transfer_to_110")
        first_of_110 = next(i for i, event in enumerate(events) if "TRANSFER_ASK" in event.get("UserDefType", ""))
        self.feed(*events[:first_of_110])

    async def ask(self, method: str, path: str, *, token: str | None = TOKEN, **more: Any) -> tuple[int, Any]:
        """Status and decoded body; every JSON answer is held against the schema of its route."""
        headers = dict(more.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.client.request(method, path, headers=headers, **more) as response:
            if response.content_type != "application/json":
                return response.status, await response.text()
            document = await response.json()
            route = _route_of(method, path)
            if route is not None and route.answer is not None and response.status == route.status:
                check(route.answer, document, f"{method} {path}")
            return response.status, document


def _route_of(method: str, path: str) -> Route | None:
    pieces = path.partition("?")[0].split("/")
    for route in ROUTES:
        wanted = route.path.split("/")
        same = len(wanted) == len(pieces) and all(
            part == piece or part.startswith("{") for part, piece in zip(wanted, pieces, strict=True)
        )
        if same and route.method == method:
            return route
    return None


@asynccontextmanager
async def a_house(
    folder: Path,
    database_url: str | None = None,
    site_folder: Path | None = None,
    operators: Mapping[str, str] = OPERATORS,
    exchange: Mapping[str, Partner] | None = None,
    **hub: float,
) -> AsyncIterator[House]:
    site = replace(a_site(folder), exchange=exchange or {})
    if site_folder is not None:
        site = replace(site, path=str(site_folder / "hotline.toml"), targets={})
    site = replace(site, database_url=database_url or databases.ready_sqlite(folder / "ivr.db"))
    live, store = Live(operators, TARGETS), Store(site.database_url)
    live.apply({"Event": "Resynchronise"})
    live.apply({"Event": "ResynchroniseComplete"})
    await store.open()
    orders, asterisk, log, stopped = NotedOrders(), Asterisk(), Log(), []
    credentials = Credentials({}, {"1002": PHONE_KEY, "9999": "a-key-of-one-who-left-0123456789"}, TOKEN, "admin",
                              "x" * 20, "y" * 20, "z" * 20, TOKENS, {}, PASSWORDS, "k" * 20)  # fmt: skip
    credentials = replace(credentials, channels={"wechat": GATEWAY_SECRET})
    health = Health(
        asterisk, live, store, log, node="hotline", var=folder, stopped=lambda: stopped, draining=lambda: False
    )
    # What a check found is remembered for seconds, and the room asks at its start: here each look is a new one.
    health.checks.update({name: (check, 0.0) for name, (check, _) in health.checks.items()})
    office = Office(site, Versions(folder))
    sessions, locks = Sessions(store, site, credentials), Locks(site.accounts)
    more = (sessions, locks, orders, orders, SettingsOffice(folder))
    services = Services(
        site, credentials, live, store, orders, health, Metrics(), Hub(live, **hub), folder, office, *more, ivr=WELL
    )
    await sessions.prepare()
    server = Server(services, HERE)
    await server.start()
    beat = asyncio.create_task(services.hub.run())
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as client:
            yield House(live, store, orders, asterisk, log, services, server, client, office, stopped)
    finally:
        beat.cancel()
        await server.stop()
        await store.close()

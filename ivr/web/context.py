"""What a request handler is given: the house's services, who asks, and the checked parts of the request."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from ivr.calls.live import Live
from ivr.channels.inbound import State
from ivr.credentials import Credentials
from ivr.desks.work_order import Lights
from ivr.dialplan.findings import Report
from ivr.dialplan.office import Publishing
from ivr.dialplan.trial_model import Wish
from ivr.dialplan.versions import Version, Versions
from ivr.pbx.web_phones import WebPhones
from ivr.settings import Site
from ivr.settings.channels import web_channel
from ivr.store import Store
from ivr.store.attachments import Attachments
from ivr.store.cases import Cases
from ivr.store.channels import Arrivals
from ivr.store.exchange import Backlog, Messages
from ivr.store.progress import Lookups
from ivr.store.tellings import Tellings, Waiting
from ivr.store.work_orders import Count, WorkOrders
from ivr.web.advice import Advice
from ivr.web.door import Door
from ivr.web.exported import Exports
from ivr.web.guesses import Guesses
from ivr.web.health import Health
from ivr.web.hub import Hub
from ivr.web.idempotency import Idempotency
from ivr.web.limits import Limits
from ivr.web.lockout import Locks
from ivr.web.metrics import Metrics
from ivr.web.passwords import Passwords
from ivr.web.sessions import Sessions, digest


class Orders(Protocol):
    """`ivr.pbx.orders.Orders`: what may be asked of running calls. Each raises HotlineError where it cannot be."""

    async def transfer(
        self,
        call_id: str,
        target: str,
        mode: str,
        trigger: str,
        *,
        by: str | None = None,
        transfer_id: str | None = None,
    ) -> str: ...
    async def cancel(self, call_id: str) -> None: ...
    async def take_back(self, call_id: str) -> None: ...
    async def join(self, call_id: str) -> None: ...
    async def mute(self, call_id: str, leg_id: str, muted: bool) -> None: ...
    async def remove(self, call_id: str, leg_id: str) -> None: ...
    async def page_gone(self, call_id: str, operator: str) -> None: ...
    async def tell_phone(self, call_id: str, leg_id: str, event: str) -> None: ...
    async def watch(self, channel: str, leg_id: str) -> None: ...
    async def pause(self, operator: str, reason: str) -> None: ...
    async def ready(self, operator: str) -> None: ...
    async def wrap_up(self, operator: str) -> None: ...


class Skills(Protocol):
    """`ivr.pbx.skills.Skills`: which operator works with which skills now."""

    async def change(self, number: str, skills: Iterable[str]) -> tuple[str, ...]: ...


class Supervision(Protocol):
    """`ivr.pbx.supervision.Supervision`: supervisors on running calls. Each raises HotlineError where it cannot be."""

    async def begin(self, call_id: str, mode: str, supervisor: str, who: str, role: str) -> None: ...
    async def end(self, call_id: str, supervisor: str) -> None: ...


class Done(Protocol):
    """`ivr.apply.Applied`."""

    def as_dict(self) -> dict[str, Any]: ...


class SettingsOffice(Protocol):
    """`ivr.apply.Applying`: the settings of the file, brought into force."""

    writing: asyncio.Lock  # held by whoever changes the file, or brings it into force
    known: dict[str, str]  # revision → text, of what forms were made from

    def pending(self, site: Site) -> tuple[bool, tuple[str, ...]]: ...
    async def apply(self, site: Site) -> Done: ...


class Office(Protocol):
    """`ivr.dialplan.office.Office`: what may be done with dialplans. Each raises HotlineError where it cannot be."""

    site: Site
    versions: Versions
    publishing: Publishing | None

    async def running(self) -> int | None: ...
    async def check(self, unsaved: Mapping[str, str] = ..., *, quick: bool = False) -> Report: ...
    async def rehearse(self) -> list[dict[str, Any]]: ...
    async def play(self, wish: Wish, language: str = ..., unsaved: Mapping[str, str] = ...) -> dict[str, Any]: ...
    async def picture(self, language: str, unsaved: Mapping[str, str] = ...) -> str: ...
    async def vocabulary(self, language: str) -> dict[str, Any]: ...
    async def publish(self, by: str, why: str, role: str, content_of: int | None = None) -> Version: ...


class Exchange(Protocol):
    """`ivr.exchange.Exchange`: what partner desks are told."""

    @property
    def backlog(self) -> Mapping[str, Backlog]: ...
    @property
    def reached(self) -> Mapping[str, datetime]: ...  # when a partner last took something
    @property
    def trouble(self) -> Mapping[str, str]: ...  # why it can be told nothing now
    def silent(self, desk: str, now: datetime) -> timedelta | None: ...


class Teller(Protocol):
    """`ivr.telling.teller.Teller`: what a city's systems and citizens are told."""

    @property
    def waiting(self) -> Mapping[str, Waiting]: ...
    @property
    def trouble(self) -> Mapping[str, str]: ...  # why one can be told nothing now
    def silent(self, now: datetime) -> Mapping[str, timedelta]: ...


@dataclass(frozen=True, slots=True)
class Services:
    site: Site
    credentials: Credentials
    live: Live
    store: Store
    orders: Orders
    health: Health
    metrics: Metrics
    hub: Hub
    var: Path
    office: Office
    sessions: Sessions
    locks: Locks
    skills: Skills
    supervision: Supervision
    settings: SettingsOffice
    passwords: Passwords = field(default_factory=Passwords)
    idempotency: Idempotency = field(default_factory=Idempotency)
    guesses: Guesses = field(default_factory=Guesses)
    exports: Exports = field(default_factory=Exports)
    phones: WebPhones | None = None  # of those whose phone is the browser
    ivr: Sequence[str] = (sys.executable, "-m", "ivr")  # the command line, for what is done by a process of its own
    exchange: Exchange | None = None
    teller: list[Teller] = field(default_factory=list)  # at most one: it is made of these services
    inbound: State = field(default_factory=State)  # of channels, kept by `ivr.channels.inbound.Inbound`
    order_counts: dict[str, Count] = field(default_factory=dict)  # of work orders, kept by `ivr.work_orders.Clocks`
    messages: Messages = field(init=False)
    tellings: Tellings = field(init=False)
    cases: Cases = field(init=False)
    work_orders: WorkOrders = field(init=False)
    attachments: Attachments = field(init=False)
    door: Door = field(init=False)
    lookups: Lookups = field(init=False)
    advice: Advice = field(init=False)
    arrivals: Arrivals = field(init=False)
    limits: Limits = field(init=False)  # of the public form

    def __post_init__(self) -> None:
        hotline, lights = self.site.hotline, Lights(self.site.orders.yellow, self.site.orders.red)
        limit = self.site.desk.decide_seconds
        object.__setattr__(self, "messages", Messages(self.store, hotline.desk, self.site.exchange, lights, limit))
        object.__setattr__(self, "tellings", Tellings(self.store, self.site))
        self.messages.hooks.append(self.tellings.hook)
        hooks = (self.messages.hook, self.tellings.hook)
        cases = Cases(self.store, hotline.desk, ZoneInfo(hotline.timezone), hooks=hooks, lights=lights)
        object.__setattr__(self, "cases", cases)
        object.__setattr__(self, "work_orders", WorkOrders(self.store, hotline.desk, lights))
        object.__setattr__(self, "attachments", Attachments(self.store, self.var / "attachments"))
        object.__setattr__(self, "door", Door(self.site))
        object.__setattr__(self, "lookups", Lookups(self.store, self.site.screening.country))
        object.__setattr__(self, "advice", Advice(self.site, self.store))
        object.__setattr__(self, "arrivals", Arrivals(self.store, self.cases))
        page = web_channel(self.site.channels)
        object.__setattr__(self, "limits", Limits(page.hourly, page.address_hourly) if page else Limits(1, 1))
        self.sessions.on_unlock(self.locks.unlock)


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks. `number` is an operator's or a supervisor's own."""

    role: str  # of ivr.store.accounts.ROLES
    number: str | None = None
    name: str = ""  # of a token that bears one; of a person: user and name, `1001 张三`
    more: frozenset[str] = frozenset()  # roles beside
    user: str = ""  # of an account
    cookie: str = field(default="", repr=False)  # what the browser showed; "": no browser
    department: str = ""  # of an account of a department: it sees nothing of another
    must: str | None = None  # password | totp: what has to be done before anything else

    @property
    def roles(self) -> frozenset[str]:
        return self.more | {self.role}

    @property
    def session(self) -> bool:
        """A person in a browser, not a program with a token."""
        return bool(self.cookie)

    @property
    def session_id(self) -> str:
        """For `Sessions.attached`."""
        return digest(self.cookie) if self.cookie else ""

    @property
    def sees_numbers(self) -> bool:
        """Whole numbers in lists (R60): a system administrator's token; people unmask one by one, on record."""
        return "admin" in self.roles and not self.session


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its parts checked against the route's schemas."""

    services: Services
    who: Who | None
    language: str  # zh | en, for what a person reads
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    request: web.Request

    @property
    def by(self) -> str:
        """Who does it: a person, and a token that bears a name, speak for nobody else."""
        role = self.who.role if self.who is not None else ""
        return (self.who.name if self.who is not None else "") or str(
            self.body.get("by") or self.query.get("by") or role
        )


Handler = Callable[[Asked], Awaitable[Any]]
"""Returns what becomes the JSON answer, or a response of its own."""

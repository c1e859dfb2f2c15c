"""What a request handler is given: the house's services, who asks, and the checked parts of the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from ivr.calls.live import Live
from ivr.credentials import Credentials
from ivr.settings import Site
from ivr.store import Store
from ivr.web.guesses import Guesses
from ivr.web.health import Health
from ivr.web.hub import Hub
from ivr.web.idempotency import Idempotency
from ivr.web.metrics import Metrics


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
    async def pause(self, operator: str, reason: str) -> None: ...
    async def ready(self, operator: str) -> None: ...
    async def wrap_up(self, operator: str) -> None: ...


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
    idempotency: Idempotency = field(default_factory=Idempotency)
    guesses: Guesses = field(default_factory=Guesses)


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks. `number` is an operator's own."""

    role: str  # admin | dialplan_admin | operator
    number: str | None = None


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


Handler = Callable[[Asked], Awaitable[Any]]
"""Returns what becomes the JSON answer, or a response of its own."""

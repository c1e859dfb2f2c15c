"""The passwords of phones that are browsers: made for one login, known to Asterisk's memory alone, gone with it.

Each `give` makes a new one, so nothing has to be remembered here: a page that comes back after a restart of Asterisk or
of the controller asks again. Asterisk takes none before it is fully booted (ARI answers 503 until then), so whoever has
one can register at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from ivr.errors import HotlineError
from ivr.settings import Address

_AUTH = "asterisk/config/dynamic/res_pjsip/auth"

log = structlog.get_logger(__name__)


class Asterisk(Protocol):
    """`ivr.pbx.link.Link`."""

    http: Address | None

    async def ari(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> int: ...


class PhoneNotReadyError(HotlineError):
    def __init__(self) -> None:
        message = "Asterisk is not ready for browsers' phones; the page tries again by itself"
        super().__init__("phone_not_ready", message, status=503)


class WebPhones:
    def __init__(self, asterisk: Asterisk) -> None:
        self._asterisk = asterisk

    @property
    def upstream(self) -> str:
        """Where Asterisk takes SIP over WebSockets. Raises PhoneNotReadyError."""
        http = self._asterisk.http
        if http is None:
            raise PhoneNotReadyError
        return f"ws://{http.host}:{http.port}/ws"

    async def give(self, endpoint: str) -> str:
        """A new password in place of the one before. Raises PhoneNotReadyError."""
        password = secrets.token_urlsafe(24)
        values = {"auth_type": "userpass", "username": endpoint, "password": password}
        fields = [{"attribute": name, "value": value} for name, value in values.items()]
        status = await self._asterisk.ari("PUT", f"{_AUTH}/{endpoint}", {"fields": fields})
        if status != 200:
            log.warning("web_phone.refused", endpoint=endpoint, status=status)
            raise PhoneNotReadyError
        return password

    async def take(self, endpoint: str) -> None:
        """From now on this phone can neither register nor call."""
        status = await self._asterisk.ari("DELETE", f"{_AUTH}/{endpoint}")
        if status not in (204, 404):
            log.warning("web_phone.not_taken", endpoint=endpoint, status=status)

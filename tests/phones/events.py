"""What a phone tells of itself: its events, and the INVITEs that came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class PhoneError(Exception):
    """A phone could not do what it was told, or what was waited for did not come."""


@dataclass(frozen=True, slots=True)
class Registration:
    server: str  # host:port
    user: str
    password: str
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Secure:
    """SIP over TLS, PEM files; `srtp`: media encrypted or not at all."""

    ca: str | None = None  # who must have signed the server's certificate; None: any will do
    certificate: str | None = None  # our own, for a desk or a trunk that shows one
    key: str | None = None
    srtp: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    name: str  # ready | invite | full | state | media | dtmf | refer_status | registration
    at: float
    call: int | None
    what: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invite:
    """An incoming INVITE as it came; bytes that are no UTF-8 are surrogates (PEP 383)."""

    call: int
    at: float
    source: str  # host:port of the sender
    text: str

    def headers(self, name: str) -> list[str]:
        """Every value of a header, in order; `name` in any case, its long form."""
        wanted = name.lower()
        head = self.text.split("\r\n\r\n", 1)[0].split("\r\n")[1:]
        pairs = (line.partition(":") for line in head)
        return [value.strip() for key, _, value in pairs if key.strip().lower() == wanted]

    def header(self, name: str) -> str | None:
        found = self.headers(name)
        return found[0] if found else None

    @property
    def from_user(self) -> str:
        _, _, address = self._from().rpartition("<sip:")
        return address.partition("@")[0]

    @property
    def from_name(self) -> str:
        name = self._from().rpartition("<sip:")[0].strip()
        if name.startswith('"') and name.endswith('"') and len(name) > 1:
            name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        return name

    def _from(self) -> str:
        return self.header("From") or ""

"""How much of a public page one address may ask for, and all together: token buckets. Pure but for its clock.

Whoever stands behind a reverse proxy is known by what the proxy says, and only a proxy of the settings is believed.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from aiohttp import web

MOST_KEPT = 20_000  # addresses
AT_ONCE = 0.25  # of an address's hour, and a tenth of everybody's: so much may come in one go
AT_ONCE_ALL = 0.1
FORWARDED = "X-Forwarded-For"


@dataclass(slots=True)
class Bucket:
    """Holds `most` tokens, and gets `rate` a second."""

    most: float
    rate: float
    left: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until there is one."""
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.left >= 1 else (1 - self.left) / self.rate


class Limits:
    """`take` one; what it answers is how long to wait where there is none."""

    def __init__(self, hourly: int, address_hourly: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._address_hourly = clock, address_hourly
        self._all = _bucket(hourly, AT_ONCE_ALL, clock())
        self._known: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str) -> float:
        """0: it may; otherwise seconds. A refusal costs nobody else anything."""
        now, name = self._clock(), _network(address)
        own = self._known.pop(name, None) or _bucket(self._address_hourly, AT_ONCE, now)
        self._known[name] = own
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        wait = own.wait(now) or self._all.wait(now)
        if wait:
            return wait
        own.left -= 1
        self._all.left -= 1
        return 0.0


def _bucket(hourly: int, at_once: float, now: float) -> Bucket:
    most = max(1.0, hourly * at_once)
    return Bucket(most, hourly / 3600, most, now)


def _network(address: str) -> str:
    """Who has an IPv6 address has 2⁶⁴ of them."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def address_of(request: web.BaseRequest, proxies: tuple[str, ...]) -> str:
    """The nearest address that is no proxy of ours; what stands further left anybody could have written."""
    remote = request.remote or "?"
    said = ",".join(request.headers.getall(FORWARDED, [])).split(",")
    for one in reversed([part.strip() for part in said if part.strip()]):
        if not _trusted(remote, proxies):
            break
        try:
            remote = str(ipaddress.ip_address(one.strip("[]")))
        except ValueError:
            break
    return remote


@lru_cache(maxsize=4096)
def _trusted(address: str, proxies: tuple[str, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(one) for one in proxies)

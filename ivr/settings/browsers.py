"""What must hold where operators' phones are browsers (transport = "wss")."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ivr.settings.model import Site

LOOPBACK = ipaddress.ip_address("127.0.0.1")  # what Asterisk sees of a browser: the controller stands between


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    if site.listen.media is not None and _address(site.listen.media) is None:
        yield f"listen.media: expected an IP address of this machine, found {site.listen.media!r}"
    if not site.browsers:
        return
    why = "the controller passes browsers' SIP on from there, and an address tells Asterisk who calls"
    for where, match in _matches(site):
        for text in match:
            network = _network(text)
            if network is not None and network.version == 4 and LOOPBACK in network:
                yield f'{where}: {text} covers 127.0.0.1, and operators have transport = "wss": {why}; name another'


def _matches(site: Site) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from ((f"trunks.{trunk.key}.match", trunk.match) for trunk in site.trunks.values())
    yield from ((f"targets.{target.key}.match", target.match) for target in site.targets.values())


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None  # told elsewhere


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None

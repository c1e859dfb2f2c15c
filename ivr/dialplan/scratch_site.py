"""The scratch Asterisk's site: a site's settings at addresses of their own, all on loopback.

Every party has an address of its own, for trunks and desks are known by theirs; SIP goes by UDP, without TLS or SRTP.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ivr.errors import HotlineError
from ivr.settings import Address, Listen, Site

SIP, AMI, AGI = "sip", "ami", "agi"
RTP = (16000, 17999)  # on addresses that nobody else has; a phone of a trial sends and hears nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is where: `sip`, `ami`, `agi`, `trunk-public`, `operator-1001`, `desk-110-1` (the first route) → address."""

    places: Mapping[str, Address]

    @classmethod
    def free(cls, site: Site, folder: Path) -> Self:
        """Ports that nobody holds now, on a piece of 127.0.0.0/8 that this folder gets by its name."""
        digest = hashlib.sha256(str(folder).encode()).digest()
        net = f"127.{220 + digest[0] % 30}.{1 + digest[1] % 250}"
        udp = [f"trunk-{key}" for key in site.trunks] + [route_name(key, n) for key, n in routes(site)]
        hosts = {SIP: 1, AMI: 1, AGI: 1, **{name: 20 + n for n, name in enumerate(udp)}}
        hosts |= {f"operator-{number}": 10 for number in site.operators}
        if len(udp) > 200:
            raise HotlineError("too_many_parties", f"a trial has room for 200 trunks and routes, not for {len(udp)}")
        places = {}
        for name, last in hosts.items():
            host = "127.0.0.1" if name in {AMI, AGI} else f"{net}.{last}"
            kind = socket.SOCK_STREAM if name in {AMI, AGI} else socket.SOCK_DGRAM
            places[name] = Address(host, _free_port(kind, host))
        return cls(places)

    def as_json(self) -> str:
        return json.dumps({name: [place.host, place.port] for name, place in self.places.items()})

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls({name: Address(host, port) for name, (host, port) in json.loads(text).items()})


def routes(site: Site) -> list[tuple[str, int]]:
    """(target, number of its route from 1) of every route."""
    return [(key, n) for key, target in site.targets.items() for n in range(1, len(target.routes) + 1)]


def route_name(key: str, number: int) -> str:
    return f"desk-{key}-{number}"


def scratch_site(site: Site, plan: Plan) -> Site:
    """The same hotline at the plan's addresses."""
    at = plan.places

    def uri(user: str, place: Address) -> str:
        return f"sip:{user}@{place.host}:{place.port}"

    trunks = {
        key: dataclasses.replace(
            trunk,
            match=(at[trunk.endpoint].host,),
            contact=uri("caller", at[trunk.endpoint]),
            transport="udp",
            srtp=False,
        )
        for key, trunk in site.trunks.items()
    }
    targets = {
        key: dataclasses.replace(
            target,
            routes=tuple(uri(key, at[route_name(key, n + 1)]) for n in range(len(target.routes))),
            match=tuple(at[route_name(key, n + 1)].host for n in range(len(target.routes))) if target.match else (),
            transport="udp",
            srtp=False,
        )
        for key, target in site.targets.items()
    }
    operators = {
        number: dataclasses.replace(operator, transport="udp", srtp=False)
        for number, operator in site.operators.items()
    }
    listen = Listen(sip=at[SIP], rtp=RTP, web=at[AGI], ami=at[AMI], agi=at[AGI])
    return dataclasses.replace(
        site, listen=listen, trunks=trunks, targets=targets, operators=operators, tls=None, neighbour=None
    )


def _free_port(kind: socket.SocketKind, host: str) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])

"""The desks that share cases with this one, in a site's settings: who they are, and how their messages are known."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ivr.settings.model import Partner, Site

DESK = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}")
KEY_BYTES = 32


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    if not DESK.fullmatch(site.hotline.desk):
        yield f"hotline.desk: expected letters, digits, _ and -, at most 32, found {site.hotline.desk!r}"
    taken: dict[str, str] = {}
    for partner in site.exchange.values():
        where = f"exchange.{partner.desk}"
        yield from _partner(site, partner, where)
        for target in partner.targets:
            if target not in site.targets:
                yield f"{where}.targets: there is no targets.{target}"
            elif (first := taken.setdefault(target, where)) != where:
                yield f"{where}.targets: {target} belongs to {first} already"


def _partner(site: Site, partner: Partner, where: str) -> Iterator[str]:
    if not DESK.fullmatch(partner.desk):
        yield f"{where}: a desk's name is made of letters, digits, _ and -, at most 32"
    if partner.desk == site.hotline.desk:
        yield f"{where}: is this hotline's own name (hotline.desk)"
    yield from address(f"{where}.url", partner.url)
    for name in ("key", "next_key"):
        text = getattr(partner, name)
        if (text or name == "key") and not _is_key(text):
            expected = "an Ed25519 public key, 44 characters of base64, as `ivr exchange keys` prints it there"
            yield f"{where}.{name}: expected {expected}"
    if not 1 <= partner.silent_minutes <= 1440:
        yield f"{where}.silent_minutes: expected 1 to 1440, found {partner.silent_minutes}"


def address(where: str, url: str) -> Iterator[str]:
    """What is wrong with the address of somebody who hears of cases."""
    expected = f"{where}: expected an address such as https://10.1.2.3:8443"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        yield f"{expected}, found {url!r}"
        return
    if parts.scheme not in {"https", "http"} or not host or parts.query or parts.fragment or parts.username:
        yield f"{expected}, found {url!r}"
    elif parts.scheme == "http" and not is_loopback(host):
        yield f"{expected}: messages hold personal data, and http is for this machine only"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_nowhere(host: str) -> bool:
    """An address of a machine's own link (a cloud's metadata, 169.254.169.254), or of no machine."""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_link_local or found.is_unspecified or found.is_multicast


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False

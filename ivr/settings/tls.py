"""TLS and SRTP in a site's settings (R63): which doors there are, who comes by which, and whether the files are good.

A certificate that has run out is no error here: a hotline that does not start again at night because of a date would be
worse than one whose peers complain. `ivr up` and `ivr doctor` tell it, from 30 days before.
"""

from __future__ import annotations

import dataclasses
import os
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ivr.settings.model import Address, Neighbour, Operator, Site, Supervisor, Target, Tls, Trunk

TRANSPORTS = ("udp", "tls", "mtls")
PHONES = (*TRANSPORTS, "wss")  # of those who may use a browser
FORMS = {"certificate": "BEGIN CERTIFICATE", "key": "PRIVATE KEY", "ca": "BEGIN CERTIFICATE"}


def beside(settings: Path, var: Path, tls: Tls) -> Tls:
    """With absolute paths, and `{var}` filled in."""

    def whole(name: str) -> str:
        return str(settings.parent / name.replace("{var}", str(var)))

    ca = None if tls.ca is None else whole(tls.ca)
    return dataclasses.replace(tls, certificate=whole(tls.certificate), key=whole(tls.key), ca=ca)


def problems(site: Site) -> Iterator[str]:
    """Everything that is wrong, one sentence each, opening with the key."""
    yield from _doors(site)
    for where, party in _parties(site):
        yield from _party(site, where, party)
    if site.tls is not None:
        yield from _files(site.tls)


def _doors(site: Site) -> Iterator[str]:
    listen = site.listen
    doors = {name: getattr(listen, name) for name in ("sip_tls", "sip_mtls") if getattr(listen, name) is not None}
    if site.tls is None:
        for name in doors:
            yield f"listen.{name}: needs [tls] with certificate and key"
    elif not doors and not site.tls.web:
        yield "tls: nothing uses it; give listen.sip_tls or listen.sip_mtls, or set tls.web = true"
    if "sip_mtls" in doors and site.tls is not None and site.tls.ca is None:
        yield "listen.sip_mtls: needs tls.ca, the certificate of whoever signs the certificates that are shown there"
    seen: dict[int, str] = {listen.sip.port: "listen.sip"}
    low, high = listen.rtp
    for name, address in doors.items():
        first = seen.setdefault(address.port, f"listen.{name}")
        if first != f"listen.{name}":  # the port tells by which door a call came
            yield f"listen.{name}: port {address.port} is that of {first} already; each needs a port of its own"
        if low <= address.port <= high:
            yield f"listen.{name}: port {address.port} lies in listen.rtp ({low}-{high})"
        yield from _bindable(f"listen.{name}", address)


def _bindable(where: str, address: Address) -> Iterator[str]:
    if not set(address.host) <= set("0123456789abcdefABCDEF.:"):
        yield f"{where}: expected an IP address to bind to, found {address.host!r}"


def _parties(site: Site) -> Iterator[tuple[str, Trunk | Target | Operator | Supervisor | Neighbour]]:
    yield from ((f"trunks.{trunk.key}", trunk) for trunk in site.trunks.values())
    yield from ((f"targets.{target.key}", target) for target in site.targets.values())
    yield from ((f"operators {operator.number}", operator) for operator in site.operators.values())
    yield from ((f"supervisors {supervisor.number}", supervisor) for supervisor in site.supervisors.values())
    if site.neighbour is not None:
        yield "neighbour", site.neighbour


def _party(site: Site, where: str, party: Trunk | Target | Operator | Supervisor | Neighbour) -> Iterator[str]:
    known = PHONES if isinstance(party, Operator | Supervisor) else TRANSPORTS
    if party.transport not in known:
        yield f"{where}.transport: expected one of {', '.join(known)}, found {party.transport!r}"
        return
    if party.transport == "wss":
        if party.srtp:
            yield f"{where}.srtp: is for desk phones; a browser's voice is always enciphered (DTLS-SRTP)"
        return
    if site.listen.sip_door(party.transport) is None:
        yield f"{where}.transport: {party.transport} needs listen.sip_{party.transport}"
    if party.srtp and party.transport == "udp":
        yield f'{where}.srtp: needs transport = "tls" or "mtls": SRTP\'s keys travel in the signalling (RFC 4568)'
    called = isinstance(party, Target | Neighbour)
    if called and party.transport != "udp" and site.tls is not None and site.tls.ca is None:
        yield f"{where}.transport: needs tls.ca, or anybody could answer in its place"
    uris = (
        party.routes
        if isinstance(party, Target)
        else ()
        if isinstance(party, Operator | Supervisor)
        else (party.contact,)
    )
    if any(uri.startswith("sips:") for uri in uris):
        yield f'{where}: expected sip: and transport = "tls" in place of sips:'


def _files(tls: Tls) -> Iterator[str]:
    found = [problem for name, path in _paths(tls) for problem in _file(f"tls.{name}", path, FORMS[name])]
    yield from found
    if found:
        return
    if tls.ca is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(tls.ca)
        except ssl.SSLError as failure:
            yield f"tls.ca: {tls.ca} holds no certificate that can be read ({failure.reason})"
    try:
        server_context(tls)
    except ssl.SSLError as failure:
        if failure.reason == "KEY_VALUES_MISMATCH":
            yield f"tls.key: {tls.key} does not belong to the certificate {tls.certificate}"
        else:
            yield f"tls.certificate: {tls.certificate} and {tls.key} cannot be used ({failure.reason or failure})"


def _paths(tls: Tls) -> Iterator[tuple[str, str]]:
    return ((name, path) for name in FORMS if (path := getattr(tls, name)) is not None)


def _file(where: str, path: str, form: str) -> Iterator[str]:
    if ";" in path:
        yield f"{where}: expected a path without ; (Asterisk's files take it for a comment), found {path!r}"
        return
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as failure:
        yield f"{where}: {path} cannot be read ({failure.strerror}) by {_me()}"
        return
    if "ENCRYPTED" in text and form == FORMS["key"]:
        yield f"{where}: {path} is encrypted; nobody is there to type its password: store it without one, mode 0600"
    elif form not in text:
        yield f"{where}: {path} is no PEM file with a {form.removeprefix('BEGIN ').lower()} in it"


def _me() -> str:
    return f"user {os.getuid()}"


def server_context(tls: Tls) -> ssl.SSLContext:
    """For our own servers: TLS 1.2 and later. Raises ssl.SSLError or OSError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    def no_password() -> str:
        raise ssl.SSLError("the key is encrypted")  # OpenSSL would ask on the terminal

    context.load_cert_chain(tls.certificate, tls.key, password=no_password)
    return context


# X.509's Validity in DER: a sequence of two times, UTCTime (17) or GeneralizedTime (18), in UTC (RFC 5280 4.1.2.5)
_TIME = rb"(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)"
_VALIDITY = re.compile(rb"\x30[\x1e-\x22]" + _TIME + _TIME, re.DOTALL)


def validity(tls: Tls) -> tuple[datetime, datetime]:
    """From when until when our certificate holds. Raises OSError or ValueError."""
    return validity_of(tls.certificate)


def validity_of(certificate: str) -> tuple[datetime, datetime]:
    """Of the first certificate in a PEM file. Raises OSError or ValueError."""
    pem = Path(certificate).read_text(encoding="utf-8", errors="replace")
    first = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.DOTALL)
    found = _VALIDITY.search(ssl.PEM_cert_to_DER_cert(first[0])) if first else None
    if found is None:
        raise ValueError(f"{certificate} shows no time of validity")
    begins, ends = found[1] or found[2], found[3] or found[4]
    return _moment(begins.decode()), _moment(ends.decode())


def _moment(digits: str) -> datetime:
    if len(digits) == 12:  # two digits of the year: 50 and more are of the last century
        digits = ("20" if int(digits[:2]) < 50 else "19") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

"""An authority of one's own, and a certificate of it for this hotline's web pages and SIP over TLS.

For a hotline on a closed network, where nobody signs certificates. The authority is made once and trusted by the
machines that work with the hotline; certificates are made anew each year and need no trust of their own.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ivr.errors import HotlineError
from ivr.settings import Site

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # browsers take no longer ones
YESTERDAY = timedelta(days=1)  # clocks differ
LEAST = timedelta(days=SERVER_DAYS)  # that an authority must have left to sign another certificate
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104
LONGEST_NAME = 64  # characters of a subject's name (RFC 5280, ub-common-name)

Key = ec.EllipticCurvePrivateKey


class CaError(HotlineError):
    def __init__(self, message: str) -> None:
        super().__init__("ca", message)


@dataclass(frozen=True, slots=True)
class Files:
    """Under `{var}/ca`. Keys are 0600."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"


@dataclass(frozen=True, slots=True)
class Made:
    files: Files
    hosts: tuple[str, ...]
    authority_is_new: bool
    fingerprint: str  # SHA-256 of the authority's certificate, as browsers show it
    authority_ends: datetime
    ends: datetime


def files_in(var: Path) -> Files:
    return Files(var / "ca")


def make(folder: Path, name: str, hosts: Sequence[str], now: datetime) -> Made:
    """A new certificate for `hosts` (names and IP addresses); a new authority where none is left to sign it.

    Raises CaError for a host that is none, or an authority that cannot be read.
    """
    names = [_general_name(host) for host in dict.fromkeys(hosts)]
    files = Files(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _there(files, now)
    is_new = authority is None
    if authority is None:
        authority = _authority(name, now)
        _write(files.authority_key, _pem(authority[1]))
        _write(files.authority, authority[0].public_bytes(serialization.Encoding.PEM))
    certificate, key = _signed(authority, hosts[0], names, now)
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (certificate, authority[0]))
    _write(files.key, _pem(key))
    _write(files.certificate, chain)
    digits = authority[0].fingerprint(hashes.SHA256()).hex(":").upper()
    ends = (authority[0].not_valid_after_utc, certificate.not_valid_after_utc)
    return Made(files, tuple(dict.fromkeys(hosts)), is_new, digits, *ends)


def hosts_of(site: Site | None) -> list[str]:
    """How this machine is called: its names, and the addresses where the site listens (None: not known)."""
    doors = () if site is None else (site.listen.web, site.listen.sip_tls, site.listen.sip_mtls)
    listening = {door.host for door in doors if door is not None}
    addresses = listening - EVERYWHERE
    if site is None or listening & EVERYWHERE:
        addresses |= _own_address()
    names = [name for name in (socket.getfqdn(), socket.gethostname()) if _is_name(name)]
    return list(dict.fromkeys([*names, "localhost", *sorted(addresses), "127.0.0.1"]))


def _own_address() -> set[str]:
    """The one that this machine shows to others. Nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))  # an address that is nobody's (RFC 5737)
        return {asked.getsockname()[0]}
    return set()


def _is_name(host: str) -> bool:
    parts = host.rstrip(".").split(".")
    letters = all(part and len(part) <= 63 and part.replace("-", "").isalnum() and part.isascii() for part in parts)
    return letters and len(host) <= 253


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _is_name(host.removeprefix("*.")):
            message = f"{host!r} is neither a host's name (such as hotline.city.gov.cn) nor an IP address"
            raise CaError(message) from None
        return x509.DNSName(host)


def _there(files: Files, now: datetime) -> tuple[x509.Certificate, Key] | None:
    """The authority of this folder, unless it ends before what it would sign."""
    if not files.authority.exists() and not files.authority_key.exists():
        return None
    try:
        certificate = x509.load_pem_x509_certificate(files.authority.read_bytes())
        key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as failure:
        message = f"the authority in {files.folder} cannot be read ({failure}); bring it back, or move the folder away"
        raise CaError(message) from failure
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CaError(f"{files.authority_key} is not the key of {files.authority}; move the folder away")
    return (certificate, key) if certificate.not_valid_after_utc - now > LEAST else None


def _authority(name: str, now: datetime) -> tuple[x509.Certificate, Key]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"{name} CA {now:%Y-%m-%d}")
    only = _usage(key_cert_sign=True, crl_sign=True)
    made = (
        _begun(subject, subject, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(only, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return made.sign(key, hashes.SHA256()), key


def _signed(
    authority: tuple[x509.Certificate, Key], host: str, names: list[x509.GeneralName], now: datetime
) -> tuple[x509.Certificate, Key]:
    """For servers, and for us as a caller at a desk's mutual TLS."""
    by, by_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    known_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key())
    made = (
        _begun(_subject(host), by.subject, key, now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(known_by, critical=False)
    )
    return made.sign(by_key, hashes.SHA256()), key


def _begun(subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, days: int) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    begins = now.astimezone(UTC) - YESTERDAY
    ends = begins + timedelta(days=days)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:LONGEST_NAME])])


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: Key) -> bytes:
    plain = serialization.NoEncryption()  # nobody is there at night to type a password
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; nobody else reads a key, not even for a moment."""
    fresh = path.with_suffix(f"{path.suffix}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600 if path.suffix == ".key" else 0o644)
    fresh.write_bytes(content)
    fresh.replace(path)

"""Certificates for tests: an authority of our own, and who it has signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.phones import Secure


class Authority:
    """Makes PEM files under `folder`."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._ca = folder, trustme.CA()
        self.ca = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(str(self.ca))

    def signs(self, name: str, *hosts: str, days: float = 30.0) -> tuple[Path, Path]:
        """A certificate (with its chain) and key for `hosts`, which runs out in `days` (before today if negative)."""
        ends = datetime.now(UTC) + timedelta(days=days)
        begins = min(datetime.now(UTC), ends) - timedelta(days=1)
        made = self._ca.issue_cert(*hosts, not_before=begins, not_after=ends)
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        key.touch(mode=0o600)
        made.private_key_pem.write_to_path(str(key))
        return certificate, key

    def phone(self, name: str, *hosts: str, srtp: bool = True) -> Secure:
        """What a phone needs that trusts this authority and shows a certificate of it."""
        certificate, key = self.signs(name, *hosts)
        return Secure(str(self.ca), str(certificate), str(key), srtp)

"""One-time codes (TOTP, RFC 6238). The secret is derived, so that it stands nowhere but in the person's own device.

The database keeps a random word an account; with the key of credentials.toml it makes the secret. Neither is enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
import time

import pyotp
import segno

STEP = 30  # seconds
DRIFT = 1  # steps that a device's clock may be off


def new_seed() -> str:
    return secrets.token_urlsafe(16)


def secret(key: str, user: str, seed: str) -> str:
    """160 bits in base32, as apps take it."""
    made = hmac.new(key.encode(), f"totp\0{user}\0{seed}".encode(), hashlib.sha256).digest()
    return base64.b32encode(made[:20]).decode()


def step_of(secret: str, code: str, now: float | None = None) -> int | None:
    """The step whose code this is, nearly now; None where it is none."""
    at, totp, found = int((time.time() if now is None else now) // STEP), pyotp.TOTP(secret), None
    for step in range(at - DRIFT, at + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode("ascii", "replace")):
            found = step
    return found


def uri(secret: str, user: str, issuer: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=issuer)


def picture(uri: str) -> str:
    """The QR code as SVG, dark on white whatever the page's theme: a phone must read it."""
    svg = io.BytesIO()
    segno.make(uri, error="m").save(svg, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, svgclass=None)
    return svg.getvalue().decode()

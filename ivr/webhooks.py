"""Webhooks are signed by the Standard Webhooks specification 1.0.0: HMAC-SHA256 over `id.timestamp.body`, told in the
headers webhook-id, webhook-timestamp and webhook-signature.

The specification's own Python library reads the machine's clock and breaks on a signature that is no base64; sixty
lines here take the time as an argument and refuse whatever comes. A secret is `whsec_` and base64 of 24 … 64 bytes;
several hold at once while one is changed for another: all sign, any one verifies.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ivr.errors import HotlineError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret
WINDOW = timedelta(minutes=5)  # how far the sender's clock may be from ours
REMEMBERED = 2 * WINDOW  # how long an id has to be kept: afterwards its signature is too old anyway
MOST_SIGNATURES = 8  # in one header: a few secrets, not a search for one

_ID = re.compile(r"[A-Za-z0-9_:-]{1,128}")  # a full stop would let an id pass for a time
_TIME = re.compile(r"[0-9]{1,12}")


class WebhookRefusedError(HotlineError):
    """`details["why"]`: one word (missing, time, invalid)."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__("webhook_signature", f"the message's signature was refused: {sentence}", {"why": why}, 401)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good signature says. Whoever takes the message in keeps `id` for REMEMBERED: then no second one counts."""

    id: str
    sent: datetime


def new_secret() -> str:
    return PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The secret's bytes. Raises ValueError, which does not tell the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        message = f"a webhook's secret is {PREFIX} and base64 of {SHORTEST} to {LONGEST} bytes"
        raise ValueError(message)
    return key


def sign(id: str, body: bytes, secrets: Iterable[str], now: datetime) -> dict[str, str]:
    """The three headers of one try to send `body`. `id` stays the same from try to try. Raises ValueError."""
    if not _ID.fullmatch(id):
        message = f"not a webhook's id: {id!r}"
        raise ValueError(message)
    stamp = str(int(now.timestamp()))
    signatures = " ".join(f"v1,{base64.b64encode(_mac(key_of(one), id, stamp, body)).decode()}" for one in secrets)
    return {ID: id, TIMESTAMP: stamp, SIGNATURE: signatures}


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> Verified:
    """Which message this is. `headers`: any case, `body`: as it came. Raises WebhookRefusedError."""
    lower = {name.lower(): value for name, value in headers.items()}
    id, stamp, said = (lower.get(name, "").strip() for name in (ID, TIMESTAMP, SIGNATURE))
    if not _ID.fullmatch(id) or not _TIME.fullmatch(stamp) or not said:
        raise WebhookRefusedError("missing", f"{ID}, {TIMESTAMP} (seconds since 1970) and {SIGNATURE} are needed")
    given = [mac for mac in map(_given, said.split()[:MOST_SIGNATURES]) if mac]
    ours = [_mac(key_of(one), id, stamp, body) for one in secrets]
    # every pair is looked at: how long that takes tells nothing
    if not sum(hmac.compare_digest(mine, theirs) for mine in ours for theirs in given):
        raise WebhookRefusedError("invalid", "no signature belongs to this message and to a secret that holds")
    off = int(stamp) - now.timestamp()
    if abs(off) > WINDOW.total_seconds():
        side = "after" if off > 0 else "before"
        sentence = f"it was made {abs(round(off))} s {side} this machine's time; compare the clocks, or send it anew"
        raise WebhookRefusedError("time", sentence)
    return Verified(id, datetime.fromtimestamp(int(stamp), UTC))


def _mac(key: bytes, id: str, stamp: str, body: bytes) -> bytes:
    return hmac.new(key, b".".join((id.encode(), stamp.encode(), body)), hashlib.sha256).digest()


def _given(text: str) -> bytes:
    """The bytes of `v1,…`; of any other version, or of no signature at all, none."""
    version, _, encoded = text.partition(",")
    try:
        return base64.b64decode(encoded, validate=True) if version == "v1" else b""
    except (binascii.Error, ValueError):
        return b""

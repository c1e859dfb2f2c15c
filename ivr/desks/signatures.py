"""Messages between desks are signed: HTTP Message Signatures (RFC 9421), Ed25519, over method, path, content type and
Content-Digest (RFC 9530).

Each try has a signature of its own: a time, an end and a nonce. The authority is not covered (a gateway between the two
networks may change it): the message names whom it is for. A clock that is wrong by five minutes does no harm.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from ivr.errors import HotlineError

TAG = "hotline-exchange"
COVERED = ("@method", "@path", "content-type", "content-digest")
MEDIA = "application/json"
GOOD = timedelta(minutes=5)  # how long a signature is good
CLOCKS = timedelta(minutes=5, seconds=30)  # how far the two clocks may be apart
REMEMBERED = GOOD + 2 * CLOCKS  # how long a nonce has to be kept: afterwards the signature is too old anyway


class SignatureRefusedError(HotlineError):
    """`details["why"]`: one word."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__("exchange_signature", f"the message's signature was refused: {sentence}", {"why": why}, 401)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature says."""

    desk: str
    nonce: str
    created: datetime


def private_key(text: str) -> Ed25519PrivateKey:
    """32 bytes in base64. Raises ValueError."""
    return Ed25519PrivateKey.from_private_bytes(_bytes(text))


def public_key(text: str) -> Ed25519PublicKey:
    """32 bytes in base64. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(_bytes(text))


def public_text(private: str) -> str:
    """What a partner has to know of our private key."""
    return base64.b64encode(private_key(private).public_key().public_bytes_raw()).decode()


def new_private() -> str:
    return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != 32:
        raise ValueError("an Ed25519 key is 32 bytes, written in base64: 44 characters")
    return found


@dataclass
class _Request:
    """As the library wants it."""

    method: str
    url: str
    headers: MutableMapping[str, str] = field(default_factory=dict)


def sign(url: str, body: bytes, desk: str, key: Ed25519PrivateKey, now: datetime) -> dict[str, str]:
    """The headers of one POST of `body` to `url`, signed by `desk`."""
    request = _Request("POST", url, {"Content-Type": MEDIA})
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={}, private_keys={desk: key})
    )
    signer.sign(
        request,
        key_id=desk,
        created=now,
        expires=now + GOOD,
        nonce=secrets.token_urlsafe(16),
        label="desk",
        tag=TAG,
        covered_component_ids=COVERED,
        body=body,
    )
    return dict(request.headers)


class _Verifier(HTTPMessageVerifier):
    """With the time handed in. The library's own check reads the machine's clock."""

    def __init__(self, now: datetime, keys: Mapping[str, Ed25519PublicKey]) -> None:
        super().__init__(
            signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys=keys, private_keys={})
        )
        self._now = now

    def validate_created_and_expires(self, sig_input, max_age=None):  # type: ignore[no-untyped-def]
        """The window is checked by `verify` below, once it is known that these words are the sender's."""


def verify(
    method: str,
    url: str,
    headers: MutableMapping[str, str],
    body: bytes,
    *,
    keys: Mapping[str, Iterable[Ed25519PublicKey]],
    now: datetime,
) -> Signed:
    """Who signed this request. `keys`: those that hold for each desk. Raises SignatureRefusedError."""
    request = _Request(method, url, headers)
    good = None
    for key_set in _sets(keys):
        try:
            (good,) = _Verifier(now, key_set).verify(
                request, max_age=None, expect_tag=TAG, require_components=COVERED, body=body
            )
        except (InvalidSignature, HTTPMessageSignaturesException, ValueError) as failure:
            why = str(failure) or "it does not belong to this message"
        else:
            break
    if good is None:
        raise SignatureRefusedError("invalid", why[:200])
    said = good.parameters
    created, expires, nonce = said.get("created"), said.get("expires"), good.nonce
    if not isinstance(created, int) or not isinstance(expires, int) or not nonce or len(nonce) > 64:
        raise SignatureRefusedError("incomplete", "created, expires and nonce (at most 64 characters) are needed")
    _in_time(created, expires, now)
    return Signed(str(said["keyid"]), nonce, datetime.fromtimestamp(created, UTC))


def _sets(keys: Mapping[str, Iterable[Ed25519PublicKey]]) -> list[dict[str, Ed25519PublicKey]]:
    """Each desk's first key, then each one's second: a desk has two while its key is changed."""
    each = {desk: list(those) for desk, those in keys.items()}
    most = max(map(len, each.values()), default=0)
    return [{desk: those[n] for desk, those in each.items() if len(those) > n} for n in range(most)] or [{}]


def _in_time(created: int, expires: int, now: datetime) -> None:
    at, slack = now.timestamp(), CLOCKS.total_seconds()
    if created > at + slack or expires < at - slack or not 0 < expires - created <= GOOD.total_seconds():
        off = round(created - at)
        sentence = (
            f"it was made {abs(off)} s {'after' if off > 0 else 'before'} this machine's time; compare the clocks"
        )
        raise SignatureRefusedError("time", sentence)


def digest(body: bytes) -> str:
    """SHA-256, hexadecimal: what a message's contents are known by."""
    return hashlib.sha256(body).hexdigest()

"""Passwords as argon2id hashes (RFC 9106, its second choice: 64 MiB, 3 passes). Nothing here blocks the loop."""

from __future__ import annotations

import asyncio
import functools
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ivr.store.accounts import refused

SHORTEST, LONGEST = 10, 128  # characters
FEWEST_LETTERS = 5  # different ones
AT_ONCE = 2  # hashes: each takes 64 MiB and a core for some 60 ms, beside running calls

_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def judge(password: str, user: str, first: str | None = None) -> None:
    """Raises AccountRefusedError for one that is guessed too easily, or that is the first one again."""
    named = len(user) >= 3 and user.lower() in password.lower()
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < FEWEST_LETTERS or named or password == first:
        raise refused(
            "weak_password",
            f"a password has {SHORTEST} to {LONGEST} characters, {FEWEST_LETTERS} different ones among them, "
            "does not hold the user's name, and is not the one that was given for the first login",
            shortest=SHORTEST,
            longest=LONGEST,
            different=FEWEST_LETTERS,
        )


@functools.cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe(32))


def _fits(hash: str | None, given: str) -> bool:
    try:
        return _HASHER.verify(hash or _nobodys(), given) and hash is not None
    except (VerificationError, InvalidHashError):
        return False


class Passwords:
    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(hashed, password)

    async def fits(self, given: str, hash: str | None, first: str | None) -> bool:
        """`first`: what opens where there is no hash. The work is the same whether there is such an account or not."""
        async with self._turn:
            right = await asyncio.to_thread(_fits, hash, given)
        opens = hmac.compare_digest(given.encode("utf-8", "surrogatepass"), (first or "").encode())
        return right or (hash is None and first is not None and opens)

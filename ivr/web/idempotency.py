"""One order a key: a request that is sent again (a lost answer, a double click) gives the first one's answer.

The order's own id is made from the key, so that a second one is known even where this memory was lost.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from ivr.errors import HotlineError

_SPACE = uuid.UUID("5b4b1f0a-7d1e-4c0e-9d8a-2f3a5c1e6b70")  # of ids made from keys
_CAPACITY = 10_000


class KeyReusedError(HotlineError):
    def __init__(self, key: str) -> None:
        message = "this Idempotency-Key came with another request before; use a new key for a new request"
        super().__init__("idempotency_key_reused", message, {"key": key}, 422)


class Idempotency:
    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[str, tuple[object, asyncio.Future[Any]]] = OrderedDict()

    @staticmethod
    def id_of(scope: str, key: str | None) -> str:
        """The id of the order that `key` stands for in `scope` (a call); a new one without a key."""
        return str(uuid.uuid5(_SPACE, f"{scope}\0{key}") if key else uuid.uuid4())

    async def once(self, scope: str, key: str | None, request: object, act: Callable[[], Awaitable[Any]]) -> Any:
        """`act()`'s answer, or the one it gave before. An order that surely was not carried out may be tried again."""
        if key is None:
            return await act()
        name = f"{scope}\0{key}"
        known = self._answers.get(name)
        if known is not None:
            if known[0] != request:
                raise KeyReusedError(key)
            return await asyncio.shield(known[1])
        future: asyncio.Future[Any] = asyncio.ensure_future(act())  # goes on when the client hangs up
        self._answers[name] = (request, future)
        future.add_done_callback(lambda done: self._forget_refusal(name, done))
        while len(self._answers) > self._capacity:
            self._answers.popitem(last=False)
        return await asyncio.shield(future)

    def _forget_refusal(self, name: str, done: asyncio.Future[Any]) -> None:
        if done.cancelled():
            self._answers.pop(name, None)
            return
        error = done.exception()
        perhaps_done = isinstance(error, HotlineError) and error.status == 504
        if error is not None and not perhaps_done:
            self._answers.pop(name, None)

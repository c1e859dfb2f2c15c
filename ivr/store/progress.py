"""How far a matter is, for its citizen: both the number he called from and the digits of the case must fit.

A number of a case is made of a day and a counter, so it can be guessed: who is wrong too often has to wait. Nothing but
the step and its day is told, and of somebody in danger nothing at all (R56).
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from sqlalchemy import Connection, select

from ivr.calls.numbers import normal, shapes
from ivr.desks.case import fold
from ivr.desks.progress import DIGITS, Progress, progress
from ivr.errors import HotlineError
from ivr.store import case_rows, tables
from ivr.store.store import Store

WRONG = 6  # tries that found nothing, of one who asks, or about one number
WINDOW = 600.0  # seconds
KEPT = 20_000  # of those who asked
NEWEST = 20  # cases of one number that are looked at

_CASE = tables.case.c


class TooManyTriesError(HotlineError):
    def __init__(self, seconds: float) -> None:
        message = f"too many tries that found nothing; wait {seconds:.0f} s, or call the hotline"
        super().__init__("too_many_tries", message, {"seconds": round(seconds)}, 429)


class Lookups:
    """Each method raises DatabaseDownError. `country`: of numbers that come without a country's code."""

    def __init__(self, store: Store, country: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._country, self._clock = store, country, clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    async def ask(self, who: str, caller: str, number: str) -> Progress | None:
        """`number`: of the case, whole or its last digits. `who`: an address, a call. Raises TooManyTriesError."""
        caller = normal(caller, self._country)
        keys = (f"who {who}", f"about {caller}") if caller else (f"who {who}",)
        for key in keys:
            self._wait(key)
        for key in keys:  # before it is known: who asks many at once has no more tries
            self._note(key)
        wrong = False
        try:
            found = await self._find(caller, number) if caller and len(number) >= DIGITS else None
            wrong = found is None
        finally:
            for key in () if wrong else keys:
                self._forgive(key)
        return found

    async def _find(self, caller: str, number: str) -> Progress | None:
        def read(connection: Connection) -> Progress | None:
            for id in self._candidates(connection, caller, number):
                case = fold(one.event for one in case_rows.load(connection, id))
                seen = {id}  # two desks may have merged two into one another
                while case.merged_into and case.merged_into not in seen:
                    seen.add(case.merged_into)
                    case = fold(one.event for one in case_rows.load(connection, case.merged_into))
                return progress(case)
            return None

        async with self._store.reading() as connection:
            return await connection.run_sync(read)

    def _candidates(self, connection: Connection, caller: str, number: str) -> list[str]:
        """The newest first. Whole numbers are found by themselves, digits among the cases of this caller."""
        if len(number) > DIGITS:
            query = select(_CASE.id, _CASE.number, _CASE.caller).where(_CASE.number == number)
        else:
            mine = _CASE.caller.in_(shapes(caller, self._country))
            query = select(_CASE.id, _CASE.number, _CASE.caller).where(mine, _CASE.number.like(f"%{number}"))
        rows = connection.execute(query.order_by(_CASE.serial.desc()).limit(NEWEST)).all()
        return [row.id for row in rows if row.number.endswith(number) and normal(row.caller, self._country) == caller]

    def _wait(self, key: str) -> None:
        tries, now = self._wrong.get(key), self._clock()
        while tries and now - tries[0] > WINDOW:
            tries.popleft()
        if tries and len(tries) >= WRONG:
            raise TooManyTriesError(WINDOW - (now - tries[0]))

    def _note(self, key: str) -> None:
        tries = self._wrong.pop(key, None) or deque(maxlen=WRONG)
        tries.append(self._clock())
        self._wrong[key] = tries
        while len(self._wrong) > KEPT:
            self._wrong.popitem(last=False)

    def _forgive(self, key: str) -> None:
        """The newest try of this one was right, or nobody could look."""
        tries = self._wrong.get(key)
        if tries:
            tries.pop()

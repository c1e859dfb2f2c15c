"""Who looked at cases that another desk has a part in is on record (R42): each case, each search, each export.

The same look by the same person within a quarter of an hour is one: a page that is read again is no second look.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from ivr.calls.numbers import masked
from ivr.desks.case import Case
from ivr.store.audit import Audit
from ivr.store.export import plain
from ivr.web.context import Asked

AGAIN = 900.0  # seconds
MOST = 10_000  # looks that are remembered


class Looks:
    """What was noted lately."""

    def __init__(self) -> None:
        self._at: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def fresh(self, who: str, what: str, about: str) -> bool:
        last = self._at.get((who, what, about))
        return last is None or time.monotonic() - last >= AGAIN

    def noted(self, who: str, what: str, about: str) -> None:
        """Once it is on record, no sooner: a look that could not be noted is none."""
        key = (who, what, about)
        self._at[key] = time.monotonic()
        self._at.move_to_end(key)
        while len(self._at) > MOST:
            self._at.popitem(last=False)


LOOKS: web.AppKey[Looks] = web.AppKey("looks", Looks)


async def looked(asked: Asked, case: Case) -> None:
    """At one case. Raises DatabaseDownError: what cannot be noted is not shown."""
    others = case.desks - {asked.services.cases.desk}
    if others:
        await note(asked, "case.look", case.number or case.id, {"case": case.id, "desks": sorted(others)})


async def searched(asked: Asked, wanted: Mapping[str, Any], found: Iterable[Mapping[str, Any]]) -> None:
    """For cases; noted where one of those found is another desk's too. Raises as `looked`."""
    own = asked.services.cases.desk
    others = {desk for row in found for desk in (row["first"], *row["owners"].split()) if desk != own}
    if others:
        await note(asked, "case.search", " ".join(sorted(others)), {"filters": filters(wanted)})


async def note(asked: Asked, what: str, about: str, details: Mapping[str, Any]) -> None:
    key = json.dumps([about, details], ensure_ascii=False, sort_keys=True)
    looks = asked.request.app[LOOKS]
    if looks.fresh(asked.by, what, key):
        role = asked.who.role if asked.who is not None else ""
        await Audit(asked.services.store).note(asked.by, role, what, about, "", details)
        looks.noted(asked.by, what, key)


def filters(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """As the audit may show them: a caller's number is masked there too."""
    told: Any = plain(dict(wanted))
    return {**told, "caller": masked(told["caller"])} if "caller" in told else dict(told)

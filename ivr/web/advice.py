"""What the hotline knows of who accepts what: the scope lists, the class tree and the norms, for one case together.

Lists and tree are read once, at the start: searching while somebody types touches memory only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog

from ivr.desks import suggest
from ivr.desks.case_model import Case
from ivr.desks.scope import Index
from ivr.desks.suggest import OfClass, Suggestion
from ivr.settings import Site, classes, scope
from ivr.store import Store
from ivr.store.norms import Norms

OVER = frozenset({"", "handled", "closed", "merged"})  # states in which nothing is proposed any more

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Advice:
    def __init__(self, site: Site, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._zone, self._clock = ZoneInfo(site.hotline.timezone), clock
        self.scope = Index(_of(lambda: scope.of(site)))
        tree = _of(lambda: classes.read(classes.file_of(site)))
        self._classes: Mapping[str, OfClass] = {
            one.code: OfClass(one.code, one.zh, one.en, one.desk, one.basis) for one in tree
        }
        self.norms = Norms(store)

    def day(self, at: datetime | None = None) -> date:
        """In the site's zone; today, where nothing is said."""
        return (at or self._clock()).astimezone(self._zone).date()

    def now(self) -> datetime:
        return self._clock()

    async def suggestion(self, case: Case) -> Suggestion | None:
        """Raises DatabaseDownError."""
        if case.state in OVER:
            return None
        matter, today = case.matter, self.day()
        return suggest.suggest(
            matter.class_code,
            await self.norms.near(matter.class_code),
            self.now().astimezone(self._zone),
            of_class=self._of_class(matter.class_code),
            chosen=self.scope.find(matter.scope),
            named=self.scope.matched("\n".join((matter.cause, matter.course, matter.text)), today),
        )

    def _of_class(self, code: str) -> OfClass | None:
        """The nearest one, itself or above, that says whose matter it is."""
        above = (self._classes.get(code[:length]) for length in range(len(code), 0, -1))
        return next((one for one in above if one is not None and (one.desk or one.basis)), None)


def _of(read: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    """What was good when the settings were checked, and is no more, stops nobody: it proposes nothing."""
    try:
        return read()
    except ValueError as wrong:
        log.warning("no_advice", why=str(wrong))
        return ()

"""Which scope list is in force on a day, and its matters found while somebody types (R31). Pure: an index in memory.

Chinese has no blanks between words, so texts are compared by pairs of characters; how callers call a matter (`words`)
counts when it stands in what is typed. What a text itself names is `matched`: where its words point to different desks,
to none.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, takewhile
from typing import Protocol

_HAN = "㐀-䶿一-鿿豈-﫿\U00020000-\U000323af"
_RUN = re.compile(rf"[{_HAN}]+|[^\W{_HAN}_]+")
_CHINESE = re.compile(rf"[{_HAN}]")
HALF = 0.5  # of what is typed has to be there, weighed by how rare it is; of whole sentences less
LITTLE = 0.2  # where nothing has half of it
AROUND = 0.5  # what a term counts that only the class of the list has
SHORTEST = 2  # characters of a word that is believed when a text names it


class Matter(Protocol):
    """An item as `ivr.settings.scope` reads it."""

    @property
    def code(self) -> str: ...
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def class_code(self) -> str: ...
    @property
    def group(self) -> tuple[str, str]: ...


class Version(Protocol):
    """A version of a list."""

    @property
    def id(self) -> str: ...
    @property
    def desk(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def items(self) -> Sequence[Matter]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A matter with the list that it stands in."""

    list: Version
    item: Matter

    @property
    def desk(self) -> str:
        return self.list.desk

    @property
    def reference(self) -> str:
        """As a case says which one was chosen: `<list>/<version>/<code>`."""
        return f"{self.list.id}/{self.list.version}/{self.item.code}"


@dataclass(frozen=True, slots=True)
class Named:
    """A text names a matter by one of its words."""

    entry: Entry
    word: str


def in_force(lists: Iterable[Version], day: date) -> tuple[Version, ...]:
    """Of each list the version that began last; it has replaced the earlier ones, even where it has ended itself."""
    newest: dict[str, Version] = {}
    for each in lists:
        known = newest.get(each.id)
        if each.since <= day and (known is None or known.since < each.since):
            newest[each.id] = each
    return tuple(each for each in newest.values() if each.until is None or day <= each.until)


class Index:
    """Made once; asked while people type."""

    def __init__(self, lists: Sequence[Version]) -> None:
        self.lists = tuple(lists)
        self._known = {entry.reference: entry for each in lists for entry in (Entry(each, one) for one in each.items)}
        self._shares: dict[str, dict[str, float]] = {}  # term → reference → what it counts there
        self._words: dict[str, list[Named]] = {}  # the first characters of a word → those that begin so
        for reference, entry in self._known.items():
            item = entry.item
            for term in _terms(" ".join(item.group).lower()):
                self._shares.setdefault(term, {})[reference] = AROUND
            for term in _terms(" ".join((item.zh, item.en, *item.words)).lower()):
                self._shares.setdefault(term, {})[reference] = 1.0
            for word in (word.strip().lower() for word in item.words):
                if len(word) >= SHORTEST:
                    self._words.setdefault(word[:SHORTEST], []).append(Named(entry, word))
        self._letters = sorted(term for term in self._shares if not _CHINESE.match(term))
        self._rarest = math.log(1 + len(self._known))

    def entries(self, day: date, desk: str | None = None) -> list[Entry]:
        """Everything that is in force, in the order of the file."""
        valid = {(each.id, each.version) for each in in_force(self.lists, day) if desk in {None, each.desk}}
        return [entry for entry in self._known.values() if (entry.list.id, entry.list.version) in valid]

    def find(self, reference: str) -> Entry | None:
        """By its reference, in force or not."""
        return self._known.get(reference)

    def search(self, typed: str, day: date, desk: str | None = None, limit: int = 20) -> list[Entry]:
        """What fits best first; everything where nothing is typed."""
        entries, said = self.entries(day, desk), typed.strip().lower()
        if not said:
            return entries[:limit]
        called: dict[str, int] = {}  # the longest of its words that stands in what is typed
        for one in self._named(said):
            called[one.entry.reference] = max(len(one.word), called.get(one.entry.reference, 0))
        shares = self._judged(said)
        scores = {
            entry.reference: (
                entry.item.code.lower().startswith(said),
                called.get(entry.reference, 0),
                shares.get(entry.reference, 0.0),
            )
            for entry in entries
        }
        for enough in (HALF, LITTLE):
            found = [entry for entry in entries if _fits(scores[entry.reference], enough)]
            if found:
                return sorted(found, key=lambda entry: scores[entry.reference], reverse=True)[:limit]
        return []

    def _judged(self, said: str) -> dict[str, float]:
        """How much of what is typed each matter has, weighed by how rare it is: 0 to 1, by reference."""
        whole, there = 0.0, dict[str, float]()
        for term in dict.fromkeys(_terms(said)):
            holders: dict[str, float] = {}
            for known in self._like(term):
                for reference, counts in self._shares[known].items():
                    holders[reference] = max(counts, holders.get(reference, 0.0))
            weight = math.log(1 + len(self._known) / len(holders)) if holders else self._rarest
            whole += weight
            for reference, counts in holders.items():
                there[reference] = there.get(reference, 0.0) + weight * counts
        return {reference: part / whole for reference, part in there.items()}

    def _like(self, wanted: str) -> Iterable[str]:
        """Terms that are meant by one: letters, and a single character, are beginnings of what is still being typed."""
        if not _CHINESE.match(wanted):
            begin = bisect_left(self._letters, wanted)
            return takewhile(lambda term: term.startswith(wanted), islice(self._letters, begin, None))
        if len(wanted) == 1:
            return [term for term in self._shares if wanted in term]
        return [wanted] if wanted in self._shares else []

    def _named(self, said: str) -> Iterator[Named]:
        """Every word of a matter that stands in a text, once for each place."""
        for at in range(len(said) - SHORTEST + 1):
            for one in self._words.get(said[at : at + SHORTEST], ()):
                if said.startswith(one.word, at) and _stands_alone(said, at, len(one.word)):
                    yield one

    def matched(self, text: str, day: date) -> Named | None:
        """The matter that a text names by its longest word; none where its words point to different desks."""
        valid = {(each.id, each.version) for each in in_force(self.lists, day)}
        found = [one for one in self._named(text.lower()) if (one.entry.list.id, one.entry.list.version) in valid]
        words = {one.word for one in found}
        inner = {word for word in words if any(word != other and word in other for other in words)}
        whole = [one for one in found if one.word not in inner]
        if len({one.entry.desk for one in whole}) != 1:
            return None
        return max(whole, key=lambda one: len(one.word))


def _fits(score: tuple[bool, int, float], enough: float) -> bool:
    code, word, share = score
    return code or word > 0 or share >= enough


def _stands_alone(said: str, at: int, length: int) -> bool:
    """A word of letters: `gas` is not in `gasp`."""
    if _CHINESE.match(said[at]):
        return True
    around = said[at - 1 : at] + said[at + length : at + length + 1]
    return not any(letter.isascii() and letter.isalnum() for letter in around)


def _terms(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if len(run) > 1 and _CHINESE.match(run):
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield run

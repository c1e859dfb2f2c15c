"""Which scope list is in force on a day, and its matters found while somebody types (R31). Pure: an index in memory.

Chinese has no blanks between words, so texts are compared by pairs of characters; how callers call a matter (`words`)
counts when it stands in what is typed. What a text itself names is `matched`: where its words point to different desks,
to none.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
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
    terms: frozenset[str] = field(repr=False)  # of the matter itself
    around: frozenset[str] = field(repr=False)  # of the class of the list that it stands in

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
        self._entries = {(each.id, each.version): _entries(each) for each in lists}
        self._known = {entry.reference: entry for entries in self._entries.values() for entry in entries}
        counts = Counter(term for entry in self._known.values() for term in entry.terms | entry.around)
        self._weights: Mapping[str, float] = {
            term: math.log(1 + len(self._known) / times) for term, times in counts.items()
        }
        self._rarest = math.log(1 + len(self._known))

    def entries(self, day: date, desk: str | None = None) -> list[Entry]:
        """Everything that is in force, in the order of the file."""
        valid = (each for each in in_force(self.lists, day) if desk in {None, each.desk})
        return [entry for each in valid for entry in self._entries[each.id, each.version]]

    def find(self, reference: str) -> Entry | None:
        """By its reference, in force or not."""
        return self._known.get(reference)

    def search(self, typed: str, day: date, desk: str | None = None, limit: int = 20) -> list[Entry]:
        """What fits best first; everything where nothing is typed."""
        entries, said = self.entries(day, desk), typed.strip().lower()
        if not said:
            return entries[:limit]
        wanted = list(dict.fromkeys(_terms(said)))
        judged = ((self._judged(entry, said, wanted), entry) for entry in entries)
        found = [(score, entry) for score, entry in judged if any(score[:2]) or score[2] >= LITTLE]
        if any(any(score[:2]) or score[2] >= HALF for score, _ in found):
            found = [(score, entry) for score, entry in found if any(score[:2]) or score[2] >= HALF]
        return [entry for _, entry in sorted(found, key=lambda one: one[0], reverse=True)[:limit]]

    def _judged(self, entry: Entry, said: str, wanted: Sequence[str]) -> tuple[int, int, float]:
        """Its code; the longest of its words that stands in what is typed; how much of what is typed it has."""
        code = int(entry.item.code.lower().startswith(said))
        word = max((len(word) for word in _called(entry.item) if word in said), default=0)
        whole = sum(self._weight(term) for term in wanted)
        there = sum(self._weight(term) * _has(entry, term) for term in wanted)
        return code, word, there / whole if whole else 0.0

    def _weight(self, term: str) -> float:
        return self._weights.get(term, self._rarest)

    def matched(self, text: str, day: date) -> Named | None:
        """The matter that a text names by its longest word; none where its words point to different desks."""
        said = text.lower()
        named = [
            Named(entry, word)
            for entry in self.entries(day)
            for word in _called(entry.item)
            if len(word) >= SHORTEST and _stands_in(word, said)
        ]
        named = [one for one in named if not any(one.word != other.word and one.word in other.word for other in named)]
        if len({one.entry.desk for one in named}) != 1:
            return None
        return max(named, key=lambda one: len(one.word))


def _entries(each: Version) -> tuple[Entry, ...]:
    return tuple(
        Entry(each, item, _all_terms(item.zh, item.en, *item.words), _all_terms(*item.group)) for item in each.items
    )


def _all_terms(*texts: str) -> frozenset[str]:
    return frozenset(_terms(" ".join(texts).lower()))


def _called(item: Matter) -> Iterator[str]:
    return (word.strip().lower() for word in item.words)


def _stands_in(word: str, said: str) -> bool:
    """A word of letters stands alone: `gas` is not in `gasp`."""
    if _CHINESE.search(word):
        return word in said
    return re.search(rf"(?<![0-9a-z]){re.escape(word)}(?![0-9a-z])", said) is not None


def _terms(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if len(run) > 1 and _CHINESE.match(run):
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield run


def _has(entry: Entry, wanted: str) -> float:
    """1, or AROUND. One character, and letters, are beginnings of what is still being typed."""
    alone = len(wanted) == 1 or not _CHINESE.match(wanted)
    for terms, counts in ((entry.terms, 1.0), (entry.around, AROUND)):
        if wanted in terms or (alone and any(_begins(term, wanted) for term in terms)):
            return counts
    return 0.0


def _begins(term: str, wanted: str) -> bool:
    return wanted in term if _CHINESE.match(wanted) else term.startswith(wanted)

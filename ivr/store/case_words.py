"""What a case can be found by: words, in which Chinese is cut into pairs of characters, and marks for its facts.

Chinese has no blanks between words: `路灯不亮` is kept as `路灯 灯不 不亮 亮`, and looked for as the row
`路灯 灯不 不亮`. So two characters are enough to find, without a dictionary. One character alone is looked for as a
beginning (`灯*`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from ivr.desks.case_model import Case

LONGEST = 64  # characters of one word
MOST_WORDS = 16_000  # of one case: PostgreSQL tells their places up to 16,383, and keeps 1 MB of them
MOST_BYTES = 512 * 1024
ORDERED = "1"  # stands for any department that has a work order of the case
MOST_MONTHS = 24  # of a span of time that is looked for by marks
_HAN = "㐀-䶿一-鿿豈-﫿\U00020000-\U000323af"
_RUN = re.compile(rf"[{_HAN}]+|[^\W{_HAN}_]+")
_CHINESE = re.compile(rf"[{_HAN}]")


def indexed(case: Case) -> list[str]:
    """Everything that the case is found by, in order: rows of words are looked for as they stand.

    Of a case that says too much the matter and what was written last.
    """
    matter = case.matter
    texts: tuple[str, ...] = (matter.cause, matter.course, matter.text, name(case), matter.place, matter.happened)
    texts += tuple(result.words for result in case.results.values())
    texts += tuple(letter.words for letter in reversed(case.letters))
    said = (word for text in (case.number.replace("-", " "), *texts) for word in _kept(text))
    return [*_so_many(said), *(f"p:{word}" for word in _kept(matter.place)), *_marks(case)]


def _so_many(words: Iterable[str]) -> Iterator[str]:
    """The first of them, as many as an index takes: whoever writes letter after letter stops nothing."""
    room = MOST_BYTES
    for word in islice(words, MOST_WORDS):
        room -= len(word.encode())
        if room < 0:
            return
        yield word


def name(case: Case) -> str:
    """By which it may be found and mentioned: whoever wishes it stays unnamed (R60)."""
    return "" if case.matter.confidential else case.matter.name


def _kept(text: str) -> Iterator[str]:
    for run in _RUN.findall(text.lower()):
        if _CHINESE.match(run):
            yield from (run[at : at + 2] for at in range(len(run)))  # the last one is a single character
        else:
            yield run[:LONGEST]


def _marks(case: Case) -> Iterator[str]:
    matter = case.matter
    yield f"s:{case.state}"
    yield f"u:{matter.urgency}".replace("_", "")
    yield f"f:{_plain(case.first)}"
    yield from (f"d:{_plain(desk)}" for desk in case.owners)
    if matter.kind:
        yield f"k:{matter.kind}"
    if matter.caller:
        yield f"n:{_plain(matter.caller)}"
    for order in case.orders:
        yield from (f"o:{_plain(one)}" for one in (ORDERED, *order.departments))
    if case.opened_at is not None:
        yield f"m:{case.opened_at:%Y%m}"
    for mark, code in (("c", matter.class_code), ("r", matter.region)):
        plain = _plain(code)
        yield from (f"{mark}:{plain[:length]}" for length in range(2, len(plain) + 1))


def _plain(code: str) -> str:
    return re.sub(r"[^0-9a-z]", "", code.lower())[:LONGEST]


def mark(kind: str, value: str) -> str:
    """As `_marks` makes them: s(tate), u(rgency), d (owner), f(irst owner), k(ind), n(umber of the caller), c(lass),
    r(egion), o (who works on it)."""
    return f"{kind}:{_plain(value)}"


def months(since: datetime, until: datetime) -> list[str]:
    """Marks of the months from … to; none where they are too many."""
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    if not 0 <= last - first < MOST_MONTHS:
        return []
    return [f"m:{month // 12:04}{month % 12 + 1:02}" for month in range(first, last + 1)]


def wanted(text: str, prefix: str = "") -> list[tuple[str, ...]]:
    """Rows of words that all have to be there; a word that ends in `*` is a beginning. None: nothing to look for."""
    rows: list[tuple[str, ...]] = []
    for run in _RUN.findall(text.lower()):
        if not _CHINESE.match(run):
            rows.append((f"{prefix}{run[:LONGEST]}*",))
        elif len(run) == 1:
            rows.append((f"{prefix}{run}*",))
        else:
            rows.append(tuple(f"{prefix}{run[at : at + 2]}" for at in range(len(run) - 1)))
    return rows

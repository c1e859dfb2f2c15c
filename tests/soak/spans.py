"""Intervals of time as sorted lists of (start, end), in seconds; nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[float, float]
Spans = Sequence[Span]


def length(span: Span) -> float:
    return span[1] - span[0]


def merged(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    """Sorted, with everything joined that overlaps or lies at most `gap` apart."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def padded(spans: Iterable[Span], by: float) -> list[Span]:
    """Each longer by so much at both ends; with a negative number shorter, and gone where nothing is left."""
    return merged((start - by, end + by) for start, end in spans)


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of `spans` where there is no hole."""
    left = merged(spans)
    for first, last in merged(holes):
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, first)), (max(start, last), end))
            if piece[1] > piece[0]
        ]
    return left


def common(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Where both are."""
    others = merged(other)
    return [
        (max(start, first), min(end, last))
        for start, end in merged(one)
        for first, last in others
        if min(end, last) > max(start, first)
    ]


def around(spans: Iterable[Span], moment: float, before: float = 0.0, after: float = 0.0) -> bool:
    """Whether the moment lies in one of them, `before` seconds earlier or `after` seconds later included."""
    return any(start - before <= moment <= end + after for start, end in spans)

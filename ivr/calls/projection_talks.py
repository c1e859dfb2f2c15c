"""Who heard whom: overlaps of stays in bridges, seen through Local pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ivr.calls.model import Leg, Talk
from ivr.calls.projection_channels import Channel, Stay

_FRAME = timedelta(milliseconds=20)  # of RTP: nothing shorter is heard
_GAP = timedelta(milliseconds=50)  # a bridge being merged or swapped
_OPEN = datetime.max.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]


def talks_of(legs: Sequence[Leg], channels: Mapping[str, Channel], stays: Sequence[Stay]) -> tuple[Talk, ...]:
    """One talk a pair of legs and interval, in the order of time. `legs` in the order in which a talk names them."""
    rank = {leg.id: at for at, leg in enumerate(legs)}
    heard: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for members in _rooms(legs, channels, stays).values():
        for at, (one, span) in enumerate(members):
            for other, other_span in members[at + 1 :]:
                both = _overlap(span, other_span)
                if one != other and both:
                    first, second = sorted((rank[one], rank[other]))
                    heard[first, second].append(both)
    found = [
        (start, first, second, end)
        for (first, second), spans in heard.items()
        for start, end in _merged(spans)
        if end - start >= _FRAME
    ]
    return tuple(
        Talk(legs[first].call_id, legs[first].id, legs[second].id, start, None if end == _OPEN else end)
        for start, first, second, end in sorted(found)
    )


def _rooms(
    legs: Iterable[Leg], channels: Mapping[str, Channel], stays: Iterable[Stay]
) -> dict[str, list[tuple[str, Span]]]:
    """Bridge → which legs were in it, and when; what they hear through a Local pair counts as the bridge behind it."""
    life = {leg.id: (leg.started_at, leg.ended_at or _OPEN) for leg in legs}
    rooms: dict[str, list[tuple[str, Span]]] = defaultdict(list)
    doors: dict[str, list[tuple[str, Span]]] = defaultdict(list)  # half of a Local pair, by name → bridge
    for stay in stays:
        span = (stay.start, stay.end or _OPEN)
        name = channels[stay.channel].name
        if stay.channel in life:
            inside = _overlap(span, life[stay.channel])
            if inside:
                rooms[stay.bridge].append((stay.channel, inside))
        elif name.startswith("Local/"):
            end = channels[stay.channel].ended_at
            doors[name].append((stay.bridge, (stay.start, stay.end or end or _OPEN)))
    pairs = [name for name in doors if name.endswith(";1") and name[:-1] + "2" in doors]
    for _ in pairs:  # at most so many doors in a row
        known = {bridge: list(members) for bridge, members in rooms.items()}
        for name in pairs:
            for here, open_here in doors[name]:
                for there, open_there in doors[name[:-1] + "2"]:
                    both = _overlap(open_here, open_there)
                    if both and here != there:
                        _hear_through(rooms, known, here, there, both)
                        _hear_through(rooms, known, there, here, both)
    return rooms


def _hear_through(
    rooms: dict[str, list[tuple[str, Span]]],
    known: Mapping[str, Sequence[tuple[str, Span]]],
    source: str,
    target: str,
    door: Span,
) -> None:
    for leg, span in known.get(source, ()):
        inside = _overlap(span, door)
        if inside and (leg, inside) not in rooms[target]:
            rooms[target].append((leg, inside))


def _overlap(one: Span, other: Span) -> Span | None:
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= _GAP:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged

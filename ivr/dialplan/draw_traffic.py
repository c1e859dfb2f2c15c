"""How many calls took which way of a picture: their stories from the call log, laid along its arrows. Pure.

A story is what the log knows of a call, in order: its steps (`ivr_step`; a hook's by the site's context), that somebody
talked, and whether it ended as a talk ends. Between two of them the call took the shortest way that the picture has.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ivr.dialplan.draw_model import Drawing, Kind, Way
from ivr.dialplan.model import Dialplan, Step

TALKED, ENDED = "/talked", "/ended"  # beside the names of steps
Story = tuple[str, ...]

_STEP = re.compile(r"STEP\s*,.*\bstep=(\w+)")
_REQUEUED = re.compile(r"REQUEUED\s*,")
_BOTH = frozenset({Way.VISIT, Way.HOOK})  # a call comes back from there


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls by their stories; `words` say of when they are."""

    stories: Mapping[Story, int]
    words: str


def writers(dialplan: Dialplan) -> Mapping[str, frozenset[str]]:
    """Step of the call log → the contexts that write it."""
    found: dict[str, set[str]] = defaultdict(set)
    for step in dialplan.steps():
        for name in _told(step):
            found[name].add(step.context)
    return {name: frozenset(contexts) for name, contexts in found.items()}


def _told(step: Step) -> Iterator[str]:
    if step.application.lower() == "celgenuserevent":
        if found := _STEP.match(step.arguments):
            yield found[1]
        elif _REQUEUED.match(step.arguments):
            yield "requeued"


def with_traffic(drawing: Drawing, written: Mapping[str, Collection[str]], traffic: Traffic) -> Drawing:
    """The same picture with the calls that came to each box and took each arrow (each call once)."""
    kinds = {box.id: box.kind for box in drawing.boxes}
    starts = [box.id for box in drawing.boxes if box.kind is Kind.START]
    people = frozenset(id for id, kind in kinds.items() if kind is Kind.HUMAN)
    ends = frozenset(id for id, kind in kinds.items() if kind is Kind.END)
    goals = {**{id: (id,) for id in kinds}, **written, TALKED: people, ENDED: ends}
    onward = _onward(drawing)
    boxes, ways = Counter[str](), Counter[tuple[str, str]]()
    for story, calls in traffic.stories.items():
        taken = _taken(story, starts, goals, onward)
        for pair in taken:
            ways[pair] += calls
        for id in {*starts[:1], *(id for pair in taken for id in pair)}:
            boxes[id] += calls
    total = sum(traffic.stories.values())
    note = f"{drawing.note} · {traffic.words}: {total}" if drawing.note else f"{traffic.words}: {total}"
    return replace(
        drawing,
        boxes=tuple(replace(box, calls=boxes[box.id]) for box in drawing.boxes),
        arrows=tuple(replace(one, calls=ways[one.source, one.target]) for one in drawing.arrows),
        note=note,
    )


def _onward(drawing: Drawing) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for arrow in drawing.arrows:
        found[arrow.source].append(arrow.target)
        if arrow.way in _BOTH:
            found[arrow.target].append(arrow.source)
    return found


def _taken(
    story: Story, starts: Sequence[str], goals: Mapping[str, Collection[str]], onward: Mapping[str, Sequence[str]]
) -> set[tuple[str, str]]:
    """The arrows of one story. What the picture has no way to is passed over."""
    taken: set[tuple[str, str]] = set()
    here = starts[0] if starts else ""
    way: Sequence[str] = ()
    for name in story:
        if set(goals.get(name, ())) & set(way[1:-1]):  # told late: who answers at once talks before the step is written
            continue
        way = _shortest(here, goals.get(name, ()), onward)
        taken |= set(pairwise(way))
        here = way[-1] if way else here
        if not way:  # what core asks the site for beside the call's way has a beginning of its own
            aside = next((one for start in starts[1:] if (one := _shortest(start, goals.get(name, ()), onward))), ())
            taken |= set(pairwise(aside))
    return taken


def _shortest(start: str, goals: Collection[str], onward: Mapping[str, Sequence[str]]) -> Sequence[str]:
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        if way[-1] in goals:
            return way
        fresh = [one for one in onward.get(way[-1], ()) if one not in seen]
        seen |= set(fresh)
        ways += [(*way, one) for one in fresh]
    return ()

"""The circles of a graph of steps: sets of steps that lead to one another (Tarjan, without recursion). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.dialplan.flow import Edge
from ivr.dialplan.model import Step


def circles(ways: Mapping[Step, tuple[Edge, ...]]) -> Iterator[frozenset[Step]]:
    """Every set of more than one step, or of one that leads to itself, in the order of the steps."""
    after = {step: [edge.step for edge in edges if edge.step in ways] for step, edges in ways.items()}
    index: dict[Step, int] = {}
    low: dict[Step, int] = {}
    stacked: dict[Step, None] = {}
    for start in ways:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        stacked[start] = None
        path = [(start, iter(after[start]))]
        while path:
            step, following = path[-1]
            target = next(following, None)
            if target is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[step])
                if low[step] == index[step]:
                    members = _popped(stacked, step)
                    if len(members) > 1 or step in after[step]:
                        yield members
            elif target not in index:
                index[target] = low[target] = len(index)
                stacked[target] = None
                path.append((target, iter(after[target])))
            elif target in stacked:
                low[step] = min(low[step], index[target])


def _popped(stacked: dict[Step, None], until: Step) -> frozenset[Step]:
    members = set()
    while True:
        step, _ = stacked.popitem()
        members.add(step)
        if step is until or step == until:
            return frozenset(members)

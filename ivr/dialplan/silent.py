"""The way of a caller who says and presses nothing: which branches he can take. Pure."""

from __future__ import annotations

from ivr.dialplan import expressions
from ivr.dialplan.flow import Edge, Flow
from ivr.dialplan.parts import Reference, parse


class Silent:
    """Every variable that only Read sets is empty, no key is pressed; what else a condition asks is not known."""

    def __init__(self, flow: Flow) -> None:
        sets = flow.values.sets
        self._heard = frozenset(
            name
            for name, setters in sets.items()
            if any(value is None for _, value in setters) and all(value in {None, ""} for _, value in setters)
        )

    def takes(self, edge: Edge) -> bool:
        if edge.kind == "key":
            return False
        if not edge.condition or edge.condition.startswith("time "):
            return True
        holds = expressions.truth(parse(edge.condition), self._known)
        return holds is None or holds == edge.holds

    def _known(self, reference: Reference) -> str | None:
        plain = reference.arguments is None and not reference.slice
        return "" if plain and reference.literal in self._heard else None

"""Which step stands at a place, looked up many times: `match` decides, an index makes it quick. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialplan import match
from ivr.dialplan.model import Context, Dialplan, Step

_PATTERNS = 2_000  # of one context; beyond it a number is not looked for among patterns: no person wrote them


class _Index:
    def __init__(self, context: Context) -> None:
        self.steps: dict[str, dict[int | str, Step]] = {}
        for step in context.steps:
            places = self.steps.setdefault(step.extension, {})
            places.setdefault(step.priority, step)
            if step.label is not None:
                places.setdefault(step.label, step)
        patterns = [one for one in self.steps if match.is_pattern(one)]
        self._patterns = sorted(patterns[:_PATTERNS], key=match.order)

    def extension(self, number: str) -> str | None:
        if number in self.steps:
            return number
        return next((one for one in self._patterns if match.matches(one, number)), None)


class Places:
    def __init__(self, dialplan: Dialplan) -> None:
        self._dialplan = dialplan
        self._indexes: dict[str, _Index] = {}
        self._reached: dict[str, tuple[str, ...]] = {}

    def find(self, context: str, extension: str, where: int | str) -> Step | None:
        """As `match.find`: the first context among its includes that takes the number and has the priority or label."""
        for index in self._within(context):
            found = index.extension(extension)
            if found is not None and where in index.steps[found]:
                return index.steps[found][where]
        return None

    def first(self, context: str) -> Iterator[Step]:
        """The first step of every extension of the context and of what it includes."""
        for index in self._within(context):
            for places in index.steps.values():
                if 1 in places:
                    yield places[1]

    def after(self, step: Step) -> Step | None:
        """The next priority of the same extension, in the context in which it stands."""
        index = self._index(step.context)
        return index.steps.get(step.extension, {}).get(step.priority + 1) if index is not None else None

    def is_last(self, step: Step) -> bool:
        """Has its extension no later priority?"""
        index = self._index(step.context)
        numbers = [one for one in index.steps[step.extension] if isinstance(one, int)] if index is not None else []
        return step.priority == max(numbers, default=step.priority)

    def _within(self, context: str) -> Iterator[_Index]:
        if context not in self._reached:
            self._reached[context] = tuple(one.name for one in match.reached(self._dialplan, context))
        for name in self._reached[context]:
            if (index := self._index(name)) is not None:
                yield index

    def _index(self, name: str) -> _Index | None:
        if name not in self._indexes and name in self._dialplan.contexts:
            self._indexes[name] = _Index(self._dialplan.contexts[name])
        return self._indexes.get(name)

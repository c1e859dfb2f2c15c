"""What a text with `${…}` may come to: a set of words where the dialplan says so, None where only a call knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import product

from ivr.dialplan.applications import assigned, bare
from ivr.dialplan.model import Dialplan, Step
from ivr.dialplan.parts import Part, Plain, Reference, parse, split, text_of

Words = frozenset[str] | None

_MANY = 64  # a text that may come to more words counts as unknown
_DEEP = 8
_PLAIN_GLOBAL = re.compile(r"\$\{([A-Za-z_]\w*)\}")


class Values:
    """`gosubs`: the arguments that a context is called with. `given`: names that others set too (AMI, endpoints)."""

    def __init__(self, dialplan: Dialplan, given: frozenset[str], gosubs: Callable[[str], Iterable[list[str]]]) -> None:
        self._globals = {name: one.value for name, one in dialplan.globals.items()}
        self._given, self._gosubs = given, gosubs
        self._sets: dict[str, list[tuple[Step, str | None]]] = {}
        for step in dialplan.steps():
            for name, value in assigned(step):
                self._sets.setdefault(bare(name), []).append((step, value))

    @property
    def sets(self) -> Mapping[str, list[tuple[Step, str | None]]]:
        return self._sets

    def spelled(self, text: str) -> str:
        """The text with each plain global variable written out, where nothing but the settings sets it."""
        return _PLAIN_GLOBAL.sub(
            lambda found: self.constant(found[1]) or found[0] if self._fixed(found[1]) else found[0], text
        )

    def constant(self, name: str) -> str:
        return self._globals[name]

    def setting(self, name: str) -> str | None:
        """The word of a global variable that nothing but the settings sets."""
        return self._globals[name] if self._fixed(name) else None

    def _fixed(self, name: str) -> bool:
        return name in self._globals and name not in self._sets and name not in self._given

    def of(self, text: str, step: Step) -> Words:
        return self._text(parse(text), step, 0)

    def _text(self, parts: tuple[Part, ...], step: Step, deep: int) -> Words:
        choices: list[frozenset[str]] = []
        count = 1
        for part in parts:
            words = frozenset({part.text}) if isinstance(part, Plain) else self._part(part, step, deep)
            if words is None:
                return None
            count *= len(words)
            if count > _MANY:
                return None
            choices.append(words)
        return frozenset("".join(words) for words in product(*choices))

    def _part(self, part: Part, step: Step, deep: int) -> Words:
        if not isinstance(part, Reference) or deep > _DEEP:
            return None
        if part.arguments is not None:
            return self._function(part, step, deep)
        if part.slice:
            return None
        if part.literal is None:
            return self._named_alike(part, step, deep)
        return self._variable(part.literal, step, deep)

    def _function(self, part: Reference, step: Step, deep: int) -> Words:
        if part.literal != "IF" or not part.arguments:
            return None
        question = split(text_of(part.arguments), "?", 2)
        if len(question) == 1:
            return None
        found: set[str] = set()
        for branch in split(question[1], ":", 2):
            words = self._text(parse(branch), step, deep + 1)
            if words is None:
                return None
            found |= words
        return frozenset(found)

    def _variable(self, name: str, step: Step, deep: int) -> Words:
        if name == "EXTEN":
            return None if step.extension.startswith("_") else frozenset({step.extension})
        if self._fixed(name):
            return frozenset({self._globals[name]})
        if re.fullmatch(r"ARG\d", name):
            return self._argument(int(name[3:]), step, deep)
        if name in self._given or name not in self._sets:
            return None
        found: set[str] = {self._globals[name]} if name in self._globals else set()
        for setter, value in self._near(name, step):
            words = self._text(parse(value), setter, deep + 1) if value is not None else None
            if words is None or len(found) > _MANY:
                return None
            found |= words
        return frozenset(found - {""})

    def _near(self, name: str, step: Step) -> list[tuple[Step, str | None]]:
        """A site's steps and core's run on legs of their own: a name that both use is two variables."""
        near = [one for one in self._sets[name] if _of_a_site(one[0]) == _of_a_site(step)]
        return near or self._sets[name]

    def _argument(self, number: int, step: Step, deep: int) -> Words:
        found: set[str] = set()
        calls = list(self._gosubs(step.context))
        for arguments in calls:
            text = arguments[number - 1].strip() if len(arguments) >= number else ""
            if "${" in text or "$[" in text:
                return None
            found.add(text)
        return frozenset(found) if calls else None

    def _named_alike(self, part: Reference, step: Step, deep: int) -> Words:
        """`${TARGET_${KEY}_FLOW}`: the values of every global of such a name."""
        shape = "".join(re.escape(one.text) if isinstance(one, Plain) else ".*" for one in part.name)
        if any(re.fullmatch(shape, name) for name in self._sets):
            return None
        values = {value for name, value in self._globals.items() if re.fullmatch(shape, name)}
        return frozenset(values - {""}) if values and len(values) <= _MANY else None


def _of_a_site(step: Step) -> bool:
    return step.context.startswith("site-")

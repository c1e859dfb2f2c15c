"""What a text with `${…}` may come to: a set of words where the dialplan says so, None where only a call knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

from ivr.dialplan.model import Dialplan, Step
from ivr.dialplan.parts import Part, Plain, Reference, call, options, parse, split, text_of

Words = frozenset[str] | None

_MANY = 64  # a text that may come to more words counts as unknown
_DEEP = 8
_PLAIN_GLOBAL = re.compile(r"\$\{([A-Za-z_]\w*)\}")


def assigned(step: Step) -> Iterator[tuple[str, str | None]]:
    """Each variable that a step sets and the text of its value, None where a person or a program gives it.

    Names are as written: `__CALLER`, `SHARED(FAR,${CALLER})`, `GLOBAL(X)`.
    """
    yield from _assigned(step.application, step.arguments, 0)


def _assigned(application: str, arguments: str, deep: int) -> Iterator[tuple[str, str | None]]:
    name = application.lower()
    if name == "set":
        variable, equals, value = _equation(arguments)
        if equals:
            yield variable, value
    elif name == "mset":
        yield from (_equation(one)[::2] for one in split(arguments))
    elif name in {"read", "readexten"}:
        yield split(arguments)[0].strip(), None
    elif name == "originate":
        yield from _originated(split(arguments))
    elif name in {"execif", "execiftime", "exec", "tryexec"} and deep < _DEEP:
        for inner in _inner(name, arguments):
            yield from _assigned(*call(inner), deep + 1)


def _inner(name: str, arguments: str) -> Iterable[str]:
    if name in {"exec", "tryexec"}:
        return (arguments,)
    question = split(arguments, "?", 2)
    return split(question[1], ":", 2) if len(question) > 1 else ()


def _equation(text: str) -> tuple[str, str, str]:
    parts = split(text, "=", 2)
    return (parts[0].strip(), "=", parts[1]) if len(parts) > 1 else (text.strip(), "", "")


def _originated(arguments: list[str]) -> Iterator[tuple[str, str | None]]:
    """`v(name=value^name=value)` among Originate's options: the new legs' variables."""
    inside = options(arguments[6] if len(arguments) > 6 else "").get("v", "")
    for one in inside.split("^") if inside else ():
        variable, equals, value = _equation(one)
        if equals:
            yield variable, value


def bare(name: str) -> str:
    """A variable's name without the underscores that make it inherited, or what `GLOBAL()` holds."""
    name = name.strip()
    if name.upper().startswith("GLOBAL(") and name.endswith(")"):
        name = name[7:-1]
    return name.lstrip("_") if name.startswith("_") else name


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
        for setter, value in self._sets[name]:
            words = self._text(parse(value), setter, deep + 1) if value is not None else None
            if words is None or len(found) > _MANY:
                return None
            found |= words
        return frozenset(found - {""})

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

"""A dialplan as its editor sees it: contexts, steps, and where each stands in a file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class At:
    """A place in a file; lines count from 1."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that the reader could not take as it stands: `kind` is a stable word, `text` what stands there."""

    at: At
    kind: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One priority of one extension. `arguments` are as written, `${…}` unexpanded; `\\;` has become `;`.

    A step equals itself alone: checks look steps up millions of times, and no two stand at one place.
    """

    at: At
    context: str
    extension: str  # after the global variables that Asterisk expands at load; a pattern begins with `_`
    caller: str | None  # the caller-id pattern of `exten => 100/555,…`
    priority: int
    label: str | None
    application: str
    arguments: str

    @property
    def place(self) -> str:
        """As dialplans and Asterisk name it: `greeting,s,3`."""
        return f"{self.context},{self.extension},{self.priority}"


@dataclass(frozen=True, slots=True)
class Include:
    """`include => name`, or a `switch` (then `name` is its whole text)."""

    at: At
    kind: str  # include, switch, lswitch, eswitch, ignorepat
    name: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading `[name]` as it stands in a file: `adds` where it has `(+)`, `template` where it has `(!)`."""

    at: At
    name: str
    adds: bool = False
    template: bool = False
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Global:
    at: At
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Context:
    name: str
    sections: tuple[Section, ...]  # where it is written: more than one if files add to it
    steps: tuple[Step, ...]  # in the order of the files
    includes: tuple[Include, ...] = ()
    hints: tuple[Step, ...] = ()

    @property
    def at(self) -> At:
        return self.sections[0].at

    def extensions(self) -> Iterator[str]:
        """Each once, in the order of the files."""
        yield from dict.fromkeys(step.extension for step in self.steps)


@dataclass(frozen=True, slots=True)
class Comment:
    """A whole-line comment, without its `;`, or the end of a line."""

    at: At
    text: str


@dataclass(frozen=True, slots=True)
class Dialplan:
    """Everything that Asterisk would load from `files`."""

    files: tuple[Path, ...]
    contexts: Mapping[str, Context]
    globals: Mapping[str, Global] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()
    faults: tuple[Fault, ...] = ()
    reserved: tuple[Section, ...] = ()  # headings [general] and [globals], which make no contexts

    def steps(self) -> Iterator[Step]:
        for context in self.contexts.values():
            yield from context.steps

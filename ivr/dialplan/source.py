"""Text of dialplans → `Dialplan`, as Asterisk's pbx_config and config readers take it. Pure: files come as text.

Asterisk's own reading: main/config.c (comments, headings, #include) and pbx/pbx_config.c (exten, same, include).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ivr.dialplan.model import At, Comment, Context, Dialplan, Fault, Global, Include, Section, Step

INCLUDES_DEEP = 10  # MAX_INCLUDE_LEVEL of Asterisk's main/config.c
FILES = 2_000  # read at most, each as often as it is included: ten levels of ten would be ten thousand million
LARGEST = 64 * 1024 * 1024  # bytes of one file
LONGEST_LINE = 8191  # bytes; Asterisk's config reader cuts longer ones

_HEADING = re.compile(r"\[([^\]]*)\]\s*(?:\(([^)]*)\))?\s*(.*)")
_INCLUDE = re.compile(r"#(include|tryinclude|exec)\s+(?:<([^>]*)>|\"([^\"]*)\"|(\S+))")
_PRIORITY = re.compile(r"\s*(?:(\d+)|([ns])(?:\s*\+\s*(\d+))?)\s*(?:\(([^)]*)\))?\s*")
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")

Read = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class _Line:
    at: At
    text: str


@dataclass(slots=True)
class _Building:
    sections: list[Section] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    hints: list[Step] = field(default_factory=list)


def read(paths: list[Path], text_of: Read | None = None) -> Dialplan:
    """The dialplan that these files make, in this order; what they `#include` is read where it stands.

    Never raises for what stands in a file: what cannot be taken is a `Fault`. `text_of` gives a file's text,
    None where there is none.
    """
    return _Reader(text_of or from_disk).read(paths)


def from_disk(path: Path) -> str | None:
    """A plain file's text; what is none (a device, a pipe) is not read, nor what is larger than any dialplan."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


class _Reader:
    def __init__(self, text_of: Read) -> None:
        self._text_of = text_of
        self._files: list[Path] = []
        self._contexts: dict[str, _Building] = {}
        self._globals: dict[str, Global] = {}
        self._comments: list[Comment] = []
        self._faults: list[Fault] = []
        self._reserved: list[Section] = []
        self._full = False
        self._section: Section | None = None
        self._extension: tuple[str, str | None] | None = None
        self._priority = 0

    def read(self, paths: list[Path]) -> Dialplan:
        for path in paths:
            self._section, self._extension = None, None
            for line in self._lines(path, At(path, 1), ()):
                self._take(line)
        contexts = {
            name: Context(name, tuple(one.sections), tuple(one.steps), tuple(one.includes), tuple(one.hints))
            for name, one in self._contexts.items()
        }
        return Dialplan(
            tuple(self._files),
            contexts,
            self._globals,
            tuple(self._comments),
            tuple(self._faults),
            tuple(self._reserved),
        )

    def _fault(self, at: At, kind: str, text: str) -> None:
        self._faults.append(Fault(at, kind, text[:200]))

    def _lines(self, path: Path, asked: At, within: tuple[Path, ...]) -> Iterator[_Line]:
        """A file's lines without comments, those of the files that it includes in their place."""
        if path in within or len(within) >= INCLUDES_DEEP:
            self._fault(asked, "include-circular" if path in within else "include-deep", str(path))
            return
        if len(self._files) >= FILES:
            if not self._full:
                self._full = True
                self._fault(asked, "include-many", str(path))
            return
        text = self._text_of(path)
        if text is None:
            self._fault(asked, "no-such-file", str(path))
            return
        self._files.append(path)
        for line in self._uncommented(path, text):
            found = _INCLUDE.match(line.text)
            if found is None:
                yield line
                continue
            name = found[2] or found[3] or found[4] or ""
            if found[1] == "exec":
                self._fault(line.at, "exec", line.text)
                continue
            yield from self._included(path, name, line.at, (*within, path), needed=found[1] == "include")

    def _included(self, path: Path, name: str, at: At, within: tuple[Path, ...], *, needed: bool) -> Iterator[_Line]:
        target = path.parent / name
        if any(letter in name for letter in "*?["):
            targets = sorted(one for one in target.parent.glob("*") if fnmatch.fnmatch(one.name, target.name))
        elif not needed and self._text_of(target) is None:
            targets = []
        else:
            targets = [target]
        for one in targets:
            yield from self._lines(one, at, within)

    def _uncommented(self, path: Path, text: str) -> Iterator[_Line]:
        depth = 0  # of block comments, which nest: ;-- … --;
        begun = At(path, 1)
        for number, raw in enumerate(re.split(r"\r?\n", text.removeprefix("\ufeff")), 1):
            at = At(path, number)
            if len(raw.encode("utf-8", "replace")) > LONGEST_LINE:
                self._fault(at, "line-too-long", raw)
                continue
            if "\0" in raw:
                self._fault(at, "not-text", raw)
                continue
            code, comment, depth_now = _split_comment(raw, depth)
            if depth == 0 and depth_now > 0:
                begun = at
            depth = depth_now
            if comment is not None:
                self._comments.append(Comment(at, comment.strip()))
            if code.strip():
                yield _Line(at, code.strip())
        if depth:
            self._fault(begun, "comment-open", ";--")

    def _take(self, line: _Line) -> None:
        if line.text.startswith("["):
            self._heading(line)
            return
        if self._section is None:
            self._fault(line.at, "outside", line.text)
            return
        name, separator, value = _assignment(line.text)
        if not separator:
            self._fault(line.at, "no-assignment", line.text)
            return
        if self._section.name == "general":
            return
        if self._section.name == "globals":
            self._globals[name] = Global(line.at, name, value)
            return
        self._in_context(line, name.lower(), value)

    def _heading(self, line: _Line) -> None:
        self._extension, self._priority = None, 0
        found = _HEADING.fullmatch(line.text)
        if found is None or not found[1].strip():
            self._section = None
            self._fault(line.at, "heading", line.text)
            return
        options = [word.strip() for word in (found[2] or "").split(",") if word.strip()]
        parents = tuple(word for word in options if word not in {"+", "!"})
        self._section = Section(line.at, found[1].strip(), "+" in options, "!" in options, parents)
        if found[3]:
            self._fault(line.at, "heading-rest", found[3])
        if self._section.name in {"general", "globals"}:
            self._reserved.append(self._section)
            return
        building = self._contexts.setdefault(self._section.name, _Building())
        building.sections.append(self._section)
        for parent in parents:
            if parent not in self._contexts:
                self._fault(line.at, "no-such-template", parent)
                continue
            self._inherit(building, self._contexts[parent])

    def _inherit(self, building: _Building, parent: _Building) -> None:
        assert self._section is not None
        if parent is building:
            return
        name = self._section.name
        building.steps += [
            Step(s.at, name, s.extension, s.caller, s.priority, s.label, s.application, s.arguments)
            for s in parent.steps
        ]
        building.includes += parent.includes

    def _in_context(self, line: _Line, name: str, value: str) -> None:
        assert self._section is not None
        building = self._contexts[self._section.name]
        if name == "exten":
            self._exten(line.at, value, building)
        elif name == "same":
            if self._extension is None:
                self._fault(line.at, "same-without-exten", line.text)
            else:
                self._step(line.at, value, building)
        elif name in {"include", "switch", "lswitch", "eswitch", "ignorepat"}:
            building.includes.append(Include(line.at, name, self._expanded(value)))
        elif name != "autohints":
            self._fault(line.at, "unknown-word", line.text)

    def _exten(self, at: At, value: str, building: _Building) -> None:
        pattern, comma, rest = _up_to_comma(value)
        pattern = self._expanded(pattern.strip())
        if not comma or not pattern:
            self._extension = None
            self._fault(at, "exten", value)
            return
        extension, slash, caller = pattern.partition("/")
        self._extension = (extension.strip(), caller.strip() if slash else None)  # n goes on counting within a context
        self._step(at, rest, building)

    def _step(self, at: At, value: str, building: _Building) -> None:
        assert self._section is not None and self._extension is not None
        words, comma, rest = value.partition(",")
        extension, caller = self._extension
        if words.strip().lower() == "hint":
            step = Step(at, self._section.name, extension, caller, -1, None, "hint", rest.strip())
            building.hints.append(step)
            return
        found = _PRIORITY.fullmatch(words)
        if found is None or not comma:
            self._fault(at, "priority", value)
            return
        number, letter, more, label = found.groups()
        if number is None and self._priority == 0 and letter is not None:
            self._fault(at, "no-first-priority", value)
            return
        if number is not None:
            self._priority = int(number[:9])
        else:
            self._priority += int((more or "0")[:9]) + (1 if letter == "n" else 0)
        application, arguments, whole = _application(rest.strip())
        if not application:
            self._fault(at, "no-application", value)
            return
        if not whole:
            self._fault(at, "bracket-open", rest)
        building.steps.append(
            Step(at, self._section.name, extension, caller, self._priority, label or None, application, arguments)
        )

    def _expanded(self, text: str) -> str:
        """Global variables in it, as Asterisk expands them when it loads (an unknown one is empty)."""
        return _VARIABLE.sub(lambda found: g.value if (g := self._globals.get(found[1])) else "", text)


def _split_comment(raw: str, depth: int) -> tuple[str, str | None, int]:
    """A line → (code, its comment, the depth of block comments after it)."""
    if not depth and ";" not in raw:  # most lines
        return raw, None, 0
    code, at = "", 0
    while at < len(raw):
        if depth and raw.startswith("--;", at):
            depth, at = depth - 1, at + 3
        elif raw.startswith(";--", at) and not raw.startswith(";---", at) and (at == 0 or raw[at - 1] != "\\"):
            depth, at = depth + 1, at + 3
        elif depth:
            at += 1
        elif raw[at] == ";":
            if code.endswith("\\"):
                code, at = code[:-1] + ";", at + 1
            else:
                return code, raw[at + 1 :], depth
        else:
            code, at = code + raw[at], at + 1
    return code, None, depth


def _assignment(text: str) -> tuple[str, str, str]:
    """`name => value` or `name = value`; the separator is empty where there is none."""
    name, separator, value = text.partition("=")
    return name.strip(), separator, value.removeprefix(">").strip()


def _up_to_comma(text: str) -> tuple[str, str, str]:
    """The extension of an `exten` line: commas within `[…]` belong to its pattern."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth <= 0:
            return text[:at], ",", text[at + 1 :]
    return text, "", ""


def _application(text: str) -> tuple[str, str, bool]:
    """`Name(arguments)` → (name, arguments, is the last bracket there?). Without brackets all of it is the name."""
    name, bracket, rest = text.partition("(")
    if not bracket:
        return name.strip(), "", True
    inside, closing, _ = rest.rpartition(")")
    return name.strip(), inside if closing else rest, bool(closing)

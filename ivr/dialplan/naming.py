"""How two versions of a site's dialplans stand in one Asterisk: each context carries its version in its name. Pure.

Asterisk looks the next step of a running call up by context, extension and priority, anew at each step: a reload under
a call's feet lets it go on in the middle of whatever has the same name. So `site-before-queue` of version 7 is loaded
as `v7-site-before-queue`, beside `v6-site-before-queue` while calls of version 6 run. A call keeps the version of its
entry in SITE (inherited by its legs); who comes by the plain name is sent to that version by a door.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.dialplan.model import Dialplan
from ivr.pbx.own import Own

MARKER = "published-version"  # the context by which Asterisk itself says which version it holds
VARIABLE = "SITE_VERSION"  # the global: what is in force; a call has taken it over as SITE
NUMBERS = "site-number-"  # contexts that new calls enter, and no others: an old version's number exists no more

_HEADING = re.compile(r"^(\s*\[)([^\]]+)(\].*)$")
_STEP = re.compile(
    r"^\s*(?:same\s*=>?|exten\s*=>?.*?,)\s*(?:\d+|[ns](?:\s*\+\s*\d+)?|hint)\s*(?:\([^)]*\))?\s*,\s*([A-Za-z]\w*)"
)
_INCLUDE = re.compile(r"^\s*(?:include|l?switch|eswitch)\s*=", re.IGNORECASE)

# These take sounds and words: what looks like a context's name in them is none.
_SPEAKING = frozenset(
    {
        "playback",
        "background",
        "read",
        "saydigits",
        "saynumber",
        "sayalpha",
        "sayphonetic",
        "controlplayback",
        "noop",
        "log",
        "verbose",
        "celgenuserevent",
        "userevent",
        "system",
        "trysystem",
        "agi",
        "eagi",
        "sendtext",
        "queuelog",
        "mixmonitor",
    }
)


def prefix(number: int) -> str:
    return f"v{number}-"


def versioned(text: str, contexts: Iterable[str], number: int) -> str:
    """A file's text with its contexts, and every place in them that is named, under this version's names.

    Lines keep their numbers. `contexts` are those of the site's files together.
    """
    names = sorted(set(contexts), key=len, reverse=True)
    if not names:
        return text
    known = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, names))})(?![\w.-])")
    lines = text.split("\n")
    return "\n".join(_renamed(line, known, frozenset(names), prefix(number)) for line in lines)


def _renamed(line: str, known: re.Pattern[str], names: frozenset[str], before: str) -> str:
    new_name = rf"{before}\1"
    heading = _HEADING.match(line)
    if heading is not None:
        name, rest = heading[2].strip(), heading[3]
        new = f"{before}{name}" if name in names else heading[2]
        options, semicolon, comment = rest.partition(";")
        return heading[1] + new + known.sub(new_name, options) + semicolon + comment
    step = _STEP.match(line)
    if step is not None and step[1].lower() not in _SPEAKING:
        return line[: step.start(1)] + known.sub(new_name, line[step.start(1) :])
    return known.sub(new_name, line) if _INCLUDE.match(line) else line


@dataclass(frozen=True, slots=True)
class Loaded:
    """One version among those that Asterisk shall hold; `doors`: context → its extensions that can be entered."""

    number: int
    doors: Mapping[str, Sequence[str]]
    files: Sequence[str]  # paths of the versioned files, as an #include names them


def doors(dialplan: Dialplan, contexts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Context → its extensions that have a first step."""
    return {
        name: tuple(dict.fromkeys(step.extension for step in dialplan.contexts[name].steps if step.priority == 1))
        for name in contexts
        if name in dialplan.contexts
    }


def load_list(now: Loaded, older: Sequence[Loaded], core: Sequence[str], digest: str, own: Own) -> str:
    """What `extensions.conf` includes: the version in force, core, every version that calls run on, and the doors."""
    return "\n".join(_load_list(now, older, core, digest, own)) + "\n"


def _load_list(now: Loaded, older: Sequence[Loaded], core: Sequence[str], digest: str, own: Own) -> Iterator[str]:
    yield f"; Version {now.number}. Written when it was published; Asterisk reads it at each start and reload."
    yield "[globals](+)"
    yield f"{VARIABLE} = {prefix(now.number)}"
    yield f"[{MARKER}]"
    yield f"exten => {now.number},1,NoOp({digest})"
    for context, names, entry in (("own-numbers", own.numbers, "entry-own"), ("own-keys", own.keys, "waiting-key")):
        yield f"[{context}](+)"
        yield from (f"exten => {name},1,Goto({entry},{name},1)" for name in names)
    for file in core:
        yield f"#include {file}"
    for one in (*older, now):
        for file in one.files:
            yield f"#include {file}"
    entrances: dict[str, dict[str, None]] = {}
    for one in (*older, now):
        for context, extensions in one.doors.items():
            if one is not now and context.startswith(NUMBERS):
                continue
            entrances.setdefault(context, {}).update(dict.fromkeys(extensions))
    for context, entered in entrances.items():
        yield f"[{context}]"
        for extension in entered:
            place = f"${{SITE}}{context},${{EXTEN}},1"
            yield f'exten => {extension},1,ExecIf($["${{SITE}}"=""]?Set(SITE=${{{VARIABLE}}}))'
            yield f" same => n,GotoIf(${{DIALPLAN_EXISTS({place})}}?{place})"
            yield " same => n,Return()"

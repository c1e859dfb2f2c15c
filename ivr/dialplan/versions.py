"""Published dialplans: `{var}/dialplans/<n>/`, each made once and never changed, and `current` → the one in force.

<n>/core/*.conf, <n>/site/*.conf   as they were when they were published
<n>/loaded/*.conf                  the site's files under this version's names (naming.py)
<n>/load.conf                      what Asterisk reads: core, this version, older ones on which calls ran then
<n>/version.json                   who, when, why, the hash
events.jsonl                       when a version came into force, failed, was rolled back; only added to
pending.json                       a publish is under way, from which version to which
"""

from __future__ import annotations

import difflib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from ivr.dialplan import drafts, naming, source
from ivr.dialplan.drafts import Files
from ivr.dialplan.naming import Loaded
from ivr.errors import HotlineError
from ivr.pbx.own import of
from ivr.settings import Site

IN_FORCE, FAILED, ABANDONED, ROLLED_BACK = "in_force", "failed", "abandoned", "rolled_back"  # events


class VersionError(HotlineError):
    """No such version, or one whose files are not what was published."""


class BusyError(HotlineError):
    def __init__(self) -> None:
        super().__init__("publishing", "a publish is under way; try again in a moment", status=409)


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    at: str  # ISO 8601, UTC
    by: str
    author: str
    why: str
    kind: str  # publish, rollback, start
    content_of: int | None  # the version that a rollback has brought back
    before: int | None  # the version that was in force
    core: str  # hashes
    site: str
    contexts: Mapping[str, list[str]] = field(default_factory=dict)  # of the site → extensions that can be entered

    @property
    def hash(self) -> str:
        """Of everything that makes calls go as they go: twelve hex digits tell it apart."""
        return drafts.file_digest(f"{self.core}{self.site}")[:12]

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "contexts": sorted(self.contexts), "hash": self.hash}


@dataclass(frozen=True, slots=True)
class Event:
    version: int
    event: str
    at: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A publish that has begun: written before `current` is replaced, taken away when all is verified and on record."""

    old: int
    new: int
    by: str
    role: str
    why: str


class Versions:
    """The published versions of one system. Whoever writes does so `alone`."""

    def __init__(self, var: Path) -> None:
        self.folder = var.absolute() / "dialplans"

    def path(self, number: int) -> Path:
        return self.folder / str(number)

    @property
    def link(self) -> Path:
        return self.folder / "current"

    @property
    def load_file(self) -> Path:
        return self.link / "load.conf"

    @property
    def current(self) -> int | None:
        try:
            return int(self.link.readlink().name)
        except (OSError, ValueError):
            return None

    @property
    def numbers(self) -> list[int]:
        return sorted(int(path.name) for path in self.folder.glob("[1-9]*") if path.name.isdecimal())

    @property
    def next(self) -> int:
        """A number is never used twice."""
        return max(self.numbers, default=0) + 1

    def get(self, number: int) -> Version:
        """Raises VersionError."""
        try:
            return Version(**json.loads((self.path(number) / "version.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            message = f"there is no version {number}; `ivr dialplan history` lists them"
            raise VersionError("no_such_version", message, {"version": number}, 404) from None

    def all(self) -> list[Version]:
        """The newest first."""
        return [self.get(number) for number in reversed(self.numbers)]

    def files(self, number: int, kind: str = "site") -> Files:
        self.get(number)
        return drafts.read(self.path(number) / kind)

    def is_whole(self, number: int) -> bool:
        """Are its files what was published?"""
        version = self.get(number)
        return (version.core, version.site) == (
            drafts.digest(self.files(number, "core")),
            drafts.digest(self.files(number)),
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else publishes from this var folder meanwhile. Raises BusyError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError from None
            yield
        finally:
            os.close(handle)

    # — making and switching ——————————————————————————————————————————————————————————————————————————————————————————

    def make(self, version: Version, core: Files, own: Files, older: Sequence[int], site: Site) -> Version:
        """Lay the version's folder out aside, make it durable, and give it its name: it is there whole or not at all.

        `version.contexts` is filled in here. `older` are the versions that calls still run on.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self.folder.glob(".new-*"):
            shutil.rmtree(left)
        aside, path = self.folder / f".new-{version.number}", self.path(version.number)
        dialplan = source.read([Path(name) for name in own], lambda name: own.get(str(name)))
        doors = {name: list(entered) for name, entered in naming.doors(dialplan, dialplan.contexts).items()}
        made = Version(**{**asdict(version), "contexts": doors})
        contexts = tuple(dialplan.contexts)
        loaded = {name: naming.versioned(text, contexts, version.number) for name, text in own.items()}
        for kind, files in (("core", core), ("site", own), ("loaded", loaded)):
            (aside / kind).mkdir(parents=True, mode=0o700)
            for name, text in files.items():
                drafts.write_new(aside / kind / name, text, 0o400)
        listed = naming.load_list(
            self._loaded(made, path),
            [self._loaded(self.get(number), self.path(number)) for number in older],
            [str(path / "core" / name) for name in core],
            made.hash,
            of(site, [aside / "site" / name for name in own]),
        )
        drafts.write_new(aside / "load.conf", listed, 0o400)
        words = json.dumps(asdict(made), ensure_ascii=False, indent=1)
        drafts.write_new(aside / "version.json", words, 0o400)
        drafts.sync_all(aside)
        aside.rename(path)
        drafts.sync(self.folder)
        return made

    def _loaded(self, version: Version, path: Path) -> Loaded:
        names = sorted(file.name for file in (self.path(version.number) / "loaded").glob("*.conf"))
        if not names:  # it is being made
            names = sorted(file.name for file in (self.folder / f".new-{version.number}/loaded").glob("*.conf"))
        return Loaded(version.number, version.contexts, [str(path / "loaded" / name) for name in names])

    def switch(self, number: int) -> None:
        """`current` names this version from one instant to the next."""
        new = self.folder / ".current"
        new.unlink(missing_ok=True)
        new.symlink_to(str(number))
        new.replace(self.link)
        drafts.sync(self.folder)

    # — what happened to them —————————————————————————————————————————————————————————————————————————————————————————

    def note(self, number: int, event: str, why: str = "") -> None:
        line = json.dumps(asdict(Event(number, event, datetime.now(UTC).isoformat(), why)), ensure_ascii=False)
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def events(self) -> list[Event]:
        """In the order in which they happened; a torn last line is none."""
        found = []
        try:
            lines = (self.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        for line in lines:
            try:
                found.append(Event(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found

    def was_in_force(self, number: int) -> bool:
        return any(event.version == number and event.event == IN_FORCE for event in self.events())

    @property
    def pending(self) -> Pending | None:
        try:
            return Pending(**json.loads((self.folder / "pending.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def announce(self, pending: Pending) -> None:
        drafts.write_whole(self.folder / "pending.json", json.dumps(asdict(pending), ensure_ascii=False))

    def settle(self) -> None:
        (self.folder / "pending.json").unlink(missing_ok=True)
        drafts.sync(self.folder)


def still_used(events: Sequence[Event], current: int | None, oldest_call: datetime | None) -> list[int]:
    """The versions, but for `current`, that a call may run on which began at `oldest_call` or later. Pure."""
    if oldest_call is None:
        return []
    begun = [event for event in events if event.event == IN_FORCE]
    left = {event.version: datetime.fromisoformat(after.at) for event, after in pairwise(begun)}  # the last time counts
    return sorted({number for number, end in left.items() if end >= oldest_call} - {current})


def difference(old: Files, new: Files, old_name: str, new_name: str) -> Iterator[str]:
    """Unified, a file after the other; lines without their ends."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        yield from difflib.unified_diff(
            (before or "").splitlines(),
            (after or "").splitlines(),
            "/dev/null" if before is None else f"{old_name}/{name}",
            "/dev/null" if after is None else f"{new_name}/{name}",
            lineterm="",
        )


def story(version: Version, versions: Versions) -> tuple[str, str]:
    """What became of a version, in a stable word, and why if it did not go well."""
    own = [event for event in versions.events() if event.version == version.number]
    if versions.current == version.number and versions.pending is None:
        return IN_FORCE, ""
    for event in reversed(own):
        if event.event in {FAILED, ABANDONED, ROLLED_BACK}:
            return event.event, event.why
    return ("was_in_force" if own else "never"), ""

"""The draft: the site's own dialplans as an admin edits them. Nothing in it touches a call before it is published."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ivr.errors import HotlineError
from ivr.pbx.render import DIALPLANS, own_dialplans
from ivr.settings import Site

CORE = DIALPLANS / "core"  # the product's own
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}\.conf")
LARGEST = 512 * 1024  # bytes of one file

Files = Mapping[str, str]
"""Name → text, sorted by name: the order in which Asterisk reads them."""


class DraftError(HotlineError):
    """What was asked of the draft cannot be."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """Who last handed the draft in. `digest` is the draft's then: what was changed since is nobody's yet."""

    by: str
    at: str  # ISO 8601, UTC
    digest: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Two folders and what stands in them now."""

    core: Path
    own: Path

    @property
    def core_files(self) -> Files:
        return read(self.core)

    @property
    def files(self) -> Files:
        return read(self.own)

    @property
    def digest(self) -> str:
        return digest(self.files)

    def text_of(self, name: str) -> str:
        """Raises DraftError where there is no such file."""
        try:
            return (self.own / _named(name)).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            raise _no_such_file(name) from None

    def save(self, name: str, text: str, expected: str | None) -> str:
        """Write one file, whole or not at all; returns its new hash.

        `expected` is the hash of what the writer has read, None for a new file. Raises DraftError where somebody else
        has changed it meanwhile.
        """
        path = self.expect(name, expected)
        if len(text.encode("utf-8", "surrogateescape")) > LARGEST:
            raise DraftError("file_too_large", f"{name}: at most {LARGEST} bytes", {"file": name}, 413)
        self.own.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        return file_digest(text)

    def remove(self, name: str, expected: str) -> None:
        """Raises DraftError."""
        self.expect(name, expected).unlink()

    def expect(self, name: str, expected: str | None) -> Path:
        """The file, if it is what was read (None: not there). Raises DraftError."""
        path = self.own / _named(name)
        if expected is not None and not path.exists():
            raise _no_such_file(name)
        found = file_digest(read_text(path)) if path.exists() else None
        if found != expected:
            message = f"{path.name} is not what you have read: somebody has changed it; read it again, then save"
            raise DraftError("changed_meanwhile", message, {"file": path.name, "hash": found}, 412)
        return path


def of_site(site: Site) -> Draft:
    """`dialplans/site` beside hotline.toml if there is one, else the project's."""
    return Draft(CORE, own_dialplans(site))


def own_draft(site: Site) -> Draft:
    """A draft to be written to: the first time the project's own examples are copied beside hotline.toml."""
    beside = Path(site.path).parent / "dialplans/site"
    if not beside.is_dir():
        examples = read(own_dialplans(site))
        beside.mkdir(parents=True)
        for name, text in examples.items():
            write_whole(beside / name, text)
    return Draft(CORE, beside)


def read(folder: Path) -> Files:
    return {path.name: read_text(path) for path in sorted(folder.glob("*.conf")) if path.is_file()}


def read_text(path: Path) -> str:
    """Whatever bytes stand there come back as they were when they are written again."""
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def digest(files: Files) -> str:
    """One hash over names and contents."""
    whole = hashlib.sha256()
    for name, text in sorted(files.items()):
        whole.update(f"{name}\0{file_digest(text)}\n".encode())
    return whole.hexdigest()


def file_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


@contextmanager
def with_unsaved(draft: Draft, texts: Files, var: Path) -> Iterator[Path]:
    """The draft's own folder as it would be with these texts saved; the draft stays as it is. Raises DraftError."""
    if not texts:
        yield draft.own
        return
    for name, text in texts.items():
        if len(text.encode("utf-8", "surrogateescape")) > LARGEST:
            raise DraftError("file_too_large", f"{_named(name)}: at most {LARGEST} bytes", {"file": name}, 413)
    with tempfile.TemporaryDirectory(prefix=".unsaved-", dir=var) as made:
        folder = Path(made) / "site"  # not named like core's: what is found in it is a site's
        folder.mkdir()
        for name, text in {**draft.files, **texts}.items():
            write_new(folder / _named(name), text, 0o600)
        yield folder


def submit(draft: Draft, dialplans: Path, by: str, now: datetime) -> Submitted:
    """Hand the draft in as it stands: `by` is its author from now on."""
    made = Submitted(by, now.astimezone(UTC).isoformat(), draft.digest)
    dialplans.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(dialplans / "submitted.json", json.dumps(asdict(made), ensure_ascii=False))
    return made


def submitted(dialplans: Path) -> Submitted | None:
    try:
        return Submitted(**json.loads((dialplans / "submitted.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replaced in one instant and kept over a loss of power."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_new(path: Path, text: str, mode: int) -> None:
    """A file that nobody looks at yet; `sync_all` makes it durable."""
    path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    path.chmod(mode)


def sync_all(folder: Path) -> None:
    """Everything below this folder is on the disk. All of it is written before the first is waited for."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync(folder: Path) -> None:
    """What was renamed in this folder stays renamed."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _named(name: str) -> str:
    if not NAME.fullmatch(name):
        message = f"{name[:60]!r} is no name of a dialplan file: letters, digits, - and _, then .conf"
        raise DraftError("bad_file_name", message, {"file": name[:60]}, 422)
    return name


def _no_such_file(name: str) -> DraftError:
    return DraftError("no_such_file", f"the draft has no file {name}", {"file": name}, 404)

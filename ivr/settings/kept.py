"""`var/settings/`: what hotline.toml was before each change that was made by a form, by whom and why."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr.settings import edit

KEPT = 200  # files as they were; the list of changes stays whole
LIST = "changes.jsonl"


@dataclass(frozen=True, slots=True)
class Kept:
    number: int
    at: str  # ISO 8601
    by: str
    why: str
    before: str  # the revision that was changed; its text is `<number>.toml`
    after: str
    diff: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def folder(var: Path) -> Path:
    return var / "settings"


def keep(var: Path, before: str) -> int:
    """Before the file is changed: its text as it is, under the change's number."""
    home = folder(var)
    home.mkdir(mode=0o700, exist_ok=True)
    number = max((one.number for one in listed(var)), default=0) + 1
    handle = os.open(home / f"{number}.toml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(before)
        file.flush()
        os.fsync(file.fileno())
    return number


def note(var: Path, number: int, before: str, after: str, *, by: str, why: str) -> Kept:
    """When it was changed: by whom and why."""
    home = folder(var)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = Kept(number, now, by, why, edit.revision(before), edit.revision(after), edit.difference(before, after))
    handle = os.open(home / LIST, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{'' if _ends_whole(home / LIST) else chr(10)}{json.dumps(made.as_dict(), ensure_ascii=False)}\n")
    (home / f"{number - KEPT}.toml").unlink(missing_ok=True)
    return made


def _ends_whole(path: Path) -> bool:
    """A full disk may have cut the last line short: the next one begins its own."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def listed(var: Path) -> list[Kept]:
    """The oldest first. A line that a full disk has cut short is left out."""
    found = []
    try:
        lines = (folder(var) / LIST).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            found.append(Kept(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def text_of(var: Path, revision: str) -> str | None:
    """The text of a revision that was kept."""
    for one in reversed(listed(var)):
        if one.before == revision:
            path = folder(var) / f"{one.number}.toml"
            return path.read_text(encoding="utf-8") if path.exists() else None
    return None

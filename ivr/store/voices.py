"""Deleting recordings and journal files for good: after it the files are not there, nor after a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

_DAY = "[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]"


class OutsideError(OSError):
    """A recording's name leads out of the recordings' folder: no file of ours."""


def delete(folder: Path, names: Iterable[str]) -> None:
    """Delete these files below `folder`, and the folders that are empty then. What is not there is no error."""
    touched: set[Path] = set()
    for name in names:
        path = folder / name
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise OutsideError(f"{name} lies outside {folder}")
        path.unlink(missing_ok=True)
        touched.add(path.parent)
    for place in touched:
        _settle(place, folder)


def _settle(place: Path, top: Path) -> None:
    """Make the deletions in `place` last, and take away what is empty up to `top`."""
    while place != top and place.is_relative_to(top):
        if place.is_dir():
            sync(place)
            try:
                place.rmdir()
            except OSError:
                return
        place = place.parent
    if top.is_dir():
        sync(top)


def sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def days_before(folder: Path, moment: datetime) -> Iterator[Path]:
    """The folders `YYYY/MM/DD` whose day was over before `moment`, whatever the time zone, the oldest first."""
    last = (moment.astimezone(UTC) - timedelta(days=2)).date()
    for day in sorted(folder.glob(_DAY)):
        try:
            held = date.fromisoformat("-".join(day.relative_to(folder).parts))
        except ValueError:
            continue
        if held <= last:
            yield day


def folders_in(day: Path) -> list[str]:
    """The calls' folders of one day."""
    return sorted(entry.name for entry in os.scandir(day) if entry.is_dir(follow_symlinks=False))


def files_of(folder: Path, top: Path) -> list[str]:
    """Every file of one call's folder, by its name below `top`."""
    return [str(path.relative_to(top)) for path in sorted(folder.iterdir()) if path.is_symlink() or path.is_file()]

"""What Asterisk shall run, decided before it starts: no call can be in the way then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ivr.dialplan import drafts
from ivr.dialplan.versions import IN_FORCE, Version, Versions
from ivr.settings import Site
from ivr.store.audit import SYSTEM


def ready(site: Site, var: Path) -> Path:
    """Before Asterisk starts, so that no call can be in the way: what it shall include.

    A publish that was not finished is taken back. The first start publishes version 1 from the draft; a start with
    another core than the version in force has (a new release) publishes that core with the site's files as they are.
    """
    versions = Versions(var)
    with versions.alone():
        pending = versions.pending
        if pending is not None and not versions.was_in_force(pending.new):
            versions.switch(pending.old)
            return versions.load_file  # the controller puts it on record, and then takes the note away
        current = versions.current
        core = drafts.read(drafts.CORE)
        if current is None or versions.get(current).core != drafts.digest(core) or not _stands_here(versions):
            own = versions.files(current) if current is not None else drafts.of_site(site).files
            last = versions.numbers[-1] if versions.numbers else 0
            version = Version(
                number=last + 1,
                at=datetime.now(UTC).isoformat(),
                by=SYSTEM,
                author=versions.get(current).author if current is not None else SYSTEM,
                why="first start" if current is None else "the core of this release",
                kind="start",
                content_of=current,
                before=current,
                core=drafts.digest(core),
                site=drafts.digest(own),
            )
            versions.make(version, core, own, (), site)
            versions.switch(version.number)
            versions.note(version.number, IN_FORCE, version.why)
    return versions.load_file


def _stands_here(versions: Versions) -> bool:
    """The folder may have been moved, or come from a backup made elsewhere: then what it includes is elsewhere."""
    try:
        return f"#include {versions.folder}/" in versions.load_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False

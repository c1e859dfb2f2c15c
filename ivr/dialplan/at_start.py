"""What Asterisk shall run, decided before it starts: no call can be in the way then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr.dialplan import drafts
from ivr.dialplan.versions import IN_FORCE, BusyError, Version, Versions
from ivr.errors import HotlineError
from ivr.settings import Site

log = structlog.get_logger(__name__)


def ready(site: Site, var: Path) -> list[Path]:
    """What Asterisk shall include, decided before it starts. Raises nothing: a hotline that does not start is worse.

    A publish that was not finished is taken back. The first start publishes version 1 from the draft; a start with
    another core than the version in force has (a new release) publishes that core with the site's files as they are.
    Empty where nothing could be published and nothing was before: then core and the draft are loaded as they stand.
    """
    versions = Versions(var)
    try:
        with versions.alone():
            _make_ready(versions, site)
    except BusyError:
        pass  # somebody publishes at this moment: what is in force is there, and he will see how it goes on
    except (HotlineError, OSError) as failure:
        log.error("dialplan.not_ready", alarm=True, why=str(failure))  # noqa: TRY400
    return [versions.load_file] if versions.load_file.exists() else []


def _make_ready(versions: Versions, site: Site) -> None:
    pending = versions.pending
    if pending is not None and not versions.was_in_force(pending.new):
        versions.switch(pending.old)
        return  # the controller puts it on record, and then takes the note away
    current = versions.current
    core = drafts.read(drafts.CORE)
    if current is not None and versions.get(current).core == drafts.digest(core) and _stands_here(versions):
        return
    from ivr.store.audit import SYSTEM  # noqa: PLC0415  slow to import, and nearly every start finds all as it was

    own = versions.files(current) if current is not None else drafts.of_site(site).files
    version = Version(
        number=versions.next,
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


def _stands_here(versions: Versions) -> bool:
    """The folder may have been moved, or come from a backup made elsewhere: then what it includes is elsewhere."""
    try:
        return f"#include {versions.folder}/" in versions.load_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False

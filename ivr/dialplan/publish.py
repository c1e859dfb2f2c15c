"""Publishing: a draft becomes a version, the version comes into force, and Asterisk is asked whether it does.

`STEPS` is the whole of it, in order. A publisher that dies between any two leaves a `pending.json`; whoever comes next
(the controller within seconds, the next publish, the next start of Asterisk) puts the old version back into force:
what was not verified does not run. Calls never notice: core goes on as it is, and a site's contexts have other names
in each version (naming.py).

Core is the product's. A version is published over the core that runs; a new release's core comes into force when
Asterisk next starts, when there is no call that it could change under.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ivr.dialplan import drafts, gather, held
from ivr.dialplan.check import check
from ivr.dialplan.drafts import Draft, Files
from ivr.dialplan.findings import Finding, Report
from ivr.dialplan.held import Manager
from ivr.dialplan.said import asterisk_says
from ivr.dialplan.stories import run_stories
from ivr.dialplan.versions import ABANDONED, FAILED, IN_FORCE, ROLLED_BACK, Pending, Version, Versions, still_used
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store.audit import SYSTEM, Audit

ROLE = "dialplan_admin"
LONGEST_WHY = 500  # characters

log = structlog.get_logger(__name__)


class PublishError(HotlineError):
    """It was not published, and nothing has changed: `details` tell what was found."""


@dataclass(slots=True)
class Publication:
    """One publish on its way through `STEPS`. `asterisk` is None where none runs: it will begin with the version."""

    site: Site
    var: Path
    asterisk: Manager | None
    audit: Audit
    by: str
    why: str
    role: str = ROLE
    kind: str = "publish"
    content_of: int | None = None  # a rollback: the version that comes back
    author: str = ""
    core: Files = field(default_factory=dict)
    own: Files = field(default_factory=dict)
    report: Report | None = None
    made: Version | None = None

    @property
    def versions(self) -> Versions:
        return Versions(self.var)

    @property
    def number(self) -> int:
        assert self.made is not None
        return self.made.number


Step = Callable[[Publication], Awaitable[None]]


async def gather_files(work: Publication) -> None:
    """What is to be published, its author, and may this person publish it?"""
    work.why, work.by = work.why.strip(), work.by.strip()
    if not work.why or len(work.why) > LONGEST_WHY:
        raise PublishError("no_reason", f"say why (-m), in at most {LONGEST_WHY} characters", status=422)
    if not work.by:
        raise PublishError("nobody_named", "say who publishes (--by)", status=422)
    versions = work.versions
    current = versions.current
    if work.content_of is not None:
        work.own = versions.files(work.content_of)
        work.author = versions.get(work.content_of).author
    else:
        draft = drafts.of_site(work.site)
        work.own, work.author = draft.files, _author(draft, work)
    work.core = versions.files(current, "core") if current is not None else drafts.read(drafts.CORE)
    if current is not None and work.own == versions.files(current):
        raise PublishError("nothing_new", f"version {current} is in force and has exactly these files", status=409)


def _author(draft: Draft, work: Publication) -> str:
    """Two-person rule: who publishes is not who wrote; what was written since nobody has submitted."""
    submitted = drafts.submitted(work.versions.folder)
    known = submitted.by if submitted is not None and submitted.digest == draft.digest else None
    if work.site.dialplans.two_person:
        if known is None:
            message = (
                "the draft has been changed since it was handed in: its author runs `ivr dialplan submit --by NAME`"
            )
            raise PublishError("not_submitted", message, status=409)
        if known.casefold() == work.by.casefold():
            message = f"{work.by} has written this draft, so somebody else must publish it ([dialplans] two_person)"
            raise PublishError("same_person", message, {"author": known}, 403)
    return known or work.by


async def examine(work: Publication) -> None:
    """Every rule of the check, over the core that runs. A rollback is not held up: it ran before."""
    if work.kind != "publish":
        return
    folder = drafts.of_site(work.site).own
    files = sorted(folder.glob("*.conf"))
    current = work.versions.current
    core = work.versions.path(current) / "core" if current is not None else drafts.CORE
    checked = await asyncio.to_thread(gather.site_draft, work.site, work.var, files, core)
    said = await asyncio.to_thread(asterisk_says, work.site, work.var, core, files, checked.dialplan)
    work.report = check(checked, said)
    errors = await asyncio.to_thread(_of_the_draft, work, work.report.errors, core)
    if errors:
        count = len(errors)
        message = f"the check finds {count} error{'s' if count > 1 else ''}; `ivr dialplan check` names them"
        found = [f"{one.file}:{one.line} {one.code}: {one.message['en']}" for one in errors]
        raise PublishError("dialplan_faulty", message, {"findings": found}, 422)


def _of_the_draft(work: Publication, errors: Sequence[Finding], core: Path) -> list[Finding]:
    """Without what core says of itself, whatever the site's files are: that is not theirs to mend, and runs already."""
    if not any(one.file.is_relative_to(core) for one in errors):
        return list(errors)
    alone = check(gather.site_draft(work.site, work.var, [], core)).errors
    known = {(one.file, one.line, one.code) for one in alone}
    return [one for one in errors if (one.file, one.line, one.code) not in known]


async def rehearse(work: Publication) -> None:
    """The draft's own stories, played in a scratch Asterisk."""
    if work.kind != "publish":
        return
    current = work.versions.current
    core = work.versions.path(current) / "core" if current is not None else drafts.CORE
    results = await run_stories(work.site, work.var, core, drafts.of_site(work.site).own)
    failed = [
        f"{one.story.name}: {'; '.join(words['en'] for words in one.failures)}" for one in results if not one.passed
    ]
    if failed:
        message = f"{len(failed)} of {len(results)} stories fail; `ivr dialplan test` plays them: {failed[0]}"
        raise PublishError("stories_failed", message, {"stories": failed}, 422)


async def write(work: Publication) -> None:
    """The version's folder, whole or not at all."""
    versions = work.versions
    version = Version(
        number=versions.next,
        at=datetime.now(UTC).isoformat(),
        by=work.by,
        author=work.author or work.by,
        why=work.why,
        kind=work.kind,
        content_of=work.content_of,
        before=versions.current,
        core=drafts.digest(work.core),
        site=drafts.digest(work.own),
    )
    work.made = versions.make(version, work.core, work.own, await _older(work), work.site)


async def _older(work: Publication) -> list[int]:
    current = work.versions.current
    if work.asterisk is None or current is None:
        return []
    oldest = await oldest_call(work.asterisk)
    used = {*still_used(work.versions.events(), current, oldest), *([current] if oldest else [])}
    return sorted(used.intersection(work.versions.numbers))  # one that somebody has deleted cannot be loaded


async def oldest_call(asterisk: Manager) -> datetime | None:
    """When the oldest channel that lives now began, not later; None where there is none."""
    frames = await asterisk.action({"Action": "CoreShowChannels"})
    lives = [_seconds(one.get("Duration", "")) for one in frames if one.get("Event") == "CoreShowChannel"]
    return datetime.now(UTC) - timedelta(seconds=max(lives) + 2) if lives else None


def _seconds(duration: str) -> int:
    """`01:02:03`; a day for what cannot be read."""
    parts = duration.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return 86_400
    hours, minutes, seconds = map(int, parts)
    return hours * 3600 + minutes * 60 + seconds


async def announce(work: Publication) -> None:
    """On record before anything changes: without a record nothing is changed."""
    old = work.versions.current
    await work.audit.note(work.by, work.role, f"dialplan.{work.kind}.begins", str(work.number), work.why)
    if old is not None:
        work.versions.announce(Pending(old, work.number, work.by, work.role, work.why))


async def switch(work: Publication) -> None:
    work.versions.switch(work.number)


async def reload(work: Publication) -> None:
    if work.asterisk is not None:
        await held.reload(work.asterisk)


async def verify(work: Publication) -> None:
    if work.asterisk is not None:
        await held.verify(work.asterisk, work.number, work.var / "etc/extensions.conf")


async def finish(work: Publication) -> None:
    """From here on it counts: a death before this line puts the old version back."""
    assert work.made is not None
    details = {"hash": work.made.hash, "author": work.made.author, "before": work.made.before}
    if work.content_of is not None:
        details["content_of"] = work.content_of
    await work.audit.note(work.by, work.role, f"dialplan.{work.kind}", str(work.number), work.why, details)
    work.versions.note(work.number, IN_FORCE, work.why)
    if work.kind == "rollback" and work.made.before is not None:
        work.versions.note(work.made.before, ROLLED_BACK, work.why)
    work.versions.settle()
    log.info("dialplan.in_force", version=work.number, hash=work.made.hash, by=work.by)


STEPS: tuple[Step, ...] = (gather_files, examine, rehearse, write, announce, switch, reload, verify, finish)


async def run(work: Publication, steps: Sequence[Step] = STEPS) -> Version:
    """Raises PublishError: nothing has changed, or the old version is back in force. BusyError, AmiError."""
    with work.versions.alone():
        await recover(work.site, work.var, work.asterisk, work.audit)
        try:
            for step in steps:
                await step(work)
        except Exception as failure:
            if work.versions.pending is None:
                raise
            await _back(work.versions, work.var, work.asterisk, work.audit, FAILED, _words(failure))
            raise _rolled_back(work, failure) from failure
    assert work.made is not None
    return work.made


def _rolled_back(work: Publication, failure: Exception) -> HotlineError:
    old = work.versions.current
    message = f"version {work.number} did not come into force and version {old} is back: {_words(failure)}"
    return PublishError("rolled_back", message, {"version": work.number, "back_to": old, "why": _words(failure)}, 502)


def _words(failure: Exception) -> str:
    return failure.message if isinstance(failure, HotlineError) else f"{type(failure).__name__}: {failure}"


async def recover(site: Site, var: Path, asterisk: Manager | None, audit: Audit) -> int | None:
    """If a publisher died on its way: the version before is in force again, and on record. Under `Versions.alone`."""
    versions = Versions(var)
    pending = versions.pending
    if pending is None:
        return None
    if versions.current == pending.new and versions.was_in_force(pending.new):
        versions.settle()  # it was finished, and died before it took its note away
        return pending.new
    why = f"whoever published version {pending.new} ({pending.by}) ended before it was verified"
    await _back(versions, var, asterisk, audit, ABANDONED, why)
    return pending.old


async def _back(  # noqa: PLR0917  all of it is needed
    versions: Versions, var: Path, asterisk: Manager | None, audit: Audit, event: str, why: str
) -> None:
    """The old version is in force again, verified, and it is told: in the log as an alarm, in the audit log."""
    pending = versions.pending
    assert pending is not None
    versions.switch(pending.old)
    if asterisk is not None:
        await held.reload(asterisk)
        await held.verify(asterisk, pending.old, var / "etc/extensions.conf")
    log.error("dialplan.rolled_back", alarm=True, version=pending.new, back_to=pending.old, why=why)
    details = {"back_to": pending.old, "by": pending.by}
    await audit.note(SYSTEM, SYSTEM, f"dialplan.{event}", str(pending.new), why, details)
    versions.note(pending.new, event, why)
    versions.settle()


def to_bring_back(versions: Versions, number: int | None) -> int:
    """The version that a rollback brings back: the one that is asked for, or the one that was in force before."""
    current = versions.current
    if number is None and current is not None:
        now = versions.get(current)
        number = now.before
        while number is not None and versions.get(number).site == now.site:
            number = versions.get(number).before
    if number is None:
        raise PublishError("nothing_before", "there is no version to go back to", status=409)
    return versions.get(number).number

"""The controller's part in publishing: what the API asks for, and what goes on by itself, whoever published.

By itself: a publish whose publisher died is taken back; a version since which calls fail more often is taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog

from ivr.dialplan import drafts, draw_svg, gather, held, pictures, publish, vocabulary, watch
from ivr.dialplan.check import check
from ivr.dialplan.findings import Finding, Report
from ivr.dialplan.load import load
from ivr.dialplan.publish import STEPS, Publication
from ivr.dialplan.said import asterisk_says
from ivr.dialplan.scratch import scratch
from ivr.dialplan.stories import ahead, run_stories
from ivr.dialplan.trial import trial
from ivr.dialplan.trial_model import Wish
from ivr.dialplan.trial_told import as_dict as trial_told
from ivr.dialplan.versions import IN_FORCE, BusyError, Version, Versions
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.store import DatabaseDownError, Store
from ivr.store.audit import SYSTEM, Audit
from ivr.store.failures import failures

LOOK = 1.0  # seconds between two looks
NOTHING: drafts.Files = {}
BEFORE = timedelta(hours=24)  # what calls after a publish are compared with

log = structlog.get_logger(__name__)


class Link(Protocol):
    @property
    def state(self) -> str: ...
    async def action(self, headers: Mapping[str, str], timeout: float = ...) -> list[dict[str, str]]: ...  # noqa: ASYNC109


@dataclass(frozen=True, slots=True)
class Publishing:
    """A publish under way: `step` is the name of one of `publish.STEPS`."""

    by: str
    step: str
    since: datetime


def _at_home(finding: Finding, made: Path, own: Path) -> Finding:
    """A finding in a copy, said of the file that it is a copy of."""
    inside = made != own and finding.file.is_relative_to(made)
    return replace(finding, file=own / finding.file.relative_to(made)) if inside else finding


class Office:
    """`await run()` for what goes on by itself."""

    def __init__(self, site: Site, var: Path, link: Link, store: Store) -> None:
        self.site, self.var, self.versions = site, var, Versions(var)
        self.audit = Audit(store)
        self._link, self._store = link, store
        self._noted: int | None = None  # the version that is known to be on record
        self.publishing: Publishing | None = None

    def publication(self, by: str, why: str, role: str, content_of: int | None = None) -> Publication:
        kind = "publish" if content_of is None else "rollback"
        return Publication(
            self.site, self.var, self._link, self.audit, by, why, role=role, kind=kind, content_of=content_of
        )

    async def publish(self, by: str, why: str, role: str, content_of: int | None = None) -> Version:
        """Raises PublishError, BusyError, AmiError, DatabaseDownError."""
        work = self.publication(by, why, role, content_of)

        def told(step: publish.Step) -> publish.Step:
            async def do(publication: Publication) -> None:
                self.publishing = Publishing(by, step.__name__, datetime.now(UTC))
                await step(publication)

            return do

        try:
            return await publish.run(work, [told(step) for step in STEPS])
        finally:
            self.publishing = None

    async def running(self) -> int | None:
        """The version that Asterisk has. Raises AmiError."""
        return await held.version(self._link)

    async def unlike(self) -> HotlineError | None:
        """What is wrong with what runs: for /healthz. None while a publish is under way."""
        current = self.versions.current
        if current is None or self.versions.pending is not None:
            return None
        running = await self.running()
        if running != current and self.versions.current == current:
            message = f"Asterisk runs version {running or 'none'} of the dialplans, and {current} is in force"
            return HotlineError("version_unlike", message, {"running": running, "wanted": current}, 503)
        return None

    async def check(self, unsaved: drafts.Files = NOTHING, *, quick: bool = False) -> Report:
        """The draft, by every rule and (unless `quick`) by Asterisk itself; with these texts as if they were saved."""
        core, _ = self._folders()
        draft = drafts.of_site(self.site)
        with drafts.with_unsaved(draft, unsaved, self.var) as own:
            files = gather.files([own] if own.is_dir() else [])
            checked = await asyncio.to_thread(gather.site_draft, self.site, self.var, files, core)
            said: list[Finding] = []
            if not quick:
                said = await asyncio.to_thread(asterisk_says, self.site, self.var, core, files, checked.dialplan)
            report = await asyncio.to_thread(check, checked, said)
        findings = tuple(_at_home(one, own, draft.own) for one in report.findings)
        allowed = tuple(replace(one, finding=_at_home(one.finding, own, draft.own)) for one in report.suppressed)
        return Report(findings, allowed)

    async def rehearse(self) -> list[dict[str, Any]]:
        """The draft's stories, played."""
        core, own = self._folders()
        return [result.as_dict() for result in await run_stories(self.site, self.var, core, own)]

    async def play(self, wish: Wish, language: str = "en", unsaved: drafts.Files = NOTHING) -> dict[str, Any]:
        """One call through the draft, with these texts as if they were saved; told in `language`."""
        core, _ = self._folders()
        with drafts.with_unsaved(drafts.of_site(self.site), unsaved, self.var) as own:
            first, second = gather.files([core]), gather.files([own] if own.is_dir() else [])
            async with scratch(self.site, self.var, ahead(wish.at)) as running:
                await running.load(first, second)
                dialplan = load(running.site, running.var, core, second)
                return trial_told(await trial(running, dialplan, wish), language)

    async def picture(self, language: str, unsaved: drafts.Files = NOTHING) -> str:
        """The draft's way of a call, as SVG whose boxes say where they are written."""
        core, _ = self._folders()
        with drafts.with_unsaved(drafts.of_site(self.site), unsaved, self.var) as own:
            files, wish = gather.files([own] if own.is_dir() else []), pictures.Wish(language)
            drawing = await asyncio.to_thread(pictures.of_site, self.site, self.var, wish, files, core)
            return await asyncio.to_thread(draw_svg.draw, drawing, linked=True)

    async def vocabulary(self, language: str) -> dict[str, Any]:
        """What may be written in the draft: contexts and prompts with their words, targets, applications."""
        core, own = self._folders()
        files = gather.files([own] if own.is_dir() else [])
        return await asyncio.to_thread(vocabulary.of_site, self.site, self.var, core, files, language)

    def _folders(self) -> tuple[Path, Path]:
        """Core as it runs, and the draft's own."""
        current = self.versions.current
        core = self.versions.path(current) / "core" if current is not None else drafts.CORE
        return core, drafts.of_site(self.site).own

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if self._link.state == "up":
                await self.look(datetime.now(UTC))

    async def _note_start(self) -> None:
        """A version that came into force as Asterisk started is on record too."""
        current = self.versions.current
        if current is None or current == self._noted:
            return
        made = self.versions.get(current)
        if made.kind == "start":
            known = await self.audit.listed(what="dialplan.start", limit=1000)
            if str(current) not in {entry.about for entry in known}:
                details = {"hash": made.hash, "before": made.before}
                await self.audit.note(SYSTEM, SYSTEM, "dialplan.start", str(current), made.why, details)
        self._noted = current

    async def look(self, now: datetime) -> None:
        with suppress(DatabaseDownError):
            await self._note_start()
        with suppress(BusyError):
            if self.versions.pending is not None:
                with self.versions.alone():
                    await publish.recover(self.site, self.var, self._link, self.audit)
            bad = await self._bad(now)
            if bad is not None:
                await self._take_back(*bad)

    async def _bad(self, now: datetime) -> tuple[int, str] | None:
        """The version in force, if it was published minutes ago and calls fail since, and why."""
        begun = [event for event in self.versions.events() if event.event == IN_FORCE]
        minutes = timedelta(minutes=self.site.dialplans.watch_minutes)
        if not begun or begun[-1].version != self.versions.current:
            return None
        since = datetime.fromisoformat(begun[-1].at)
        if now - since > minutes or self.versions.get(begun[-1].version).kind != "publish":
            return None
        before = watch.Tally(*await failures(self._store, since - BEFORE, since))
        after = watch.Tally(*await failures(self._store, since, now))
        why = watch.verdict(before, after)
        return None if why is None else (begun[-1].version, why)

    async def _take_back(self, bad: int, why: str) -> None:
        log.error("dialplan.calls_fail", alarm=True, version=bad, why=why)
        try:
            before = publish.to_bring_back(self.versions, None)
            await self.publish(SYSTEM, f"version {bad}: {why}", SYSTEM, before)
        except HotlineError as failure:
            log.error("dialplan.not_taken_back", alarm=True, version=bad, why=failure.message)  # noqa: TRY400
            raise

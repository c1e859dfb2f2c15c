"""Erasing what is older than the settings allow, in small steps, with proof (R52, R65). The statistics stay.

Rows: the erasure, its proof and what stays in the statistics are one transaction. Files: first a row says that they
are about to go, then they are deleted for good, then the proof takes that row's place. Whatever dies in between, the
next run goes on from there; a proof never claims what was not done.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.calls.redaction import pseudonym, without_number
from ivr.pbx.journal_age import Span
from ivr.settings import Retention
from ivr.store import retention_cases, tables, voices
from ivr.store import retention_rows as rows
from ivr.store.due import Old, due, limits
from ivr.store.erasure import CALL, CASE, JOURNAL, PERSONAL, RECORDINGS, Order, prove
from ivr.store.errors import DatabaseDownError
from ivr.store.retention_journal import old_files, rotate_by_age
from ivr.store.store import Store
from ivr.store.writer import only_eraser

AT_ONCE = 50  # calls erased in one transaction: the call log waits for some 20 ms, the loop for as long
LOOKED_AT = 1000  # calls looked at in one go
RULES = {PERSONAL: "personal", RECORDINGS: "recordings", CALL: "call_log", JOURNAL: "journal"}  # keys of [retention]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Erased:
    """How much of one kind."""

    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    def add(self, times: Sequence[datetime]) -> None:
        self.count += len(times)
        self.oldest = min([*times, self.oldest] if self.oldest else times)
        self.newest = max([*times, self.newest] if self.newest else times)


@dataclass(slots=True)
class Report:
    """What a run erased (or, dry, would erase), by kind."""

    dry_run: bool
    before: dict[str, datetime]
    kinds: dict[str, Erased] = field(default_factory=lambda: {kind: Erased() for kind in RULES})
    held: int = 0  # calls that were due and are held
    problems: list[str] = field(default_factory=list)  # files that could not be deleted; the next run tries again


class Job:
    """One run: `await Job(…).run()`. `pause`: seconds between two steps, for the calls' sake."""

    def __init__(
        self,
        store: Store,
        var: Path,
        node: str,
        kept: Retention,
        *,
        by: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: float = 0.0,
    ) -> None:
        self._store, self._node, self._kept, self._by, self._clock, self._pause = store, node, kept, by, clock, pause
        self._recordings, self._journal = var / "recordings", var / "journal"
        self._key = secrets.token_bytes(32)  # never kept: nobody can turn a pseudonym back
        self._before = limits(kept, clock())
        self._stuck: set[str] = set()  # calls whose files could not be deleted
        self._report = Report(True, {})

    async def run(self, dry_run: bool = False) -> Report:
        """Raises DatabaseDownError (what was erased until then is proven), AnotherEraserError, NoJournalError."""
        self._report = report = Report(dry_run, {kind: self._before[kind] for kind in RULES})
        with only_eraser(self._journal):
            if not dry_run:
                await self._finish()
            async for page in self._pages():
                await self._take(page)
            await self._uncalled()
            await self._screened()
            await self._strays()
            await self._old_journal()
            if not dry_run and any(kind.count for kind in report.kinds.values()):
                await self._forget_deleted()
        return report

    # --- calls -------------------------------------------------------------------------------------------------------

    async def _pages(self) -> AsyncIterator[list[Old]]:
        """Every call of ours that entered before the youngest limit, the oldest first."""
        call = tables.call
        last: tuple[Any, ...] | None = None
        until = max(moment for kind, moment in self._before.items() if kind != JOURNAL)
        others = select(tables.journal_position.c.node)
        ours = or_(call.c.node == self._node, call.c.node.not_in(others))  # imported calls have no node that erases
        while True:
            query = rows.facts().where(ours, call.c.entered_at < until).order_by(call.c.entered_at, call.c.id)
            if last is not None:
                query = query.where(rows.after(*last))
            async with self._store.reading() as connection:
                found = (await connection.execute(query.limit(LOOKED_AT))).all()
            if not found:
                return
            last = (found[-1].entered_at, found[-1].id)
            yield [Old(**row._mapping) for row in found]
            await self._rest()

    async def _take(self, page: Sequence[Old]) -> None:
        self._report.held += sum(call.held and bool(due(replace(call, held=False), self._before)) for call in page)
        for kind, erase in ((RECORDINGS, self._recordings_of), (PERSONAL, self._numbers_of), (CALL, self._whole)):
            wanted = [call for call in page if kind in due(call, self._before)]
            for start in range(0, len(wanted), AT_ONCE):
                part = [call for call in wanted[start : start + AT_ONCE] if call.id not in self._stuck]
                if part and not self._report.dry_run:
                    await erase(part)
                    await self._rest()
                elif part:
                    self._report.kinds[kind].add([call.entered_at for call in part])

    async def _numbers_of(self, calls: Sequence[Old]) -> None:
        known = await self._store.these([call.id for call in calls])
        redacted = [(call, without_number(call, pseudonym(call.caller, self._key))) for call in known.values()]
        async with self._store.alone() as connection:
            await rows.erase_for_good(connection)
            await rows.redact(connection, redacted)
            await self._proven(connection, PERSONAL, {call.id: call.entered_at for call in calls})
        self._told(PERSONAL, [call.entered_at for call in calls])

    async def _whole(self, calls: Sequence[Old]) -> None:
        known = await self._store.these([call.id for call in calls])
        async with self._store.alone() as connection:
            await rows.erase_for_good(connection)
            await rows.keep_counts(connection, known.values())
            await rows.forget_cases(connection, list(known))
            await connection.execute(delete(tables.call).where(tables.call.c.id.in_(list(known))))
            await self._proven(connection, CALL, {call.id: call.entered_at for call in calls})
        self._told(CALL, [call.entered_at for call in calls])

    async def _screened(self) -> None:
        """Numbers of blocks that have ended and of reviews; who decided what, and when, stays."""
        before = self._before[PERSONAL]
        if self._report.dry_run:
            async with self._store.reading() as connection:
                found = await rows.screened(connection, before)
        else:
            async with self._store.alone() as connection:
                await rows.erase_for_good(connection)
                found = await rows.screened(connection, before)
                for table, row in found:
                    other = pseudonym(row.number, self._key)
                    await connection.execute(update(table).where(row.where).values(number=other))
                if found:
                    await self._proven(connection, PERSONAL, {row.subject: row.over_at for _, row in found})
        if found:
            self._told(PERSONAL, [row.over_at for _, row in found])

    async def _uncalled(self) -> None:
        """Cases that no call belongs to, and whoever sent what no case became of."""
        before = self._before
        if self._report.dry_run:
            async with self._store.reading() as connection:
                cases = await retention_cases.due(connection, before, most=None)
                messages = await retention_cases.messages(connection, before[PERSONAL], erase=False)
            self._told(PERSONAL, [*(case.opened_at for case in cases), *messages.values()])
            return
        last: int | None = 0
        while last is not None:
            async with self._store.alone() as connection:
                await rows.erase_for_good(connection)
                cases = await retention_cases.due(connection, before, last)
                await retention_cases.forget(connection, [case.id for case in cases])
                gone = {CASE + case.id: case.opened_at for case in cases}
                if not cases:
                    gone = await retention_cases.messages(connection, before[PERSONAL], erase=True)
                if gone:
                    await self._proven(connection, PERSONAL, gone)
            self._told(PERSONAL, list(gone.values()))
            last = cases[-1].serial if cases else None
            await self._rest()

    # --- recordings --------------------------------------------------------------------------------------------------

    async def _recordings_of(self, calls: Sequence[Old]) -> None:
        names = await self._named([call.id for call in calls])
        await self._erase_files({call.id: (call.entered_at, names.get(call.id, [])) for call in calls})

    async def _named(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Call → the recordings that its legs name."""
        leg = tables.leg
        query = select(leg.c.call_id, leg.c.recording).where(leg.c.call_id.in_(ids), leg.c.recording.is_not(None))
        named: dict[str, list[str]] = {}
        async with self._store.reading() as connection:
            for id, name in await connection.execute(query):
                named.setdefault(id, []).append(name)
        return named

    async def _strays(self) -> None:
        """Folders of old recordings that no call in the log names."""
        before = self._before[RECORDINGS]
        for day in await asyncio.to_thread(lambda: list(voices.days_before(self._recordings, before))):
            folders = await asyncio.to_thread(voices.folders_in, day)
            for start in range(0, len(folders), AT_ONCE):
                await self._strays_among(day, folders[start : start + AT_ONCE])

    async def _strays_among(self, day: Path, ids: Sequence[str]) -> None:
        named, held = await self._named(ids), await self._held(ids)
        at = datetime.strptime("".join(day.parts[-3:]), "%Y%m%d").replace(tzinfo=UTC)
        strays = [day / id for id in ids if id not in named and id not in held]
        if strays and self._report.dry_run:
            self._told(RECORDINGS, [at] * len(strays))
        elif strays:
            top = self._recordings
            await self._erase_files({str(path.relative_to(top)): (at, voices.files_of(path, top)) for path in strays})
            await self._rest()

    async def _held(self, ids: Sequence[str]) -> set[str]:
        hold = tables.legal_hold
        query = select(hold.c.call_id).where(hold.c.call_id.in_(ids), hold.c.released_at.is_(None))
        async with self._store.reading() as connection:
            return set((await connection.execute(query)).scalars())

    async def _erase_files(self, wanted: Mapping[str, tuple[datetime, list[str]]]) -> None:
        """Call or folder → its time and its files. Said, done, proven, in this order."""
        await self._intend(RECORDINGS, {subject: Span(at, at) for subject, (at, _) in wanted.items()})
        gone: dict[str, datetime] = {}
        for subject, (at, names) in wanted.items():
            try:
                await asyncio.to_thread(voices.delete, self._recordings, names)
            except OSError as error:
                self._stuck.add(subject)
                self._report.problems.append(f"{subject}: {error}")
                log.error("retention.file", subject=subject, reason=str(error))  # noqa: TRY400
            else:
                gone[subject] = at
        if not gone:
            return
        async with self._store.alone() as connection:
            of_these = update(tables.leg).where(tables.leg.c.call_id.in_(list(gone)))
            await connection.execute(of_these.values(recording=None, recorded_from=None))
            await self._proven(connection, RECORDINGS, gone)
        self._told(RECORDINGS, list(gone.values()))

    # --- the journal -------------------------------------------------------------------------------------------------

    async def _old_journal(self) -> None:
        if not self._report.dry_run:
            rotate_by_age(self._journal, self._clock())
        for path, span in await old_files(self._store, self._journal, self._node, self._before[JOURNAL]):
            if not self._report.dry_run:
                await self._intend(JOURNAL, {f"{self._node}/{path.name}": span})
                await self._erase_journal(path, span)
                await self._rest()
            else:
                self._told(JOURNAL, span[:1])

    async def _erase_journal(self, path: Path, span: Span) -> None:
        try:
            await asyncio.to_thread(voices.delete, self._journal, [path.name])
        except OSError as error:
            self._report.problems.append(f"{path}: {error}")
            return
        async with self._store.alone() as connection:
            await self._proven(connection, JOURNAL, {f"{self._node}/{path.name}": span.oldest}, span)
        self._told(JOURNAL, span[:1])

    # --- steps that all share ----------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        """What an earlier run said it would delete, and may have."""
        table = tables.erasing
        async with self._store.reading() as connection:
            left = (await connection.execute(select(table).where(table.c.node == self._node))).all()
        for row in left:
            if row.kind == JOURNAL:
                await self._erase_journal(self._journal / row.subject.partition("/")[2], Span(row.oldest, row.newest))
        calls = {row.subject: row.oldest for row in left if row.kind == RECORDINGS}
        held, named = await self._held([Path(subject).name for subject in calls]), await self._named(list(calls))
        wanted = {
            subject: (at, named.get(subject) or self._files_in(subject))
            for subject, at in calls.items()
            if Path(subject).name not in held
        }
        if wanted:
            await self._erase_files(wanted)

    def _files_in(self, subject: str) -> list[str]:
        folder = self._recordings / subject
        return voices.files_of(folder, self._recordings) if "/" in subject and folder.is_dir() else []

    async def _intend(self, kind: str, subjects: Mapping[str, Span]) -> None:
        async with self._store.alone() as connection:
            said = [
                {"kind": kind, "subject": subject, "node": self._node, "asked_at": self._clock()} | span._asdict()
                for subject, span in subjects.items()
            ]
            await connection.execute(rows.insert(connection, tables.erasing).on_conflict_do_nothing(), said)

    async def _proven(
        self, connection: AsyncConnection, kind: str, subjects: Mapping[str, datetime], span: Sequence[datetime] = ()
    ) -> None:
        rule = f"{RULES[kind]} = {getattr(self._kept, RULES[kind])}"
        order = Order(self._node, kind, rule, self._by, self._before[kind])
        await prove(connection, order, self._clock(), list(subjects), span or list(subjects.values()))

    def _told(self, kind: str, times: Sequence[datetime]) -> None:
        if times:
            self._report.kinds[kind].add(times)

    async def _forget_deleted(self) -> None:
        """What was erased is proven already; a database that is busy now is cleaned by the next run."""
        try:
            await self._store.forget_deleted()
        except DatabaseDownError as error:
            log.warning("retention.not_vacuumed", reason=error.details["reason"])

    async def _rest(self) -> None:
        await asyncio.sleep(self._pause)

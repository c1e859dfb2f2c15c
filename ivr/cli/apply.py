"""`ivr apply`: changed settings come into force while calls run."""

from __future__ import annotations

import asyncio
import json as json_words
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import structlog
import typer

from ivr import apply as applying
from ivr import credentials, system
from ivr.apply import Applied
from ivr.cli.context import Context
from ivr.cli.dialplan.publishing import By, person
from ivr.cli.language import language
from ivr.pbx import drain
from ivr.processes import Process
from ivr.settings import edit
from ivr.store import Store
from ivr.store.audit import Audit
from ivr.store.writer import has_writer

BACK_SECONDS, LOOK = 60.0, 0.2  # until the new controller answers, and between two looks at that
ROLE = "admin"
WORDS = {
    "in_force": ("设置已经生效，没有改动。", "The settings are in force already; nothing has changed."),
    "at_start": ("Asterisk 未运行，下次启动时生效。", "No Asterisk runs: the next start reads these settings."),
    "applied": ("设置已生效，通话没有中断。", "The settings are in force; no call was touched."),
    "waiting": ("下次启动时生效：{keys}", "In force at the next start: {keys}"),
    "alone": (
        "ivr up 没有运行：控制器仍用原来的设置。",
        "`ivr up` does not run: the controller keeps the settings that it has.",
    ),
    "late": (
        "控制器还没有换用新设置，原因见 {log}；通话不受影响。",
        "The controller has not been replaced yet: {log} tells why. Calls go on.",
    ),
    "pending": ("设置已改动，尚未生效。", "The settings have changed and are not in force yet."),
}


@dataclass(frozen=True, slots=True)
class Report:
    """`state`: in_force, pending (`--check`), at_start (none runs), applied."""

    state: str
    done: Applied

    def as_dict(self) -> dict[str, object]:
        return {
            "state": self.state,
            "files": list(self.done.files),
            "waiting": list(self.done.waiting),
            "renewed": self.done.renewed,
        }


def apply(
    context: typer.Context,
    why: Annotated[str, typer.Option("--message", "-m", help="Why, on one line: it is kept in the audit log.")] = "",
    by: By = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether anything waits to be applied.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring a changed hotline.toml into force while calls run.

    Targets, operators, supervisors, trunks, queues, hours and keys are read again by Asterisk at once; then the
    controller is replaced, which no call notices. What Asterisk takes at its start alone ([listen], [tls], [database],
    [hotline] node) stays as it was and is named. Exit code 0: in force, or nothing to do; 1: nothing has changed, and
    the words say why.

    Example: ivr apply -m 新增三名坐席 --by 王芳
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # our words alone
    start: Context = context.obj
    old = system.find_controller(start.var)
    report = _look(start) if check else asyncio.run(_apply(start, why.strip(), person(by)))
    late = report.done.renewed and not _wait_back(start, old)
    if json:
        typer.echo(json_words.dumps({"apply": report.as_dict()}, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(report, start.var / "log/supervisor.log" if late else None)))


def _look(start: Context) -> Report:
    in_force, waiting = applying.pending(start.file, start.var)
    return Report("in_force" if in_force else "pending", Applied(waiting=waiting))


async def _apply(start: Context, why: str, by: str) -> Report:
    site, var = start.file, start.var
    if system.find_asterisk(var) is None:
        return Report("at_start", Applied(asterisk=False))
    report = _look(start)
    if report.state == "in_force":
        return report
    async with drain.manager(start.site, var, credentials.load(var)) as asterisk, _on_record(start, by, why):
        done = await applying.apply(site, var, asterisk)
    return Report("applied", Applied(done.files, done.waiting, renewed=applying.renew(var)))


@asynccontextmanager
async def _on_record(start: Context, by: str, why: str) -> AsyncIterator[None]:
    """Before anything changes, and again where nothing does."""
    store = Store(start.site.database_url)
    await store.open(may_migrate=not has_writer(start.journal))
    try:
        details = {"revision": edit.revision(start.file.source)}
        async with Audit(store).ahead(by, ROLE, "settings.apply", start.site_path.name, why, details):
            yield
    finally:
        await store.close()


def _wait_back(start: Context, old: Process | None) -> bool:
    """Until another controller than the one before serves; False where none does in time."""
    until = time.monotonic() + BACK_SECONDS
    while time.monotonic() < until:
        now = system.find_controller(start.var)
        if now is not None and (old is None or now.pid != old.pid) and system.health(start.site) is not None:
            return True
        time.sleep(LOOK)
    return False


def _lines(report: Report, late: Path | None = None) -> list[str]:
    """`late`: the log that tells why the controller is not a new one."""
    code = 0 if language() == "zh" else 1
    lines = [WORDS[report.state][code]]
    if report.done.waiting:
        lines.append(WORDS["waiting"][code].format(keys=", ".join(report.done.waiting)))
    if report.state == "applied" and not report.done.renewed:
        lines.append(WORDS["alone"][code])
    if late is not None:
        lines.append(WORDS["late"][code].format(log=late))
    return lines

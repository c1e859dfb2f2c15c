"""`ivr db`: the shape of the database's tables, a backup while calls run, and back again."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ivr import system
from ivr.cli.context import PROBLEM, Context
from ivr.cli.language import language
from ivr.cli.run import with_store
from ivr.errors import HotlineError
from ivr.pbx import journal
from ivr.store import Store, migrate, shape
from ivr.store import backup as copies
from ivr.store.audit import Audit
from ivr.store.export import as_json
from ivr.store.writer import AnotherWriterError, has_writer, only_eraser, only_writer

app = typer.Typer(
    help="The database: current, history, upgrade, downgrade, backup, restore.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SHELL = "shell"  # the role of whoever may run commands here
PATIENCE = 60.0  # seconds for a controller to end

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

STATES = {
    "current": ("表结构正是本版本所需", "its tables are in this release's shape"),
    "older": (
        "表结构属于旧版本；下次 ivr up 会自动升级",
        "its tables are an older release's; the next `ivr up` upgrades them",
    ),
    "newer": (
        "表结构属于更新的版本；请使用新版本，或用新版本执行 ivr db downgrade",
        "its tables are a newer release's: use that one, or take them back with it by `ivr db downgrade`",
    ),
    "empty": ("还没有表；ivr up 会建立", "it has no tables yet; `ivr up` makes them"),
}


class InUseError(HotlineError):
    """The shape is not changed under a controller that runs."""


@app.command()
def current(context: typer.Context, json: Json = False) -> None:
    """Say which revision the database has, and whether this release fits. Exit code 1 where it does not.

    Example: ivr db current
    """
    url = context.obj.site.database_url
    found = asyncio.run(shape.current(url))
    state = shape.state(found)
    if json:
        typer.echo(as_json({"revision": found, "newest": migrate.HEAD, "state": state}))
    else:
        typer.echo(f"{found or '—'} / {migrate.HEAD}: {_say(*STATES[state])}")
    if state != "current":
        raise typer.Exit(PROBLEM)


@app.command()
def history(context: typer.Context, json: Json = False) -> None:
    """List every revision that this release knows, the oldest first.

    Example: ivr db history
    """
    found = shape.history()
    if json:
        typer.echo(as_json({"revisions": [asdict(revision) for revision in found]}))
    else:
        typer.echo("\n".join(f"{revision.id}  {revision.words}" for revision in found))


@app.command()
def upgrade(
    context: typer.Context,
    revision: Annotated[
        str, typer.Argument(help="One of `ivr db history`; the newest where not given.")
    ] = migrate.HEAD,
) -> None:
    """Bring the tables into a newer shape; `ivr up` does it by itself. What fails leaves all as it was.

    Example: ivr db upgrade
    """
    _refuse_beside_a_controller(context.obj)
    _moved(*asyncio.run(shape.upgrade(context.obj.site.database_url, revision)))


@app.command()
def downgrade(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(help="One of `ivr db history`, or base for no tables at all.")],
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Yes: what does not fit the older shape may be lost.")
    ] = False,
) -> None:
    """Take the tables back to an older release's shape, with the controller ended.

    Example: ivr db backup before.backup && ivr db downgrade 0001 --accept-loss
    """
    if not accept_loss:
        zh = "旧结构放不下的数据会丢失。请先执行 ivr db backup 文件，再加上 --accept-loss。"
        en = "What does not fit the older shape is lost. First `ivr db backup FILE`, then give --accept-loss."
        typer.echo(_say(zh, en), err=True)
        raise typer.Exit(2)
    _refuse_beside_a_controller(context.obj)
    _moved(*asyncio.run(shape.downgrade(context.obj.site.database_url, revision)))


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The file to write; one that is there is replaced once the new is whole.")
    ],
    json: Json = False,
) -> None:
    """Copy the whole database into one file, beside running calls.

    Example: ivr db backup /backup/hotline-$(date +%F).backup
    """
    saved = asyncio.run(copies.backup(context.obj.site.database_url, file.absolute()))
    if json:
        typer.echo(as_json(asdict(saved)))
    else:
        typer.echo(
            _say(
                f"已备份到 {saved.file}（{saved.bytes:,} 字节）。", f"{saved.file} ({saved.bytes:,} bytes) is written."
            )
        )


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `ivr db backup` wrote.")],
    by: Annotated[str | None, typer.Option(help="Who wants it; the user of this machine where not given.")] = None,
    why: Annotated[str, typer.Option(help="Why: stands in the audit log.")] = "",
    json: Json = False,
) -> None:
    """Put a backup in the database's place; the journal then brings it to the present. Calls go on meanwhile.

    A running controller is ended for it, and `ivr up` starts it again. What was in the database is kept in a file.
    The audit log goes back to the backup's too: its next entry says so, and which was the last one before.

    Example: ivr db restore /backup/hotline-2026-11-26.backup
    """
    start: Context = context.obj
    url = start.site.database_url
    copies.look(url, file.absolute())
    with _alone(start):
        kept = _keep(start)
        before = with_store(start, lambda store: Audit(store).verify()) if kept is not None else None
        if asyncio.run(copies.restore(url, file.absolute())):
            _end_controller(start)  # the one that was started meanwhile may hold the broken file
    noted = {"replaced": kept.name if kept else None, "audit_before": asdict(before) if before else None}
    with_store(
        start, lambda store: Audit(store).note(by or getpass.getuser(), SHELL, "db.restore", file.name, why, noted)
    )
    calls, behind, torn = with_store(start, lambda store: _after(store, start))
    if json:
        typer.echo(as_json({"replaced": str(kept) if kept else None, "calls": calls, "unread": behind, "gap": torn}))
        return
    typer.echo(_say(f"已恢复，共 {calls} 个通话。", f"Restored: {calls} calls."))
    if kept is not None:
        typer.echo(_say(f"恢复前的数据保存在 {kept}。", f"What was there before is kept in {kept}."))
    if behind:
        zh = f"流水中还有 {behind:,} 字节，由控制器（ivr up）或 ivr calls rebuild 补入。"
        en = f"{behind:,} bytes of the journal follow: the controller (`ivr up`) or `ivr calls rebuild` takes them in."
        typer.echo(_say(zh, en))
    if torn:
        zh = "注意：备份之后的部分流水文件已不在，这段时间的通话无法补回。"
        en = "Note: journal files from after the backup are gone; the calls in them cannot be brought back."
        typer.echo(_say(zh, en), err=True)


async def _after(store: Store, start: Context) -> tuple[int, int, bool]:
    """Calls in the restored database, bytes of the journal behind its position, and whether some are missing."""
    position = await store.position(start.site.hotline.node)
    place = journal.Place.of(position.replay_file, position.replay_offset) if position else None
    numbers = journal.rotated(start.journal)
    torn = place is not None and bool(numbers) and place.file < numbers[0]
    return await store.count(), journal.ahead(start.journal, place), torn


@contextmanager
def _alone(start: Context) -> Iterator[None]:
    """As the only one that writes: a controller is ended, and the one that `ivr up` starts waits. Calls need none."""
    start.journal.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(only_writer(start.journal))
                break
            except AnotherWriterError:
                if time.monotonic() > deadline:
                    raise
                _end_controller(start)
                time.sleep(0.05)
        stack.enter_context(only_eraser(start.journal))
        yield


def _end_controller(start: Context) -> None:
    running = system.find_controller(start.var)
    if running is not None:
        with suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGTERM)


def _keep(start: Context) -> Path | None:
    """The database as it is, in case the restore was a mistake; None where there is nothing, or nothing whole."""
    kept = start.var / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    try:
        asyncio.run(copies.backup(start.site.database_url, kept))
    except HotlineError as error:
        typer.echo(
            _say(f"原数据库无法备份：{error.message}", f"What is there could not be kept: {error.message}"), err=True
        )
        return None
    return kept


def _refuse_beside_a_controller(start: Context) -> None:
    if has_writer(start.journal):
        zh = "控制器正在使用该数据库：请先结束 ivr up。"
        en = "A controller uses the database: end `ivr up` first."
        raise InUseError("database_in_use", _say(zh, en), status=409)


def _moved(before: str | None, after: str | None) -> None:
    typer.echo(f"{before or '—'} → {after or '—'}")


def _say(zh: str, en: str) -> str:
    return zh if language() == "zh" else en

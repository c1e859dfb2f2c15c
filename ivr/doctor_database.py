"""The doctor's look at the database: does it answer, and are its tables in this release's shape?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from ivr import system
from ivr.findings import Finding, bad, ok
from ivr.settings import Site

PATIENCE = 5.0  # seconds for an answer


def database(site: Site, var: Path) -> Iterator[Finding]:
    """A SQLite file is made by the first start; whatever is there already must answer."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415  slow to import, and only this needs it
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        url = make_url(site.database_url)
        file = Path(url.database or "")
        if url.get_backend_name() == "sqlite" and not file.exists() and (file.parent.is_dir() or var in file.parents):
            yield ok("database", f"数据库将建在 {file}", f"the database will be made: {file}")
            return
        revision = asyncio.run(_revision(site.database_url))
    except (OSError, TimeoutError, SQLAlchemyError) as failure:
        why = (str(failure) or type(failure).__name__).splitlines()[0]
        mend = (f"检查 {site.path} 的 [database] url", f"check [database] url in {site.path}")
        yield bad("database", (f"数据库连不上：{why}", f"the database cannot be reached: {why}"), mend)
    else:
        shown = url.render_as_string(hide_password=True)
        yield ok("database", f"数据库正常：{shown}", f"the database answers: {shown}")
        yield from _shape(revision, system.find_controller(var) is not None)
        yield from _audit(site.database_url, revision)
        yield from _departments(site, revision)


async def _revision(url: str) -> str | None:
    """What shape its tables have, asked without changing it."""
    from ivr.store import engine, migrate  # noqa: PLC0415

    opened = engine.create(url)
    try:
        async with asyncio.timeout(PATIENCE), opened.connect() as connection:
            return await connection.run_sync(migrate.current)
    finally:
        await opened.dispose()


def _audit(url: str, revision: str | None) -> Iterator[Finding]:
    """The audit log's chain, where its tables have this release's shape."""
    from ivr.store import Store, migrate  # noqa: PLC0415
    from ivr.store.audit import Audit, Verdict  # noqa: PLC0415

    async def verdict() -> Verdict:
        store = Store(url)
        await store.open(may_migrate=False)
        try:
            return await Audit(store).verify()
        finally:
            await store.close()

    if revision != migrate.HEAD:
        return
    found = asyncio.run(verdict())
    if found.broken:
        words = (f"审计记录从第 {found.broken} 条起不完整", f"the audit log is broken from entry {found.broken} on")
        mend = ("运行 ivr audit verify，并与备份比对", "run `ivr audit verify` and compare it with a backup")
        yield bad("audit", words, mend)
    else:
        yield ok("audit", f"审计记录完整：{found.entries} 条", f"the audit log is whole: {found.entries} entries")


def _departments(site: Site, revision: str | None) -> Iterator[Finding]:
    """People whose department the settings have no more cannot log in."""
    from ivr.store import Store, migrate  # noqa: PLC0415
    from ivr.store.accounts import Account, Accounts  # noqa: PLC0415

    async def accounts() -> dict[str, Account]:
        store = Store(site.database_url)
        await store.open(may_migrate=False)
        try:
            return await Accounts(store).all()
        finally:
            await store.close()

    if revision != migrate.HEAD:
        return
    gone = [one for one in asyncio.run(accounts()).values() if one.department not in {None, *site.departments}]
    if gone:
        who = ", ".join(f"{one.user} ({one.department})" for one in gone)
        words = (f"这些账号所属的单位已不在设置中，不能登录：{who}", f"departments of these accounts are gone: {who}")
        mend = (
            f"在 {site.path} 中恢复 [departments.…]，或在 /admin/accounts 改选单位、停用账号",
            f"put [departments.…] back into {site.path}, or change or disable the accounts at /admin/accounts",
        )
        yield bad("departments", words, mend, "warning")


def _shape(revision: str | None, runs: bool) -> Iterator[Finding]:
    """A newer release's tables stop the start; an older one's are upgraded by it."""
    from ivr.store import shape  # noqa: PLC0415

    state = shape.state(revision)
    if state == "newer":
        mend = (
            "改用更新的版本，或用它执行 ivr db downgrade",
            "use that release, or take them back with it: `ivr db downgrade`",
        )
        words = (f"数据库表结构 {revision} 属于更新的版本", f"the database's tables ({revision}) are a newer release's")
        yield bad("database-shape", words, mend)
    elif state == "older" and runs:
        mend = ("结束 ivr up 后重新启动", "end `ivr up` and start it again: it upgrades them")
        words = (
            f"数据库表结构 {revision} 属于旧版本，旧版控制器仍在运行",
            f"the tables ({revision}) and the controller are an older release's",
        )
        yield bad("database-shape", words, mend, "warning")
    elif state == "older":
        yield ok(
            "database-shape",
            f"启动时将升级数据库表（现为 {revision}）",
            f"the start will upgrade the tables ({revision})",
        )

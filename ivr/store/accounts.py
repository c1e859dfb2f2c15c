"""Accounts and sessions in a database (R61, R63): who may come in, as what, and who is in.

A password stands here as its argon2 hash, a session as the SHA-256 of its cookie: who reads the database opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.errors import HotlineError
from ivr.settings.checks import PEOPLE
from ivr.store import tables
from ivr.store.export import instant
from ivr.store.store import Store

ROLES = PEOPLE  # the first one that an account has is what it is mostly (`Account.role`)
KEEPS_APART = frozenset({"admin", "dialplan_admin", "supervisor", "operator"})  # from auditor: R61
DEPARTMENT = "department"  # the role of a department's person, who is nobody of the hotline

_ACCOUNT, _SESSION = tables.account.c, tables.web_session.c


@dataclass(frozen=True, slots=True)
class Account:
    user: str
    name: str
    roles: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    number: str | None = None
    password: str | None = field(default=None, repr=False)
    must_change: bool = True
    totp: str | None = field(default=None, repr=False)
    totp_step: int = 0
    disabled_at: datetime | None = None
    locked_until: datetime | None = None
    last_login_at: datetime | None = None
    last_address: str | None = None
    department: str | None = None  # of hotline.toml

    @property
    def role(self) -> str:
        return next(role for role in ROLES if role in self.roles)

    def must(self, totp: Iterable[str]) -> str | None:
        """What has to be done before anything else: `password`, `totp` (for the roles named), or nothing."""
        if self.must_change:
            return "password"
        return "totp" if self.totp is None and set(self.roles) & set(totp) else None

    def was_unlocked_since(self, before: Account) -> bool:
        """Somebody ended its lock: a lock's end lies behind the moment of its change, an unlocking's does not."""
        ends = self.locked_until
        return ends != before.locked_until and (ends is None or ends <= self.changed_at)

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """For the admin: nothing that opens anything."""
        locked = self.locked_until is not None and self.locked_until > now
        return {
            "user": self.user,
            "name": self.name,
            "roles": list(self.roles),
            "number": self.number,
            "department": self.department,
            "disabled": self.disabled_at is not None,
            "locked_until": _told(self.locked_until) if locked else None,
            "totp": self.totp is not None,
            "must_change": self.must_change,
            "created_at": instant(self.created_at),
            "last_login_at": _told(self.last_login_at),
        }


@dataclass(slots=True)
class Session:
    """One browser that is logged in; `seen_at` moves."""

    id: str  # SHA-256 of what its cookie holds
    user: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str


class AccountRefusedError(HotlineError):
    """What an account cannot be, or who may not change it."""


def refused(id: str, message: str, status: int = 422, **details: object) -> AccountRefusedError:
    return AccountRefusedError(id, message, details, status)


def user_exists(user: str) -> AccountRefusedError:
    return refused("user_exists", f"there is an account {user} already; choose another user", 409, user=user)


class Accounts:
    """The accounts of a database. `now` is an aware moment: the clock stands outside. All raise DatabaseDownError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> dict[str, Account]:
        async with self._store.transaction() as connection:
            rows = (await connection.execute(select(tables.account).order_by(_ACCOUNT.user))).mappings().all()
        return {row["user"]: _account(row) for row in rows}

    async def newest_change(self) -> tuple[datetime | None, int]:
        """Differs from what it was as soon as any account was added, changed or removed."""
        query = select(func.max(_ACCOUNT.changed_at), func.count()).select_from(tables.account)
        async with self._store.transaction() as connection:
            newest, count = (await connection.execute(query)).one()
        return newest, count

    async def add(self, account: Account) -> None:
        """Raises AccountRefusedError (`user_exists`)."""
        try:
            async with self._store.transaction() as connection:
                await self._insert(connection, account)
        except HotlineError as failure:
            if not isinstance(failure.__cause__, IntegrityError):
                raise
            raise user_exists(account.user) from None

    async def add_missing(self, accounts: Iterable[Account]) -> list[Account]:
        """Those whose user and whose number no account has yet."""
        known = (await self.all()).values()
        taken = {account.user for account in known} | {account.number for account in known}
        new = [account for account in accounts if not {account.user, account.number or account.user} & taken]
        async with self._store.transaction() as connection:
            for account in new:
                await self._insert(connection, account)
        return new

    async def _insert(self, connection: AsyncConnection, account: Account) -> None:
        values = {part.name: getattr(account, part.name) for part in fields(account)}
        await connection.execute(insert(tables.account).values({**values, "roles": " ".join(account.roles)}))

    async def change(self, user: str, now: datetime, *, log_out: bool = False, **values: Any) -> bool:
        """Whether there is such an account. `log_out`: its sessions end in the same moment."""
        if "roles" in values:
            values["roles"] = " ".join(values["roles"])
        async with self._store.transaction() as connection:
            if log_out:
                await connection.execute(delete(tables.web_session).where(_SESSION.user == user))
            query = update(tables.account).where(_ACCOUNT.user == user).values(changed_at=now, **values)
            return bool((await connection.execute(query)).rowcount)

    async def remove(self, user: str) -> bool:
        async with self._store.transaction() as connection:
            await connection.execute(delete(tables.web_session).where(_SESSION.user == user))
            return bool((await connection.execute(delete(tables.account).where(_ACCOUNT.user == user))).rowcount)

    # --- sessions ----------------------------------------------------------------------------------------------------

    async def begin(self, session: Session, totp_step: int | None) -> bool:
        """A login: False where the one-time code of this step, or a later one, was used before."""
        values: dict[str, Any] = {"last_login_at": session.began_at, "last_address": session.address}
        query = update(tables.account).where(_ACCOUNT.user == session.user, _ACCOUNT.disabled_at.is_(None))
        if totp_step is not None:
            query = query.where(_ACCOUNT.totp_step < totp_step)
            values["totp_step"] = totp_step
        async with self._store.transaction() as connection:
            if not (await connection.execute(query.values(values))).rowcount:
                return False
            row = {part.name: getattr(session, part.name) for part in fields(session)}
            await connection.execute(insert(tables.web_session).values(row))
        return True

    async def sessions(self, now: datetime) -> dict[str, Session]:
        """Those that have not come to their longest; whether one is idle its controller knows better."""
        query = select(tables.web_session).where(_SESSION.ends_at > now)
        async with self._store.transaction() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {row["id"]: Session(**row) for row in rows}

    async def seen(self, sessions: Iterable[Session]) -> None:
        async with self._store.transaction() as connection:
            for one in sessions:
                query = update(tables.web_session).where(_SESSION.id == one.id).values(seen_at=one.seen_at)
                await connection.execute(query)

    async def end(self, ids: Iterable[str]) -> None:
        async with self._store.transaction() as connection:
            await connection.execute(delete(tables.web_session).where(_SESSION.id.in_(list(ids))))

    async def end_of(self, user: str, but: str = "") -> None:
        """Every session of this account, but the one named."""
        query = delete(tables.web_session).where(and_(_SESSION.user == user, _SESSION.id != but))
        async with self._store.transaction() as connection:
            await connection.execute(query)

    async def forget_ended(self, now: datetime, idle: timedelta) -> None:
        over = or_(_SESSION.ends_at <= now, _SESSION.seen_at <= now - idle)
        async with self._store.transaction() as connection:
            await connection.execute(delete(tables.web_session).where(over))


def _told(moment: datetime | None) -> str | None:
    return instant(moment) if moment is not None else None


def _account(row: RowMapping) -> Account:
    return Account(**{**row, "roles": tuple(row["roles"].split())})


def new_account(  # noqa: PLR0917  what a person is, in the order of the form
    user: str, name: str, roles: Iterable[str], number: str | None, now: datetime, department: str | None = None
) -> Account:
    """One whose password is the first one, until it is set."""
    moment = now.astimezone(UTC)
    return Account(user, name, ordered(roles), moment, moment, number, department=department)


def ordered(roles: Iterable[str]) -> tuple[str, ...]:
    wanted = set(roles)
    return tuple(role for role in ROLES if role in wanted)


def judge_roles(roles: Iterable[str]) -> None:
    """Raises AccountRefusedError for roles that no one person may have together (R61)."""
    wanted = set(roles)
    if not wanted or not wanted <= set(ROLES):
        raise refused("bad_roles", f"roles: at least one of {', '.join(ROLES)}", known=", ".join(ROLES))
    if "auditor" in wanted and wanted & KEEPS_APART:
        raise refused(
            "roles_exclude",
            "an auditor may not change what he looks at: auditor goes with liaison only",
            roles=", ".join(ordered(wanted)),
        )


def judge_department(roles: Iterable[str], department: str | None, known: Iterable[str]) -> None:
    """Raises AccountRefusedError where a department's person is also somebody of the hotline, or of no department.

    `known`: the departments of hotline.toml. Who works at the hotline sees the cases of all (R60), so one account is
    either of the hotline or of one department.
    """
    wanted, of_it = set(roles), ", ".join(known)
    if DEPARTMENT in wanted and len(wanted) > 1:
        message = "a department's person has no other role: what others may see of a case is not for departments"
        raise refused("department_alone", message, roles=", ".join(ordered(wanted)))
    if DEPARTMENT in wanted and not department:
        message = f"say which department this person belongs to, of those of hotline.toml: {of_it or 'none yet'}"
        raise refused("department_needed", message, known=of_it)
    if DEPARTMENT not in wanted and department:
        message = "only the role department belongs to a department; leave the department out, or choose that role"
        raise refused("department_unused", message, department=department)
    if department and department not in known:
        message = (
            f"hotline.toml has no [departments.{department}]; it has {of_it or 'none'}: "
            "choose one of them, or add it there first"
        )
        raise refused("unknown_department", message, department=department, known=of_it)

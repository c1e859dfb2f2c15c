"""Who is logged in: kept in memory, and in the database so that a restart of the controller logs nobody out.

Every request is judged from memory. So people work on while the database is away; only a login needs it. A change that
another process makes (`ivr account`) is seen within a second. A session that ends takes its WebSockets with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiohttp import web

from ivr.credentials import Credentials
from ivr.settings import Site
from ivr.store import DatabaseDownError, Store
from ivr.store.accounts import Account, Accounts, Session, new_account
from ivr.web.lockout import LockedError

COOKIE = "hotline_session"
LOOK = 1.0  # seconds between two looks at what others changed
KEEP_SEEN = 60.0  # seconds between two notes of who was seen when
OVER = 4401  # close code of a WebSocket whose session ended (RFC 6455 7.4.2)

log = structlog.get_logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


def digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()


def csrf(cookie: str) -> str:
    """What a page has to send along with every order: it follows from the cookie, which no other site can read."""
    return hmac.new(cookie.encode("utf-8", "surrogateescape"), b"csrf", hashlib.sha256).hexdigest()


class Sessions:
    """`await run()` keeps it in step with the database."""

    def __init__(
        self, store: Store, site: Site, credentials: Credentials, clock: Callable[[], datetime] = _now
    ) -> None:
        self.accounts: dict[str, Account] = {}
        self.open: dict[str, Session] = {}
        self.rules = site.accounts
        self.loaded = False
        self._prepared = False  # the first accounts are there
        self._site, self._credentials, self._clock = site, credentials, clock
        self.kept = Accounts(store)
        self._idle, self._longest = timedelta(minutes=self.rules.idle_minutes), timedelta(hours=self.rules.hours)
        self.changing = asyncio.Lock()  # who changes accounts: two admins at once must not lock each other out
        self._turn = asyncio.Lock()  # who begins or ends a session, and who reads them
        self._sockets: dict[str, set[web.WebSocketResponse]] = {}
        self._first: dict[web.WebSocketResponse, Callable[[], Awaitable[object]]] = {}  # what comes before its close
        self._on_unlock: list[Callable[[str], None]] = []
        self._closing: set[asyncio.Task[bool]] = set()
        self._to_end: set[str] = set()  # in memory they are over, in the database not yet
        self._newest: object = None
        self.seeds: dict[str, str] = {}  # session → second factor that is being set up

    # --- asked at every request --------------------------------------------------------------------------------------

    def find(self, cookie: str, attended: bool = True) -> tuple[Session, Account] | None:
        """Whose cookie this is, seen now; not `attended`: a page asks by itself, its person may be gone."""
        session = self.open.get(digest(cookie))
        if session is None or self._is_over(session):
            return None
        account = self.accounts.get(session.user)
        if account is None or account.disabled_at is not None:
            return None
        if attended:
            session.seen_at = self._clock()
        return session, account

    def _is_over(self, session: Session) -> bool:
        now = self._clock()
        idle = now - session.seen_at >= self._idle and not self._sockets.get(session.id)
        return idle or now >= session.ends_at

    @contextlib.contextmanager
    def attached(
        self, session: str, socket: web.WebSocketResponse, first: Callable[[], Awaitable[object]] | None = None
    ) -> Iterator[None]:
        """While `socket` is open the session is in use; when the session (its id; "": none) ends, it is closed: 4401.

        `first` is waited for before that close.
        A phone in the page and a live view are somebody at work, though he may not touch anything for an hour.
        """
        if not session:
            yield
            return
        of_it = self._sockets.setdefault(session, set())
        of_it.add(socket)
        if first is not None:
            self._first[socket] = first
        try:
            yield
        finally:
            of_it.discard(socket)
            self._first.pop(socket, None)
            if not of_it:
                self._sockets.pop(session, None)
            if session in self.open:
                self.open[session].seen_at = self._clock()
            else:
                self._close(socket)

    def on_unlock(self, callback: Callable[[str], None]) -> None:
        """`callback` is told of each account (its user) whose lock somebody ended, also by another process."""
        self._on_unlock.append(callback)

    # --- beginning and ending ----------------------------------------------------------------------------------------

    async def begin(self, account: Account, address: str, totp_step: int | None = None) -> str | None:
        """The new session's cookie; None where the code was used before. Raises DatabaseDownError."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        session = Session(digest(cookie), account.user, now, now, now + self._longest, address)
        async with self._turn:
            if not await self.kept.begin(session, totp_step):
                return None
            self.open[session.id] = session
        return cookie

    def still_locked(self, account: Account) -> None:
        """Raises LockedError for one that was locked before this controller began."""
        left = (account.locked_until - self._clock()).total_seconds() if account.locked_until is not None else 0
        if left > 0:
            raise LockedError(left)

    async def lock(self, account: Account) -> None:
        await self.change(account.user, locked_until=self._clock() + timedelta(minutes=self.rules.lock_minutes))

    async def add(self, account: Account, password: str) -> None:
        """Raises AccountRefusedError, DatabaseDownError."""
        await self.kept.add(replace(account, password=password))
        await self.refresh()

    async def change(self, user: str, **values: Any) -> None:
        """What it means for the account's sessions is the caller's. Raises DatabaseDownError."""
        await self.kept.change(user, self._clock(), **values)
        await self.refresh()

    async def remove(self, user: str) -> None:
        await self.end_of(user)
        await self.kept.remove(user)
        await self.refresh()

    async def end(self, ids: Iterable[str]) -> None:
        """At once, whether or not the database can be told now."""
        self._forget(list(ids))
        with contextlib.suppress(DatabaseDownError):
            await self._tell_ends()

    async def end_of(self, user: str, but: str = "") -> None:
        """All of an account's, but the one named."""
        await self.end([id for id, session in self.open.items() if session.user == user and id != but])

    def _forget(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._to_end.add(id)
            self.seeds.pop(id, None)
            if self.open.pop(id, None) is None:
                continue
            for socket in list(self._sockets.get(id, ())):
                self._close(socket)

    def _close(self, socket: web.WebSocketResponse) -> None:
        if not socket.prepared or socket.closed:
            return
        task = asyncio.create_task(self._say_over(socket, self._first.get(socket)))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _say_over(self, socket: web.WebSocketResponse, first: Callable[[], Awaitable[object]] | None) -> bool:
        try:
            if first is not None:
                await first()
        finally:
            closed = await socket.close(code=OVER, message=b"the session is over")
        return closed

    # --- in step with the database -----------------------------------------------------------------------------------

    async def run(self) -> None:
        away, seen = False, 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                if not self._prepared:
                    await self.prepare()
                await self.refresh(only_if_changed=True)
                await self._tell_ends()
                if loop.time() - seen > KEEP_SEEN:
                    seen = loop.time()
                    await self._keep_seen()
                away = False
            except DatabaseDownError as failure:
                if not away:
                    log.warning("accounts.database_away", why=failure.message)
                away = True
            over = [id for id, session in self.open.items() if self._is_over(session)]
            if over:
                await self.end(over)
            await asyncio.sleep(LOOK)

    async def refresh(self, only_if_changed: bool = False) -> None:
        """Read what the database says. Raises DatabaseDownError."""
        async with self._turn:
            newest = await self.kept.newest_change()
            if only_if_changed and newest == self._newest and self.loaded:
                return
            accounts = await self.kept.all()
            sessions = await self.kept.sessions(self._clock())
            before, self.accounts, self._newest = self.accounts, accounts, newest
            for user in accounts.keys() & before.keys():
                if accounts[user].was_unlocked_since(before[user]):
                    for callback in self._on_unlock:
                        callback(user)
            self._forget([id for id in self.open if id not in sessions])
            for id, session in sessions.items():
                if id not in self._to_end:
                    self.open.setdefault(id, session)
            self.loaded = True

    async def prepare(self) -> None:
        """The first accounts, and all that are there. Raises DatabaseDownError."""
        await self._make_first_accounts()
        await self.refresh()
        self._tell_lost_departments()
        self._prepared = True

    async def _make_first_accounts(self) -> None:
        """The administrator's, and one for each operator and supervisor: credentials.toml has their first passwords."""
        now, admin = self._clock(), self._credentials.admin_user
        wanted = [
            new_account(number, operator.name, ["operator"], number, now)
            for number, operator in self._site.operators.items()
        ] + [
            new_account(number, supervisor.name, ["supervisor"], number, now)
            for number, supervisor in self._site.supervisors.items()
        ]
        if not any("admin" in account.roles for account in (await self.kept.all()).values()):
            wanted.append(new_account(admin, admin, ["admin"], None, now))
        for made in await self.kept.add_missing(wanted):
            log.info("accounts.made", user=made.user)

    def _tell_lost_departments(self) -> None:
        """Whose department the settings have no more cannot log in, and an administrator has to know why."""
        for account in self.accounts.values():
            if account.department is not None and account.department not in self._site.departments:
                log.warning("accounts.department_gone", user=account.user, department=account.department)

    async def _tell_ends(self) -> None:
        ending = set(self._to_end)
        if ending:
            await self.kept.end(ending)
            self._to_end -= ending

    async def _keep_seen(self) -> None:
        for id in self._sockets:
            if id in self.open:
                self.open[id].seen_at = self._clock()
        await self.kept.seen(list(self.open.values()))
        await self.kept.forget_ended(self._clock(), self._idle)

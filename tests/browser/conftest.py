"""Fixtures for tests in a real browser: Chromium, a hotline whose operators work in it, people who have logged in."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import Chromium
from tests.browser.inside import is_inside
from tests.pbx.conftest import finish, pytest_runtest_makereport  # noqa: F401  a failed test tells what phones heard
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones.tones import Tone

expect.set_options(timeout=45_000)  # ms: both cores are busy while the tests run

LIMIT = 240.0  # seconds of one test: the slowest takes a quarter of it on a busy machine

PASSWORD = "a-new-password-of-their-own-2026"
PEOPLE = {  # user → roles and number of the account; operators have theirs by themselves
    "supervisor": (["supervisor"], None),
    "dialplans": (["dialplan_admin"], None),
    "auditor": (["auditor"], None),
    "liaison": (["liaison"], None),
    "liming": (["department"], None),
}
DEPARTMENT_OF = {"liming": "chengguan"}
SITE: dict[str, Any] = {
    "accounts": {"totp": []},
    "departments": {
        "chengguan": {"name": {"zh": "城市管理局", "en": "City Management"}},
        "shuiwu": {"name": {"zh": "水务局", "en": "Water Authority"}},
    },
    "channels": {"web": {"kind": "web", "address_hourly": 1000}, "wechat": {"kind": "webhook", "respond": "1s"}},
    "operators": [
        {"number": "1001", "name": "一号坐席", "skills": ["general"], "transport": "wss"},
        {"number": "1002", "name": "二号坐席", "skills": ["general"], "transport": "wss"},
        {"number": "1003", "name": "三号坐席", "skills": ["general"]},
    ],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mine = [item for item in items if "tests/browser/" in str(item.path)]
    if mine and not is_inside():
        raise pytest.UsageError(
            "tests/browser needs a network of its own: python -m tests.browser [arguments of pytest]"
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium() as browsers:
        yield browsers


@pytest.fixture(autouse=True)
def ended_in_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test hangs: what a page is asked by `evaluate` has no limit of its own, but a dead browser answers at once."""
    if "chromium" not in request.fixturenames:
        yield
        return
    browsers: Chromium = request.getfixturevalue("chromium")

    def end() -> None:
        sys.stderr.write(f"{request.node.nodeid}: not over after {LIMIT:g} s, its browsers are ended\n")
        browsers.kill_all()

    timer = threading.Timer(LIMIT, end)
    timer.start()
    yield
    timer.cancel()


@pytest.fixture(scope="session")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("browser"), SITE)
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hotline(session_hotline: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    """The session's hotline; afterwards every phone is switched off and nothing may be left open."""
    yield session_hotline
    finish(session_hotline, request.node)


class People:
    """`open_page(user=…)`: somebody's own browser, logged in; errors of the page fail the test."""

    def __init__(self, chromium: Chromium, hotline: Hotline, names: Mapping[str, str] | None = None) -> None:
        self._chromium, self._hotline = chromium, hotline
        self._names = names or {}  # of the persons, where they are not those of their accounts
        self._contexts: list[BrowserContext] = []
        self._told: dict[str, str] = {}  # first passwords of accounts that were made here
        self.errors: list[str] = []

    def __call__(
        self,
        user: str = "1001",
        path: str = "/desk",
        *,
        tone: Tone = "operator",
        theme: str = "light",
        language: str = "zh",
        size: tuple[int, int] = (1366, 768),
    ) -> Page:
        context = self._chromium.context(tone, theme=theme, language=language, size=size)
        self._contexts.append(context)
        self.log_in(context, user)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(f"{user} {path}: {error}"))
        page.goto(f"{self._hotline.web}{path}")
        return page

    def log_in(self, context: BrowserContext, user: str) -> None:
        """By the API, as the login page does it; a first password is replaced as it asks."""
        if user in PEOPLE:
            self._make(user)
        eventually(lambda: self._exists(user), 30, lambda: f"there is no account {user}")
        for password in (PASSWORD, self._first(user)):
            found = self._ask(context, "POST", "/session", {"user": user, "password": password})
            if found is not None:
                break
        assert found is not None, f"{user} cannot log in"
        if found["session"]["must"] == "password":
            change = {"old": password, "new": PASSWORD}
            csrf = found["session"]["csrf"]
            assert self._ask(context, "PUT", "/session/password", change, csrf) is not None

    def _exists(self, user: str) -> bool:
        """The first accounts are made a moment after the start."""
        answer = self._hotline.api("GET", "/api/v1/accounts")
        return answer.status == 200 and any(account["user"] == user for account in answer.body["accounts"])

    def _first(self, user: str) -> str:
        secrets = self._hotline.credentials
        known = {**secrets["passwords"], **self._told, "admin": secrets["admin"]["password"]}
        return str(known.get(user, PASSWORD))

    def _make(self, user: str) -> None:
        roles, number = PEOPLE[user]
        wanted = {
            "user": user,
            "name": self._names.get(user, user),
            "roles": roles,
            **({"number": number} if number else {}),
            **({"department": DEPARTMENT_OF[user]} if user in DEPARTMENT_OF else {}),
        }
        answer = self._hotline.api("POST", "/api/v1/accounts", wanted)
        assert answer.status in (201, 409), answer
        if answer.status == 201:
            self._told[user] = answer.body["password"]

    def _ask(self, context: BrowserContext, method: str, path: str, body: object, csrf: str = "") -> Any:
        headers = {"X-CSRF-Token": csrf} if csrf else {}
        answer = context.request.fetch(f"{self._hotline.web}/api/v1{path}", method=method, data=body, headers=headers)
        return answer.json() if answer.ok else None

    def close(self) -> None:
        for context in self._contexts:
            with contextlib.suppress(Exception):
                context.close()
        self._contexts.clear()


@pytest.fixture
def context(chromium: Chromium) -> Iterator[BrowserContext]:
    """For pages whose server a test plays: no script of theirs may fail unheard."""
    context = chromium.context()
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


@pytest.fixture
def open_page(chromium: Chromium, hotline: Hotline) -> Iterator[Callable[..., Page]]:
    people = People(chromium, hotline)
    yield people
    people.close()
    assert people.errors == []

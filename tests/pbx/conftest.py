"""Fixtures for tests on a real Asterisk: one hotline for the whole session, or one of its own for a test."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.pbx.hotline import Hotline
from tests.pbx.sites import Table

FAILED = pytest.StashKey[bool]()


class Hotlines:
    """Starts hotlines with settings of their own: `hotline_with(targets={"110": {"acknowledge": "key"}})`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running: list[Hotline] = []

    def __call__(self, **changes: Table) -> Hotline:
        hotline = Hotline(self._folder / f"hotline{len(self.running)}", changes).start()
        self.running.append(hotline)
        return hotline


@pytest.fixture(scope="session")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("hotline"))
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hotline(session_hotline: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    """The session's hotline; afterwards every phone is switched off and nothing may be left open."""
    yield session_hotline
    finish(session_hotline, request.node)


@pytest.fixture
def hotline_with(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hotlines]:
    """Hotlines of this test's own; the same is asked of them afterwards, and each is stopped."""
    hotlines = Hotlines(tmp_path)
    try:
        yield hotlines
        for one in hotlines.running:
            finish(one, request.node)
    finally:
        for one in hotlines.running:
            one.stop()


def finish(hotline: Hotline, test: pytest.Item) -> None:
    hotline.bury_dead_operators()
    hotline.switch_off_phones()
    if test.stash.get(FAILED, False):
        hotline.sweep()  # the test's own failure says more than what it left behind
    else:
        hotline.assert_clean()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test tells what each phone saw, and keeps what each heard as a wav."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
        given = getattr(item, "funcargs", {})
        folder = item.config.rootpath / ".pytest_cache/heard" / item.name.replace("/", "_")[:100]
        for one in (*[value for value in given.values() if isinstance(value, Hotline)], *_running(given)):
            report.sections.append(("phones", evidence(one, folder)))
            report.sections.append(("hotline", one.last_words()))
            report.sections.append(("calls", one.calls_in_asterisk()))
    return report


def _running(given: dict[str, object]) -> list[Hotline]:
    return [one for value in given.values() if isinstance(value, Hotlines) for one in value.running]


def evidence(hotline: Hotline, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index, phone in enumerate(hotline.phones):
        for call in phone.states():
            path = folder / f"{index}-{phone.name}-call{call}.wav"
            phone.save_wav(path, call)
            lines.append(f"{phone.name} call {call} heard: {path}")
        for event in list(phone.events):
            lines.append(f"{event.at:.3f} {phone.name} {event.name} {event.call or ''} {str(event.what)[:160]}")
    return "\n".join(lines)

"""systemd is told by real datagrams (sd_notify(3)); its watchdog is fed only while both keepers turn."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr import notify, processes, supervisor
from ivr.supervisor import Service, Supervisor


class Systemd:
    """Its end of the socket."""

    def __init__(self, address: str) -> None:
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.link.bind(address)
        self.link.setblocking(False)

    def heard(self) -> list[str]:
        found = []
        try:
            while True:
                found.append(self.link.recv(4096).decode())
        except BlockingIOError:
            return found


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    name = str(tmp_path / "notify") if request.param == "file" else f"@hotline-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    end = Systemd(name.replace("@", "\0"))
    yield end
    end.link.close()


def test_given_a_socket_then_each_word_is_a_line_and_no_value_can_add_one(systemd: Systemd) -> None:
    assert notify.notify(READY="1", STATUS="two\nlines 两行")
    assert systemd.heard() == ["READY=1\nSTATUS=two lines 两行"]


def test_given_no_systemd_or_a_dead_one_then_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify.notify(READY="1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not notify.notify(READY="1")
    monkeypatch.setenv("NOTIFY_SOCKET", "vsock:2:1234")
    assert not notify.notify(READY="1")


def test_the_watchdog_is_ours_only_where_it_names_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert notify.watchdog_seconds() == 30.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert notify.watchdog_seconds() is None
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert notify.watchdog_seconds() == 30.0
    monkeypatch.setenv("WATCHDOG_USEC", "soon")
    assert notify.watchdog_seconds() is None


def test_what_we_start_knows_nothing_of_systemd(systemd: Systemd, tmp_path: Path) -> None:
    code = "import os; print([name for name in os.environ if name.startswith(('NOTIFY', 'WATCHDOG'))])"
    process = processes.launch([sys.executable, "-c", code], tmp_path / "out.log", tmp_path)
    assert process.child is not None
    process.child.wait()
    assert (tmp_path / "out.log").read_text() == "[]\n"
    assert systemd.heard() == []


async def test_given_a_keeper_that_is_stuck_then_the_watchdog_is_not_fed(
    systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.setattr(supervisor, "TURNING", 0.5)
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    service = Service("pbx", log, lambda: processes.launch(command, log, tmp_path), lambda: None)
    keeping = Supervisor([service], lambda _: None)
    task = asyncio.create_task(keeping.run(lambda: True, lambda: None))
    words: list[str] = []

    async def hear(word: str) -> None:
        async with asyncio.timeout(60):
            while word not in words:
                words.extend(systemd.heard())
                await asyncio.sleep(0.02)

    await hear("READY=1\nSTATUS=ready")
    await hear("WATCHDOG=1")
    stuck = asyncio.Event()
    monkeypatch.setattr(keeping, "_pause", lambda *_: stuck.wait())  # it turns no more
    await asyncio.sleep(1.0)
    systemd.heard()
    await asyncio.sleep(0.5)
    assert systemd.heard() == []
    monkeypatch.undo()
    os.environ["NOTIFY_SOCKET"] = ""
    stuck.set()
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert service.process is not None
    assert not service.process.alive

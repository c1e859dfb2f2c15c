"""`ivr up` on a real system: what hangs, what is deaf, a new program under running calls, and what systemd hears."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import all_hear_each_other, told

# `ivr`, but with no patience: nobody wants to wait 40 s in a test. As in the systemd unit no memory is writable and
# executable
# (prctl(2): PR_SET_MDWE, Linux 6.3 and later), and no privilege can be gained (PR_SET_NO_NEW_PRIVS).
IMPATIENT = """
import ctypes
libc = ctypes.CDLL(None)
libc.prctl(65, 1, 0, 0, 0)
libc.prctl(38, 1, 0, 0, 0)
from ivr import supervisor, system, vitals
supervisor.PULSE, supervisor.STARTING = 0.5, 60.0
system.ASTERISK_PATIENCE, system.CONTROLLER_PATIENCE = 8.0, 8.0
vitals.STILL = 1.0
from ivr.cli import main
main()
"""


class Systemd:
    """Hears what `ivr up` notifies, in a thread."""

    def __init__(self, address: Path) -> None:
        self.words: list[str] = []
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._link.bind(str(address))
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        while True:
            self.words.append(self._link.recv(4096).decode())

    def wait(self, word: str, seconds: float = 90.0) -> None:
        eventually(
            lambda: any(word in words for words in list(self.words)), seconds, lambda: f"{word}: {self.words[-9:]}"
        )


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path / "notify")


@pytest.fixture
def hotline(tmp_path: Path, systemd: Systemd, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    one = Hotline(tmp_path / "hotline")
    program = tmp_path / "impatient.py"
    program.write_text(IMPATIENT)
    one.program = [str(program)]
    one.environment = {
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "2000000",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    try:
        yield one.start()
        finish(one, request.node)
        one.stop()
        systemd.wait("STOPPING=1")
    finally:
        one.stop()


def up(hotline: Hotline) -> int:
    return int((hotline.var / "run/supervisor.pid").read_text())


def wait_log(hotline: Hotline, *words: str) -> None:
    log = hotline.var / "log/supervisor.log"

    def found() -> bool:
        lines = log.read_text().splitlines() if log.exists() else []
        return any(all(word in line for word in words) for line in lines)

    eventually(found, 30, lambda: f"{words} not in {log}:\n{hotline.last_words()}")


def test_given_a_talk_when_the_controller_hangs_or_the_program_is_renewed_then_only_the_controller_is_replaced(
    hotline: Hotline, systemd: Systemd
) -> None:
    systemd.wait("READY=1")
    systemd.wait("WATCHDOG=1")
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    asterisk, hung, keeper = hotline.asterisk_pid, hotline.controller_pid, up(hotline)
    assert hung
    os.kill(hung, signal.SIGSTOP)
    wait_log(hotline, "ALARM", "controller", "lives, but has not answered")
    eventually(lambda: hotline.controller_pid not in (None, hung), 30, hotline.last_words)
    hotline.wait_healthy()
    all_hear_each_other(citizen, operator)

    before = hotline.controller_pid
    systemd.words.clear()
    os.kill(keeper, signal.SIGUSR1)
    systemd.wait("RELOADING=1")
    systemd.wait("READY=1")
    hotline.wait_healthy()
    assert hotline.controller_pid not in (None, before)
    assert (up(hotline), hotline.asterisk_pid) == (keeper, asterisk)
    all_hear_each_other(citizen, operator)
    citizen.hangup()
    assert told(hotline.call_of(citizen.name)).outcome == "answered"


def test_given_asterisk_stands_still_or_cannot_have_its_port_then_it_is_told_in_words_and_mended(
    hotline: Hotline, systemd: Systemd
) -> None:
    citizen, operator = hotline.caller(), hotline.operator()
    hotline.talk(citizen, operator)
    time.sleep(1.5)  # a pulse has seen the call
    frozen, controller = hotline.asterisk_pid, hotline.controller_pid
    assert frozen
    os.kill(frozen, signal.SIGSTOP)  # not one thread runs: nobody hears anything, the call is lost anyway
    wait_log(hotline, "ALARM", "Asterisk", "lives, but has not answered")
    eventually(lambda: hotline.asterisk_pid not in (None, frozen), 30, hotline.last_words)
    hotline.wait_healthy(30)
    assert hotline.controller_pid == controller
    assert told(hotline.call_of(citizen.name)).outcome == "interrupted"

    host, _, port = hotline.server.rpartition(":")
    running = hotline.asterisk_pid
    assert running
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        os.kill(running, signal.SIGKILL)
        eventually(lambda: bind(thief, host, int(port)), 30, lambda: "the port never was free")
        wait_log(hotline, "ALARM", f"SIP {hotline.server}/udp is held by", f"(pid {os.getpid()})")
        deaf = hotline.asterisk_pid
    wait_log(hotline, f"did not listen on SIP {hotline.server}/udp, which is free now")
    eventually(lambda: hotline.asterisk_pid not in (None, deaf), 30, hotline.last_words)
    hotline.wait_healthy(30)
    for phone in (citizen, operator):
        phone.hangup()
    hotline.wait_contact("1001", operator.uri)
    again = hotline.caller("13800000007")
    hotline.talk(again, operator)
    again.hangup()
    assert told(hotline.call_of(again.name)).outcome == "answered"


def bind(thief: socket.socket, host: str, port: int) -> bool:
    try:
        thief.bind((host, port))
    except OSError:
        return False
    return True

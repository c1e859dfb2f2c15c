"""Who must not be harmed by an attack: two who talk, a caller who comes after, and Asterisk itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.sip import Attacker
from tests.pbx import sites
from tests.pbx.conftest import FAILED
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.pbx.story import all_hear_each_other
from tests.phones import Phone

STRANGER = f"{sites.NET}.66"
CITIZEN = "13800000099"
BACKLOG = 50  # tasks that may wait in one of Asterisk's queues once the attack is over
MEMORY = 100 * 2**20  # bytes more than before that an attack may leave behind: allocators keep what they had


@dataclass
class Bystanders:
    """A talk of `citizen` and `operator` that goes on all the while; `spare` is free, 110 is there."""

    hotline: Hotline
    citizen: Phone
    operator: Phone
    spare: Phone
    other: Phone  # the caller who comes after the attack
    desk: Phone
    pid: int
    memory: int
    channels: tuple[str, ...]  # of the talk

    def attacker(self, ip: str = STRANGER, port: int = 0) -> Attacker:
        return Attacker(ip, self.hotline.server, port)

    def unharmed(self) -> None:
        """The same Asterisk, the talk goes on, nobody was called, and there is no channel but the talk's."""
        assert self.hotline.asterisk_pid == self.pid, "Asterisk was restarted"
        self._wait_alone()
        all_hear_each_other(self.citizen, self.operator)
        assert not self.desk.invites, "110 was called"
        assert len(self.operator.invites) == 1, "the operator was called again"

    def _wait_alone(self) -> None:
        """Until the attack's own calls are over: an INVITE that is never acknowledged lasts 8 s."""
        eventually(
            lambda: len(self.hotline.channels()) <= 2, 40, lambda: f"channels are left: {self.hotline.channels()}"
        )
        assert set(self.hotline.channels()) == set(self.channels), "the talk has ended"

    def sweep(self) -> None:
        """After a failed test: whatever is not the talk is ended, so that the next test is judged by itself."""
        for name in self.hotline.channels():
            if name not in self.channels:
                self.hotline.asterisk(f"channel request hangup {name}")

    def served(self) -> None:
        """A caller who comes now has an operator, once the calls of the attack are over."""
        self._wait_alone()
        before = len(self.spare.invites)
        call = self.other.call(self.hotline.uri, from_user=self.other.name)
        invite = self.spare.wait_invite(count=before + 1)
        self.spare.wait_for("confirmed", call=invite.call)
        self.other.wait_heard(self.spare.tone, call=call, since=invite.at)
        self.other.hangup(call)
        self.spare.wait_for("disconnected", call=invite.call)
        self.unharmed()

    def recovered(self) -> None:
        """Nothing waits in Asterisk's queues and it has not grown."""
        eventually(lambda: max(self._waiting()) < BACKLOG, 30, lambda: f"tasks wait: {max(self._waiting())}")
        grown = memory_of(self.pid) - self.memory
        assert grown < MEMORY, f"Asterisk has grown by {grown / 2**20:.0f} MiB"

    def _waiting(self) -> list[int]:
        shown = self.hotline.asterisk("core show taskprocessors")
        return [int(waiting) for _, waiting in re.findall(r"(?m)^\S+ +(\d+) +(\d+)", shown)]


def memory_of(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@pytest.fixture(scope="module")
def talking(session_hotline: Hotline, request: pytest.FixtureRequest) -> Iterator[Bystanders]:
    hotline = session_hotline
    try:
        citizen, operator, desk = hotline.caller(CITIZEN), hotline.operator("1001"), hotline.desk("110")
        hotline.talk(citizen, operator)
        channels = tuple(hotline.channels())
        spare, other = hotline.operator("1002"), hotline.caller("13900000099", tone="caller2")
        pid = hotline.asterisk_pid or 0
        yield Bystanders(hotline, citizen, operator, spare, other, desk, pid, memory_of(pid), channels)
        citizen.hangup()
        operator.wait_for("disconnected")
    finally:
        hotline.switch_off_phones()
        if request.session.testsfailed:
            hotline.sweep()
    hotline.assert_clean()


@pytest.fixture
def bystanders(talking: Bystanders, request: pytest.FixtureRequest) -> Iterator[Bystanders]:
    """Looked after when the test has attacked."""
    yield talking
    if request.node.stash.get(FAILED, False):
        talking.sweep()
    else:
        talking.served()

"""The deaths: how each is made on a running hotline, and how it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests import tools
from tests.matrix.relay import Silence
from tests.pbx.running import eventually

if TYPE_CHECKING:
    from tests.matrix.run import Run

Context = Callable[["Run"], contextlib.AbstractContextManager[None]]
DISK = "256m"  # a little more than a start asks for


@dataclass(frozen=True, slots=True)
class Death:
    """`strikes` is entered when the calls are where they should be, left when the death is over."""

    name: str
    what: str
    strikes: Context
    seconds: float = 2.0  # that it lasts
    quick: float | None = None  # that it lasts in `make test`
    kills: str = ""  # "operator", "desk": only cells with that party have something to die
    frozen_callers: bool = False  # nobody can act for the callers until it is over
    ends_calls: bool = False
    before: Context | None = None  # what has to stand before the hotline starts
    mounts: Mapping[str, str] = field(default_factory=dict)  # folder under var → size of a small disk there
    silence: float = 5.0  # seconds in which a party may hear nothing
    callers_wait: bool = False  # what a caller does next he does when it is over


@contextlib.contextmanager
def _nothing(_: Run) -> Iterator[None]:
    yield


@contextlib.contextmanager
def _controller_killed(run: Run) -> Iterator[None]:
    os.kill(run.pid("controller"), signal.SIGKILL)
    yield


@contextlib.contextmanager
def _controller_frozen(run: Run) -> Iterator[None]:
    pid = run.pid("controller")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def _agi_hung(run: Run) -> Iterator[None]:
    """Whoever asks is let in and never answered."""
    real = run.hotline.asterisk("dialplan show globals").partition("FASTAGI=")[2].split()[0]
    with Silence() as silence:
        run.hotline.asterisk(f"dialplan set global FASTAGI agi://{silence.address}")
        yield
        run.hotline.asterisk(f"dialplan set global FASTAGI {real}")


@contextlib.contextmanager
def _ami_cut(run: Run) -> Iterator[None]:
    """Who was inside is put out, and nobody is let in.

    `enabled = no` is no way to it: when a reload takes it back, Asterisk ends a thread that is another's by then, and
    with it a call.
    """
    conf = run.hotline.var / "etc/manager.conf"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace("secret = ", "secret = not-"), encoding="utf-8")
    run.hotline.asterisk("manager reload")
    for line in run.hotline.asterisk("manager show connected").splitlines():
        words = line.split()
        if len(words) > 4 and words[4].isdigit():
            run.hotline.asterisk(f"manager kick session {words[4]}")
    try:
        yield
    finally:
        conf.write_text(text, encoding="utf-8")
        run.hotline.asterisk("manager reload")


@contextlib.contextmanager
def _database_locked(run: Run) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(run.hotline.var / "ivr.db", isolation_level=None)) as database:
        database.execute("PRAGMA busy_timeout=10000")
        database.execute("BEGIN EXCLUSIVE")
        yield
        database.execute("ROLLBACK")


@contextlib.contextmanager
def _postgres(run: Run) -> Iterator[None]:
    from tests.unit import databases  # noqa: PLC0415  only where it is wanted

    with databases.postgres() as server:
        run.postgres = server
        run.changes["database"] = {"url": server.new_database()}
        yield


@contextlib.contextmanager
def _database_gone(run: Run) -> Iterator[None]:
    run.postgres.stop()
    try:
        yield
    finally:
        run.postgres.start()


def fill(folder: Path) -> Path:
    """Write until the disk has no byte left."""
    path = folder / ".full"
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    with contextlib.suppress(OSError), (folder / ".probe").open("wb") as probe:
        probe.write(b"x" * 4096)
        probe.flush()
        raise AssertionError(f"{folder} is not full: {errno.ENOSPC} was expected")
    (folder / ".probe").unlink(missing_ok=True)
    return path


def _disk_full(folder: str) -> Context:
    @contextlib.contextmanager
    def full(run: Run) -> Iterator[None]:
        path = fill(run.hotline.var / folder)
        try:
            yield
        finally:
            path.unlink()

    return full


@contextlib.contextmanager
def _asterisk_killed(run: Run) -> Iterator[None]:
    killed = run.pid("asterisk")
    os.kill(killed, signal.SIGKILL)
    yield
    eventually(lambda: run.hotline.asterisk_pid not in (None, killed), 30, run.hotline.last_words)
    run.hotline.wait_healthy(30)


@contextlib.contextmanager
def _operators_dead(run: Run) -> Iterator[None]:
    for place in run.places_of("operator"):
        run.operators[f"20{place}0"].die()
    run.colleagues_may_work()
    yield


@contextlib.contextmanager
def _desks_dead(run: Run) -> Iterator[None]:
    for phone in (run.desk, run.keyed, run.slow):
        phone.die()
    yield


@contextlib.contextmanager
def _trunk_lost(run: Run) -> Iterator[None]:
    """The callers' side is gone: no SIP, no RTP, no goodbye."""
    for phone in run.callers:
        os.kill(phone.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for phone in run.callers:
            os.kill(phone.pid, signal.SIGCONT)


@contextlib.contextmanager
def _own_clock(run: Run) -> Iterator[None]:
    """Asterisk and the controller see a clock that can be set; what measures durations is left alone."""
    run.clock = run.folder / "clock"
    run.clock.write_text("+0\n")
    run.hotline_environment |= {
        "LD_PRELOAD": str(tools.faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(run.clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(Path(__file__).with_name("own_clock")),
    }
    yield


@contextlib.contextmanager
def _clock_set_back(run: Run) -> Iterator[None]:
    assert run.clock is not None
    run.clock.write_text("-5\n")
    yield


# Cells that cannot be met, and why. Everything else must be.
UNMET: Mapping[tuple[str, str], str] = {}


def can_mount() -> str | None:
    """The command before another that gives it disks of its own; None where this machine lets nobody."""
    for command in ("unshare -m", "unshare -rm"):
        probe = f"{command} mount -t tmpfs -o size=1m none /mnt"
        with contextlib.suppress(OSError):
            if subprocess.run(probe.split(), capture_output=True, check=False).returncode == 0:
                return command
    return None


DEATHS = (
    Death("undisturbed", "nothing dies", _nothing),
    Death("controller killed", "kill -9 of the controller", _controller_killed, seconds=5),
    Death("controller frozen", "SIGSTOP of the controller for 30 s", _controller_frozen, seconds=30, quick=13),
    Death("FastAGI hung", "the dialplan's questions are never answered", _agi_hung, seconds=12, quick=8),
    Death("AMI cut", "the controller's link to Asterisk is cut for 30 s", _ami_cut, seconds=30, quick=8),
    Death("database locked", "BEGIN EXCLUSIVE on SQLite for 30 s", _database_locked, seconds=30, quick=8),
    Death("database gone", "PostgreSQL stopped for 60 s", _database_gone, seconds=60, quick=8, before=_postgres),
    Death(
        "journal's disk full",
        "no byte left on the disk of the journal",
        _disk_full("journal"),
        seconds=10,
        quick=5,
        mounts={"journal": DISK},
    ),
    Death(
        "recordings' disk full",
        "no byte left on the disk of the recordings",
        _disk_full("recordings"),
        seconds=10,
        quick=5,
        mounts={"recordings": DISK},
    ),
    Death("Asterisk killed", "kill -9 of Asterisk", _asterisk_killed, seconds=1, ends_calls=True, callers_wait=True),
    Death(
        "operator's phone dead", "SIGKILL of the phone: no BYE, no RTP", _operators_dead, kills="operator", silence=9
    ),
    Death("desk dead", "SIGKILL of the target's phone: no BYE, no RTP", _desks_dead, kills="desk", silence=9),
    Death(
        "trunk lost",
        "no SIP and no RTP from the callers' side for 30 s",
        _trunk_lost,
        seconds=30,
        quick=10,
        frozen_callers=True,
        callers_wait=True,
    ),
    Death("clock set back", "the machine's clock is set back by 5 s", _clock_set_back, seconds=5, before=_own_clock),
)

"""The deaths: what is killed, frozen or locked, for how long, and when it was well again."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

from tests.phones import Phone, PhoneError
from tests.soak.cast import Cast, Player, SoakHotline
from tests.soak.evidence import World
from tests.soak.script import Death
from tests.soak.spans import Span
from tests.soak.stage import Line, Scene, Stage

WELL_SECONDS = 60.0  # for the system to be well again
LOCK_SECONDS = 40.0  # to get the database's lock: another death may hold it
OPEN = float("inf")
NOBODY = "nobody was there"


class Deaths:
    def __init__(self, hotline: SoakHotline, cast: Cast, stage: Stage) -> None:
        self._hotline, self._cast, self._stage = hotline, cast, stage
        self.happened: list[tuple[float, Death, str]] = []
        self.troubles: list[str] = []
        self.crashes: list[str] = []  # phones that ended by themselves
        self._no_asterisk: list[Span] = []
        self._no_controller: list[Span] = []
        self._threads: list[threading.Thread] = []
        self._up_lock = threading.Lock()

    @property
    def world(self) -> World:
        absent: dict[str, list[Span]] = {}
        for player in self._cast.all:
            absent.setdefault(player.name, []).extend(player.absent)
        return World(
            tuple(self._no_asterisk),
            tuple(self._no_controller),
            {name: tuple(spans) for name, spans in absent.items()},
            {name: tuple(spans) for name, spans in self._stage.full.items()},
        )

    def begin(self, death: Death, scene: Scene) -> None:
        thread = threading.Thread(target=self._run, args=(death, scene), name=death.what, daemon=True)
        self._threads.append(thread)
        thread.start()

    @property
    def died(self) -> list[str]:
        """What died: without what was to die and was dead already."""
        return [death.what for _, death, told in self.happened if told != NOBODY]

    def wait(self, timeout: float) -> None:
        """Until everything that died is back."""
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self.troubles.append(f"{thread.name} was not over within {timeout:g} s")

    def _run(self, death: Death, scene: Scene) -> None:
        time.sleep(death.after)
        act: Callable[[Death, Scene], str] = getattr(self, f"_{death.what}")
        self.happened.append((time.time(), death, ""))
        index = len(self.happened) - 1
        try:
            told = act(death, scene)
        except (AssertionError, OSError, PhoneError, sqlite3.Error) as trouble:
            self.troubles.append(f"{death.what} at story {death.story}, {death.moment}: {trouble}")
        else:
            self.happened[index] = (*self.happened[index][:2], told)

    # — the system ————————————————————————————————————————————————————————————————————————————————————————————————————

    def _controller(self, death: Death, scene: Scene) -> str:
        with self._away(self._no_controller):
            pid = self._hotline.controller_pid
            there = self._signal(pid, signal.SIGKILL)
            self._wait_well()
        return f"pid {pid}" if there else NOBODY

    def _controller_frozen(self, death: Death, scene: Scene) -> str:
        with self._away(self._no_controller):
            pid = self._hotline.controller_pid
            there = self._signal(pid, signal.SIGSTOP)
            time.sleep(death.seconds)
            self._signal(pid, signal.SIGCONT)
            self._wait_well()
        return f"pid {pid}, {death.seconds:g} s" if there else NOBODY

    def _asterisk(self, death: Death, scene: Scene) -> str:
        with self._away(self._no_controller):
            with self._away(self._no_asterisk):
                pid = self._hotline.asterisk_pid
                # What is on the phones now is over; they say so when there is somebody to hear it.
                cut = [line for line in self._stage.lines() if line.alive]
                there = self._signal(pid, signal.SIGKILL)
                deadline = time.monotonic() + WELL_SECONDS
                while self._hotline.asterisk_pid in (None, pid) and time.monotonic() < deadline:
                    time.sleep(0.05)
                self._wait_well()
            for line in cut:
                if line.alive and (line.answered is not None or line.role != "caller"):  # a caller's INVITE is repeated
                    with contextlib.suppress(PhoneError):
                        line.phone.hangup(line.call, wait=False)
        return f"pid {pid}" if there else NOBODY

    def _up(self, death: Death, scene: Scene) -> str:
        with self._up_lock:
            self._hotline.kill_up()
            time.sleep(death.seconds)
            self._hotline.start()
        return f"{death.seconds:g} s"

    def _database_locked(self, death: Death, scene: Scene) -> str:
        connection = sqlite3.connect(self._hotline.var / "ivr.db", timeout=LOCK_SECONDS, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(death.seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()
        return f"{death.seconds:g} s"

    @contextlib.contextmanager
    def _away(self, spans: list[Span]) -> Iterator[None]:
        began = time.time()
        spans.append((began, OPEN))
        try:
            yield
        finally:
            spans[spans.index((began, OPEN))] = (began, time.time())

    def _wait_well(self) -> None:
        deadline = time.monotonic() + WELL_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.2)
            with contextlib.suppress(OSError):
                if self._hotline.api("GET", "/healthz").status == 200:
                    return
        raise AssertionError(f"not well within {WELL_SECONDS:g} s:\n{self._hotline.last_words()}")

    @staticmethod
    def _signal(pid: int | None, word: signal.Signals) -> bool:
        """Whether there was a process to take it: the pid file tells of the dead one until the next has loaded."""
        if pid is None:
            return False
        try:
            os.kill(pid, word)
        except ProcessLookupError:
            return False
        return True

    # — the phones ————————————————————————————————————————————————————————————————————————————————————————————————————

    def _operator_phone(self, death: Death, scene: Scene) -> str:
        return self._die(scene.of("operator"), death)

    def _desk_phone(self, death: Death, scene: Scene) -> str:
        return self._die(scene.of("desk", "department"), death)

    def _caller_phone(self, death: Death, scene: Scene) -> str:
        return self._die(scene.of("caller"), death)

    def crashed(self, player: Player, phone: Phone) -> None:
        """A phone that ended by itself: our phones' fault and not the system's, but a death like any other."""
        self._stage.died(phone, time.time())
        self.crashes.append(f"{player.name}: {phone.last_words()[-300:]}")
        try:
            self._cast.die(player, 0.0)
        except PhoneError as trouble:
            self.troubles.append(str(trouble))

    def _die(self, lines: list[Line], death: Death) -> str:
        victim = next((line.player for line in reversed(lines) if line.alive), None)
        if victim is None or victim.phone is None or not victim.phone.alive:
            return NOBODY
        phone = victim.phone
        self._stage.died(phone, time.time())
        self._cast.die(victim, death.seconds)
        return f"{victim.name}, {death.seconds:g} s"

"""A soak as it runs: the hotline and its phones, the stories, the deaths, and the verdict in the end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ivr.errors import HotlineError
from tests.phones import Phone
from tests.phones.events import Invite
from tests.soak import growth, verdict
from tests.soak.acting import LOOK, Actors
from tests.soak.cast import Cast, Player, SoakHotline, settings
from tests.soak.deaths import Deaths
from tests.soak.evidence import World
from tests.soak.pulse import Pulse
from tests.soak.script import Schedule
from tests.soak.stage import Stage
from tests.soak.verdict import Outcome

TELL_SECONDS = 10.0  # between two words of progress
SETTLE_SECONDS = 20.0  # after the last story, for the log and for dead phones' legs
BACK_SECONDS = 120.0  # for everything that died to be back

Say = Callable[[str], None]


class Soak:
    def __init__(self, schedule: Schedule, folder: Path, say: Say) -> None:
        self.schedule, self.folder, self.say = schedule, folder, say
        self.hotline = SoakHotline(folder / "hotline", settings(schedule.operators))
        self.stage = Stage()
        self.cast = Cast(self.hotline, schedule)
        self.deaths = Deaths(self.hotline, self.cast, self.stage)
        self.actors = Actors(schedule, self.hotline, self.cast, self.stage, self.deaths)
        self._pool = ThreadPoolExecutor(32, thread_name_prefix="reply")
        self._pulse = Pulse()
        self._looks: list[growth.Look] = []

    def run(self) -> Outcome:
        """Raises AssertionError or OSError where the hotline does not start."""
        began = time.monotonic()
        try:
            self.hotline.start()
            self.cast.switch_on()
            watchers = [threading.Thread(target=loop, daemon=True) for loop in (self._listen, self._progress)]
            callers = [
                threading.Thread(target=self.actors.tell_stories, args=(n,), daemon=True)
                for n in range(self.schedule.callers)
            ]
            self._pulse.start()
            self.actors.began = time.monotonic()
            for thread in (*watchers, *callers):
                thread.start()
            for thread in callers:
                thread.join()
            self.deaths.wait(BACK_SECONDS)
            self._settle()
            self.actors.stop.set()
            self._pulse.stop()
            for thread in watchers:
                thread.join()
            outcome = verdict.judge(
                self.schedule, self.hotline, self.stage, self.deaths, self._world(), self._looks, self.folder
            )
        finally:
            self.actors.stop.set()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self.hotline.stop()
        self._rebuild(outcome)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _settle(self) -> None:
        """Until nothing is left open, or the time for it is over."""
        self.hotline.wait_healthy(60)
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline and self.hotline.left_in_asterisk():
            time.sleep(0.5)
        time.sleep(3.0)
        self._look()

    def _rebuild(self, outcome: Outcome) -> None:
        """The log that was kept live is the one that the journal gives."""
        try:
            self.hotline.cli("calls", "rebuild", "--check")
        except AssertionError as difference:
            outcome.differences.append(("system", [f"`ivr calls rebuild --check`: {difference}"]))

    def _listen(self) -> None:
        """Take every phone's events, in their order."""
        while not self.actors.stop.is_set():
            for player in self.cast.all:
                phone = player.phone
                if phone is not None:
                    self._hear(player, phone)
                    if not phone.alive and not player.dying:
                        player.dying = True
                        self._pool.submit(self.deaths.crashed, player, phone)
            time.sleep(LOOK)

    def _hear(self, player: Player, phone: Phone) -> None:
        for event in phone.events[player.seen :]:
            if player.phone is not phone:  # it has been replaced meanwhile
                return
            invite = None
            if event.name == "invite":
                invite = Invite(event.call or 0, event.at, event.what["source"], event.what["message"])
                if self.stage.early(invite.from_user):  # this event and those after it are heard at the next look
                    return
            player.seen += 1
            if invite is not None:
                found = self.stage.invited(player, phone, event, invite.from_user)
                if found is None:
                    self._pool.submit(phone.hangup, invite.call, wait=False)
                else:
                    self._pool.submit(self.actors.take, *found)
            elif event.name == "full":
                self.stage.full.setdefault(player.name, []).append((event.at, event.at))
            elif event.name == "refer_status":
                self._pool.submit(self.actors.transferred, phone, event)
            else:
                self.stage.changed(phone, event)

    def _world(self) -> World:
        return replace(self.deaths.world, stalled=tuple(self._pulse.stalls))

    def _look(self) -> None:
        """A controller that begins has little of what it will have: only one that is whole is looked at."""
        try:
            if self.hotline.api("GET", "/healthz").status != HTTPStatus.OK:
                return
        except OSError:
            return
        found = growth.look(self.hotline.controller_pid, time.time(), len(self.stage.scenes))
        if found is not None:
            self._looks.append(found)

    def _progress(self) -> None:
        differing = 0
        while not self.actors.stop.wait(TELL_SECONDS):
            self._look()
            scenes = list(self.stage.scenes.values())
            running = sum(scene.over_at is None for scene in scenes)
            with contextlib.suppress(HotlineError, SQLAlchemyError):  # the database may be locked
                differing = verdict.so_far(self.hotline, self.stage, self._world())
            self.say(
                f"{time.monotonic() - self.actors.began:5.0f} s  {len(scenes)} calls placed, {running} of them now, "
                f"{len(self.deaths.happened)} deaths, {differing} differences"
            )
